//! Rows of a period, and ids that are used twice.

use chrono::{DateTime, Utc};
use polars::prelude::{DataType, Expr, LazyFrame, Literal, Scalar, TimeUnit, TimeZone, col};

use super::measures::distinct;
use crate::period::Period;
use crate::schema::invocation::{EVENT_TIME, REQUEST_ID};
use crate::schema::usage::derived;

/// Whether the row's `event_time` is in the period; of `invocations` or `api_events`.
pub fn in_window(period: Period) -> Expr {
    let time = || col(EVENT_TIME);
    time().gt_eq(instant(period.from)).and(time().lt(instant(period.to)))
}

/// The rows with `event_time` in the period; of `invocations` or `api_events`.
pub fn in_period(lf: LazyFrame, period: Period) -> LazyFrame {
    lf.filter(in_window(period))
}

/// How many invocations repeat a request id and yet are different calls: one row, one number.
///
/// The store has already made one of rows that are the same call, so every id left twice is a
/// conflict. An id three times counts two; null ids never count.
pub fn conflicting_ids(invocations: LazyFrame) -> LazyFrame {
    let ids = col(REQUEST_ID);
    let rows = ids.clone().count().cast(DataType::Int64);
    invocations.select([(rows - distinct(ids)).alias(derived::CONFLICTING_IDS)])
}

/// A literal of the type of every time column, so that a filter compares without a cast.
pub(crate) fn instant(at: DateTime<Utc>) -> Expr {
    Scalar::new_datetime(at.timestamp_millis(), TimeUnit::Milliseconds, Some(TimeZone::UTC)).lit()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoLazy, df};

    use super::{conflicting_ids, in_period};
    use crate::period::Period;
    use crate::schema::invocation::Invocation;
    use crate::schema::{Row, TimeMs};

    fn invocations(times: &[i64]) -> DataFrame {
        let row = |&time: &i64| Invocation { event_time: Some(TimeMs(time)), ..Default::default() };
        Invocation::frame(times.iter().map(row).collect()).unwrap()
    }

    fn instant(ms: i64) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_millis(ms).unwrap()
    }

    #[test]
    fn a_period_holds_its_start_and_not_its_end() {
        let period = Period { from: instant(1000), to: instant(2000) };
        let rows = in_period(invocations(&[999, 1000, 1999, 2000]).lazy(), period);
        assert_eq!(rows.collect().unwrap().height(), 2);
    }

    #[test]
    fn every_row_beyond_the_first_of_an_id_is_a_conflict() {
        let ids = [Some("a"), Some("b"), Some("a"), None, None, Some("a")];
        let counted = conflicting_ids(df!["request_id" => ids].unwrap().lazy());
        let counted = counted.collect().unwrap();
        assert_eq!(counted.column("conflicting_ids").unwrap().i64().unwrap().get(0), Some(2));
    }
}
