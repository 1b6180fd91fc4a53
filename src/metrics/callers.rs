//! Where calls of Bedrock came from, by CloudTrail.

use polars::prelude::{DataType, LazyFrame, SortMultipleOptions, col, len};

use crate::schema::api_event::{ERROR_CODE, EVENT_SOURCE, SOURCE_IP_ADDRESS};
use crate::schema::usage::metric::{ERRORS, REQUESTS};

/// Calls of Bedrock per source address: `source_ip_address`, `requests`, `errors`; most first.
///
/// In: `api_events`, any order. An AWS service that calls stands with its name for the address.
pub fn by_address(api_events: LazyFrame) -> LazyFrame {
    let order = SortMultipleOptions::default()
        .with_order_descending_multi([true, false])
        .with_nulls_last(true);
    api_events
        .filter(col(EVENT_SOURCE).str().starts_with(polars::prelude::lit("bedrock")))
        .group_by([col(SOURCE_IP_ADDRESS)])
        .agg([
            len().cast(DataType::Int64).alias(REQUESTS),
            col(ERROR_CODE).count().cast(DataType::Int64).alias(ERRORS),
        ])
        .sort([REQUESTS, SOURCE_IP_ADDRESS], order)
}
