//! The language: what is selected, what is refused and where, canonical text.

use chrono_tz::{Europe::Berlin, Tz, UTC};
use polars::prelude::{DataFrame, IntoLazy, NamedFrom, Series, col};
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};

use super::Filter;
use crate::metrics::dimensions::Dimension;
use crate::metrics::tests::{Priced, at, text};
use crate::schema::invocation::Invocation;

/// Five requests, told apart by `request_id` a to e, with a tag of an odd name.
fn requests() -> DataFrame {
    let row = |id: &str, time, model: Option<&str>, status: &str, latency_ms, cost_units| Priced {
        invocation: Invocation {
            request_id: text(id),
            event_time: at(time),
            model: model.map(str::to_owned),
            status: text(status),
            latency_ms,
            ..Invocation::default()
        },
        cost_units,
        cost_status: "priced",
        ..Priced::default()
    };
    let dollar = 100_000_000_000_000;
    let mut frame = Priced::frame(&[
        row("a", "2026-10-24T22:30:00Z", Some("x.claude-3"), "ok", Some(100), Some(dollar)),
        row("b", "2026-10-25T00:30:00Z", Some("x.claude%3"), "throttled", None, None),
        row("c", "2026-10-25T01:30:00Z", Some("y.nova"), "ok", Some(5000), Some(dollar / 4)),
        row("d", "2026-10-25T22:59:59Z", None, "server_error", Some(5001), Some(0)),
        row("e", "2026-10-26T12:00:00Z", Some("Y.NOVA\nPRO"), "ok", Some(0), Some(dollar * 3)),
    ]);
    let tags = [Some("it's"), Some("a \"b\""), None, Some(""), Some("and")];
    frame.with_column(Series::new("tag:cost center".into(), tags).into()).unwrap();
    frame
}

