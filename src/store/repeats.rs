//! The same call twice: which rows of a day repeat another row, and which of them counts.
//!
//! Every row read is stored, because the row that counts now may go when its object is replaced or
//! pruned. What repeats is listed beside the segments and left out when they are scanned.
//!
//! Two invocation rows are one call when request id, time, account, region, model id and operation
//! agree and no known count contradicts; two CloudTrail events are one when their event id agrees.
//! The row with more known fields counts, then the one with the smaller object and record number.
//! A row without an id never repeats. A correction (`addendum`) counts instead of the event it names.

use polars::prelude::{
    Column, DataFrame, DataType, Expr, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsResult,
    Schema, SortMultipleOptions, col, len, lit,
};

use crate::schema::{Table, api_event, invocation};

/// Name of the helper column that counts the known fields of a row.
const KNOWN: &str = "known";

/// The schema of a list of repeated rows: their lineage.
pub(super) fn schema() -> Schema {
    [(invocation::OBJECT.into(), DataType::String), (invocation::RECORD.into(), DataType::Int64)]
        .into_iter()
        .collect()
}

/// Leaves out the rows that `repeats` lists.
pub(super) fn without(rows: LazyFrame, repeats: LazyFrame) -> LazyFrame {
    let lineage = || [col(invocation::OBJECT), col(invocation::RECORD)];
    rows.join(repeats, lineage(), lineage(), JoinArgs::new(JoinType::Anti))
}

/// The lineage of the rows in `day` that don't count, sorted; `day` is every row of one UTC day and
/// `corrected` the ids of the events that an event of any day corrects.
///
/// Reads one column of the whole day, and all columns only of rows whose id occurs twice.
pub(super) fn find(
    table: Table,
    day: &LazyFrame,
    corrected: &DataFrame,
) -> PolarsResult<DataFrame> {
    match table {
        Table::Invocations => repeated_calls(day),
        Table::ApiEvents => repeated_events(day, corrected.clone()),
        Table::Rejects => Ok(DataFrame::empty_with_schema(&schema())),
    }
}

/// One row whose id occurs more than once.
struct Candidate {
    /// What must agree: the id alone, or with the five other fields of a call.
    key: Vec<Option<String>>,
    counts: Vec<Option<i64>>,
    object: String,
    record: i64,
}

const CALL_KEY: [&str; 6] = [
    invocation::REQUEST_ID,
    invocation::EVENT_TIME,
    invocation::ACCOUNT_ID,
    invocation::REGION,
    invocation::MODEL_ID,
    invocation::OPERATION,
];

const CALL_COUNTS: [&str; 4] = [
    invocation::INPUT_TOKENS,
    invocation::OUTPUT_TOKENS,
    invocation::CACHE_READ_INPUT_TOKENS,
    invocation::CACHE_WRITE_INPUT_TOKENS,
];

fn repeated_calls(day: &LazyFrame) -> PolarsResult<DataFrame> {
    let ids = ids_that_repeat(day, invocation::REQUEST_ID)?;
    let mut repeats = Vec::new();
    for same_key in
        candidates(day, ids, Table::Invocations, &CALL_KEY, &CALL_COUNTS)?.chunk_by(same_key)
    {
        // The counts of each distinct call so far; rows come best first.
        let mut calls: Vec<Vec<Option<i64>>> = Vec::new();
        for row in same_key {
            match calls.iter_mut().find(|known| !contradict(known, &row.counts)) {
                Some(known) => {
                    learn(known, &row.counts);
                    repeats.push((row.object.clone(), row.record));
                }
                None => calls.push(row.counts.clone()),
            }
        }
    }
    lineage(repeats)
}

/// The ids of the events that these rows correct.
pub(super) fn corrected(rows: &DataFrame) -> PolarsResult<Vec<String>> {
    let own = rows.column(api_event::EVENT_ID)?.str()?;
    let original = rows.column(api_event::ORIGINAL_EVENT_ID)?.str()?;
    let corrected = original.iter().zip(own.iter()).filter(|(original, own)| original != own);
    Ok(corrected.filter_map(|(original, _)| original.map(str::to_owned)).collect())
}

fn repeated_events(day: &LazyFrame, corrected: DataFrame) -> PolarsResult<DataFrame> {
    let key = [api_event::EVENT_ID];
    let ids = ids_that_repeat(day, api_event::EVENT_ID)?;
    let mut repeats = Vec::new();
    for same_key in candidates(day, ids, Table::ApiEvents, &key, &[])?.chunk_by(same_key) {
        repeats.extend(same_key.iter().skip(1).map(|row| (row.object.clone(), row.record)));
    }
    for row in candidates(day, corrected, Table::ApiEvents, &key, &[])? {
        repeats.push((row.object, row.record));
    }
    lineage(repeats)
}

