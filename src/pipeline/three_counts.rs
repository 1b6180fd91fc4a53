//! The journey of the three counts: scan what each system saw of a period, count, read out.

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, LazyFrame, PolarsResult};
use serde::Serialize;

use super::Error;
use crate::metrics::small_frame::{integers, texts};
use crate::metrics::three_counts::{Grain, three_counts};
use crate::period::Period;
use crate::schema::Table;
use crate::schema::three_counts as columns;
use crate::store::Reader;

/// What three systems counted of an hour or day in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountedCalls {
    /// Its start.
    pub from: Option<DateTime<Utc>>,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// By the invocation log; null where it has none.
    pub logged_requests: Option<i64>,
    /// By CloudTrail: calls of the four runtime operations, failed ones included.
    pub cloudtrail_calls: Option<i64>,
    /// By CloudWatch: succeeded, failed and throttled together.
    pub cloudwatch_calls: Option<i64>,
}

/// The counts of a period.
///
/// # Errors
/// When the store can't be read.
pub fn counted_calls(
    store: &Reader,
    period: Period,
    grain: Grain,
) -> Result<Vec<CountedCalls>, Error> {
    let scan = |table| store.scan(table, Some(period));
    let counts = three_counts(
        scan(Table::Invocations)?,
        scan(Table::ApiEvents)?,
        scan(Table::ServiceMetrics)?,
        grain,
    );
    counts.and_then(LazyFrame::collect).and_then(|df| read(&df)).map_err(Error::Compute)
}

fn read(df: &DataFrame) -> PolarsResult<Vec<CountedCalls>> {
    let from = integers(df, columns::FROM)?;
    let (accounts, regions) = (texts(df, columns::ACCOUNT)?, texts(df, columns::REGION)?);
    let logged = integers(df, columns::LOGGED_REQUESTS)?;
    let called = integers(df, columns::CLOUDTRAIL_CALLS)?;
    let counted = integers(df, columns::CLOUDWATCH_CALLS)?;
    let row = |at: usize| CountedCalls {
        from: from[at].and_then(DateTime::from_timestamp_millis),
        account: accounts[at].clone(),
        region: regions[at].clone(),
        logged_requests: logged[at],
        cloudtrail_calls: called[at],
        cloudwatch_calls: counted[at],
    };
    Ok((0..df.height()).map(row).collect())
}
