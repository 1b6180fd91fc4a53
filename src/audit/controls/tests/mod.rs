//! Frameworks are read whole, and every kind of test passes, fails and is not evaluated when it should.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    ControlQuestion, ControlsResult, CoverageFacts, Facts, OutageFact, RecorderName,
    SensitiveFacts, Verdict, VerificationFacts, VerifiedHours, controls, frameworks,
};
use crate::audit::detections::{DetectionQuestion, Places, Rule, RuleSet, TableRows, detections};
use crate::period::Period;
use crate::schema::api_event::ApiEvent;
use crate::schema::invocation::Invocation;
use crate::schema::security::Security;
use crate::schema::{Row, Table, TimeMs};

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn day() -> Period {
    Period { from: instant("2026-11-10T00:00:00Z"), to: instant("2026-11-11T00:00:00Z") }
}

fn rules() -> RuleSet {
    RuleSet::read(&[]).unwrap_or_else(|error| panic!("{error}"))
}

/// An event of Bedrock within the day.
fn event(id: &str, tls_version: Option<&str>) -> ApiEvent {
    let text = |text: &str| Some(text.to_owned());
    ApiEvent {
        event_id: text(id),
        event_time: Some(TimeMs(instant("2026-11-10T12:00:00Z").timestamp_millis())),
        event_source: text("bedrock.amazonaws.com"),
        event_name: text("Converse"),
        region: text("us-east-1"),
        principal: text("app"),
        tls_version: tls_version.map(str::to_owned),
        object: text("trail.json"),
        record: Some(1),
        ..ApiEvent::default()
    }
}

/// What is asked of a framework of one control with these tests.
struct World {
    events: Vec<ApiEvent>,
    facts: Facts,
    security: Security,
}

impl World {
    fn new(events: Vec<ApiEvent>) -> Self {
        Self { events, facts: Facts::default(), security: Security::default() }
    }

    fn with(facts: Facts) -> Self {
        Self { facts, ..Self::new(vec![event("e1", Some("TLSv1.3"))]) }
    }

    fn asked(&self, tests: &str) -> ControlsResult {
        let rules = rules();
        let file = format!(
            "framework: mine\ntitle: Mine\ncontrols:\n  - id: M1\n    title: Something\n    tested: It\n    \
             limits: None.\n    tests:\n      - {tests}\n"
        );
        let all = frameworks(&[(PathBuf::from("mine.yaml"), file)], &rules);
        let all = all.unwrap_or_else(|error| panic!("{error}"));
        let mine = all.iter().find(|framework| framework.id == "mine").expect("the framework");
        let known_from = Some(instant("2026-11-01T00:00:00Z"));
        let rows = |table, frame| TableRows::of(table, frame, day(), known_from);
        let calls = Invocation::frame(Vec::new()).expect("a frame");
        let events = ApiEvent::frame(self.events.clone()).expect("a frame");
        let places = Places::default();
        let named: Vec<&Rule> = mine.controls[0]
            .tests
            .iter()
            .flat_map(super::Test::rules)
            .filter_map(|id| rules.rule(id))
            .collect();
        let question = DetectionQuestion {
            rules: named,
            security: &self.security,
            places: &places,
            period: day(),
            invocations: rows(Table::Invocations, calls),
            api_events: rows(Table::ApiEvents, events),
            kept: None,
        };
        let found = detections(&question).expect("detections");
        let question = ControlQuestion { rows: &question, detections: &found, facts: &self.facts };
        controls(&[mine], &question).expect("verdicts").remove(0)
    }

    #[track_caller]
    fn check(&self, tests: &str, verdict: Verdict, because: &str) {
        let found = self.asked(tests);
        let control = &found.controls[0];
        assert_eq!(control.verdict, verdict, "{control:?}");
        assert!(control.tests[0].because.contains(because), "{control:?}");
        assert_eq!(control.reason.is_none(), verdict == Verdict::Pass, "{control:?}");
        if verdict == Verdict::Fail {
            assert!(
                !control.tests[0].queries.is_empty() || because.contains("failed"),
                "{control:?}"
            );
        }
    }
}

const TLS: &str = "share: {table: api_events, what: events used TLS 1.2 or later, at_least: 1.0, \
                   holds: \"tls_version IN ('TLSv1.2', 'TLSv1.3')\", of: \"tls_version IS NOT NULL\"}";

