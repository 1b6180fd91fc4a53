//! Every rule that comes with the tool fires on records it is meant for, and is quiet on records
//! that look like them. `cases/*.yaml` holds the records as differences to `templates.json`, whose
//! records are modelled on real ones.

mod followers;
mod geoip;
mod reading;

use std::path::PathBuf;

use chrono::{DateTime, Duration, NaiveTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    DetectionQuestion, Detections, Places, Rule, RuleSet, RuleVerdict, TableRows, detections,
};
use crate::period::Period;
use crate::records::{Limits, ObjectName, PromptKey, decode};
use crate::schema::api_event::ApiEvent;
use crate::schema::invocation::Invocation;
use crate::schema::security::{BusinessHours, EndpointRule, Security};
use crate::schema::{Row, Table};

/// Records for a rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    /// Records on which it fires.
    fires: Vec<Written>,
    /// Records on which it doesn't.
    quiet: Vec<Written>,
    /// Records of the weeks before the period, for both.
    #[serde(default)]
    history: Vec<Written>,
}

/// A record, or several, as a difference to a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    of: String,
    /// Seconds after the period's tenth hour, or before with a minus.
    #[serde(default)]
    after: i64,
    #[serde(default)]
    times: Option<i64>,
    /// Seconds between them.
    #[serde(default)]
    every: i64,
    /// What differs, by path: `requestParameters.modelId`.
    #[serde(default)]
    with: Map<String, Value>,
    /// What differs from one to the next, by path.
    #[serde(default)]
    each: Map<String, Value>,
}

const TEN: &str = "2026-11-10T10:00:00Z";

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn day() -> Period {
    Period { from: instant("2026-11-10T00:00:00Z"), to: instant("2026-11-11T00:00:00Z") }
}

/// Settings under which every rule can be asked.
fn security() -> Security {
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    let network = |text: &str| text.parse().expect("a network");
    Security {
        internal_networks: Some(vec![network("10.0.0.0/8"), network("203.0.113.0/24")]),
        allowed_regions: texts(&["us-east-1", "eu-central-1"]),
        allowed_models: texts(&["anthropic.*", "amazon.*"]),
        denied_models: texts(&["deepseek.*"]),
        guardrail_required: texts(&["anthropic.claude*"]),
        vpc_endpoint_required: Some(EndpointRule::OneOf(vec!["vpce-0a1b2c3d4e5f60718".into()])),
        business_hours: Some(BusinessHours {
            days: vec![1, 2, 3, 4, 5],
            from: NaiveTime::from_hms_opt(8, 0, 0).expect("a time"),
            to: NaiveTime::from_hms_opt(18, 0, 0).expect("a time"),
            timezone: chrono_tz::Europe::Berlin,
        }),
        own_accounts: texts(&["111122223333"]),
        allowed_countries: texts(&["DE"]),
        log_buckets: texts(&["acme-logs"]),
    }
}

fn rules() -> RuleSet {
    RuleSet::read(&[]).unwrap_or_else(|error| panic!("{error}"))
}

fn cases() -> Vec<Case> {
    let files = [
        include_str!("cases/logging.yaml"),
        include_str!("cases/guardrails.yaml"),
        include_str!("cases/access.yaml"),
        include_str!("cases/hijacking.yaml"),
        include_str!("cases/credentials.yaml"),
        include_str!("cases/boundaries.yaml"),
        include_str!("cases/resources.yaml"),
    ];
    files
        .iter()
        .flat_map(|text| -> Vec<Case> {
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"))
        })
        .collect()
}

/// The records that these stand for, each with an id and a time of its own.
fn records(written: &[&Written]) -> Vec<Value> {
    let templates: Value = serde_json::from_str(include_str!("templates.json")).expect("JSON");
    let mut records = Vec::new();
    for one in written {
        for number in 0..one.times.unwrap_or(1) {
            let mut record = templates[&one.of].clone();
            assert!(record.is_object(), "no template `{}`", one.of);
            let id = format!("00000000-0000-4000-a000-{:012}", records.len());
            let time = instant(TEN) + Duration::seconds(one.after + number * one.every);
            let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
            let is_event = record.get("eventSource").is_some();
            let (id_key, time_key) =
                if is_event { ("eventID", "eventTime") } else { ("requestId", "timestamp") };
            record[id_key] = json!(id);
            record[time_key] = json!(time);
            if is_event {
                record["requestID"] = json!(format!("r{id}"));
            }
            for (path, value) in &one.with {
                set(&mut record, path, value.clone());
            }
            for (path, values) in &one.each {
                let values = values.as_array().expect("a list");
                let index = usize::try_from(number).expect("a number") % values.len();
                set(&mut record, path, values[index].clone());
            }
            records.push(record);
        }
    }
    records
}

fn set(record: &mut Value, path: &str, value: Value) {
    let place = path.split('.').fold(record, |place, key| &mut place[key]);
    *place = value;
}

