//! Every metric that is made of sums, as a named expression over cells for `group_by(…).agg(…)`.
//!
//! Cells ([`cells`](super::cells)) hold the sums of their requests; here they are added up further and
//! divided. Shapes: counts are `Int64`; shares and means `Float64`; money `Int128` in 10⁻¹⁴ USD.
//! Nulls: a share over nothing is null; a sum of which no part is known is null, the sum over no
//! requests at all is 0. Percentiles are in [`percentiles`](super::percentiles).

use polars::prelude::{DataType, Expr, NULL, col, lit, when};

use crate::schema::cost::{self, COST_STATUS, COST_UNITS};
use crate::schema::invocation::{self, CACHE_READ_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS};
use crate::schema::usage::{cell, derived, metric};

/// Logged calls, failed ones included.
pub fn requests() -> Expr {
    number(metric::REQUESTS)
}

/// Requests with status `ok`.
pub fn ok() -> Expr {
    number(metric::OK)
}

/// Requests with any other status, throttled included.
pub fn errors() -> Expr {
    number(metric::ERRORS)
}

/// Requests with status `throttled`.
pub fn throttled() -> Expr {
    number(metric::THROTTLED)
}

/// errors ÷ requests.
pub fn error_rate() -> Expr {
    share(errors(), requests()).alias(metric::ERROR_RATE)
}

/// ok ÷ requests.
pub fn success_rate() -> Expr {
    share(ok(), requests()).alias(metric::SUCCESS_RATE)
}

/// throttled ÷ requests.
pub fn throttle_rate() -> Expr {
    share(throttled(), requests()).alias(metric::THROTTLE_RATE)
}

/// Sum of the known input token counts, as logged.
pub fn input_tokens() -> Expr {
    sum_of_known(invocation::INPUT_TOKENS).alias(metric::INPUT_TOKENS)
}

/// Sum of the known output token counts.
pub fn output_tokens() -> Expr {
    sum_of_known(invocation::OUTPUT_TOKENS).alias(metric::OUTPUT_TOKENS)
}

/// Sum of the known cache-read token counts.
pub fn cache_read_tokens() -> Expr {
    sum_of_known(CACHE_READ_INPUT_TOKENS).alias(metric::CACHE_READ_TOKENS)
}

/// Sum of the known cache-write token counts.
pub fn cache_write_tokens() -> Expr {
    sum_of_known(CACHE_WRITE_INPUT_TOKENS).alias(metric::CACHE_WRITE_TOKENS)
}

/// Sum of the known totals; pricing has counted cached tokens once in each.
pub fn total_tokens() -> Expr {
    sum_of_known(cost::TOTAL_TOKENS).alias(metric::TOTAL_TOKENS)
}

/// List cost of the priced tokens, in units; null when nothing in the group has a price.
pub fn cost() -> Expr {
    let units = col(COST_UNITS);
    when(units.clone().count().gt(lit(0)))
        .then(units.cast(DataType::Int128).sum())
        .otherwise(lit(NULL))
        .alias(COST_UNITS)
}

/// Billed requests of which nothing, or not everything, could be priced.
pub fn unpriced_requests() -> Expr {
    let unpriced = has_cost_status(cost::status::UNPRICED);
    requests_where(unpriced.or(has_cost_status(cost::status::PARTLY_PRICED)))
        .alias(metric::UNPRICED_REQUESTS)
}

/// Requests fully priced ÷ requests that are billed.
pub fn priced_share() -> Expr {
    let billed = requests_where(col(COST_STATUS).neq(lit(cost::status::NOT_BILLED)));
    share(fully_priced(), billed).alias(metric::PRICED_SHARE)
}

/// Cost of the fully priced requests ÷ their number, in units; null when there are none.
///
/// The one division of money here: rounded to 10⁻¹⁴ USD, half up (costs are never negative).
pub fn cost_per_request() -> Expr {
    let priced_cost = col(COST_UNITS).cast(DataType::Int128);
    let total = priced_cost.filter(has_cost_status(cost::status::PRICED)).sum();
    let number = fully_priced().cast(DataType::Int128);
    let two = || lit(2_i64).cast(DataType::Int128);
    when(number.clone().gt(lit(0)))
        .then((total * two() + number.clone()).floor_div(number * two()))
        .otherwise(lit(NULL))
        .alias(derived::COST_PER_REQUEST_UNITS)
}

/// Mean of the known latencies, milliseconds.
pub fn latency_mean() -> Expr {
    let sum = col(cell::LATENCY_SUM_MS).cast(DataType::Int128).sum();
    share(sum, latency_known()).alias(metric::LATENCY_MEAN_MS)
}

/// Requests whose latency is known.
pub fn latency_known() -> Expr {
    number(metric::LATENCY_KNOWN)
}

/// Sum of the known request body sizes, bytes.
pub fn input_bytes() -> Expr {
    sum_of_known(invocation::INPUT_BYTES).alias(metric::INPUT_BYTES)
}

/// Sum of the known response body sizes, bytes.
pub fn output_bytes() -> Expr {
    sum_of_known(invocation::OUTPUT_BYTES).alias(metric::OUTPUT_BYTES)
}

/// Requests in which a guardrail intervened.
pub fn guardrail_interventions() -> Expr {
    number(metric::GUARDRAIL_INTERVENTIONS)
}

fn has_cost_status(status: &'static str) -> Expr {
    col(COST_STATUS).eq(lit(status))
}

fn fully_priced() -> Expr {
    requests_where(has_cost_status(cost::status::PRICED))
}

/// The number of requests in cells for which the condition holds.
pub(crate) fn requests_where(condition: Expr) -> Expr {
    col(metric::REQUESTS).filter(condition).sum()
}

/// A count that cells hold under the metric's own name.
fn number(name: &'static str) -> Expr {
    col(name).sum().alias(name)
}

/// Adds up the known sums of cells: null when they hold requests and no sum is known, and when 64
/// bits can't hold the sum, rather than wrapped.
fn sum_of_known(column: &'static str) -> Expr {
    let known = col(column);
    let no_requests = col(metric::REQUESTS).sum().eq(lit(0_i64));
    when(known.clone().count().gt(lit(0)).or(no_requests))
        .then(known.cast(DataType::Int128).sum())
        .otherwise(lit(NULL))
        .cast(DataType::Int64)
}

/// Rows for which the condition holds; an unknown condition doesn't.
pub(crate) fn number_of(condition: Expr) -> Expr {
    condition.sum().cast(DataType::Int64)
}

/// How many rows the sums that hold for this stand for.
pub(crate) fn rows_of(condition: Expr) -> Expr {
    (condition.cast(DataType::Int64) * col(cell::ROWS)).sum()
}

/// Different known values.
pub(crate) fn distinct(values: Expr) -> Expr {
    values.drop_nulls().n_unique().cast(DataType::Int64)
}

/// `part` ÷ `whole`; null when the whole is zero or unknown.
pub(crate) fn share(part: Expr, whole: Expr) -> Expr {
    when(whole.clone().gt(lit(0)))
        .then(part.cast(DataType::Float64) / whole.cast(DataType::Float64))
        .otherwise(lit(NULL))
}

/// Sum of the known values of a column of rows: null when none is known.
///
/// In 128 bits, so that sums of cells can be added up further; [`sum_of_known`] narrows the total.
pub(crate) fn known_sum(column: &'static str) -> Expr {
    let known = col(column);
    when(known.clone().count().gt(lit(0)))
        .then(known.cast(DataType::Int128).sum())
        .otherwise(lit(NULL))
}
