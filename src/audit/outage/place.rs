//! Invocation logging by account and Region: silent hours, and what is known of its state.

use chrono::{DateTime, Duration, DurationRound, Utc};
use serde::Serialize;

use super::{Act, Aspect, Effect, Ending, Hour, Outage, OutageKind, Recorder};
use crate::period::Period;

/// Whether invocation logging was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// An event set it up, or requests were logged.
    On,
    /// An event stopped it, or calls were made and none was logged.
    Off,
    /// Neither event, nor call, nor log tells.
    Unknown,
}

/// Clock hours (UTC) that the period touches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HourCounts {
    /// All of them.
    pub expected: u64,
    /// Hours with logged requests.
    pub recorded: u64,
    /// Hours with calls in CloudTrail that succeeded, and no logged request.
    pub silent: u64,
    /// Hours with neither: nobody called, or nothing at all was recorded.
    pub unknown: u64,
}

/// What is known of invocation logging in an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceState {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// When the period begins: by the last event before it, else by the first hour that tells.
    pub at_start: State,
    /// When it ends: by the last event or hour that tells.
    pub at_end: State,
    /// Hours of the period.
    pub hours: HourCounts,
}

type Place = (Option<String>, Option<String>);

/// Stretches with calls and without logs that no act explains. Those of `outages` are explained.
///
/// A stretch is made of whole clock hours with calls and no logged request; hours with neither may
/// lie inside it. It begins with the last logged request before it and ends with the next one.
pub(super) fn silences(hours: &[Hour], outages: &[Outage], period: Period) -> Vec<Outage> {
    let mut found = Vec::new();
    for place in hours.chunk_by(|a, b| (&a.account, &a.region) == (&b.account, &b.region)) {
        let mut run = Run::default();
        for hour in place {
            if hour.is_recorded() {
                run.after = Some(hour);
                found.extend(run.outages(outages, period));
                run = Run { before: Some(hour), ..Run::default() };
            } else if hour.is_silent() {
                run.silent.push(hour);
            }
        }
        found.extend(run.outages(outages, period));
    }
    found
}

/// Silent hours between two recorded ones of the same place.
#[derive(Debug, Default)]
struct Run<'a> {
    before: Option<&'a Hour>,
    silent: Vec<&'a Hour>,
    after: Option<&'a Hour>,
}

impl Run<'_> {
    fn outages(&self, outages: &[Outage], period: Period) -> Vec<Outage> {
        let Some(first) = self.silent.first() else { return Vec::new() };
        let of_place = outages.iter().filter(|outage| {
            outage.is_of_logging()
                && (&outage.account, &outage.region) == (&first.account, &first.region)
        });
        let explained: Vec<Period> = of_place.filter_map(|outage| outage.within(period)).collect();
        let whole = Period {
            from: self.before.and_then(|hour| hour.last_logged).unwrap_or(period.from),
            to: self.after.and_then(|hour| hour.first_logged).unwrap_or(period.to),
        };
        let rest = without(whole, &explained);
        let silent = rest.into_iter().filter(|part| self.holds_an_hour(*part, period));
        silent.map(|part| self.outage(first, part, whole)).collect()
    }

    fn holds_an_hour(&self, part: Period, period: Period) -> bool {
        self.silent.iter().any(|hour| {
            let end = (hour.start + Duration::hours(1)).min(period.to);
            part.from <= hour.start.max(period.from) && end <= part.to
        })
    }

    fn outage(&self, first: &Hour, part: Period, whole: Period) -> Outage {
        let is_open = part.to == whole.to && self.after.is_none();
        let begins_unknown = part.from == whole.from && self.before.is_none();
        let ending = match (is_open, part.to == whole.to) {
            (true, _) => Ending::Open,
            (false, true) => Ending::LogsAgain,
            (false, false) => Ending::Followed,
        };
        Outage {
            kind: OutageKind::Silent,
            recorder: Recorder::InvocationLogging,
            target: None,
            aspect: Aspect::Recording,
            account: first.account.clone(),
            region: first.region.clone(),
            from: (!begins_unknown).then_some(part.from),
            to: (!is_open).then_some(part.to),
            ending,
            begun_by: None,
            ended_by: None,
        }
    }
}

