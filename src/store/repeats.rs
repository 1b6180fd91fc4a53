//! The same call twice: which rows of a day repeat another row, and which of them counts.
//!
//! Every row read is stored, because the row that counts now may go when its object is replaced or
//! pruned. What repeats is listed beside the segments and left out when they are scanned.
//!
//! Two invocation rows are one call when request id, time, account, region, model id and operation
//! agree and no known count contradicts; two CloudTrail events are one when their event id agrees.
//! The row with more known fields counts, then the one with the smaller object and record number.
//! A row without an id never repeats. A correction (`addendum`) counts instead of the event it names.

use std::collections::HashSet;

use polars::polars_utils::aliases::{PlHashMap, PlHashSet};
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, Field, IntoColumn, IntoSeries, LazyFrame,
    PolarsResult, Schema, SortMultipleOptions, col, len, lit,
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

/// Leaves out the rows that `repeats` lists; a row without a lineage stays.
///
/// A test of each row and no join: the list is short, and rows of one object stand together, so that an
/// object is looked up once. A join takes three times as long as all else that a plain sum does.
pub(super) fn without(rows: LazyFrame, repeats: &DataFrame) -> PolarsResult<LazyFrame> {
    let mut listed: PlHashMap<String, PlHashSet<i64>> = PlHashMap::default();
    let objects = repeats.column(invocation::OBJECT)?.str()?;
    for (object, record) in objects.iter().zip(repeats.column(invocation::RECORD)?.i64()?.iter()) {
        if let Some((object, record)) = object.zip(record) {
            listed.entry(object.to_owned()).or_default().insert(record);
        }
    }
    let flags = move |columns: &mut [Column]| -> PolarsResult<Column> {
        let (objects, records) = (columns[0].str()?, columns[1].i64()?);
        let mut last: Option<(&str, Option<&PlHashSet<i64>>)> = None;
        let flags = objects.iter().zip(records.iter()).map(|(object, record)| {
            let (object, record) = object.zip(record)?;
            let of_object = match last {
                Some((known, of_object)) if known == object => of_object,
                _ => listed.get(object),
            };
            last = Some((object, of_object));
            of_object.map(|records| !records.contains(&record))
        });
        let flags: BooleanChunked = flags.map(|stays| Some(stays.unwrap_or(true))).collect();
        Ok(flags.with_name(columns[0].name().clone()).into_column())
    };
    let boolean =
        |_: &_, fields: &[Field]| Ok(Field::new(fields[0].name().clone(), DataType::Boolean));
    let stays = col(invocation::OBJECT).map_many(flags, &[col(invocation::RECORD)], boolean);
    Ok(rows.filter(stays))
}

/// The lineage of the rows in `day` that don't count, sorted; `day` is every row of one UTC day and
/// `corrected` the ids of the events that an event of any day corrects.
///
/// Reads one column of the whole day, and others only of rows whose id occurs twice.
pub(super) fn find(
    table: Table,
    day: &LazyFrame,
    corrected: &DataFrame,
) -> PolarsResult<DataFrame> {
    let Some(key) = key(table) else { return Ok(DataFrame::empty_with_schema(&schema())) };
    let ids = ids_that_repeat(day, key[0])?;
    let mut repeats = repeated(table, &candidates(day, &ids, table)?);
    if table == Table::ApiEvents {
        let rows = candidates(day, corrected, table)?;
        repeats.extend(rows.into_iter().map(|row| (row.object, row.record)));
    }
    lineage(repeats)
}

/// Like [`find`] for a day in which nothing is corrected and only rows with one of `ids` are new:
/// what is known of the others, `before`, stays.
pub(super) fn find_again(
    table: Table,
    day: &LazyFrame,
    ids: &DataFrame,
    before: &DataFrame,
) -> PolarsResult<DataFrame> {
    let rows = candidates(day, ids, table)?;
    let again: HashSet<(&str, i64)> =
        rows.iter().map(|row| (row.object.as_str(), row.record)).collect();
    let objects = before.column(invocation::OBJECT)?.str()?;
    let records = before.column(invocation::RECORD)?.i64()?;
    let known = objects.iter().zip(records.iter()).filter_map(|(object, record)| {
        let row = (object?, record?);
        (!again.contains(&row)).then(|| (row.0.to_owned(), row.1))
    });
    let repeats = repeated(table, &rows);
    lineage(known.chain(repeats).collect())
}

