//! Prompts sent and paid for again within ten minutes.

use polars::polars_utils::aliases::{PlHashMap, PlHashSet};
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Engine, Expr, Field, IntoColumn, IntoLazy,
    JoinType, LazyFrame, NULL, NamedFrom, PolarsResult, Series, SortMultipleOptions,
    UniqueKeepStrategy, col, len, lit, when,
};

use super::calls::{Calls, OfCells};
use super::nearest::{Nearest, places};
use crate::metrics::efficiency::REPEAT_WINDOW_MS;
use crate::metrics::grouping::join_groups;
use crate::metrics::small_frame::{integers, money, texts};
use crate::schema::cost::COST_UNITS;
use crate::schema::cost::billing::FAILED;
use crate::schema::invocation::{EVENT_TIME, MODEL, PRINCIPAL};
use crate::schema::usage::efficiency::REPEATED_PROMPT;
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    ANSWERED, ANSWERED_BEFORE, ANSWERED_UNITS, ANSWERER, CALL, CALLER, CELL, COMPARABLE, PROMPT,
    PROMPTS, REPEATED, REPEATED_UNITS,
};
use crate::units::Usd;

/// What one principal paid for prompts sent again to one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Role or user.
    pub principal: Option<String>,
    /// Base model id.
    pub model: Option<String>,
    /// All requests.
    pub requests: i64,
    /// Requests whose prompt hash and principal are known.
    pub comparable: i64,
    /// Requests that repeat a prompt of the ten minutes before and cost something.
    pub repeated: i64,
    /// Their cost.
    pub repeated_cost: Usd,
    /// Of these, requests whose prompt this model had already answered.
    pub answered: i64,
    /// Their cost.
    pub answered_cost: Usd,
}

/// Calls whose prompt is sent again within ten minutes, in order of time, with what is known of each: whether
/// it repeats one, and whether that had been answered.
#[derive(Debug, Clone)]
pub struct SentAgain(DataFrame);

impl SentAgain {
    /// Of all calls; those of one instant don't repeat each other, unless their ids are known.
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn of(calls: &Calls) -> PolarsResult<Self> {
        let again = sent_again(calls)?
            .sort(calls.order(), SortMultipleOptions::default().with_nulls_last(true))
            .collect_with_engine(Engine::Streaming)?
            .unwrap_single();
        Self::marked(again, calls.has_ids())
    }

    /// Instants at which a caller sent a prompt more than once, and had not had it answered before: which
    /// of them repeats the other is for their ids to say.
    ///
    /// # Errors
    /// Never in practice.
    pub fn undecided(&self) -> PolarsResult<Vec<i64>> {
        let new = col(REPEATED_PROMPT).and(col(ANSWERED_BEFORE)).not();
        let all = self.0.clone().lazy();
        let keys = [EVENT_TIME, CALLER, PROMPT].map(col);
        let new = all.clone().filter(new).select(&keys).unique(None, UniqueKeepStrategy::Any);
        let instants = all
            .join_builder()
            .with(new)
            .on(&keys)
            .how(JoinType::Semi)
            .finish()
            .group_by(&keys)
            .agg([len().alias(REQUESTS)])
            .filter(col(REQUESTS).gt(lit(1)))
            .select([col(EVENT_TIME)])
            .unique(None, UniqueKeepStrategy::Any)
            .collect()?;
        Ok(integers(&instants, EVENT_TIME)?.into_iter().flatten().collect())
    }

    /// Calls that repeat a prompt, by their number: whether it had been answered.
    pub(super) fn repeats(&self) -> LazyFrame {
        let repeated = self.0.clone().lazy().filter(col(REPEATED_PROMPT));
        repeated.select([CALL, ANSWERED_BEFORE].map(col))
    }

    /// Calls at earlier places are repeated; those that share one don't repeat each other.
    fn marked(mut again: DataFrame, each_has_a_place: bool) -> PolarsResult<Self> {
        let times = again.column(EVENT_TIME)?.cast(&DataType::Int64)?;
        let times: Vec<i64> = times.i64()?.into_no_null_iter().collect();
        let places = places(&times, each_has_a_place);
        let times = times.into_iter().zip(places);
        let prompts = again.column(PROMPT)?.i128()?.into_no_null_iter();
        let callers = again.column(CALLER)?.i64()?.iter();
        let models = again.column(ANSWERER)?.i64()?.iter();
        let failed = again.column(FAILED)?.i64()?.iter();
        let mut sent: PlHashMap<(Option<i64>, i128), Nearest> = PlHashMap::default();
        let mut answered: PlHashMap<(Option<i64>, i128, Option<i64>), Nearest> =
            PlHashMap::default();
        let (mut repeats, mut had_answer) = (Vec::new(), Vec::new());
        for ((((time, place), prompt), caller), (model, failed)) in
            times.zip(prompts).zip(callers).zip(models.zip(failed))
        {
            let is_soon = |before: Option<i64>| {
                before.is_some_and(|before| time - before <= REPEAT_WINDOW_MS)
            };
            let sent = sent.entry((caller, prompt)).or_default();
            repeats.push(is_soon(sent.at(place, time, true)));
            let answered = answered.entry((caller, prompt, model)).or_default();
            had_answer.push(is_soon(answered.at(place, time, failed == Some(0))));
        }
        again.with_column(Series::new(REPEATED_PROMPT.into(), repeats).into())?;
        again.with_column(Series::new(ANSWERED_BEFORE.into(), had_answer).into())?;
        Ok(Self(again))
    }
}

