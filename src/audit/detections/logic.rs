//! The five kinds of logic, each from rows to a frame of findings.
//!
//! Every frame has the group's terms, `ROWS`, `OF_ROWS`, `DISTINCT`, `FIRST_MS` and `LAST_MS`, a row
//! per finding, by time and group.

use chrono::Duration;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, JoinBuilder, JoinType, LazyFrame, NULL, PolarsResult,
    SortMultipleOptions, UnionArgs, UniqueKeepStrategy, col, concat, len, lit, when,
};

use super::condition::{Condition, Term};
use super::rows::{Rows, group_columns, group_exprs};
use super::rule::{Logic, Rule};
use crate::period::Period;
use crate::schema::detection::{
    BURST, DISTINCT, FIRST_MS, HIT, IN_PERIOD, LAST_MS, OF_ROWS, ROWS, TIME_MS, VALUE, WINDOW,
};

/// The findings of a rule.
pub(super) fn findings(rule: &Rule, rows: &Rows<'_>, period: Period) -> PolarsResult<DataFrame> {
    let by = rule.by.as_slice();
    let found = match &rule.logic {
        Logic::Match { condition, at_least } => matching(by, condition, *at_least, rows)?,
        Logic::Threshold { condition, count, within, distinct } => {
            let groups = large_groups(by, condition, *count, rows)?;
            let selected = selected(by, condition, groups, distinct.as_ref(), rows)?;
            match distinct {
                Some(_) => distinct_bursts(by, *count, *within, &selected)?,
                None => bursts(by, *count, *within, selected)?,
            }
        }
        Logic::FirstSeen { condition, history_days, anchor } => {
            let since = (period.from - Duration::days(*history_days)).timestamp_millis();
            first_seen(by, anchor, condition, since, rows)?
        }
        Logic::Sequence { first, first_count, then, then_count, within } => {
            let leading = leading(by, first, *first_count, *within, rows)?;
            following(by, leading, then, *then_count, *within, rows)?
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
    frame.sort_by_exprs(order(by, FIRST_MS), SortMultipleOptions::default()).collect()
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

/// Groups that have enough rows in all to reach the count; few, so that single rows are then read
/// of those only.
fn large_groups(
    by: &[Term],
    condition: &Condition,
    count: i64,
    rows: &Rows<'_>,
) -> PolarsResult<DataFrame> {
    let groups = rows.grouped(by, condition, false)?;
    groups.filter(col(ROWS).gt_eq(lit(count))).select(group_columns(by)).collect()
}

/// The period's rows of these groups for which the condition holds: terms, time, counted value.
fn selected(
    by: &[Term],
    condition: &Condition,
    groups: DataFrame,
    value: Option<&Term>,
    rows: &Rows<'_>,
) -> PolarsResult<LazyFrame> {
    let mut columns = group_exprs(by)?;
    columns.push(rows.time_ms().alias(TIME_MS));
    if let Some(term) = value {
        columns.push(term.expr()?.cast(DataType::String).alias(VALUE));
    }
    if groups.height() == 0 {
        // Nothing to read; an empty frame of the same columns.
        return Ok(rows.of_period(condition)?.limit(0).select(columns));
    }
    let selected = rows.of_period(condition)?.select(columns);
    // Read once: what follows looks at it in several ways.
    Ok(joined(selected, groups.lazy(), by, JoinType::Semi).collect()?.lazy())
}

/// Stretches in which `count` rows of a group lie within the time given, joined where they meet.
fn bursts(by: &[Term], count: i64, within: Duration, rows: LazyFrame) -> PolarsResult<LazyFrame> {
    let over = |expr: Expr| expr.over(group_columns(by));
    let last_of_window = over(col(TIME_MS).shift(lit(1 - count)))?;
    let fits = (last_of_window - col(TIME_MS)).lt_eq(lit(within.num_milliseconds()));
    let starts = fits.fill_null(lit(false)).cast(DataType::Int64);
    // A row is in a burst when one of the `count` rows up to it starts a window.
    let started = over(col(HIT).cum_sum(false))?;
    let before = over(col(HIT).cum_sum(false).shift(lit(count)))?.fill_null(lit(0));
    let in_burst = rows
        .sort_by_exprs(order(by, TIME_MS), SortMultipleOptions::default())
        .with_column(starts.alias(HIT))
        .filter((started - before).gt(lit(0)));
    Ok(numbered(by, TIME_MS, within, in_burst)?
        .group_by(with_burst(by))
        .agg([
            len().cast(DataType::Int64).alias(ROWS),
            col(TIME_MS).min().alias(FIRST_MS),
            col(TIME_MS).max().alias(LAST_MS),
        ])
        .with_columns([none(OF_ROWS), none(DISTINCT)]))
}

/// Windows with so many different values. Windows begin every quarter of their length, so that
/// whatever fits into three quarters is always found; of those that meet, the fullest is told.
fn distinct_bursts(
    by: &[Term],
    count: i64,
    within: Duration,
    rows: &LazyFrame,
) -> PolarsResult<LazyFrame> {
    const QUARTERS: i64 = 4;
    let step = (within.num_milliseconds() / QUARTERS).max(1);
    let begins = |back: i64| {
        let begin = (col(TIME_MS).floor_div(lit(step)) - lit(back)) * lit(step);
        rows.clone().with_column(begin.alias(WINDOW))
    };
    let each = (0..QUARTERS).map(begins).collect::<Vec<_>>();
    let full = concat(each, UnionArgs::default())?
        .group_by(group_columns(by).into_iter().chain([col(WINDOW)]).collect::<Vec<_>>())
        .agg([
            col(VALUE).n_unique().cast(DataType::Int64).alias(DISTINCT),
            len().cast(DataType::Int64).alias(ROWS),
            col(TIME_MS).min().alias(FIRST_MS),
            col(TIME_MS).max().alias(LAST_MS),
        ])
        .filter(col(DISTINCT).gt_eq(lit(count)))
        .sort_by_exprs(order(by, WINDOW), SortMultipleOptions::default());
    let fullest = |name: &str| {
        col(name)
            .sort_by(
                [col(DISTINCT), col(WINDOW)],
                SortMultipleOptions::default().with_order_descending_multi([true, false]),
            )
            .first()
    };
    Ok(numbered(by, WINDOW, within, full)?
        .group_by(with_burst(by))
        .agg([ROWS, DISTINCT, FIRST_MS, LAST_MS].map(fullest))
        .with_column(none(OF_ROWS)))
}

/// Numbers what lies further apart than `within` as different bursts; rows are in order.
fn numbered(by: &[Term], time: &str, within: Duration, rows: LazyFrame) -> PolarsResult<LazyFrame> {
    let over = |expr: Expr| expr.over(group_columns(by));
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

/// Rows of the first kind that complete their number within the stretch: terms and time.
fn leading(
    by: &[Term],
    first: &Condition,
    count: i64,
    within: Duration,
    rows: &Rows<'_>,
) -> PolarsResult<DataFrame> {
    let groups = large_groups(by, first, count, rows)?;
    let earliest = col(TIME_MS).shift(lit(count - 1)).over(group_columns(by))?;
    selected(by, first, groups, None, rows)?
        .sort_by_exprs(order(by, TIME_MS), SortMultipleOptions::default())
        .filter((col(TIME_MS) - earliest).lt_eq(lit(within.num_milliseconds())))
        .collect()
}

/// Groups in which enough rows of the second kind follow, each within the stretch after one of the
/// first kind.
fn following(
    by: &[Term],
    leading: DataFrame,
    then: &Condition,
    count: i64,
    within: Duration,
    rows: &Rows<'_>,
) -> PolarsResult<LazyFrame> {
    let groups =
        leading.clone().lazy().select(group_columns(by)).unique(None, UniqueKeepStrategy::Any);
    let groups = groups.collect()?;
    let followers = selected(by, then, groups, None, rows)?;
    let is_first = |is: bool| lit(i64::from(is)).alias(HIT);
    let both = concat(
        [leading.lazy().with_column(is_first(true)), followers.with_column(is_first(false))],
        UnionArgs::default(),
    )?;
    // At the same instant the first kind comes first: CloudTrail's times are whole seconds.
    let sorted = both.with_column((lit(0) - col(HIT)).alias(WINDOW)).sort_by_exprs(
        order(by, TIME_MS).into_iter().chain([col(WINDOW)]).collect::<Vec<_>>(),
        SortMultipleOptions::default(),
    );
    let of_first = when(col(HIT).eq(lit(1))).then(col(TIME_MS)).otherwise(lit(i64::MIN / 2));
    let last_first = of_first.cum_max(false).over(group_columns(by))?;
    let after = (col(TIME_MS) - col(FIRST_MS)).lt_eq(lit(within.num_milliseconds()));
    Ok(sorted
        .with_column(last_first.alias(FIRST_MS))
        .filter(col(HIT).eq(lit(0)).and(after))
        .group_by(group_columns(by))
        .agg([
            len().cast(DataType::Int64).alias(ROWS),
            col(FIRST_MS).min(),
            col(TIME_MS).max().alias(LAST_MS),
        ])
        .filter(col(ROWS).gt_eq(lit(count)))
        .with_columns([none(OF_ROWS), none(DISTINCT)]))
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

fn order(by: &[Term], time: &str) -> Vec<Expr> {
    if time == FIRST_MS {
        return [col(time)].into_iter().chain(group_columns(by)).collect();
    }
    group_columns(by).into_iter().chain([col(time)]).collect()
}

fn with_burst(by: &[Term]) -> Vec<Expr> {
    group_columns(by).into_iter().chain([col(BURST)]).collect()
}

fn none(name: &str) -> Expr {
    lit(NULL).cast(DataType::Int64).alias(name)
}
