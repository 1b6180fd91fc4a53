//! Rule files: what is wrong with one is said by file, line and rule.

use super::with_file;
use crate::audit::detections::Condition;
use crate::schema::Table;

/// A file of one rule, whose parts can be replaced.
fn file(replace: &str, with: &str) -> String {
    let text = "rules:\n  - id: mine\n    title: Mine\n    severity: low\n    techniques: [T1078.004]\n    \
                description: Something.\n    false_positives: None.\n    table: api_events\n    by: [principal]\n    \
                match:\n      where: event_name = 'X'\n";
    assert!(text.contains(replace), "{replace}");
    text.replace(replace, with)
}

#[track_caller]
fn refused(text: &str, line: u64, rule: Option<&str>, problem: &str) {
    let error = with_file(text).expect_err("a mistake");
    let said = error.to_string();
    assert!(error.problem.contains(problem), "{said}");
    assert_eq!((error.line, error.rule.as_deref()), (line, rule), "{said}");
    assert!(said.contains("in `mine.yaml`, line "), "{said}");
}

#[test]
fn a_users_rule_adds_to_the_embedded_ones_or_takes_the_place_of_one() {
    let before = with_file("rules: []").expect("rules").rules().len();
    let added = with_file(&file("mine", "mine")).expect("rules");
    assert_eq!(added.rules().len(), before + 1);
    let replaced = with_file(&file("id: mine", "id: trail-stopped")).expect("rules");
    assert_eq!(replaced.rules().len(), before);
    assert_eq!(replaced.rule("trail-stopped").expect("the rule").title, "Mine");
}

#[test]
fn a_broken_rule_is_named_with_file_line_and_id() {
    let mine = Some("mine");
    refused(&file("severity: low", "severity: loud"), 4, mine, "loud");
    refused(&file("title: Mine", "titel: Mine"), 3, mine, "titel");
    refused(&file("event_name", "event_nmae"), 2, mine, "did you mean `event_name`?");
    refused(&file("= 'X'", "= 'X"), 2, mine, "");
    refused(&file("event_name = 'X'", "event_name"), 2, mine, "neither true nor false");
    refused(&file("= 'X'", "IN {allowed_regoins}"), 2, mine, "`{allowed_regoins}`");
    refused(&file("table: api_events", "table: events"), 2, mine, "`events` is no table");
    refused(&file("T1078.004", "1078"), 2, mine, "`1078` is no ATT&CK or ATLAS technique");
    refused(&file("by: [principal]", "by: []"), 2, mine, "`by` is empty");
    refused(&file("id: mine", "id: My Rule"), 2, Some("My Rule"), "lower-case");
    refused(&file("    match:\n      where: event_name = 'X'\n", ""), 2, mine, "a rule has one of");
    let doubled = file("mine", "mine") + file("rules:\n", "").as_str();
    refused(&doubled, 12, mine, "two rules of one file");
    refused("rules: 5\n", 1, None, "");
}

#[test]
fn a_stretch_of_time_is_a_number_and_a_unit() {
    let threshold = |within: &str| {
        file(
            "match:\n      where: event_name = 'X'",
            &format!(
                "threshold:\n      where: event_name = 'X'\n      count: 3\n      within: {within}"
            ),
        )
    };
    for good in ["30s", "10m", "1h", "31d"] {
        assert!(with_file(&threshold(good)).is_ok(), "{good}");
    }
    for bad in ["10", "m", "0m", "-1h", "32d", "1y", "1é"] {
        refused(&threshold(bad), 2, Some("mine"), "no stretch of time");
    }
}

#[test]
fn whether_a_time_is_known_is_told_from_when_it_is() {
    let only_whether = |text: &str| {
        let condition = Condition::read(text, Table::Invocations).expect("a condition");
        condition.only_asks_whether_known("event_time")
    };
    assert!(only_whether("event_time IS NOT NULL AND principal IS NOT NULL"));
    assert!(only_whether("event_time IS NULL"));
    assert!(!only_whether("event_time IS NOT NULL AND EXTRACT(HOUR FROM event_time) < 8"));
    assert!(!only_whether("NOT ({off_hours})"), "times stand behind the name");
}