/// The ids that more than one row of the day has.
fn ids_that_repeat(day: &LazyFrame, id: &str) -> PolarsResult<DataFrame> {
    day.clone()
        .filter(col(id).is_not_null())
        .group_by([col(id)])
        .agg([len().alias(KNOWN)])
        .filter(col(KNOWN).gt(lit(1)))
        .select([col(id)])
        .collect()
}

/// The rows with one of these ids: same keys together, best row first.
fn candidates(
    day: &LazyFrame,
    ids: DataFrame,
    table: Table,
    key: &[&'static str],
    counts: &[&'static str],
) -> PolarsResult<Vec<Candidate>> {
    if ids.height() == 0 {
        return Ok(Vec::new());
    }
    let by = |name: &&'static str| col(*name);
    let lineage = [invocation::OBJECT, invocation::RECORD];
    let columns: Vec<Expr> =
        key.iter().chain(counts).chain(&lineage).map(by).chain([known_fields(table)]).collect();
    let order: Vec<&str> = key.iter().copied().chain([KNOWN]).chain(lineage).collect();
    let descending: Vec<bool> = order.iter().map(|name| *name == KNOWN).collect();
    let rows = day
        .clone()
        .join(ids.lazy(), [col(key[0])], [col(key[0])], JoinArgs::new(JoinType::Semi))
        .select(columns)
        .sort(order, SortMultipleOptions::default().with_order_descending_multi(descending))
        .collect()?;
    read_candidates(&rows, key, counts)
}

/// How many of the row's fields are known, lineage aside.
fn known_fields(table: Table) -> Expr {
    let known = |name: &str| col(name).is_not_null().cast(DataType::UInt32);
    let fields = table.columns().iter().map(|column| column.name);
    let described = fields.filter(|name| ![invocation::OBJECT, invocation::RECORD].contains(name));
    let known = described.map(known).fold(lit(0_u32), |sum, field| sum + field);
    match table {
        // A correction that bears the id of the event it corrects counts however little it says.
        Table::ApiEvents => {
            let corrects = col(api_event::ORIGINAL_EVENT_ID).is_not_null().cast(DataType::UInt32);
            (known + corrects * lit(1000_u32)).alias(KNOWN)
        }
        Table::Invocations | Table::Rejects => known.alias(KNOWN),
    }
}

fn read_candidates(
    rows: &DataFrame,
    key: &[&str],
    counts: &[&str],
) -> PolarsResult<Vec<Candidate>> {
    let text = |name: &str| rows.column(name)?.cast(&DataType::String);
    let keys: Vec<Column> = key.iter().map(|name| text(name)).collect::<PolarsResult<_>>()?;
    let counts: Vec<&Column> =
        counts.iter().map(|name| rows.column(name)).collect::<PolarsResult<_>>()?;
    let objects = rows.column(invocation::OBJECT)?.str()?;
    let records = rows.column(invocation::RECORD)?.i64()?;
    (0..rows.height())
        .map(|row| {
            let cell = |column: &Column| Ok(column.str()?.get(row).map(str::to_owned));
            Ok(Candidate {
                key: keys.iter().map(cell).collect::<PolarsResult<_>>()?,
                counts: counts
                    .iter()
                    .map(|column| Ok(column.i64()?.get(row)))
                    .collect::<PolarsResult<_>>()?,
                object: objects.get(row).unwrap_or_default().to_owned(),
                record: records.get(row).unwrap_or_default(),
            })
        })
        .collect()
}

fn same_key(a: &Candidate, b: &Candidate) -> bool {
    a.key == b.key
}

/// Whether a count is known on both sides and differs.
fn contradict(a: &[Option<i64>], b: &[Option<i64>]) -> bool {
    a.iter().zip(b).any(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a != b))
}

fn learn(known: &mut [Option<i64>], more: &[Option<i64>]) {
    for (known, more) in known.iter_mut().zip(more) {
        *known = known.or(*more);
    }
}

/// A frame of lineages, sorted and distinct.
fn lineage(mut rows: Vec<(String, i64)>) -> PolarsResult<DataFrame> {
    rows.sort();
    rows.dedup();
    let (objects, records): (Vec<String>, Vec<i64>) = rows.into_iter().unzip();
    DataFrame::new(
        objects.len(),
        vec![
            Column::new(invocation::OBJECT.into(), objects),
            Column::new(invocation::RECORD.into(), records),
        ],
    )
}
