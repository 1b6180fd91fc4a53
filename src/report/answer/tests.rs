//! Orders, empty periods and comparisons over groups written by hand.

use chrono::{DateTime, Utc};
use chrono_tz::UTC;

use super::{Calendar, EmptyPeriods, Group, Question, filled, ordered, with_previous};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::report::parts::{Missing, Value};
use crate::units::Usd;

const UNKNOWN: Value = Value::Missing(Missing::Unknown);

fn question(by: &[Dimension], metrics: &[Metric]) -> Question {
    Question {
        by: by.to_vec(),
        metrics: metrics.to_vec(),
        timezone: UTC,
        sort: Vec::new(),
        limit: None,
        totals: false,
        compares: false,
        empty: EmptyPeriods::Auto,
    }
}

fn id(text: &str) -> Value {
    Value::Id(text.to_owned())
}

fn group(key: &[&str], figures: &[Value]) -> Group {
    Group {
        key: key.iter().map(|text| id(text)).collect(),
        figures: figures.to_vec(),
        previous: None,
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn days(from: u32, to: u32) -> Period {
    let day = |day| instant(&format!("2026-11-{day:02}T00:00:00Z"));
    Period { from: day(from), to: day(to) }
}

fn calendar(question: &Question, period: Period) -> Calendar {
    Calendar::new(question, period, Some(days(1, 30)), instant("2026-12-01T00:00:00Z"))
}

fn keys(rows: &[(Vec<Value>, Vec<Value>)]) -> Vec<String> {
    let text = |value: &Value| super::groups::text_of(value).unwrap_or_else(|| "-".to_owned());
    rows.iter().map(|(key, _)| key.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn days_without_calls_stand_in_their_place() {
    let question = question(&[Dimension::Day], &[Metric::Requests]);
    let calendar = calendar(&question, days(9, 12));
    let groups = vec![group(&["2026-11-10"], &[Value::Integer(3)])];
    let groups = filled(groups, &question, &calendar, &[Value::Integer(0)]).unwrap();
    let rows = ordered(groups, &question, &calendar);
    assert_eq!(keys(&rows), ["2026-11-09", "2026-11-10", "2026-11-11"]);
    assert_eq!(rows[0].1, [id("2026-11-09"), Value::Integer(0)]);
    assert_eq!(rows[1].1[1], Value::Integer(3));
}

#[test]
fn with_other_dimensions_every_group_gets_every_period_when_asked() {
    let mut question = question(&[Dimension::Model, Dimension::Day], &[Metric::Requests]);
    assert!(!question.fills());
    question.empty = EmptyPeriods::Show;
    assert!(question.fills());
    let calendar = calendar(&question, days(9, 11));
    let mut groups = vec![
        group(&["b", "2026-11-10"], &[Value::Integer(1)]),
        group(&["a", "2026-11-09"], &[Value::Integer(2)]),
    ];
    groups.push(Group { key: vec![UNKNOWN, id("2026-11-09")], ..groups[0].clone() });
    let groups = filled(groups, &question, &calendar, &[Value::Integer(0)]).unwrap();
    let expected = [
        "a 2026-11-09",
        "a 2026-11-10",
        "b 2026-11-09",
        "b 2026-11-10",
        "- 2026-11-09",
        "- 2026-11-10",
    ];
    assert_eq!(keys(&ordered(groups, &question, &calendar)), expected);
}

#[test]
fn missing_values_come_last_in_both_directions() {
    let mut question = question(&[Dimension::Model], &[Metric::CostUsd]);
    let groups = vec![
        group(&["a"], &[Value::Usd(Usd(5)), Value::Integer(1)]),
        group(&["b"], &[UNKNOWN, Value::Integer(1)]),
        group(&["c"], &[Value::Usd(Usd(7)), Value::Integer(1)]),
    ];
    let mut order = |text: &str| {
        question.sort = vec![text.parse().unwrap()];
        keys(&ordered(groups.clone(), &question, &Calendar::default())).join("")
    };
    assert_eq!(order("cost_usd"), "acb");
    assert_eq!(order("-cost_usd"), "cab");
    assert_eq!(order("cost_usd:desc"), "cab");
    assert_eq!(order("model:desc"), "cba");
}

#[test]
fn periods_meet_by_their_place_and_groups_by_their_name() {
    let mut question = question(&[Dimension::Day, Dimension::Model], &[Metric::CostUsd]);
    question.compares = true;
    let (now, before) = (calendar(&question, days(9, 11)), calendar(&question, days(6, 9)));
    let figures = |usd, requests| [Value::Usd(Usd(usd)), Value::Integer(requests)];
    let current = vec![group(&["2026-11-09", "a"], &figures(6, 2))];
    let previous = vec![
        group(&["2026-11-06", "a"], &figures(4, 1)),
        group(&["2026-11-07", "b"], &figures(3, 1)),
        group(&["2026-11-08", "a"], &figures(9, 1)), // a third day, which this range doesn't have
    ];
    let empty = [UNKNOWN, Value::Integer(0)];
    let both = with_previous(current, previous, [&now, &before], &empty, true);
    let rows = ordered(both, &question, &now);
    assert_eq!(keys(&rows), ["2026-11-09 a", "2026-11-10 b"]);
    let usd = |units| Value::Usd(Usd(units));
    assert_eq!(
        rows[0].1[2..],
        [usd(6), usd(4), Value::UsdChange(Usd(2)), Value::RelativeChange(0.5)]
    );
    // No requests cost nothing: the change is known although the cost of nothing is not shown.
    assert_eq!(
        rows[1].1[2..],
        [UNKNOWN, usd(3), Value::UsdChange(Usd(-3)), Value::RelativeChange(-1.0)]
    );
}

#[test]
fn nothing_is_said_of_a_previous_period_that_was_not_read() {
    let mut question = question(&[Dimension::Model], &[Metric::Requests, Metric::ErrorRate]);
    question.compares = true;
    let current = vec![group(&["a"], &[Value::Integer(2), Value::Share(0.5)])];
    let none = Calendar::default();
    let empty = [Value::Integer(0), UNKNOWN];
    let both = with_previous(current.clone(), Vec::new(), [&none, &none], &empty, false);
    let cells = question.cells(both[0].clone());
    assert_eq!(cells[1..5], [Value::Integer(2), UNKNOWN, UNKNOWN, UNKNOWN]);
    let both = with_previous(current, Vec::new(), [&none, &none], &empty, true);
    let cells = question.cells(both[0].clone());
    assert_eq!(cells[1..5], [Value::Integer(2), Value::Integer(0), Value::CountChange(2), UNKNOWN]);
}

#[test]
fn names_of_sort_columns_are_checked() {
    let mut question = question(&[Dimension::Model], &[Metric::Requests]);
    question.sort = vec!["-request".parse().unwrap()];
    let error = question.clone().checked().unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("requests"));
    question.sort = vec!["requests_change".parse().unwrap()];
    assert!(question.clone().checked().is_err());
    question.compares = true;
    assert!(question.checked().is_ok());
}
