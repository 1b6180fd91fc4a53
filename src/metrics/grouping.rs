//! Grouping by dimensions: key once per row, aggregate, sort by key, label once per group.

use chrono_tz::Tz;
use polars::prelude::{Expr, JoinType, LazyFrame, PolarsResult, SortMultipleOptions, col, lit};

use super::dimensions::Dimension;

/// Group keys as columns, so that several aggregates of one frame meet on them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grouping<'a> {
    pub(crate) by: &'a [Dimension],
    pub(crate) timezone: Tz,
}

impl Grouping<'_> {
    /// The frame with a column per group key; keys replace columns of the same name.
    pub(crate) fn keyed(&self, lf: LazyFrame) -> PolarsResult<LazyFrame> {
        let keys = self.by.iter().map(|dimension| dimension.key(self.timezone));
        Ok(lf.with_columns(keys.collect::<PolarsResult<Vec<Expr>>>()?))
    }

    /// The group keys of a keyed frame.
    pub(crate) fn keys(&self) -> Vec<Expr> {
        self.by.iter().map(|dimension| col(dimension.name())).collect()
    }

    /// Rows in order of their keys, nulls last.
    pub(crate) fn sorted(&self, lf: LazyFrame) -> LazyFrame {
        if self.by.is_empty() {
            return lf;
        }
        lf.sort_by_exprs(self.keys(), SortMultipleOptions::default().with_nulls_last(true))
    }

    /// Labels made of the keys.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Expr> {
        self.by.iter().map(|dimension| dimension.label(col(dimension.name()), self.timezone))
    }
}

/// One row per group; without keys exactly one row, even of nothing.
pub(crate) fn aggregate(lf: LazyFrame, keys: &[Expr], measures: Vec<Expr>) -> LazyFrame {
    if keys.is_empty() { lf.select(measures) } else { lf.group_by(keys).agg(measures) }
}

/// Adds the columns of `more` to the groups of `groups`; both have one row per group.
pub(crate) fn join_groups(groups: LazyFrame, more: LazyFrame, keys: &[Expr]) -> LazyFrame {
    let on = if keys.is_empty() { vec![lit(0_i64)] } else { keys.to_vec() };
    groups.join_builder().with(more).on(on).how(JoinType::Left).join_nulls(true).finish()
}
