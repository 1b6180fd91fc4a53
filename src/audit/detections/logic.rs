//! The five kinds of logic, each from rows to a frame of findings.
//!
//! Every frame has the group's terms, `ROWS`, `OF_ROWS`, `DISTINCT`, `FIRST_MS` and `LAST_MS`, a row
//! per finding, by time and group.

use chrono::Duration;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, JoinBuilder, JoinType, LazyFrame, NULL, PolarsResult,
    SortMultipleOptions, UnionArgs, col, concat, len, lit,
};

use super::condition::{Condition, Term};
use super::kept::Kept;
use super::narrow::is_one_of;
use super::rows::{Rows, group_columns, group_exprs, group_name, read};
use super::rule::{Logic, Rule};
use super::sequence::sequences;
use crate::period::Period;
use crate::schema::detection::{
    BURST, DISTINCT, FIRST_MS, HIT, IN_PERIOD, LAST_MS, NUMBER, OF_ROWS, ROWS, TIME_MS, VALUE,
    WINDOW,
};

/// The findings of a rule.
pub(super) fn findings(
    rule: &Rule,
    rows: &Rows<'_>,
    period: Period,
    kept: Option<&dyn Kept>,
) -> PolarsResult<DataFrame> {
    let by = rule.by.as_slice();
    let found = match &rule.logic {
        Logic::Match { condition, at_least } => matching(by, condition, *at_least, rows)?,
        Logic::Threshold { condition, count, within, distinct } => {
            let groups = large_groups(by, condition, *count, rows)?;
            let selected = selected(by, condition, &groups, distinct.as_ref(), rows)?;
            let found = match distinct {
                Some(_) => distinct_bursts(*count, *within, &selected)?,
                None => bursts(*count, *within, selected)?,
            };
            with_terms(found, groups)
        }
        Logic::FirstSeen { condition, history_days, anchor } => {
            let since = (period.from - Duration::days(*history_days)).timestamp_millis();
            first_seen(by, anchor, condition, since, rows)?
        }
        Logic::Sequence { .. } => {
            sequences(rule, rows, period, kept)?.with_columns([none(OF_ROWS), none(DISTINCT)])
        }
        Logic::Ratio { condition, of, at_least, minimum } => {
            ratio(by, condition, of, (*at_least, *minimum), rows)?
        }
    };
    let frame = found.select(
        group_columns(by)
            .into_iter()
            .chain([ROWS, OF_ROWS, DISTINCT, FIRST_MS, LAST_MS].map(col))
            .collect::<Vec<_>>(),
    );
    let order: Vec<Expr> = [col(FIRST_MS)].into_iter().chain(group_columns(by)).collect();
    frame.sort_by_exprs(order, SortMultipleOptions::default()).collect()
}

/// Groups in which the condition holds often enough.
fn matching(
    by: &[Term],
    condition: &Condition,
    at_least: i64,
    rows: &Rows<'_>,
) -> PolarsResult<LazyFrame> {
    let groups = rows.grouped(by, condition, false)?;
    Ok(groups.filter(col(ROWS).gt_eq(lit(at_least))).with_columns([none(OF_ROWS), none(DISTINCT)]))
}

/// Groups that have enough rows in all to reach the count, each with its number; few, so that single
/// rows are then read of those only.
pub(super) fn large_groups(
    by: &[Term],
    condition: &Condition,
    count: i64,
    rows: &Rows<'_>,
) -> PolarsResult<DataFrame> {
    let groups = rows.grouped(by, condition, false)?;
    let large = groups.filter(col(ROWS).gt_eq(lit(count))).select(group_columns(by));
    large.with_row_index(NUMBER, None).collect()
}

/// The period's rows of these groups for which the condition holds: number of the group, time, counted
/// value. There may be millions, so they don't carry the terms along.
pub(super) fn selected(
    by: &[Term],
    condition: &Condition,
    groups: &DataFrame,
    value: Option<&Term>,
    rows: &Rows<'_>,
) -> PolarsResult<LazyFrame> {
    let mut columns = group_exprs(by)?;
    let mut kept = vec![col(NUMBER), col(TIME_MS)];
    columns.push(rows.time_ms().alias(TIME_MS));
    if let Some(term) = value {
        columns.push(term.expr()?.cast(DataType::String).alias(VALUE));
        kept.push(col(VALUE));
    }
    let of_period = rows.of_period(condition)?;
    let of_period = match of_groups(by, groups, rows)? {
        Some(test) => of_period.filter(test),
        None => of_period,
    };
    // Without a group there is nothing to read.
    let of_period = if groups.height() == 0 { of_period.limit(0) } else { of_period };
    let of_groups =
        joined(of_period.select(columns), groups.clone().lazy(), by, JoinType::Inner).select(kept);
    // Read once: what follows looks at it in several ways.
    Ok(read(of_groups)?.lazy())
}

/// What columns hold of rows of these groups, where their values are few: cheaper than to look up each
/// row's group.
fn of_groups(by: &[Term], groups: &DataFrame, rows: &Rows<'_>) -> PolarsResult<Option<Expr>> {
    let mut test: Option<Expr> = None;
    for term in by.iter().filter(|term| term.is_column() && rows.has_text(term.name())) {
        let values = groups.column(&group_name(term))?.as_materialized_series().unique()?;
        if let Some(one) = is_one_of(term.name(), &values)? {
            test = Some(match test {
                Some(test) => test.and(one),
                None => one,
            });
        }
    }
    Ok(test)
}

/// The terms of groups in place of their numbers.
pub(super) fn with_terms(found: LazyFrame, groups: DataFrame) -> LazyFrame {
    JoinBuilder::new(found).with(groups.lazy()).on([col(NUMBER)]).how(JoinType::Inner).finish()
}

