//! Which conditions can hold at all, by the counts of a table, and a cheap test that most rows fail for
//! which none holds.
//!
//! Conditions look at many columns of millions of rows. What they say of columns that rows are counted by
//! is asked of the counts first: often nothing is left to look for, or only the rows with a few values
//! of one column, by which a file can be read without its other columns.

use polars::prelude::{
    DataType, Expr, IntoLazy, IntoSeries, LazyFrame, PolarsResult, Series, col, lit, when,
};

use super::condition::part_that_reads;
use super::rows::{counted_columns, is_counted_by, read};
use crate::schema::Table;
use crate::schema::detection::{HIT, ROWS};

/// A column with more values than this is no cheap test.
const MOST_VALUES: usize = 500;
/// More rows than this are not worth being picked apart first.
const MOST_ROWS: i64 = 300_000;

/// What the counts say of conditions.
pub(in crate::audit) struct Narrowed {
    /// Whether each can hold for any row.
    pub(in crate::audit) is_possible: Vec<bool>,
    /// What holds for every row for which one of them does, and for few others; none where nothing cheap
    /// is known.
    test: Option<Expr>,
}

impl Narrowed {
    /// These columns of rows, without most of those for which none of the conditions holds. Few are read
    /// out, so that the conditions are asked of those only.
    pub(in crate::audit) fn of(
        &self,
        rows: LazyFrame,
        columns: Vec<Expr>,
    ) -> PolarsResult<LazyFrame> {
        if !self.is_possible.contains(&true) {
            return Ok(rows.select(columns).limit(0));
        }
        match &self.test {
            Some(test) => Ok(read(rows.filter(test.clone()).select(columns))?.lazy()),
            None => Ok(rows.select(columns)),
        }
    }
}

/// Asks the counts, which are of the rows that the conditions are asked of.
pub(in crate::audit) fn narrowed(
    table: Table,
    counts: &LazyFrame,
    conditions: &[Expr],
) -> PolarsResult<Narrowed> {
    let told = |condition: &Expr| part_that_reads(condition, |name| is_counted_by(table, name));
    let told: Vec<Option<Expr>> = conditions.iter().map(told).collect();
    let flags = told.iter().enumerate().map(|(index, part)| {
        part.clone().unwrap_or_else(|| lit(true)).any(true).alias(named(index))
    });
    let found = read(counts.clone().select(flags.collect::<Vec<_>>()))?;
    let is_possible = (0..told.len())
        .map(|index| Ok(found.column(&named(index))?.bool()?.get(0) == Some(true)))
        .collect::<PolarsResult<Vec<bool>>>()?;
    let possible = told.into_iter().zip(&is_possible).filter(|(_, is_possible)| **is_possible);
    // One that the counts say nothing of may hold for any row.
    let Some(parts) = possible.map(|(part, _)| part).collect::<Option<Vec<Expr>>>() else {
        return Ok(Narrowed { is_possible, test: None });
    };
    let test = most_telling(table, counts, &parts)?;
    Ok(Narrowed { is_possible, test })
}

fn named(index: usize) -> String {
    format!("{HIT}{index}")
}

/// For each part the column whose values, where the part holds, leave the fewest rows: a test for one of
/// those values. None where many rows are left.
fn most_telling(table: Table, counts: &LazyFrame, parts: &[Expr]) -> PolarsResult<Option<Expr>> {
    let texts: Vec<&str> = counted_columns(table)
        .iter()
        .copied()
        .filter(|name| table.schema().get(name) == Some(&DataType::String))
        .collect();
    let (mut any, mut rows): (Option<Expr>, i64) = (None, 0);
    for part in parts {
        let values = texts.iter().map(|name| col(*name).unique().implode(false));
        let values = counts.clone().filter(part.clone()).select(values.collect::<Vec<_>>());
        let values = read(values)?;
        let mut candidates = Vec::new();
        for name in &texts {
            let of_column = values.column(name)?.list()?.get_as_series(0);
            candidates
                .extend(of_column.map(|values| is_one_of(name, &values)).transpose()?.flatten());
        }
        let left = candidates.iter().enumerate().map(|(index, test)| {
            when(test.clone()).then(col(ROWS)).otherwise(lit(0_i64)).sum().alias(named(index))
        });
        let left = read(counts.clone().select(left.collect::<Vec<_>>()))?;
        let mut best: Option<(i64, Expr)> = None;
        for (index, test) in candidates.into_iter().enumerate() {
            let left = left.column(&named(index))?.i64()?.get(0).unwrap_or(i64::MAX);
            if best.as_ref().is_none_or(|(fewest, _)| left < *fewest) {
                best = Some((left, test));
            }
        }
        let Some((left, test)) = best else { return Ok(None) };
        rows = rows.saturating_add(left);
        any = Some(match any {
            Some(any) => any.or(test),
            None => test,
        });
    }
    Ok(any.filter(|_| rows <= MOST_ROWS))
}

/// Whether a column has one of these values, null among them; none of too many.
pub(super) fn is_one_of(column: &str, values: &Series) -> PolarsResult<Option<Expr>> {
    if values.len() > MOST_VALUES {
        return Ok(None);
    }
    let known = values.drop_nulls();
    let is_known = col(column).is_in(lit(known.implode()?.into_series()), false);
    let test = if values.null_count() > 0 { is_known.or(col(column).is_null()) } else { is_known };
    Ok(Some(test))
}
