//! Which departures are one incident.
//!
//! Departures meet when they are of one family (more, less, failing, slow) and their hours touch, or
//! when they are of different families, overlap, and are about the same requests. A new level meets a
//! spike only where both are about the same requests or begin together: a spike somewhere else in the
//! days until the shift was told stays an incident of its own.

use std::ops::Range;

use super::departure::{Departure, Nature};
use super::hourly::Metric;
use super::kinship::Kinship;

/// Hours between the beginnings of a shift and of what belongs to it.
const SAME_BEGINNING: usize = 36;

/// Hours between the beginnings of one shift in several series: of a slow ramp, nobody can tell the
/// day.
const SAME_SHIFT: usize = 10 * 24;

/// Departures that are one incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// Sorted; the first is what the incident is called after.
    pub(super) departures: Vec<Departure>,
    /// From the first hour of any to the last of any.
    pub(super) hours: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    More,
    Less,
    Failing,
    Slow,
}

fn family(departure: &Departure) -> Family {
    match departure.nature {
        Nature::Throttling | Nature::Errors => Family::Failing,
        Nature::Slow => Family::Slow,
        _ if matches!(departure.metric, Metric::LatencyP50 | Metric::LatencyP95) => Family::Slow,
        _ if departure.is_up => Family::More,
        _ => Family::Less,
    }
}

fn is_shift(departure: &Departure) -> bool {
    matches!(departure.nature, Nature::LevelShift | Nature::Ramp)
}

/// Groups departures; the groups in order of their first hour.
pub(super) fn group(mut departures: Vec<Departure>, gap: usize, kinship: &Kinship) -> Vec<Group> {
    departures.sort_by(|a, b| {
        let key = |d: &Departure| (d.hours.start, d.hours.end, d.scope, d.metric, d.nature);
        key(a).cmp(&key(b))
    });
    let mut group_of: Vec<usize> = (0..departures.len()).collect();
    for later in 0..departures.len() {
        for earlier in 0..later {
            let (one, other) = (root(&group_of, later), root(&group_of, earlier));
            let pair = [&departures[earlier], &departures[later]];
            if one != other && belong_together(pair, gap, kinship) {
                group_of[one.max(other)] = one.min(other);
            }
        }
    }
    let mut groups: Vec<(usize, Vec<Departure>)> = Vec::new();
    for (index, departure) in departures.into_iter().enumerate() {
        let of = root(&group_of, index);
        match groups.iter_mut().find(|(number, _)| *number == of) {
            Some((_, members)) => members.push(departure),
            None => groups.push((of, vec![departure])),
        }
    }
    groups.into_iter().map(|(_, members)| ordered(members)).collect()
}

fn root(group_of: &[usize], mut index: usize) -> usize {
    while group_of[index] != index {
        index = group_of[index];
    }
    index
}

fn belong_together([a, b]: [&Departure; 2], gap: usize, kinship: &Kinship) -> bool {
    let apart = |gap: usize| a.hours.end + gap < b.hours.start || b.hours.end + gap < a.hours.start;
    let same_scope = a.scope == b.scope;
    let related = kinship.are_kin(a.scope, b.scope);
    let starts_apart = a.hours.start.abs_diff(b.hours.start);
    let begin_together = starts_apart <= SAME_BEGINNING;
    match (is_shift(a), is_shift(b)) {
        (true, _) | (_, true) if family(a) != family(b) => {
            same_scope && begin_together && !apart(0)
        }
        (false, false) if family(a) != family(b) => related && !apart(0),
        (true, true) => !apart(gap) && (related || starts_apart <= SAME_SHIFT),
        (true, false) | (false, true) => !apart(24) && (related || begin_together),
        (false, false) => !apart(gap),
    }
}

/// Gravest nature first, then the broadest scope, then what changed most for its size.
fn ordered(mut departures: Vec<Departure>) -> Group {
    let start = departures.iter().map(|d| d.hours.start).min().unwrap_or(0);
    let end = departures.iter().map(|d| d.hours.end).max().unwrap_or(0);
    departures.sort_by(|a, b| {
        (a.nature, a.scope, a.metric)
            .cmp(&(b.nature, b.scope, b.metric))
            .then(a.hours.start.cmp(&b.hours.start))
    });
    Group { departures, hours: start..end }
}