/// Stretches in which `count` rows of a group lie within the time given, joined where they meet.
fn bursts(count: i64, within: Duration, rows: LazyFrame) -> PolarsResult<LazyFrame> {
    let over = |expr: Expr| expr.over([col(NUMBER)]);
    let last_of_window = over(col(TIME_MS).shift(lit(1 - count)))?;
    let fits = (last_of_window - col(TIME_MS)).lt_eq(lit(within.num_milliseconds()));
    let starts = fits.fill_null(lit(false)).cast(DataType::Int64);
    // A row is in a burst when one of the `count` rows up to it starts a window.
    let started = over(col(HIT).cum_sum(false))?;
    let before = over(col(HIT).cum_sum(false).shift(lit(count)))?.fill_null(lit(0));
    let in_burst = rows
        .sort([NUMBER, TIME_MS], SortMultipleOptions::default())
        .with_column(starts.alias(HIT))
        .filter((started - before).gt(lit(0)));
    Ok(numbered(TIME_MS, within, in_burst)?
        .group_by([NUMBER, BURST].map(col))
        .agg([
            len().cast(DataType::Int64).alias(ROWS),
            col(TIME_MS).min().alias(FIRST_MS),
            col(TIME_MS).max().alias(LAST_MS),
        ])
        .with_columns([none(OF_ROWS), none(DISTINCT)]))
}

/// Windows with so many different values. Windows begin every quarter of their length, so that
/// whatever fits into three quarters is always found; of those that meet, the fullest is told.
fn distinct_bursts(count: i64, within: Duration, rows: &LazyFrame) -> PolarsResult<LazyFrame> {
    const QUARTERS: i64 = 4;
    let step = (within.num_milliseconds() / QUARTERS).max(1);
    let begins = |back: i64| {
        let begin = (col(TIME_MS).floor_div(lit(step)) - lit(back)) * lit(step);
        rows.clone().with_column(begin.alias(WINDOW))
    };
    let each = (0..QUARTERS).map(begins).collect::<Vec<_>>();
    let full = concat(each, UnionArgs::default())?
        .group_by([NUMBER, WINDOW].map(col))
        .agg([
            col(VALUE).n_unique().cast(DataType::Int64).alias(DISTINCT),
            len().cast(DataType::Int64).alias(ROWS),
            col(TIME_MS).min().alias(FIRST_MS),
            col(TIME_MS).max().alias(LAST_MS),
        ])
        .filter(col(DISTINCT).gt_eq(lit(count)))
        .sort([NUMBER, WINDOW], SortMultipleOptions::default());
    let fullest = |name: &str| {
        col(name)
            .sort_by(
                [col(DISTINCT), col(WINDOW)],
                SortMultipleOptions::default().with_order_descending_multi([true, false]),
            )
            .first()
    };
    Ok(numbered(WINDOW, within, full)?
        .group_by([NUMBER, BURST].map(col))
        .agg([ROWS, DISTINCT, FIRST_MS, LAST_MS].map(fullest))
        .with_column(none(OF_ROWS)))
}

/// Numbers what lies further apart than `within` as different bursts; rows are in order.
fn numbered(time: &str, within: Duration, rows: LazyFrame) -> PolarsResult<LazyFrame> {
    let over = |expr: Expr| expr.over([col(NUMBER)]);
    let gap = col(time) - over(col(time).shift(lit(1)))?;
    let is_new = gap.gt(lit(within.num_milliseconds())).fill_null(lit(false)).cast(DataType::Int64);
    let number = over(col(BURST).cum_sum(false))?;
    Ok(rows.with_column(is_new.alias(BURST)).with_column(number.alias(BURST)))
}

/// Groups of the period that the history since an instant has not.
fn first_seen(
    by: &[Term],
    anchor: &[Term],
    condition: &Condition,
    since: i64,
    rows: &Rows<'_>,
) -> PolarsResult<LazyFrame> {
    let groups = rows.grouped(by, condition, true)?.collect()?.lazy();
    let seen = groups.clone().filter(col(IN_PERIOD).not().and(col(LAST_MS).gt_eq(lit(since))));
    let new = groups.filter(col(IN_PERIOD));
    let new = joined(new, seen.clone(), by, JoinType::Anti);
    let new = if anchor.is_empty() { new } else { joined(new, seen, anchor, JoinType::Semi) };
    Ok(new.with_columns([none(OF_ROWS), none(DISTINCT)]))
}

/// Groups with a share of rows.
fn ratio(
    by: &[Term],
    condition: &Condition,
    of: &Condition,
    (at_least, minimum): (f64, i64),
    rows: &Rows<'_>,
) -> PolarsResult<LazyFrame> {
    let whole = rows.grouped(by, of, false)?.filter(col(ROWS).gt_eq(lit(minimum)));
    let whole = whole.select(
        group_columns(by).into_iter().chain([col(ROWS).alias(OF_ROWS)]).collect::<Vec<_>>(),
    );
    let part = rows.grouped(by, &condition.and(of), false)?;
    let share = col(ROWS).cast(DataType::Float64) / col(OF_ROWS).cast(DataType::Float64);
    Ok(joined(part, whole, by, JoinType::Inner)
        .filter(share.gt_eq(lit(at_least)))
        .with_column(none(DISTINCT)))
}

/// Joins by the terms of groups; unknown is the same as unknown.
pub(super) fn joined(left: LazyFrame, right: LazyFrame, by: &[Term], how: JoinType) -> LazyFrame {
    let on: Vec<Expr> = group_columns(by);
    JoinBuilder::new(left).with(right).on(on).how(how).join_nulls(true).finish()
}

fn none(name: &str) -> Expr {
    lit(NULL).cast(DataType::Int64).alias(name)
}