#[test]
fn every_framework_that_comes_with_the_tool_is_read() {
    let all = frameworks(&[], &rules()).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<&str> = all.iter().map(|framework| framework.id.as_str()).collect();
    let expected =
        ["soc2", "pci-dss-4", "hipaa", "gdpr", "fedramp-moderate", "iso-27001", "iso-42001"];
    assert_eq!(ids, expected);
    for framework in &all {
        assert!(framework.controls.len() >= 10, "{}", framework.id);
        let invisible = framework.controls.iter().flat_map(|control| &control.tests);
        let invisible = invisible.filter(|test| test.kind() == "not_visible").count();
        assert!(invisible >= 2, "{} claims to see everything", framework.id);
    }
}

#[test]
fn a_share_passes_fails_and_is_not_evaluated_without_rows() {
    let good = World::new(vec![event("e1", Some("TLSv1.3")), event("e2", None)]);
    good.check(TLS, Verdict::Pass, "1 of 1 events used TLS 1.2 or later");
    let bad = World::new(vec![event("e1", Some("TLSv1.3")), event("e2", Some("TLSv1"))]);
    bad.check(TLS, Verdict::Fail, "1 of 2 events used TLS 1.2 or later");
    let evidence = &bad.asked(TLS).controls[0].tests[0].evidence;
    assert_eq!(evidence.iter().map(|row| row.id.as_deref()).collect::<Vec<_>>(), [Some("e2")]);
    World::new(vec![event("e1", None)]).check(TLS, Verdict::NotEvaluated, "the period has no");
    let regions = "share: {table: api_events, what: events are in allowed Regions, at_least: 1.0, \
                   holds: \"region IN {allowed_regions}\", of: region IS NOT NULL}";
    good.check(regions, Verdict::NotEvaluated, "needs security.allowed_regions");
}

#[test]
fn rules_that_fired_fail_and_rules_that_could_not_be_asked_never_pass() {
    let quiet = World::new(vec![event("e1", Some("TLSv1.3"))]);
    quiet.check("no_findings: [guardrail-deleted]", Verdict::Pass, "found nothing");
    let needs = "no_findings: [guardrail-deleted, region-not-allowed]";
    quiet.check(
        needs,
        Verdict::NotEvaluated,
        "`region-not-allowed`: needs security.allowed_regions",
    );
    quiet.check("rules_evaluated: [guardrail-deleted]", Verdict::Pass, "found: nothing");
    quiet.check("rules_evaluated: [denied-model]", Verdict::NotEvaluated, "`denied-model`: needs");
    let deleted = ApiEvent { event_name: Some("DeleteGuardrail".to_owned()), ..event("e2", None) };
    let fired = World::new(vec![deleted]);
    fired.check(needs, Verdict::Fail, "1 findings of guardrail-deleted");
    fired.check("rules_evaluated: [guardrail-deleted]", Verdict::Pass, "found: guardrail-deleted");
}

#[test]
fn coverage_is_judged_only_where_it_is_known() {
    let of = |called, logged, unknown: Option<&str>| {
        let unknown = unknown.map(str::to_owned);
        World::with(Facts {
            coverage: CoverageFacts { called, logged, unknown },
            ..Facts::default()
        })
    };
    of(1000, 990, None).check("log_coverage: 0.99", Verdict::Pass, "990 of 1000 calls");
    of(1000, 989, None).check("log_coverage: 0.99", Verdict::Fail, "989 of 1000 calls");
    of(0, 0, Some("no call")).check("log_coverage: 0.99", Verdict::NotEvaluated, "no call");
}

#[test]
fn an_outage_fails_and_none_is_believed_without_events() {
    let days = [1, 1];
    let none = World::with(Facts { days_with_rows: days, ..Facts::default() });
    none.check("no_outage: [trail]", Verdict::Pass, "no outage is known");
    World::with(Facts::default()).check(
        "no_outage: [trail]",
        Verdict::NotEvaluated,
        "no CloudTrail",
    );
    let outage = OutageFact {
        recorder: RecorderName::Trail,
        what: "a trail stopped".to_owned(),
        from: None,
        to: None,
        event_id: None,
    };
    let some =
        World::with(Facts { outages: vec![outage], days_with_rows: days, ..Facts::default() });
    some.check("no_outage: [trail]", Verdict::Fail, "a trail stopped");
    some.check("no_outage: [invocation_logging]", Verdict::Pass, "no outage is known");
}

