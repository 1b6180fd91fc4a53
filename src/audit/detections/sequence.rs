//! Rows of one kind that follow rows of another, in one group.
//!
//! A row follows when, within the stretch before it, a row of the first kind completed their number. That
//! takes rows of twice the stretch at most, so that the followers of a day are the same whatever is asked
//! about, but for when the first kind began: a store can keep them, by hour.

use chrono::{Duration, DurationRound};
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, JoinBuilder, JoinType, LazyFrame, PolarsResult, Schema,
    SortMultipleOptions, UnionArgs, col, concat, len, lit, when,
};

use super::condition::{Condition, Term};
use super::kept::Kept;
use super::logic::{large_groups, selected, with_terms};
use super::places::Places;
use super::rows::{Rows, TableRows, group_columns, group_name};
use super::rule::{Logic, Rule};
use super::values::Values;
use crate::period::Period;
use crate::schema::Kind;
use crate::schema::api_event::EVENT_TIME; // both tables call it so
use crate::schema::detection::{BEGAN_MS, FIRST_MS, HIT, LAST_MS, NUMBER, ROWS, TIME_MS};
use crate::schema::security::Security;

/// To be raised when kept followers have other columns, or the same with another meaning.
const VERSION: u32 = 1;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A sequence, and by what its rows belong together.
struct Sequence<'r> {
    by: &'r [Term],
    first: &'r Condition,
    first_count: i64,
    then: &'r Condition,
    then_count: i64,
    within: Duration,
}

impl<'r> Sequence<'r> {
    fn of(rule: &'r Rule) -> Option<Self> {
        let Logic::Sequence { first, first_count, then, then_count, within } = &rule.logic else {
            return None;
        };
        let (first_count, then_count, within) = (*first_count, *then_count, *within);
        Some(Self { by: &rule.by, first, first_count, then, then_count, within })
    }

    /// Groups that have enough rows of the first kind at all.
    fn groups(&self, rows: &Rows<'_>) -> PolarsResult<DataFrame> {
        large_groups(self.by, self.first, self.first_count, rows)
    }

    /// Rows of the second kind that follow, with the groups whose numbers they have: when they were, when
    /// the last row of the first kind before them was, and when the rows that this one completes began.
    fn followers(
        &self,
        groups: DataFrame,
        rows: &Rows<'_>,
    ) -> PolarsResult<(LazyFrame, DataFrame)> {
        let leading = self.leading(&groups, rows)?;
        let groups = groups_of(&leading, groups)?;
        let then = selected(self.by, self.then, &groups, None, rows)?;
        // At the same instant the first kind comes first: CloudTrail's times are whole seconds.
        let kind = |is_first: bool| lit(i8::from(!is_first)).alias(HIT);
        let both = concat(
            [
                leading.lazy().with_column(kind(true)),
                then.with_columns([lit(NEVER).alias(BEGAN_MS), kind(false)]),
            ],
            UnionArgs::default(),
        )?;
        let sorted = both.sort([NUMBER, TIME_MS, HIT], SortMultipleOptions::default());
        let of_first = when(col(HIT).eq(lit(0))).then(col(TIME_MS)).otherwise(lit(NEVER));
        let last = |time: Expr| time.cum_max(false).over([col(NUMBER)]);
        let after = (col(TIME_MS) - col(FIRST_MS)).lt_eq(lit(self.within.num_milliseconds()));
        let followers = sorted
            .with_columns([last(of_first)?.alias(FIRST_MS), last(col(BEGAN_MS))?])
            .filter(col(HIT).eq(lit(1)).and(after));
        Ok((followers, groups))
    }

    /// Rows of the first kind that complete their number within the stretch: number of the group, time,
    /// and when the first of that number was.
    fn leading(&self, groups: &DataFrame, rows: &Rows<'_>) -> PolarsResult<DataFrame> {
        let began = col(TIME_MS).shift(lit(self.first_count - 1)).over([col(NUMBER)])?;
        let within = lit(self.within.num_milliseconds());
        selected(self.by, self.first, groups, None, rows)?
            .sort([NUMBER, TIME_MS], SortMultipleOptions::default())
            .with_column(began.alias(BEGAN_MS))
            .filter((col(TIME_MS) - col(BEGAN_MS)).lt_eq(within))
            .collect()
    }
}

/// A time before all others.
const NEVER: i64 = i64::MIN / 2;

