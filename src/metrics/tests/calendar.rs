//! Calendar dimensions: ISO text, years of weeks, clock changes.

use chrono_tz::Tz;
use polars::prelude::IntoLazy;

use super::{at, rows};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::usage::{UsageQuery, usage};
use crate::schema::Row;
use crate::schema::invocation::Invocation;

fn requests_by(dimension: Dimension, timezone: Tz, times: &[&str]) -> Vec<String> {
    let row = |time: &&str| Invocation { event_time: at(time), ..Default::default() };
    let frame = Invocation::frame(times.iter().map(row).collect()).unwrap();
    let query = UsageQuery { by: vec![dimension], metrics: vec![Metric::Requests], timezone };
    rows(usage(frame.lazy(), &query).unwrap())
}

#[test]
fn utc_calendar_is_iso_text() {
    let time = ["2026-11-09T14:35:59.999Z"];
    for (dimension, expected) in [
        (Dimension::Hour, "2026-11-09T14:00:00Z | 1"),
        (Dimension::Day, "2026-11-09 | 1"),
        (Dimension::Week, "2026-W46 | 1"),
        (Dimension::Month, "2026-11 | 1"),
        (Dimension::Weekday, "1 | 1"),
        (Dimension::HourOfDay, "14 | 1"),
    ] {
        assert_eq!(requests_by(dimension, Tz::UTC, &time), [expected]);
    }
}

#[test]
fn a_week_belongs_to_its_iso_year() {
    let times = ["2027-01-03T12:00:00Z", "2027-01-04T00:00:00Z", "2024-12-30T00:00:00Z"];
    assert_eq!(
        requests_by(Dimension::Week, Tz::UTC, &times),
        ["2025-W01 | 1", "2026-W53 | 1", "2027-W01 | 1"]
    );
}

#[test]
fn a_sunday_evening_in_utc_is_monday_in_berlin() {
    let time = ["2026-11-08T23:30:00Z"];
    for (dimension, expected) in [
        (Dimension::Hour, "2026-11-09T00:00:00+01:00 | 1"),
        (Dimension::Day, "2026-11-09 | 1"),
        (Dimension::Week, "2026-W46 | 1"),
        (Dimension::Weekday, "1 | 1"),
        (Dimension::HourOfDay, "0 | 1"),
    ] {
        assert_eq!(requests_by(dimension, Tz::Europe__Berlin, &time), [expected]);
    }
}

#[test]
fn the_hour_that_comes_twice_in_autumn_stays_two_in_order_of_time() {
    let times = [
        "2026-10-25T01:30:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T22:59:59Z",
    ];
    assert_eq!(
        requests_by(Dimension::Hour, Tz::Europe__Berlin, &times),
        [
            "2026-10-25T00:00:00+02:00 | 1",
            "2026-10-25T02:00:00+02:00 | 1",
            "2026-10-25T02:00:00+01:00 | 1",
            "2026-10-25T23:00:00+01:00 | 1"
        ]
    );
    assert_eq!(requests_by(Dimension::Day, Tz::Europe__Berlin, &times), ["2026-10-25 | 4"]);
    let by_clock = requests_by(Dimension::HourOfDay, Tz::Europe__Berlin, &times);
    assert_eq!(by_clock, ["0 | 1", "2 | 2", "23 | 1"]);
}

#[test]
fn the_short_day_in_spring_has_its_23_hours() {
    let times = ["2026-03-28T23:00:00Z", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"];
    assert_eq!(
        requests_by(Dimension::Hour, Tz::Europe__Berlin, &times),
        [
            "2026-03-29T00:00:00+01:00 | 1",
            "2026-03-29T01:00:00+01:00 | 1",
            "2026-03-29T03:00:00+02:00 | 1"
        ]
    );
    let next_day = ["2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"];
    assert_eq!(
        requests_by(Dimension::Day, Tz::Europe__Berlin, &next_day),
        ["2026-03-29 | 1", "2026-03-30 | 1"]
    );
}

#[test]
fn clocks_that_move_by_half_an_hour_keep_every_request() {
    let times = ["2026-04-04T14:15:00Z", "2026-04-04T14:45:00Z", "2026-04-04T15:10:00Z"];
    let hours = requests_by(Dimension::Hour, Tz::Australia__Lord_Howe, &times);
    assert_eq!(hours, ["2026-04-05T01:00:00+11:00 | 3"], "an hour of 90 minutes");
    let next = ["2026-04-04T15:40:00Z"];
    assert_eq!(
        requests_by(Dimension::Hour, Tz::Australia__Lord_Howe, &next),
        ["2026-04-05T02:00:00+10:30 | 1"]
    );
}

#[test]
fn hours_start_on_the_local_clock_where_offsets_are_not_whole_hours() {
    let times = ["2026-11-09T00:29:00Z", "2026-11-09T00:30:00Z"];
    assert_eq!(
        requests_by(Dimension::Hour, Tz::Asia__Kolkata, &times),
        ["2026-11-09T05:00:00+05:30 | 1", "2026-11-09T06:00:00+05:30 | 1"]
    );
}
