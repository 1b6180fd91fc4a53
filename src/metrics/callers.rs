//! Where calls of Bedrock came from, by CloudTrail.

use polars::prelude::{LazyFrame, SortMultipleOptions, col};

use super::measures::rows_of;
use crate::schema::api_event::{ERROR_CODE, EVENT_SOURCE, SOURCE_IP_ADDRESS};
use crate::schema::usage::cell::ROWS;
use crate::schema::usage::metric::{ERRORS, REQUESTS};

/// Calls of Bedrock per source address: `source_ip_address`, `requests`, `errors`; most first.
///
/// In: counts of [`event_summary`](super::event_summary). An AWS service that calls stands with its name for the address.
pub fn by_address(event_counts: LazyFrame) -> LazyFrame {
    let order = SortMultipleOptions::default()
        .with_order_descending_multi([true, false])
        .with_nulls_last(true);
    event_counts
        .filter(col(EVENT_SOURCE).str().starts_with(polars::prelude::lit("bedrock")))
        .group_by([col(SOURCE_IP_ADDRESS)])
        .agg([
            col(ROWS).sum().alias(REQUESTS),
            rows_of(col(ERROR_CODE).is_not_null()).alias(ERRORS),
        ])
        .sort([REQUESTS, SOURCE_IP_ADDRESS], order)
}
