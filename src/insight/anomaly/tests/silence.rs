//! Whether silence is an outage, a hole in the logs, or nobody knows.

use super::world::{Event, Plan, What, first_judged, judged, world};
use crate::insight::anomaly::{Hourly, IncidentKind, Request, Rules, Severity, anomalies};

/// Ten hours of a working day.
fn silent_hours() -> std::ops::Range<usize> {
    first_judged() + 2 * 24 + 8..first_judged() + 2 * 24 + 18
}

fn silent(workload: Option<usize>) -> Hourly {
    let event = Event { what: What::Outage, workload, hours: silent_hours(), size: 0.0 };
    world(&Plan { seed: 3, events: vec![event] })
}

#[track_caller]
fn check(hourly: &Hourly, expected: IncidentKind) {
    let rules = Rules::embedded().expect("rules");
    let request = Request { period: judged(), rules: &rules, filter: None };
    let found = anomalies(hourly, &[], request).incidents;
    let from = hourly.grid.instant(silent_hours().start);
    let incident = found.iter().find(|incident| incident.from == from).expect("an incident");
    assert_eq!(incident.kind, expected, "{incident:?}");
    assert_eq!(incident.to, hourly.grid.instant(silent_hours().end));
    assert!(incident.severity <= Severity::Warning);
}

/// CloudTrail as it is where every call is seen, but for the silent hours.
fn with_cloudtrail(hourly: &mut Hourly, calls_in_silence: i64) {
    for place in &mut hourly.places {
        place.called.clone_from(&place.logged);
        place.called[silent_hours()].fill(calls_in_silence);
        // Other events go on: CloudTrail was being delivered.
        place.events = place.called.iter().map(|calls| calls + 2).collect();
    }
}

#[test]
fn silence_of_one_while_others_are_logged_is_an_outage() {
    check(&silent(Some(4)), IncidentKind::Outage);
}

#[test]
fn silence_of_all_without_cloudtrail_is_told_as_not_known() {
    check(&silent(None), IncidentKind::NoLogs);
}

#[test]
fn silence_of_all_while_cloudtrail_has_calls_is_a_gap_in_the_logs() {
    let mut hourly = silent(None);
    with_cloudtrail(&mut hourly, 100);
    check(&hourly, IncidentKind::LoggingGap);
}

#[test]
fn silence_of_all_that_cloudtrail_confirms_is_an_outage() {
    let mut hourly = silent(None);
    with_cloudtrail(&mut hourly, 0);
    check(&hourly, IncidentKind::Outage);
}
