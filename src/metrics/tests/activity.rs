//! Active models and principals per day, by hand.

use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame};

use super::{at, rows, text};
use crate::metrics::activity::{daily_active, mean_daily_active};
use crate::schema::Row;
use crate::schema::invocation::Invocation;

fn two_days() -> LazyFrame {
    let call = |time: &str, model: &str, principal: Option<&str>, status: &str| Invocation {
        event_time: at(time),
        model: text(model),
        principal: principal.map(str::to_owned),
        status: text(status),
        ..Default::default()
    };
    let calls = vec![
        call("2026-11-09T10:00:00Z", "a", Some("ann"), "ok"),
        call("2026-11-09T11:00:00Z", "b", Some("bob"), "throttled"),
        call("2026-11-09T22:59:00Z", "a", None, "ok"),
        call("2026-11-09T23:00:00Z", "b", Some("bob"), "ok"),
        call("2026-11-10T10:00:00Z", "c", Some("bob"), "ok"),
    ];
    Invocation::frame(calls).unwrap().lazy()
}

#[test]
fn a_model_is_active_when_it_answered_on_the_local_day() {
    let days = daily_active(two_days(), Tz::Europe__Berlin).unwrap();
    assert_eq!(rows(days), ["2026-11-09 | 1 | 2", "2026-11-10 | 2 | 1"]);
}

#[test]
fn the_mean_counts_days_without_requests() {
    let mean = |days| rows(mean_daily_active(two_days(), Tz::Europe__Berlin, days).unwrap());
    assert_eq!(mean(2), ["1.5 | 1.5"]);
    assert_eq!(mean(4), ["0.75 | 0.75"]);
    assert_eq!(mean(0), ["- | -"]);
}