/// Groups in which enough rows of the second kind follow, each within the stretch after one of the first
/// kind.
pub(super) fn sequences(
    rule: &Rule,
    rows: &Rows<'_>,
    period: Period,
    kept: Option<&dyn Kept>,
) -> PolarsResult<LazyFrame> {
    let Some(sequence) = Sequence::of(rule) else { return Ok(DataFrame::empty().lazy()) };
    let sums = [col(ROWS).sum(), col(FIRST_MS).min(), col(LAST_MS).max()];
    let groups = sequence.groups(rows)?;
    // Where there is nothing to look for, nothing is read.
    let kept = kept.filter(|_| groups.height() > 0);
    let kept = kept.map(|kept| kept.followers(rule)).transpose()?.flatten();
    let found = if let Some(kept) = kept {
        let began = col(BEGAN_MS).gt_eq(lit(period.from.timestamp_millis()));
        kept.filter(began).group_by(group_columns(&rule.by)).agg(sums)
    } else {
        let (followers, groups) = sequence.followers(groups, rows)?;
        with_terms(followers.group_by([col(NUMBER)]).agg(counted()), groups)
    };
    Ok(found.filter(col(ROWS).gt_eq(lit(sequence.then_count))))
}

fn counted() -> [Expr; 3] {
    [
        len().cast(DataType::Int64).alias(ROWS),
        col(FIRST_MS).min(),
        col(TIME_MS).max().alias(LAST_MS),
    ]
}

/// The groups that some of the rows are of.
fn groups_of(rows: &DataFrame, groups: DataFrame) -> PolarsResult<DataFrame> {
    let on = || vec![col(NUMBER)];
    let rows = rows.clone().lazy().select([col(NUMBER)]);
    JoinBuilder::new(groups.lazy()).with(rows).on(on()).how(JoinType::Semi).finish().collect()
}

/// A sequence whose followers can be kept by day.
pub struct FollowedRule<'r> {
    rule: &'r Rule,
    sequence: Sequence<'r>,
}

impl<'r> FollowedRule<'r> {
    /// Of a sequence that looks a day back at most and depends on no setting.
    pub fn of(rule: &'r Rule) -> Option<Self> {
        let sequence = Sequence::of(rule)?;
        let can_be_kept = sequence.within <= Duration::days(1) && rule.needs().is_empty();
        can_be_kept.then_some(Self { rule, sequence })
    }

    /// What followers depend on beside the rows.
    pub fn text(&self) -> String {
        let Sequence { by, first, first_count, then, within, .. } = &self.sequence;
        let (first, then) = (first.text(), then.text());
        format!("{VERSION} {by:?} {first:?} {first_count} {then:?} {within}")
    }

    /// The rows that followers of a period depend on: those of this one, from a whole hour on.
    pub fn around(&self, period: Period) -> Period {
        let from = period.from - self.sequence.within * 2;
        Period { from: from.duration_trunc(Duration::hours(1)).unwrap_or(from), to: period.to }
    }

    /// The followers in a period by group, hour, and the hour in which the first kind began; of the rows
    /// [`around`](Self::around) it.
    ///
    /// # Errors
    /// When rows can't be read.
    pub fn followers(&self, rows: &TableRows, period: Period) -> PolarsResult<LazyFrame> {
        let (security, places) = (Security::default(), Places::default());
        let around = self.around(period);
        let values = Values::new(&security, &places, around, &[]);
        let rows = Rows::new(self.rule.table, rows, around, &values, &[self.rule], None)?;
        let (followers, groups) = self.sequence.followers(self.sequence.groups(&rows)?, &rows)?;
        let (from, to) = (period.from.timestamp_millis(), period.to.timestamp_millis());
        let is_inside = col(TIME_MS).gt_eq(lit(from)).and(col(TIME_MS).lt(lit(to)));
        let hour = |time: &str| col(time).floor_div(lit(HOUR_MS)) * lit(HOUR_MS);
        let hours = [
            col(NUMBER),
            hour(TIME_MS).cast(Kind::Time.data_type()).alias(EVENT_TIME),
            hour(BEGAN_MS).alias(BEGAN_MS),
        ];
        Ok(with_terms(followers.filter(is_inside).group_by(hours).agg(counted()), groups))
    }

    /// The columns of followers.
    pub fn schema(&self) -> Schema {
        let terms = self.rule.by.iter().map(|term| (group_name(term), DataType::String));
        let numbers = [BEGAN_MS, ROWS, FIRST_MS, LAST_MS];
        let numbers = numbers.map(|name| (name.to_owned(), DataType::Int64));
        let mut schema = Schema::default();
        schema.with_column(EVENT_TIME.into(), Kind::Time.data_type());
        for (name, data_type) in terms.chain(numbers) {
            schema.with_column(name.into(), data_type);
        }
        schema
    }
}