/// The column that tells rows of the table apart; `None` where rows don't repeat.
pub(super) fn id(table: Table) -> Option<&'static str> {
    key(table).map(|key| key[0])
}

/// What must agree: the id, and more of a call.
fn key(table: Table) -> Option<&'static [&'static str]> {
    match table {
        Table::Invocations => Some(&CALL_KEY),
        Table::ApiEvents => Some(&[api_event::EVENT_ID]),
        Table::Rejects | Table::Sensitive | Table::ServiceMetrics => None,
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

/// Object and record of the rows that don't count; same keys stand together, best row first.
fn repeated(table: Table, rows: &[Candidate]) -> Vec<(String, i64)> {
    match table {
        Table::Invocations => repeated_calls(rows),
        Table::ApiEvents | Table::Rejects | Table::Sensitive | Table::ServiceMetrics => {
            let others = rows.chunk_by(same_key).flat_map(|same_key| &same_key[1..]);
            others.map(|row| (row.object.clone(), row.record)).collect()
        }
    }
}

fn repeated_calls(rows: &[Candidate]) -> Vec<(String, i64)> {
    let mut repeats = Vec::new();
    for same_key in rows.chunk_by(same_key) {
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
    repeats
}

/// The ids of the events that these rows correct.
pub(super) fn corrected(rows: &DataFrame) -> PolarsResult<Vec<String>> {
    let own = rows.column(api_event::EVENT_ID)?.str()?;
    let original = rows.column(api_event::ORIGINAL_EVENT_ID)?.str()?;
    let corrected = original.iter().zip(own.iter()).filter(|(original, own)| original != own);
    Ok(corrected.filter_map(|(original, _)| original.map(str::to_owned)).collect())
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
fn candidates(day: &LazyFrame, ids: &DataFrame, table: Table) -> PolarsResult<Vec<Candidate>> {
    let Some(key) = key(table).filter(|_| ids.height() > 0) else { return Ok(Vec::new()) };
    let counts: &[&str] = if table == Table::Invocations { &CALL_COUNTS } else { &[] };
    let by = |name: &&'static str| col(*name);
    let lineage = [invocation::OBJECT, invocation::RECORD];
    let columns: Vec<Expr> =
        key.iter().chain(counts).chain(&lineage).map(by).chain([known_fields(table)]).collect();
    let order: Vec<&str> = key.iter().copied().chain([KNOWN]).chain(lineage).collect();
    let descending: Vec<bool> = order.iter().map(|name| *name == KNOWN).collect();
    let wanted = ids.column(key[0])?.as_materialized_series().clone().implode()?.into_series();
    let rows = day
        .clone()
        // A filter and no join: the scan then reads the other columns of matching rows only.
        .filter(col(key[0]).is_in(lit(wanted), false))
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
        Table::Invocations | Table::Rejects | Table::Sensitive | Table::ServiceMetrics => {
            known.alias(KNOWN)
        }
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

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, df};

    use super::without;

    #[test]
    fn listed_rows_are_left_out_and_rows_without_a_lineage_stay() {
        let rows = df![
            "object" => [Some("a"), Some("a"), Some("b"), Some("a"), None, Some("c"), Some("b")],
            "record" => [Some(1), Some(2), Some(2), Some(3), Some(2), None, Some(1_i64)],
            "number" => [0, 1, 2, 3, 4, 5, 6],
        ];
        let listed =
            df!["object" => ["a", "b", "a", "d"], "record" => [2_i64, 1, 3, 1]].expect("a frame");
        let left = without(rows.expect("a frame").lazy(), &listed).expect("a plan").collect();
        let left = left.expect("rows");
        let numbers: Vec<i32> = left
            .column("number")
            .expect("there")
            .i32()
            .expect("numbers")
            .iter()
            .flatten()
            .collect();
        assert_eq!(numbers, [0, 2, 4, 5]);
    }
}
