//! The ledger of outages as evidence, and as lines of the report.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::super::{CountedOutage, Error, OutageAnswer};
use super::evidence;
use super::target::Target;
use crate::audit::outage::{Act, Aspect, Ending, Outage, OutageKind, Recorder};
use crate::report::pack::OutageLine;

/// Heads of an outage's row.
const OUTAGE: [&str; 17] = [
    "kind",
    "recorder",
    "target",
    "aspect",
    "account",
    "region",
    "from",
    "to",
    "ending",
    "begun_by_event",
    "begun_by_event_id",
    "begun_by",
    "ended_by_event_id",
    "unrecorded_calls",
    "unrecorded_failed_calls",
    "unrecorded_cost_usd_estimate",
    "requests_without_event",
];

/// Heads of an act's row.
const ACT: [&str; 16] = [
    "time",
    "event_id",
    "event_name",
    "recorder",
    "target",
    "aspect",
    "effect",
    "detail",
    "account",
    "region",
    "principal",
    "identity_arn",
    "credential_class",
    "source_ip_address",
    "user_agent",
    "error_code",
];

/// Writes the ledger.
///
/// # Errors
/// When a file can't be written.
pub(super) fn write(target: &mut Target, answer: &OutageAnswer) -> Result<(), Error> {
    let rows = answer.outages.iter().map(outage);
    evidence::table(target, "evidence/outages.csv", &OUTAGE, rows)?;
    let rows = answer.acts.iter().map(act);
    evidence::table(target, "evidence/outage-acts.csv", &ACT, rows)?;
    evidence::json(target, "evidence/outages.json", answer)
}

fn outage(counted: &CountedOutage) -> Vec<String> {
    let CountedOutage { outage, unrecorded } = counted;
    let begun = outage.begun_by.as_ref();
    let ended = outage.ended_by.as_ref();
    vec![
        name(&outage.kind),
        name(&outage.recorder),
        known(outage.target.as_ref()),
        name(&outage.aspect),
        known(outage.account.as_ref()),
        known(outage.region.as_ref()),
        moment(outage.from),
        moment(outage.to),
        name(&outage.ending),
        begun.map(|act| act.event_name.clone()).unwrap_or_default(),
        begun.and_then(|act| act.event_id.clone()).unwrap_or_default(),
        begun.and_then(|act| act.identity_arn.clone()).unwrap_or_default(),
        ended.and_then(|act| act.event_id.clone()).unwrap_or_default(),
        unrecorded.calls.to_string(),
        unrecorded.failed_calls.to_string(),
        unrecorded.cost_usd.map(|usd| usd.to_string()).unwrap_or_default(),
        unrecorded.requests_without_event.map(|n| n.to_string()).unwrap_or_default(),
    ]
}

fn act(act: &Act) -> Vec<String> {
    vec![
        moment(Some(act.time)),
        known(act.event_id.as_ref()),
        act.event_name.clone(),
        name(&act.recorder),
        known(act.target.as_ref()),
        name(&act.aspect),
        name(&act.effect),
        act.detail.clone(),
        known(act.account.as_ref()),
        known(act.region.as_ref()),
        known(act.principal.as_ref()),
        known(act.identity_arn.as_ref()),
        known(act.credential_class.as_ref()),
        known(act.source_ip_address.as_ref()),
        known(act.user_agent.as_ref()),
        known(act.error_code.as_ref()),
    ]
}

/// The outages as the report shows them.
pub(super) fn lines(answer: &OutageAnswer) -> Vec<OutageLine> {
    answer.outages.iter().map(|counted| line(counted, answer)).collect()
}

fn line(counted: &CountedOutage, answer: &OutageAnswer) -> OutageLine {
    let outage = &counted.outage;
    let within = outage.within(answer.period);
    let of_calls =
        outage.recorder == Recorder::InvocationLogging && outage.aspect != Aspect::Bodies;
    OutageLine {
        account: outage.account.clone(),
        region: outage.region.clone(),
        recorder: recorder_of(outage),
        from: outage.from.filter(|from| *from >= answer.period.from),
        to: outage.to.filter(|to| *to <= answer.period.to),
        length_ms: within.map_or(0, |part| (part.to - part.from).num_milliseconds()),
        cause: cause(outage),
        unlogged: of_calls.then_some(counted.unrecorded.calls.unsigned_abs()),
        ended_by: ended(outage),
        is_stop: outage.is_of_logging() || (outage.is_of_a_trail() && is_stop(outage)),
    }
}

fn is_stop(outage: &Outage) -> bool {
    outage.kind == OutageKind::Stopped
}

/// What began an outage, in words.
pub(in crate::pipeline) fn cause(outage: &Outage) -> String {
    match &outage.begun_by {
        Some(act) => format!("{} by {}: {}", act.event_name, who(act), act.detail),
        None if outage.kind == OutageKind::Silent => {
            "calls in CloudTrail and none logged; no event explains it".to_owned()
        }
        None => "no event in these logs".to_owned(),
    }
}

fn ended(outage: &Outage) -> String {
    match (outage.ending, &outage.ended_by) {
        (_, Some(act)) => format!("{} by {}", act.event_name, who(act)),
        (Ending::LogsAgain, None) => "logs again, without a known event".to_owned(),
        (Ending::Followed, None) => "another outage follows".to_owned(),
        (Ending::Open | Ending::Restored, None) => "nothing known".to_owned(),
    }
}

fn who(act: &Act) -> &str {
    act.principal.as_deref().or(act.identity_arn.as_deref()).unwrap_or("unknown")
}

/// What did not record, in words.
pub(in crate::pipeline) fn recorder_of(outage: &Outage) -> String {
    let target = outage.target.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    format!("{}{target}", recorder(outage.recorder))
}

fn recorder(recorder: Recorder) -> &'static str {
    match recorder {
        Recorder::InvocationLogging => "invocation logging",
        Recorder::Trail => "trail",
        Recorder::LogBucket => "bucket",
        Recorder::LogGroup => "log group",
    }
}

/// The word that JSON has for a value.
pub(super) fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => other.map(|value| value.to_string()).unwrap_or_default(),
    }
}

fn known(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

/// A time as RFC 3339; unknown is empty.
pub(super) fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)).unwrap_or_default()
}
