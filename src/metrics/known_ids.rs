//! Ids by time: whether a call of one table is in the other, and which prompts come again.
//!
//! A join on the texts of three million ids on each side takes ten times as long: its table fits no
//! cache, and every text lies elsewhere in memory. What is the same has nearly the same time, so a set
//! per stretch of time is enough, and small.

use std::sync::Arc;

use polars::polars_utils::aliases::{PlHashMap, PlHashSet};
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Engine, Expr, Field, IntoColumn, LazyFrame,
    PolarsError, PolarsResult, col, lit,
};

use super::numbered::{number, numbered};
use crate::schema::invocation::{EVENT_TIME, PROMPT_HASH, REQUEST_ID};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The request ids of a table.
#[derive(Debug, Default)]
pub(super) struct KnownIds {
    /// By UTC day since the epoch.
    days: PlHashMap<i64, PlHashSet<i128>>,
    /// Of rows without a time.
    timeless: PlHashSet<i128>,
}

impl KnownIds {
    /// Reads the ids of all rows out.
    ///
    /// # Errors
    /// When the rows can't be read.
    pub(super) fn of(rows: LazyFrame) -> PolarsResult<Self> {
        let rows = read(rows, REQUEST_ID)?;
        let days = || Ok::<_, PolarsError>(rows.column(EVENT_TIME)?.i64()?.iter().map(day_of));
        let mut sizes: PlHashMap<Option<i64>, usize> = PlHashMap::default();
        for day in days()? {
            *sizes.entry(day).or_default() += 1;
        }
        // Sets that grow would take twice the time.
        let empty = |(day, size)| {
            let mut ids: PlHashSet<i128> = PlHashSet::default();
            ids.reserve(size);
            (day, ids)
        };
        let mut sets: PlHashMap<Option<i64>, PlHashSet<i128>> =
            sizes.into_iter().map(empty).collect();
        for (day, id) in days()?.zip(rows.column(REQUEST_ID)?.i128()?.iter()) {
            if let Some((ids, id)) = sets.get_mut(&day).zip(id) {
                ids.insert(id);
            }
        }
        let timeless = sets.remove(&None).unwrap_or_default();
        let days = sets.into_iter().filter_map(|(day, ids)| Some((day?, ids))).collect();
        Ok(Self { days, timeless })
    }

    /// Whether the table holds the row's id, on the row's day or one beside it; a null id meets
    /// nothing, and a row without a time meets its id on any day. Never null.
    pub(super) fn hold(self: &Arc<Self>) -> Expr {
        if self.days.is_empty() && self.timeless.is_empty() {
            return lit(false); // no id to be read
        }
        let known = Arc::clone(self);
        flagged(REQUEST_ID, move |id: i128, time: Option<i64>| known.holds(id, time))
    }

    fn holds(&self, id: i128, time: Option<i64>) -> bool {
        let is_of = |day: i64| self.days.get(&day).is_some_and(|ids| ids.contains(&id));
        let met = match day_of(time) {
            Some(day) => is_of(day) || is_of(day - 1) || is_of(day + 1),
            None => self.days.values().any(|ids| ids.contains(&id)),
        };
        met || self.timeless.contains(&id)
    }
}

/// Whether the row's prompt is sent again, or was before, within an hour: true for all that are, and
/// for some that are a little further apart. Never null.
///
/// # Errors
/// When the rows can't be read.
pub(crate) fn comes_again(rows: LazyFrame) -> PolarsResult<Expr> {
    let rows = read(rows, PROMPT_HASH)?;
    let times = rows.column(EVENT_TIME)?.i64()?.iter();
    let mut hours: PlHashMap<i64, PlHashSet<i128>> = PlHashMap::default();
    let mut again: PlHashSet<i128> = PlHashSet::default();
    for (time, prompt) in times.zip(rows.column(PROMPT_HASH)?.i128()?.iter()) {
        let Some((time, prompt)) = time.zip(prompt) else { continue };
        if !hours.entry(time.div_euclid(HOUR_MS)).or_default().insert(prompt) {
            again.insert(prompt);
        }
    }
    for (hour, prompts) in &hours {
        if let Some(next) = hours.get(&(hour + 1)) {
            again.extend(prompts.iter().filter(|prompt| next.contains(*prompt)));
        }
    }
    Ok(flagged(PROMPT_HASH, move |prompt, _| again.contains(&prompt)))
}

/// The UTC day of a time, since the epoch.
fn day_of(time: Option<i64>) -> Option<i64> {
    time.map(|time| time.div_euclid(DAY_MS))
}

/// The known ids of the rows as numbers, and their times.
fn read(rows: LazyFrame, ids: &'static str) -> PolarsResult<DataFrame> {
    let rows = rows
        .filter(col(ids).is_not_null())
        .select([col(EVENT_TIME).cast(DataType::Int64), numbered(col(ids))]);
    Ok(rows.collect_with_engine(Engine::Streaming)?.unwrap_single())
}

/// What `holds` says of each id and its time; false for a null id.
fn flagged(
    ids: &'static str,
    holds: impl Fn(i128, Option<i64>) -> bool + Send + Sync + 'static,
) -> Expr {
    let holds = Arc::new(holds);
    let boolean =
        |_: &_, fields: &[Field]| Ok(Field::new(fields[0].name().clone(), DataType::Boolean));
    let flags = move |columns: &mut [Column]| -> PolarsResult<Column> {
        let rows = columns[0].str()?.iter().zip(columns[1].i64()?.iter());
        let flags = rows.map(|(id, time)| Some(id.is_some_and(|id| holds(number(id), time))));
        let flags: BooleanChunked = flags.collect();
        Ok(flags.with_name(columns[0].name().clone()).into_column())
    };
    col(ids).map_many(flags, &[col(EVENT_TIME).cast(DataType::Int64)], boolean)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use polars::prelude::{IntoLazy, df};

    use super::KnownIds;

    #[test]
    fn an_id_is_met_on_its_day_and_beside_it() {
        const DAY: i64 = 86_400_000;
        let rows = |ids: &[Option<&str>], times: &[Option<i64>]| {
            df!["request_id" => ids, "event_time" => times].expect("a frame").lazy()
        };
        let known = KnownIds::of(rows(
            &[Some("a"), Some("b"), None, Some("timeless")],
            &[Some(0), Some(5 * DAY), Some(0), None],
        ));
        let asked = [
            (Some("a"), Some(DAY - 1), true),
            (Some("a"), Some(-1), true),
            (Some("a"), Some(2 * DAY), false),
            (Some("a"), None, true),
            (Some("b"), Some(6 * DAY), true),
            (Some("timeless"), Some(9 * DAY), true),
            (Some("c"), Some(0), false),
            (None, Some(0), false),
        ];
        let found = rows(&asked.map(|row| row.0), &asked.map(|row| row.1))
            .select([Arc::new(known.expect("ids")).hold()])
            .collect()
            .expect("a plan");
        let found: Vec<Option<bool>> = found.columns()[0].bool().expect("flags").iter().collect();
        assert_eq!(found, asked.map(|row| Some(row.2)));
    }
}