#[test]
fn integrity_takes_a_verification_of_the_whole_period() {
    let test = "integrity_verified: true";
    World::with(Facts::default()).check(test, Verdict::NotEvaluated, "--verification");
    let with = |verdict: &str, from: &str| {
        let hours = VerifiedHours { expected: 24, proven: 24 };
        World::with(Facts {
            verification: Some(VerificationFacts {
                verdict: verdict.to_owned(),
                hours,
                from: Some(instant(from)),
                to: Some(day().to),
            }),
            ..Facts::default()
        })
    };
    let midnight = "2026-11-10T00:00:00Z";
    with("verified", midnight).check(test, Verdict::Pass, "24 of 24 hours");
    with("failed", midnight).check(test, Verdict::Fail, "verification failed");
    with("partly_verified", midnight).check(test, Verdict::NotEvaluated, "partly_verified");
    with("unverifiable", midnight).check(test, Verdict::NotEvaluated, "unverifiable");
    let late = "2026-11-10T01:00:00Z";
    with("verified", late).check(test, Verdict::NotEvaluated, "does not span the period");
}

#[test]
fn retention_is_not_failed_by_what_was_never_ingested() {
    let from = |first: Option<(i32, u32, u32)>| {
        let first = first.and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d));
        World::with(Facts { first_days: [None, first], ..Facts::default() })
    };
    let test = "retention: {days: 365, table: api_events}";
    from(Some((2025, 11, 11))).check(test, Verdict::Pass, "from 2025-11-11");
    from(Some((2025, 11, 12))).check(test, Verdict::NotEvaluated, "not from 2025-11-11");
    from(None).check(test, Verdict::NotEvaluated, "holds no api_events");
}

#[test]
fn every_day_needs_rows() {
    let days = |n| World::with(Facts { days_with_rows: [0, n], ..Facts::default() });
    days(1).check("every_day: api_events", Verdict::Pass, "1 of 1 UTC days");
    days(0).check("every_day: api_events", Verdict::NotEvaluated, "holds no api_events");
}

#[test]
fn sensitive_data_is_judged_only_where_bodies_were_scanned() {
    let test = "no_sensitive: {kinds: [card_number], scanned: 0.99}";
    let with = |scanned, by_kind: &[(&str, i64)]| {
        let by_kind = by_kind.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect();
        World::with(Facts {
            sensitive: SensitiveFacts { requests: 100, scanned, by_kind },
            ..Facts::default()
        })
    };
    with(100, &[("email", 3)]).check(test, Verdict::Pass, "100 of 100 requests");
    with(98, &[]).check(test, Verdict::NotEvaluated, "98 of 100 requests");
    with(1, &[("card_number", 2)]).check(test, Verdict::Fail, "card_number in 2 requests");
    World::with(Facts::default()).check(test, Verdict::NotEvaluated, "0 of 0 requests");
}

#[test]
fn what_logs_cannot_show_is_said() {
    let world = World::with(Facts::default());
    world.check(
        "not_visible: tickets are elsewhere",
        Verdict::NotEvaluated,
        "tickets are elsewhere",
    );
}

#[test]
fn a_broken_control_is_named_with_file_line_and_id() {
    let refused = |tests: &str, problem: &str| {
        let text = format!(
            "framework: mine\ntitle: Mine\ncontrols:\n  - id: M1\n    title: T\n    tested: It\n    \
             limits: None.\n    tests: {tests}\n"
        );
        let error = frameworks(&[(PathBuf::from("mine.yaml"), text)], &rules()).expect_err("wrong");
        let said = error.to_string();
        assert!(said.contains(problem) && said.contains("in `mine.yaml`, line "), "{said}");
    };
    refused("[]", "`tests` is empty");
    refused("[{}]", "a test is one of");
    refused("[{log_coverage: 1.5}]", "`1.5` is no share");
    refused("[{no_findings: [no-such-rule]}]", "there is no detection rule `no-such-rule`");
    refused("[{every_day: rejects}]", "`rejects` is no table");
    refused("[{unheard_of: 1}]", "unheard_of");
    refused("[{no_sensitive: {kinds: [cards], scanned: 1}}]", "`cards` is no kind");
    refused("[{no_outage: [nothing]}]", "nothing");
}