fn selected_in(filter: &str, zone: Tz) -> String {
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{error}"));
    let again = Filter::parse(&filter.to_string()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(filter, again, "{filter}");
    let rows = requests().lazy().filter(filter.expr(zone).unwrap());
    let ids = rows.select([col("request_id")]).collect().unwrap();
    ids.column("request_id").unwrap().str().unwrap().iter().flatten().collect()
}

#[track_caller]
fn check(filter: &str, expected: &str) {
    assert_eq!(selected_in(filter, UTC), expected, "{filter}");
}

#[test]
fn comparisons_select_by_text_number_and_money() {
    check("status = ok", "ace");
    check("status != 'ok'", "bd");
    check("status <> ok", "bd");
    check("latency_ms > 5000", "d");
    check("latency_ms >= 5000", "cd");
    check("latency_ms < 0.5", "e");
    check("latency_ms <= 100.0", "ae");
    check("cost_usd > 0.25", "ae");
    check("cost_usd = $0.25", "c");
    check("cost_usd < 0.25", "d");
    check("model < y", "abe");
    check("model == y.nova", "c");
}

#[test]
fn an_unknown_value_matches_no_comparison_and_no_opposite() {
    check("latency_ms != 100", "cde");
    check("not latency_ms = 100", "cde");
    check("latency_ms not in (100, 0)", "cd");
    check("model not like '%nova%'", "abe");
    check("model !~ '^x'", "ce");
    check("latency_ms = 100 or latency_ms != 100", "acde");
    check("latency_ms is null", "b");
    check("latency_ms is not null", "acde");
    check("not model is null and model is not null", "abce");
    check("latency_ms > 1 or status = throttled", "abcd");
    check("latency_ms > 1 and status = throttled", "");
}

#[test]
fn lists_patterns_and_regular_expressions() {
    check("status in (ok, 'throttled')", "abce");
    check("status not in (ok, throttled)", "d");
    check("model in ('y.nova')", "c");
    check("model like 'x.%'", "ab");
    check(r"model like 'x.claude\%_'", "b");
    check("model like 'Y%PRO'", "e");
    check("model like 'nova'", "");
    check("model like x.claude-3", "a");
    check("model ~ 'claude.3$'", "ab");
    check("model regex '(?i)nova'", "ce");
    check("model not regex '(?i)nova'", "ab");
    check("day like '2026-10-25'", "bcd");
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    check("status = ok or latency_ms = 5001 and model is null", "acde");
    check("(status = ok or latency_ms = 5001) and model is null", "d");
    check("not status = ok and latency_ms > 0", "d");
    check("not (status = ok and latency_ms > 0)", "bde");
    check("NOT NOT status = ok AND (((latency_ms IS NOT NULL)))", "ace");
}

#[test]
fn text_may_hold_quotes_blanks_and_keywords() {
    check("tag:\"cost center\" = 'it''s'", "a");
    check("tag:'cost center' = \"it's\"", "a");
    check("'tag:cost center' = 'a \"b\"'", "b");
    check("tag:'cost center' = \"a \"\"b\"\"\"", "b");
    check("tag:'cost center' = 'and'", "e");
    check("tag:'cost center' = ''", "d");
    check("tag:'cost center' is null", "c");
}

#[test]
fn calendar_fields_are_days_and_hours_of_the_zone() {
    // Berlin: the clock went from 3 back to 2 at 01:00 UTC on 25 October 2026.
    for (filter, utc, berlin) in [
        ("day = 2026-10-25", "bcd", "abcd"),
        ("day >= 2026-10-25", "bcde", "abcde"),
        ("week = 2026-W43", "abcd", "abcd"),
        ("week > 2026-W43", "e", "e"),
        ("month <= 2026-10", "abcde", "abcde"),
        ("hour = 2026-10-25T00:00:00Z", "b", "b"),
        ("hour = 2026-10-25T02:00:00+01:00", "c", "c"),
        ("hour < 2026-10-25", "a", ""),
        ("event_time >= 2026-10-26", "e", "e"),
        ("event_time < 2026-10-25T01:30:00Z", "ab", "ab"),
        ("weekday = 7", "bcd", "abcd"),
        ("hour_of_day in (0, 1)", "bc", "a"),
        ("hour ~ T02", "", "bc"),
    ] {
        assert_eq!(selected_in(filter, UTC), utc, "{filter}");
        assert_eq!(selected_in(filter, Berlin), berlin, "{filter} in Berlin");
    }
}

/// The column and the words of the error, and its hint.
#[track_caller]
fn refused(filter: &str) -> (usize, String, String) {
    let error = Filter::parse(filter).expect_err(filter);
    let shown = error.to_string();
    let problem = shown.lines().next().unwrap_or_default().to_owned();
    (error.column(), problem, error.hint().unwrap_or_default().to_owned())
}

#[test]
fn a_slip_is_shown_with_its_place_and_the_nearest_name() {
    for (filter, column, problem, hint) in [
        ("status = ok and modle = x", 17, "unknown field `modle`", "did you mean `model`?"),
        ("status = throtled", 10, "`throtled` is no value of `status`", "`throttled`?"),
        ("status = ok adn model = x", 13, "`and`, `or` or the end is expected", "`and`?"),
        ("model lik 'x'", 7, "a comparison is expected here", "did you mean `like`?"),
        ("error_rate > 0.5", 1, "`error_rate` is a figure of many requests", "fields: model"),
        ("latency_ms > fast", 14, "`fast` is no value of `latency_ms`: a number", ""),
        ("latency_ms like '5%'", 12, "`latency_ms` is no text", ""),
        ("model = 'x", 9, "a quote is opened and not closed", "written twice"),
        ("(model = x", 1, "a bracket is opened and not closed", ""),
        ("model = x)", 10, "`and`, `or` or the end is expected", ""),
        ("model = null", 9, "nothing compares with `null`", "`is null`"),
        ("model = and", 9, "a value is expected here", "in quotes"),
        ("model in x", 10, "a list of values in brackets", ""),
        ("model in ()", 11, "a value is expected here", ""),
        ("model in (a b)", 13, "a comma or the closing bracket", ""),
        ("model ~ 'a('", 9, "not a regular expression: unclosed group", ""),
        ("model is ok", 10, "`null` or `not null` is expected", ""),
        ("day = 2026-11-31", 7, "`2026-11-31` is no value of `day`: a day", ""),
        ("week = 2026-W60", 8, "an ISO week (2026-W46) is expected", ""),
        ("month = 2026-11-09", 9, "a month (2026-11) is expected", ""),
        ("weekday = 8", 11, "a whole number from 1 to 7", ""),
        ("cost_usd > 1e-3", 12, "an amount in US dollars", ""),
        ("= 5", 1, "a field is expected here", "fields: model"),
        ("  ", 3, "the condition is empty", ""),
        ("model", 6, "a comparison is expected here", "is not null"),
        ("model not", 10, "a comparison is expected here", ""),
        ("model ! x", 7, "a comparison is expected here", ""),
    ] {
        let found = refused(filter);
        assert_eq!(found.0, column, "{filter}: {found:?}");
        assert!(found.1.contains(problem) && found.2.contains(hint), "{filter}: {found:?}");
    }
}

#[test]
fn the_caret_stands_under_the_place() {
    let error = Filter::parse("tag:é = 'ü' and\tmodle = x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown field `modle`\n  tag:é = 'ü' and modle = x\n                  ^^^^^"
    );
}

#[test]
fn depth_and_length_do_not_break_it() {
    let deep = |n: usize| "(".repeat(n) + "status = ok" + &")".repeat(n);
    assert!(Filter::parse(&deep(60)).is_ok());
    assert!(refused(&deep(100_000)).1.contains("nested"));
    assert!(refused(&("not ".repeat(100_000) + "status = ok")).1.contains("nested"));
    let long = vec!["latency_ms = 100"; 5_000].join(" or ");
    assert_eq!(selected_in(&long, UTC), "a");
}

#[test]
fn what_the_frame_needs_is_told() {
    let filter = Filter::parse("tag:a = x or (tag:a = y and cost_usd > 1 and day = 2026-11-09)");
    let filter = filter.unwrap();
    assert!(filter.needs_cost());
    assert_eq!(filter.dimensions(), [Dimension::Tag("a".into()), Dimension::Day]);
    assert!(!Filter::parse("latency_ms > 1").unwrap().needs_cost());
}

#[test]
fn filters_are_built_for_groups() {
    let of = |dimension: &Dimension, value| Filter::equals(dimension, value).unwrap();
    let tag = Dimension::Tag("cost \"center".into());
    assert_eq!(of(&tag, Some("it's")).to_string(), "tag:\"cost \"\"center\" = 'it''s'");
    assert_eq!(of(&Dimension::Model, None).to_string(), "model is null");
    assert_eq!(of(&Dimension::Day, Some("2026-11-09")).to_string(), "day = 2026-11-09");
    let or = Filter::parse("status = ok or status = throttled").unwrap();
    let both = or.and(of(&Dimension::Model, Some("x")));
    assert_eq!(both.to_string(), "(status = 'ok' or status = 'throttled') and model = 'x'");
    assert!(Filter::equals(&Dimension::Weekday, Some("x")).is_err());
}

fn condition() -> impl Strategy<Value = String> {
    let value = "'[a-z%_'\"() ]{0,5}'".prop_filter("quotes are doubled", |text| {
        text[1..text.len() - 1].matches('\'').count() == 0
    });
    let leaf = prop_oneof![
        value.clone().prop_map(|value| format!("model = {value}")),
        value.clone().prop_map(|value| format!("tag:'a \"b' not in ({value}, x)")),
        value.prop_map(|value| format!("principal like {value}")),
        (-3i64..9999).prop_map(|n| format!("latency_ms <= {n}.5")),
        (0i64..99).prop_map(|n| format!("cost_usd != {n}.001")),
        (1i64..28).prop_map(|n| format!("event_time > 2026-11-{n:02}T01:02:03.5+02:00")),
        (1i64..52).prop_map(|n| format!("week in (2026-W{n:02}, 2020-W53)")),
        Just("region is not null".to_owned()),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_is_the_same_filter(text in condition()) {
        let filter = Filter::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let canonical = filter.to_string();
        let again = Filter::parse(&canonical).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.to_string(), canonical);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z' \"()=<>!~,:%0-9\\n\u{e9}-]{0,60}") {
        if let Err(error) = Filter::parse(&text) {
            assert!(error.column() <= text.chars().count() + 1);
        }
    }
}
