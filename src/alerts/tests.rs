//! Rules read as written; breaches become alerts once; channels are told what is theirs.

use std::path::PathBuf;

use chrono::{DateTime, Duration, NaiveTime, Utc};

use super::{
    Alert, Amount, Breach, Change, Channel, Judged, Mute, Quiet, RuleSet, Severity, State, due,
    message, update,
};
use crate::period::Period;

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-11-{text}Z").parse().expect("a time")
}

fn rules() -> RuleSet {
    RuleSet::read(&[]).expect("the embedded rules")
}

fn breach(rule: &str, from: &str, to: &str) -> Breach {
    let set = rules();
    Breach {
        from: at(from),
        to: at(to),
        value: Some(Amount::Share(0.2)),
        limit: Some(Amount::Share(0.05)),
        ..Breach::about(set.rule(rule).expect("a rule"), Vec::new())
    }
}

fn judged(from: &str, to: &str) -> Judged {
    Judged { period: Period { from: at(from), to: at(to) }, at: at(to) + Duration::minutes(15) }
}

fn states(alerts: &[Alert]) -> Vec<State> {
    alerts.iter().map(|alert| alert.state).collect()
}

#[test]
fn the_embedded_rules_are_valid_and_each_is_known_by_one_id() {
    assert!(rules().rules().count() >= 15);
}

#[test]
fn a_users_rule_takes_the_place_of_the_one_it_names_and_can_be_off() {
    let text = "[[rule]]\nid = \"error-rate\"\ntitle = \"x\"\nseverity = \"info\"\nkind = \"window\"\n\
                metric = \"error_rate\"\nminutes = 10\nabove = 0.5\nby = [\"model\"]\n\
                [[rule.override]]\nmodel = \"m\"\nabove = 0.9\n\
                [[rule]]\nid = \"latency\"\ntitle = \"x\"\nseverity = \"info\"\nkind = \"summary\"\n\
                enabled = false\n";
    let set = RuleSet::read(&[(PathBuf::from("a.toml"), text.to_owned())]).expect("rules");
    let rule = set.rule("error-rate").expect("a rule");
    assert_eq!(rule.minutes, Some(10));
    let group = |model: &str| vec![("model".to_owned(), Some(model.to_owned()))];
    assert_eq!(rule.limit(&group("m")), Some(0.9));
    assert_eq!(rule.limit(&group("other")), Some(0.5));
    assert!(set.rules().all(|rule| rule.id != "latency"));
}

#[test]
fn what_is_wrong_with_a_rule_file_is_named_with_its_line_and_rule() {
    let read = |text: &str| {
        RuleSet::read(&[(PathBuf::from("a.toml"), text.to_owned())]).expect_err("wrong")
    };
    let head = "# mine\n[[rule]]\nid = \"mine\"\ntitle = \"t\"\nseverity = \"warning\"\n";
    let error = read(&format!("{head}kind = \"window\"\nmetric = \"eror_rate\"\nminutes = 5\n"));
    assert_eq!(error.to_string(), "unknown metric `eror_rate` of rule `mine` in `a.toml`, line 2");
    assert_eq!(error.hint.as_deref(), Some("did you mean `error_rate`?"));
    let error = read(&format!("{head}kind = \"budget\"\n"));
    assert!(error.to_string().starts_with("`above` is missing of rule `mine`"), "{error}");
    let error = read(&format!("{head}kind = \"window\"\ncolour = 1\n"));
    assert_eq!(error.line, 7);
}

#[test]
fn one_breach_is_one_alert_however_often_it_is_judged() {
    let found = || vec![breach("error-rate", "10T10:00:00", "10T10:20:00")];
    let first = update(Vec::new(), found(), &rules(), judged("10T00:00:00", "10T10:30:00"));
    assert_eq!(states(&first.alerts), [State::New]);
    assert_eq!(first.changes.len(), 1);
    let again = update(first.alerts, found(), &rules(), judged("10T00:00:00", "10T10:40:00"));
    assert_eq!(states(&again.alerts), [State::Ongoing]);
    assert!(again.changes.is_empty());
    let longer = vec![breach("error-rate", "10T10:00:00", "10T11:10:00")];
    let longer = update(again.alerts, longer, &rules(), judged("10T00:00:00", "10T11:30:00"));
    assert_eq!(longer.alerts.len(), 1);
    assert_eq!(longer.alerts[0].breach.to, at("10T11:10:00"));
    // Judged an hour beyond its end and nothing found there: it has ended, once.
    let over = update(longer.alerts, found(), &rules(), judged("10T00:00:00", "10T12:10:00"));
    assert_eq!(states(&over.alerts), [State::Resolved]);
    assert_eq!(over.changes[0].change, Change::Ended);
    let after = update(over.alerts, found(), &rules(), judged("10T00:00:00", "10T13:00:00"));
    assert!(after.changes.is_empty(), "{:?}", after.changes);
}

