//! One number for everything in a row that its cost depends on beside prices and the size of counts.
//!
//! Rows with the same number can be added up and priced as one. As expressions it takes fifty columns
//! that are made and thrown away, half the time of costing; so the digits are added up here, a column
//! at a time over plain values.

use polars::prelude::{
    Column, DataType, Expr, Field, Int64Chunked, IntoColumn, NULL, NamedFrom, PolarsResult, Series,
    col, lit, when,
};

use crate::schema::cost::billing::{FAILED, INTERVENED};
use crate::schema::invocation::INPUT_TOKENS;
use crate::schema::usage::cell;

/// What a flag or a count can be: unknown, no or none, yes or some.
const STATES: u64 = 3;
/// How the input compares with the cached tokens: equal, less, more.
const SIDES: u64 = 3;

/// What rows are told apart by.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Columns of counts that may be unknown, zero or more.
    pub(super) counts: Vec<&'static str>,
    /// Columns of cached tokens.
    pub(super) cached: Vec<&'static str>,
    /// Whether any input is known.
    pub(super) has_input: bool,
    /// Input tokens at which prices take a step.
    pub(super) thresholds: Vec<i64>,
}

impl Shape {
    /// The number of a row: from the lowest digit on, the counts, whether it failed, whether a
    /// guardrail intervened, how input and cached tokens compare, and how many thresholds the input
    /// exceeds, counted beside and with the cached tokens.
    pub(super) fn number(&self) -> Expr {
        let inputs = if self.has_input { &[INPUT_TOKENS][..] } else { &[] };
        let of_row = [FAILED, INTERVENED].iter().chain(&self.counts);
        let of_row = of_row.chain(inputs).chain(&self.cached).map(|name| col(*name));
        let columns: Vec<Expr> = of_row.collect();
        let shape = self.clone();
        let number =
            |_: &_, fields: &[Field]| Ok(Field::new(fields[0].name().clone(), DataType::UInt64));
        col(FAILED).map_many(move |columns| shape.numbers(&columns[1..]), &columns, number)
    }

    /// Whether a cell's rows know the count at this place of [`counts`](Self::counts).
    pub(super) fn is_known(at: usize) -> Expr {
        let weights = std::iter::repeat_n(STATES, at);
        digit(weights.product()).gt(lit(0_u64))
    }

    /// Whether a cell's calls failed; null where that is unknown.
    pub(super) fn failed(&self) -> Expr {
        flag(self.weight_of_flags())
    }

    /// Whether a guardrail intervened in a cell's calls; null where that is unknown.
    pub(super) fn intervened(&self) -> Expr {
        flag(self.weight_of_flags() * STATES)
    }

    fn weight_of_flags(&self) -> u64 {
        std::iter::repeat_n(STATES, self.counts.len()).product()
    }

    /// The numbers of rows, from the columns that [`number`](Self::number) names.
    fn numbers(&self, columns: &[Column]) -> PolarsResult<Column> {
        let (flags, rest) = columns.split_at(2);
        let (counts, rest) = rest.split_at(self.counts.len());
        let (input, cached) = rest.split_at(usize::from(self.has_input));
        let mut numbers = vec![0_u64; columns[0].len()];
        let mut weight = 1;
        for count in counts {
            add(&mut numbers, count.i64()?, weight, |count| 1 + u64::from(count > 0));
            weight *= STATES;
        }
        for flag in flags {
            let flag = flag.cast(&DataType::Int64)?;
            add(&mut numbers, flag.i64()?, weight, |flag| 1 + u64::from(flag > 0));
            weight *= STATES;
        }
        if !cached.is_empty() || !self.thresholds.is_empty() {
            let input = totals(input, numbers.len())?;
            let cached = totals(cached, numbers.len())?;
            for ((number, input), cached) in numbers.iter_mut().zip(input).zip(cached) {
                *number += weight * self.side_and_band(input, cached);
            }
        }
        Ok(Series::new(cell::SHAPE.into(), numbers).into_column())
    }

    fn side_and_band(&self, input: i128, cached: i128) -> u64 {
        let side = u64::from(cached > input) + 2 * u64::from(input > cached);
        let over = |input: i128| {
            self.thresholds.iter().filter(|above| input > i128::from(**above)).count() as u64
        };
        let bands = self.thresholds.len() as u64 + 1;
        side + SIDES * (over(input + cached) * bands + over(input.max(cached)))
    }
}

/// Adds a digit to the number of every row; 0 where the value is unknown.
fn add(numbers: &mut [u64], values: &Int64Chunked, weight: u64, digit: impl Fn(i64) -> u64) {
    let mut rest = numbers;
    for chunk in values.downcast_iter() {
        let (numbers, after) = rest.split_at_mut(chunk.len());
        rest = after;
        match chunk.validity().filter(|validity| validity.unset_bits() > 0) {
            None => {
                for (number, value) in numbers.iter_mut().zip(chunk.values().iter()) {
                    *number += weight * digit(*value);
                }
            }
            Some(validity) => {
                let known = numbers.iter_mut().zip(chunk.values().iter()).zip(validity);
                for ((number, value), is_known) in known {
                    *number += weight * digit(*value) * u64::from(is_known);
                }
            }
        }
    }
}

/// The sums of columns, unknown values as 0.
fn totals(columns: &[Column], height: usize) -> PolarsResult<Vec<i128>> {
    let mut totals = vec![0_i128; height];
    for column in columns {
        for (total, value) in totals.iter_mut().zip(column.i64()?.iter()) {
            *total += i128::from(value.unwrap_or(0));
        }
    }
    Ok(totals)
}

fn digit(weight: u64) -> Expr {
    col(cell::SHAPE).floor_div(lit(weight)) % lit(STATES)
}

fn flag(weight: u64) -> Expr {
    when(digit(weight).gt(lit(0_u64))).then(digit(weight).gt(lit(1_u64))).otherwise(lit(NULL))
}