/// What a rule makes of records.
fn asked(rule: &Rule, records: &[Value], security: &Security, places: &Places) -> Detections {
    let (events, calls): (Vec<&Value>, Vec<&Value>) =
        records.iter().partition(|record| record.get("eventSource").is_some());
    let calls: Vec<String> = calls.iter().map(ToString::to_string).collect();
    let calls = calls.join("\n");
    let decoded = |object: &str, text: &str| {
        let name = ObjectName { object, modified: None };
        let limits = Limits { max_object_bytes: 1 << 24 };
        let decoded = decode(&name, text.as_bytes(), &limits, &PromptKey([7; 32]));
        assert!(decoded.rejects.is_empty(), "{:?}", decoded.rejects);
        decoded
    };
    let events = decoded("trail.json", &json!({ "Records": events }).to_string());
    let calls = decoded("calls.json", &calls);
    let known_from = Some(instant("2026-10-01T00:00:00Z"));
    let rows = |table, frame| TableRows::of(table, frame, day(), known_from);
    let calls = Invocation::frame(calls.invocations.rows().collect()).expect("a frame");
    let events = ApiEvent::frame(events.api_events.rows().collect()).expect("a frame");
    let question = DetectionQuestion {
        rules: vec![rule],
        security,
        places,
        period: day(),
        invocations: rows(Table::Invocations, calls),
        api_events: rows(Table::ApiEvents, events),
        kept: None,
    };
    detections(&question).unwrap_or_else(|error| panic!("{}: {error}", rule.id))
}

fn verdict(case: &Case, written: &[Written], rules: &RuleSet) -> (RuleVerdict, String) {
    let rule = rules.rule(&case.rule).unwrap_or_else(|| panic!("no rule `{}`", case.rule));
    let records = records(&case.history.iter().chain(written).collect::<Vec<_>>());
    let found = asked(rule, &records, &security(), &geoip::places());
    let outcome = found.outcome(&rule.id).expect("an outcome");
    for finding in &found.findings {
        assert!(!finding.evidence.is_empty(), "{}: no evidence: {finding:?}", rule.id);
        assert!(finding.query.starts_with("bedrock-lens query --from "), "{}", finding.query);
    }
    (outcome.verdict, format!("{outcome:?} {:?}", found.findings))
}

/// Fails with every rule that comes to something else than it should.
#[track_caller]
fn check(written: impl Fn(&Case) -> &[Written], expected: RuleVerdict) {
    let rules = rules();
    let wrong = cases().into_iter().filter_map(|case| {
        let (verdict, said) = verdict(&case, written(&case), &rules);
        (verdict != expected).then(|| format!("{}: {said}", case.rule))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "not {expected:?}:\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_fires_on_what_it_is_meant_for() {
    check(|case| &case.fires, RuleVerdict::Fired);
}

#[test]
fn every_rule_is_quiet_on_what_only_looks_like_it() {
    check(|case| &case.quiet, RuleVerdict::Quiet);
}

#[test]
fn every_rule_has_its_cases() {
    let tested: Vec<String> = cases().into_iter().map(|case| case.rule).collect();
    let untested: Vec<&str> = rules_without(&tested);
    assert!(untested.is_empty(), "{untested:?}");
    assert!(tested.len() >= 60, "{}", tested.len());
}

fn rules_without(tested: &[String]) -> Vec<&'static str> {
    let rules: &'static RuleSet = Box::leak(Box::new(rules()));
    let ids = rules.rules().iter().map(|rule| rule.id.as_str());
    ids.filter(|id| !tested.iter().any(|tested| tested == id)).collect()
}

#[test]
fn a_rule_whose_setting_is_absent_is_not_evaluated() {
    let rules = rules();
    for case in cases() {
        let rule = rules.rule(&case.rule).expect("a rule");
        let Some(first) = rule.needs().first().copied() else { continue };
        let records = records(&case.fires.iter().collect::<Vec<_>>());
        let found = asked(rule, &records, &Security::default(), &Places::default());
        let outcome = found.outcome(&rule.id).expect("an outcome");
        assert_eq!(outcome.verdict, RuleVerdict::NotEvaluated, "{}", rule.id);
        assert_eq!(outcome.reason, Some(format!("needs {first}")), "{}", rule.id);
    }
}

#[test]
fn a_rule_without_rows_to_look_at_is_not_evaluated() {
    let rules = rules();
    for rule in rules.rules() {
        let found = asked(rule, &[], &security(), &geoip::places());
        let outcome = found.outcome(&rule.id).expect("an outcome");
        assert_eq!(outcome.verdict, RuleVerdict::NotEvaluated, "{}", rule.id);
        let reason = outcome.reason.as_deref().unwrap_or_default();
        let table = match rule.table {
            Table::Invocations => "the store holds no invocation logs of the period",
            _ => "the store holds no CloudTrail events of the period",
        };
        let by_address = "needs security.geoip_databases";
        assert!(reason == table || reason == by_address, "{}: {reason}", rule.id);
    }
}

#[test]
fn findings_do_not_depend_on_the_order_of_the_records() {
    let rules = rules();
    for case in cases() {
        let rule = rules.rule(&case.rule).expect("a rule");
        let written: Vec<&Written> = case.history.iter().chain(&case.fires).collect();
        let mut records = records(&written);
        let as_text = |records: &[Value]| {
            let found = asked(rule, records, &security(), &geoip::places());
            let findings = found.findings.into_iter().map(|mut finding| {
                // Where a record lies is what the order changes.
                finding.evidence.iter_mut().for_each(|evidence| evidence.record = 0);
                finding
            });
            serde_json::to_string(&findings.collect::<Vec<_>>()).expect("JSON")
        };
        let forward = as_text(&records);
        records.reverse();
        assert_eq!(as_text(&records), forward, "{}", case.rule);
    }
}

/// Rules of a file of this text, on top of the embedded ones.
fn with_file(text: &str) -> Result<RuleSet, super::RuleError> {
    RuleSet::read(&[(PathBuf::from("mine.yaml"), text.to_owned())])
}