#[test]
fn an_alert_stays_open_until_the_logs_reach_beyond_it() {
    let found = vec![breach("error-rate", "10T10:00:00", "10T10:20:00")];
    let first = update(Vec::new(), found, &rules(), judged("10T00:00:00", "10T10:30:00"));
    let no_logs = Judged { at: at("12T00:00:00"), ..judged("10T00:00:00", "10T10:30:00") };
    let later = update(first.alerts, Vec::new(), &rules(), no_logs);
    assert_eq!(states(&later.alerts), [State::Ongoing]);
}

#[test]
fn a_new_breach_after_the_end_is_a_new_alert_and_what_begins_together_is_one_incident() {
    let first = vec![breach("error-rate", "10T10:00:00", "10T10:20:00")];
    let first = update(Vec::new(), first, &rules(), judged("10T00:00:00", "10T12:00:00"));
    assert_eq!(states(&first.alerts), [State::Resolved]);
    assert_eq!(first.changes.len(), 2, "begun and ended between two checks");
    let second = vec![
        breach("error-rate", "10T15:00:00", "10T15:20:00"),
        breach("throttling", "10T15:00:00", "10T16:00:00"),
    ];
    let second = update(first.alerts, second, &rules(), judged("10T12:00:00", "10T15:30:00"));
    assert_eq!(states(&second.alerts), [State::Resolved, State::New, State::New]);
    assert_eq!(second.alerts[1].incident, second.alerts[2].incident);
    assert_ne!(second.alerts[0].incident, second.alerts[1].incident);
}

fn channel() -> Channel {
    Channel {
        name: "ops".to_owned(),
        severity: Severity::Warning,
        teams: Vec::new(),
        after_checks: 0,
        resolved: true,
        quiet: None,
    }
}

fn open(rule: &str) -> Vec<Alert> {
    let found = vec![breach(rule, "10T10:00:00", "10T10:20:00")];
    update(Vec::new(), found, &rules(), judged("10T00:00:00", "10T10:30:00")).alerts
}

#[test]
fn channels_are_told_by_severity_and_after_nobody_looked_after_it() {
    let alerts = open("throttling");
    let now = at("10T11:00:00");
    assert_eq!(due(&channel(), &alerts, &[], now).len(), 1);
    let critical = Channel { severity: Severity::Critical, ..channel() };
    assert!(due(&critical, &alerts, &[], now).is_empty());
    let later = Channel { after_checks: 2, ..channel() };
    assert!(due(&later, &alerts, &[], now).is_empty());
    let mut old = alerts.clone();
    old[0].checks = 3;
    assert_eq!(due(&later, &old, &[], now).len(), 1);
    old[0].acknowledged = Some(now);
    assert!(due(&later, &old, &[], now).is_empty());
}

#[test]
fn quiet_hours_keep_back_all_but_what_is_critical() {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let quiet = Quiet { from: time(22), to: time(7), timezone: chrono_tz::Europe::Berlin };
    let channel = Channel { quiet: Some(quiet), ..channel() };
    let night = at("10T22:30:00"); // 23:30 in Berlin
    assert!(due(&channel, &open("throttling"), &[], night).is_empty());
    assert_eq!(due(&channel, &open("error-rate"), &[], night).len(), 1);
    assert_eq!(due(&channel, &open("throttling"), &[], at("10T06:30:00")).len(), 1);
}

#[test]
fn mutes_hold_for_their_rule_and_time_only() {
    let mute = |rule: &str| Mute {
        rule: Some(rule.to_owned()),
        group: None,
        until: at("11T00:00:00"),
        reason: "planned".to_owned(),
    };
    let alerts = open("throttling");
    let due = |mute: Mute, now: &str| due(&channel(), &alerts, &[mute], at(now)).len();
    assert_eq!(due(mute("throttling"), "10T12:00:00"), 0);
    assert_eq!(due(mute("throttling"), "11T00:00:00"), 1);
    assert_eq!(due(mute("error-rate"), "10T12:00:00"), 1);
}

#[test]
fn a_message_names_the_gravest_first_and_each_alert_once() {
    let found = vec![
        breach("throttling", "10T10:00:00", "10T11:00:00"),
        breach("error-rate", "10T10:00:00", "10T10:20:00"),
    ];
    let alerts = update(Vec::new(), found, &rules(), judged("10T00:00:00", "10T13:00:00")).alerts;
    let due = due(&channel(), &alerts, &[], at("10T13:00:00"));
    assert_eq!(due.len(), 4, "two began, two ended");
    let message = message(&due, &rules(), at("10T13:00:00")).expect("a message");
    assert_eq!(message.items.len(), 2);
    assert_eq!(
        message.subject,
        "[critical] ended: Error rate over 5% within five minutes and 1 more"
    );
}