/// The calls of known principals whose prompt is sent again in time.
fn sent_again(calls: &Calls) -> PolarsResult<LazyFrame> {
    let known = col(PRINCIPAL).is_not_null();
    let failed = calls.cells().filter(known).select([CELL, FAILED].map(col)).collect()?;
    let names = calls.cells().select([col(CELL), col(PRINCIPAL).is_not_null().alias(PRINCIPAL)]);
    let has_caller = OfCells::of(&names.collect()?, PRINCIPAL)?.value().eq(lit(1_i64));
    Ok(calls.rows().filter(comes_again(calls.columns())?).filter(has_caller).with_columns([
        OfCells::of(&failed, FAILED)?.value().alias(FAILED),
        calls.coded(&[PRINCIPAL], CALLER)?.value().alias(CALLER),
        calls.coded(&[MODEL], ANSWERER)?.value().alias(ANSWERER),
    ]))
}

/// Whether the row's prompt is sent again within ten minutes, by whomever. Never null.
fn comes_again(rows: &DataFrame) -> PolarsResult<Expr> {
    let times = rows.column(EVENT_TIME)?.cast(&DataType::Int64)?;
    let sent = rows.column(PROMPT)?.i128()?.iter().zip(times.i64()?.iter());
    // Half of a number tells prompts apart well enough here, in two thirds of the memory.
    let mut sent: Vec<(u64, i64)> =
        sent.filter_map(|(prompt, time)| Some((half(prompt?), time?))).collect();
    sent.sort_unstable();
    let again = sent.array_windows().filter(|[(prompt, time), (next, next_time)]| {
        prompt == next && next_time - time <= REPEAT_WINDOW_MS
    });
    let again: PlHashSet<u64> = again.map(|[(prompt, _), _]| *prompt).collect();
    let flags = move |prompts: Column| -> PolarsResult<Column> {
        let prompts = prompts.i128()?.iter();
        let flags = prompts.map(|prompt| Some(again.contains(&half(prompt?))));
        let flags: BooleanChunked = flags.map(|flag| Some(flag == Some(true))).collect();
        Ok(flags.with_name(PROMPT.into()).into_column())
    };
    let field = |_: &_, field: &Field| Ok(Field::new(field.name().clone(), DataType::Boolean));
    Ok(col(PROMPT).map(flags, field))
}

/// The last 64 bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the half is wanted")]
fn half(prompt: i128) -> u64 {
    prompt as u64
}

/// Repeats per principal and model, in order of both. In: priced [cells](super::cells::Cells).
pub fn by_caller(priced: LazyFrame) -> LazyFrame {
    let keys = [col(PRINCIPAL), col(MODEL)];
    let comparable = when(col(PRINCIPAL).is_not_null()).then(col(PROMPTS)).otherwise(lit(0_i64));
    // In a cell every request costs something, or none does.
    let is_paid = col(COST_UNITS).gt(lit(0_i64).cast(DataType::Int128));
    let paid = priced.clone().filter(col(ANSWERED_BEFORE).is_not_null().and(is_paid));
    let all = priced.group_by(&keys).agg([col(REQUESTS).sum(), comparable.sum().alias(COMPARABLE)]);
    let of_answered = |column: &str| {
        let value = col(column);
        when(col(ANSWERED_BEFORE)).then(value).otherwise(lit(NULL)).sum()
    };
    let again = paid.group_by(&keys).agg([
        col(REQUESTS).sum().alias(REPEATED),
        col(COST_UNITS).sum().alias(REPEATED_UNITS),
        of_answered(REQUESTS).alias(ANSWERED),
        of_answered(COST_UNITS).alias(ANSWERED_UNITS),
    ]);
    join_groups(all, again, &keys)
        .sort_by_exprs(keys, SortMultipleOptions::default().with_nulls_last(true))
}

/// Reads collected [`by_caller`].
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_repeats(df: &DataFrame) -> PolarsResult<Vec<Repeats>> {
    let (principals, models) = (texts(df, PRINCIPAL)?, texts(df, MODEL)?);
    let (requests, comparable) = (integers(df, REQUESTS)?, integers(df, COMPARABLE)?);
    let (repeated, repeated_cost) = (integers(df, REPEATED)?, money(df, REPEATED_UNITS)?);
    let (answered, answered_cost) = (integers(df, ANSWERED)?, money(df, ANSWERED_UNITS)?);
    let row = |row: usize| Repeats {
        principal: principals[row].clone(),
        model: models[row].clone(),
        requests: requests[row].unwrap_or(0),
        comparable: comparable[row].unwrap_or(0),
        repeated: repeated[row].unwrap_or(0),
        repeated_cost: repeated_cost[row].unwrap_or_default(),
        answered: answered[row].unwrap_or(0),
        answered_cost: answered_cost[row].unwrap_or_default(),
    };
    Ok((0..df.height()).map(row).collect())
}
