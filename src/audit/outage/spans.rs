//! From acts to outages: each lasts from a stop until the next act that undoes it, or until calls are
//! logged again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Act, Aspect, Effect, Ending, Hour, Outage, OutageKind, Recorder};

/// What can be out: one aspect of one recorder.
type Key = (Recorder, Aspect, Option<String>, Option<String>, Option<String>);

/// The outages that acts, in order of time, begin and end; `hours` tell where calls were logged again
/// without an act that says so.
pub(super) fn of(acts: &[Act], hours: &[Hour]) -> Vec<Outage> {
    let mut open: BTreeMap<Key, Outage> = BTreeMap::new();
    let mut ended = Vec::new();
    for act in acts {
        let key = key(act);
        match act.effect {
            Effect::Stops | Effect::Reduces => {
                // A second stop begins nothing new, unless calls were logged in between.
                let before = open.remove(&key).and_then(|outage| {
                    match logged_again(&outage, hours, Some(act.time)) {
                        Some(at) => {
                            ended.push(until_logs(outage, at));
                            None
                        }
                        None => Some(outage),
                    }
                });
                open.insert(key, before.unwrap_or_else(|| begun(act)));
            }
            Effect::Restores => ended.extend(open.remove(&key).map(|outage| {
                match logged_again(&outage, hours, Some(act.time)) {
                    Some(at) => until_logs(outage, at),
                    None => until_act(outage, act),
                }
            })),
            Effect::Changes | Effect::Deletes | Effect::Refused => {}
        }
    }
    let still_open = open.into_values().map(|outage| match logged_again(&outage, hours, None) {
        Some(at) => until_logs(outage, at),
        None => outage,
    });
    ended.extend(still_open);
    ended
}

fn key(act: &Act) -> Key {
    (act.recorder, act.aspect, act.target.clone(), act.account.clone(), region(act))
}

/// Trails and buckets are reached from more than one Region and may hold the logs of all.
fn region(act: &Act) -> Option<String> {
    match act.recorder {
        Recorder::InvocationLogging | Recorder::LogGroup => act.region.clone(),
        Recorder::Trail | Recorder::LogBucket => None,
    }
}

fn begun(act: &Act) -> Outage {
    let kind = if act.effect == Effect::Stops { OutageKind::Stopped } else { OutageKind::Reduced };
    Outage {
        kind,
        recorder: act.recorder,
        target: act.target.clone(),
        aspect: act.aspect,
        account: act.account.clone(),
        region: region(act),
        from: Some(act.time),
        to: None,
        ending: Ending::Open,
        begun_by: Some(act.clone()),
        ended_by: None,
    }
}

fn until_act(outage: Outage, act: &Act) -> Outage {
    Outage { to: Some(act.time), ending: Ending::Restored, ended_by: Some(act.clone()), ..outage }
}

fn until_logs(outage: Outage, at: DateTime<Utc>) -> Outage {
    Outage { to: Some(at), ending: Ending::LogsAgain, ..outage }
}

/// The first request that was logged in a later clock hour than logging was stopped in, before `until`:
/// somebody put it back, and no event of it is known.
fn logged_again(
    outage: &Outage,
    hours: &[Hour],
    until: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let from = outage.from.filter(|_| outage.is_of_logging())?;
    let of_place =
        hours.iter().filter(|hour| hour.account == outage.account && hour.region == outage.region);
    let later = of_place.filter(|hour| hour.start > from);
    later.filter_map(|hour| hour.first_logged).min().filter(|at| until.is_none_or(|end| *at < end))
}
