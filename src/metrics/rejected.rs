//! Rejects by reason.

use polars::prelude::{DataType, LazyFrame, SortMultipleOptions, col, len};

use crate::schema::reject::REASON;
use crate::schema::usage::derived::COUNT;

/// `reason` and `count` of the rejects, sorted by reason.
pub fn rejected(rejects: LazyFrame) -> LazyFrame {
    rejects
        .group_by([col(REASON)])
        .agg([len().cast(DataType::Int64).alias(COUNT)])
        .sort([REASON], SortMultipleOptions::default())
}
