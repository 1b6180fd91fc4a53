//! What an answer rests on: days, objects, prices, rejects.

use polars::prelude::{DataFrame, DataType, LazyFrame};

use super::{Queried, QueryRequest, known};
use crate::metrics::price_coverage::price_coverage;
use crate::period::Period;
use crate::pipeline::{Error, figures};
use crate::prices::PriceBook;
use crate::report::parts::TrustCell;
use crate::report::{DaysWithLogs, Footing, footing};
use crate::schema::Table;
use crate::schema::usage::price_coverage as coverage;
use crate::store::Reader;

/// What the answer rests on, for the line below it: cheap facts only.
///
/// # Errors
/// When the store can't be read.
pub fn query_footing(
    (store, book): (&Reader, &PriceBook),
    request: &QueryRequest,
    queried: &Queried,
) -> Result<Vec<TrustCell>, Error> {
    let Some(period) = request.period.or(known(store)?) else { return Ok(Vec::new()) };
    let today = request.now.date_naive();
    let is_stale = queried.billed_and_unpriced_tokens.is_some() && book.is_stale(today);
    let rejects = store.scan(Table::Rejects, Some(period))?;
    let rejects = rejects.select([polars::prelude::len().cast(DataType::Int64)]);
    let rejects = rejects.collect().map_err(Error::Compute)?;
    Ok(footing(&Footing {
        days: days_with_logs(store, period)?,
        previous_days: match request.previous {
            Some(previous) => Some(days_with_logs(store, previous)?),
            None => None,
        },
        billed_and_unpriced_tokens: queried.billed_and_unpriced_tokens,
        stale_prices_days: is_stale.then(|| book.age_days(today)),
        objects: store.objects_in(period)?.read,
        rejects: figures::only_count(&rejects)?,
    }))
}

fn days_with_logs(store: &Reader, period: Period) -> Result<DaysWithLogs, Error> {
    let all = period.local_days(chrono_tz::UTC).count() as u64;
    Ok(DaysWithLogs { with_logs: store.days_with_rows(Table::Invocations, period)?, all })
}

/// Billed tokens in priced sums, and those of them without a price.
pub(super) fn billed_and_unpriced_tokens(cells: LazyFrame) -> Result<(u64, u64), Error> {
    let row = figures::collect(price_coverage(cells))?;
    Ok((count(&row, coverage::BILLED_TOKENS)?, count(&row, coverage::UNPRICED_TOKENS)?))
}

fn count(row: &DataFrame, name: &str) -> Result<u64, Error> {
    figures::first_count(row.column(name).map_err(Error::Compute)?)
}