/// What is left of a stretch without others.
fn without(whole: Period, others: &[Period]) -> Vec<Period> {
    let mut rest = vec![whole];
    for other in others {
        rest = rest
            .into_iter()
            .flat_map(|part| {
                [
                    Period { from: part.from, to: part.to.min(other.from) },
                    Period { from: part.from.max(other.to), to: part.to },
                ]
            })
            .filter(|part| part.from < part.to)
            .collect();
        rest.dedup();
    }
    rest
}

/// What is known of every place with a call, a log or an act; `hours` sorted by place and time.
pub(super) fn states(acts: &[Act], hours: &[Hour], period: Period) -> Vec<PlaceState> {
    let switches: Vec<&Act> = acts.iter().filter(|act| switches(act)).collect();
    let mut places: Vec<Place> = hours
        .iter()
        .map(|hour| (hour.account.clone(), hour.region.clone()))
        .chain(switches.iter().map(|act| (act.account.clone(), act.region.clone())))
        .collect();
    places.sort();
    places.dedup();
    places.into_iter().map(|place| state(place, &switches, hours, period)).collect()
}

/// Whether an act turns invocation logging on or off.
fn switches(act: &Act) -> bool {
    act.recorder == Recorder::InvocationLogging
        && act.aspect == Aspect::Recording
        && matches!(act.effect, Effect::Stops | Effect::Restores)
}

fn state(place: Place, switches: &[&Act], hours: &[Hour], period: Period) -> PlaceState {
    let told_by_acts = switches
        .iter()
        .filter(|act| (&act.account, &act.region) == (&place.0, &place.1))
        .map(|act| (act.time, if act.effect == Effect::Stops { State::Off } else { State::On }));
    let mut told: Vec<(DateTime<Utc>, State)> = told_by_acts.collect();
    let before = told.iter().rfind(|(time, _)| *time <= period.from).map(|(_, state)| *state);
    let first_act = told.iter().map(|(time, _)| *time).find(|time| *time > period.from);
    let of_place = || {
        let same = |hour: &&Hour| (&hour.account, &hour.region) == (&place.0, &place.1);
        hours.iter().filter(same)
    };
    let by_hours = of_place().filter_map(|hour| {
        let state = if hour.is_recorded() { State::On } else { State::Off };
        let at = hour.first_logged.unwrap_or(hour.start);
        (hour.is_recorded() || hour.is_silent()).then_some((at, state))
    });
    let by_hours: Vec<(DateTime<Utc>, State)> = by_hours.collect();
    let first = by_hours.first().filter(|(at, _)| first_act.is_none_or(|act| *at < act));
    let at_start = before.or(first.map(|(_, state)| *state)).unwrap_or(State::Unknown);
    told.extend(by_hours);
    told.retain(|(time, _)| *time < period.to);
    let at_end = told.iter().max_by_key(|(time, _)| *time).map_or(at_start, |(_, state)| *state);
    let count = |is: fn(&Hour) -> bool| of_place().filter(|hour| is(hour)).count() as u64;
    let (recorded, silent) = (count(Hour::is_recorded), count(Hour::is_silent));
    let expected = hours_of(period);
    PlaceState {
        at_start,
        at_end,
        hours: HourCounts {
            expected,
            recorded,
            silent,
            unknown: expected.saturating_sub(recorded + silent),
        },
        account: place.0,
        region: place.1,
    }
}

fn hours_of(period: Period) -> u64 {
    let first = period.from.duration_trunc(Duration::hours(1)).unwrap_or(period.from);
    let seconds = (period.to - first).num_seconds();
    u64::try_from((seconds + 3599) / 3600).unwrap_or_default()
}
