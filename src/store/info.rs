//! What the store holds: `store info`.

use chrono::{DateTime, NaiveDate, Utc};
use polars::prelude::{DataType, SortMultipleOptions, col, len};
use rusqlite::Connection;
use serde::Serialize;

use super::{Error, Reader};
use crate::period::Period;
use crate::schema::{Table, reject};

/// What the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Info {
    /// The store's folder.
    pub store: String,
    /// Objects in the catalogue, those without rows included.
    pub objects: u64,
    /// Objects by kind.
    pub kinds: Vec<KindCount>,
    /// Objects that hold no log by nature (digests, offloaded bodies, …).
    pub objects_skipped: u64,
    /// Compressed size of the objects read, bytes.
    pub bytes_compressed: u64,
    /// Size after inflating, bytes.
    pub bytes_uncompressed: u64,
    /// Each table.
    pub tables: Vec<TableInfo>,
    /// Rejects by reason, sorted by reason.
    pub rejects: Vec<(String, u64)>,
    /// The newest object of each account, region and kind.
    pub freshness: Vec<Freshness>,
    /// The UTC day before which everything was pruned; rows of earlier days are not taken in again.
    pub pruned_before: Option<NaiveDate>,
    /// When an object was last taken in.
    pub last_ingest: Option<DateTime<Utc>>,
}

/// A number of objects of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The kind; null where neither path nor content told.
    pub kind: Option<String>,
    /// Objects.
    pub objects: u64,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableInfo {
    /// Name.
    pub table: &'static str,
    /// Rows that count.
    pub rows: u64,
    /// Rows that repeat another row's call or event.
    pub duplicates: u64,
    /// Live files.
    pub files: u64,
    /// Their size, bytes.
    pub size_bytes: u64,
    /// First UTC day with rows.
    pub first_day: Option<NaiveDate>,
    /// Last UTC day with rows.
    pub last_day: Option<NaiveDate>,
}

/// How fresh the logs of one account, region and kind are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// Account in the path.
    pub account: Option<String>,
    /// Region in the path.
    pub region: Option<String>,
    /// Kind of log.
    pub kind: Option<String>,
    /// Objects.
    pub objects: u64,
    /// Last modification of the newest object.
    pub newest: Option<DateTime<Utc>>,
}

/// What a period's rows were read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectsIn {
    /// Objects with rows or rejects on the period's UTC days.
    pub read: u64,
    /// Rows on these days that repeat another row's call or event.
    pub duplicates: u64,
}

impl Reader {
    /// What the store holds.
    ///
    /// # Errors
    /// When the catalogue or a reject file can't be read.
    pub fn info(&self) -> Result<Info, Error> {
        let rejects = self.rejects_by_reason()?;
        let pruned_before = self.floor()?;
        self.catalog.query(|catalog| {
            let (objects, skipped, compressed, uncompressed, last): (_, _, _, _, Option<i64>) =
                catalog.query_row(
                    "SELECT count(*), count(skipped), ifnull(sum(size_bytes), 0),
                        ifnull(sum(bytes_uncompressed), 0), max(ingested_ms) FROM objects",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
                )?;
            Ok(Info {
                store: self.root.display().to_string(),
                objects: unsigned(objects),
                kinds: kinds(catalog)?,
                objects_skipped: unsigned(skipped),
                bytes_compressed: unsigned(compressed),
                bytes_uncompressed: unsigned(uncompressed),
                tables: Table::ALL
                    .into_iter()
                    .map(|table| table_info(catalog, table))
                    .collect::<rusqlite::Result<_>>()?,
                rejects,
                freshness: freshness(catalog)?,
                pruned_before,
                last_ingest: last.and_then(DateTime::from_timestamp_millis),
            })
        })
    }

    /// Objects with rows or rejects on the UTC days of the period, and rows there that repeat others.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn objects_in(&self, period: Period) -> Result<ObjectsIn, Error> {
        let (first, last) = period.utc_days();
        let days = [first.to_string(), last.to_string()];
        self.catalog.query(|catalog| {
            let read = catalog.query_row(
                "SELECT count(DISTINCT contents.object_id) FROM contents
                 JOIN segments ON segments.id = contents.segment_id
                 WHERE segments.day BETWEEN ?1 AND ?2",
                [&days[0], &days[1]],
                |row| row.get(0),
            )?;
            let duplicates = catalog.query_row(
                "SELECT ifnull(sum(rows), 0) FROM repeats WHERE day BETWEEN ?1 AND ?2",
                [&days[0], &days[1]],
                |row| row.get(0),
            )?;
            Ok(ObjectsIn { read: unsigned(read), duplicates: unsigned(duplicates) })
        })
    }

    /// The first and the last UTC day with rows of a table; `None` when it has none.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn days(&self, table: Table) -> Result<Option<(NaiveDate, NaiveDate)>, Error> {
        let info = self.catalog.query(|catalog| table_info(catalog, table))?;
        Ok(info.first_day.zip(info.last_day))
    }

    /// The last UTC day of the period with rows of a table.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn last_day(&self, table: Table, period: Period) -> Result<Option<NaiveDate>, Error> {
        let (first, last) = period.utc_days();
        let [first, last] = [first.to_string(), last.to_string()];
        let day: Option<String> = self.catalog.query(|catalog| {
            catalog.query_row(
                "SELECT max(day) FROM segments WHERE tbl = ?1 AND day BETWEEN ?2 AND ?3",
                [table.name(), first.as_str(), last.as_str()],
                |row| row.get(0),
            )
        })?;
        Ok(day.and_then(|day| day.parse().ok()))
    }

    /// How many UTC days of the period have rows of a table.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn days_with_rows(&self, table: Table, period: Period) -> Result<u64, Error> {
        let (first, last) = period.utc_days();
        let [first, last] = [first.to_string(), last.to_string()];
        self.catalog.query(|catalog| {
            catalog.query_row(
                "SELECT count(DISTINCT day) FROM segments
                 WHERE tbl = ?1 AND day BETWEEN ?2 AND ?3",
                [table.name(), first.as_str(), last.as_str()],
                |row| Ok(unsigned(row.get(0)?)),
            )
        })
    }

    fn rejects_by_reason(&self) -> Result<Vec<(String, u64)>, Error> {
        let failed = |source| Error::Segment { action: "read", path: self.root.clone(), source };
        let counts = self
            .scan(Table::Rejects, None)?
            .group_by([col(reject::REASON)])
            .agg([len().alias(reject::RECORD)])
            .sort([reject::REASON], SortMultipleOptions::default())
            .collect()
            .map_err(failed)?;
        let read = || {
            let reasons = counts.column(reject::REASON)?.str()?.clone();
            let numbers = counts.column(reject::RECORD)?.cast(&DataType::UInt64)?;
            let numbers = numbers.u64()?.clone();
            Ok(reasons
                .iter()
                .zip(numbers.iter())
                .map(|(reason, n)| (reason.unwrap_or_default().to_owned(), n.unwrap_or_default()))
                .collect())
        };
        read().map_err(failed)
    }
}

fn kinds(catalog: &Connection) -> rusqlite::Result<Vec<KindCount>> {
    catalog
        .prepare("SELECT kind, count(*) FROM objects GROUP BY kind ORDER BY kind IS NULL, kind")?
        .query_map([], |row| Ok(KindCount { kind: row.get(0)?, objects: unsigned(row.get(1)?) }))?
        .collect()
}

fn table_info(catalog: &Connection, table: Table) -> rusqlite::Result<TableInfo> {
    let name = table.name();
    let duplicates: i64 = catalog.query_row(
        "SELECT ifnull(sum(rows), 0) FROM repeats WHERE tbl = ?1",
        [name],
        |row| row.get(0),
    )?;
    catalog.query_row(
        "SELECT ifnull(sum(rows), 0), count(*), ifnull(sum(size_bytes), 0), min(day), max(day)
         FROM segments WHERE tbl = ?1",
        [name],
        |row| {
            let day = |text: Option<String>| text.and_then(|text| text.parse().ok());
            Ok(TableInfo {
                table: name,
                rows: unsigned(row.get::<_, i64>(0)? - duplicates),
                duplicates: unsigned(duplicates),
                files: unsigned(row.get(1)?),
                size_bytes: unsigned(row.get(2)?),
                first_day: day(row.get(3)?),
                last_day: day(row.get(4)?),
            })
        },
    )
}

fn freshness(catalog: &Connection) -> rusqlite::Result<Vec<Freshness>> {
    catalog
        .prepare(
            "SELECT account, region, kind, count(*), max(modified_ms) FROM objects
             WHERE skipped IS NULL GROUP BY account, region, kind ORDER BY kind, account, region",
        )?
        .query_map([], |row| {
            Ok(Freshness {
                account: row.get(0)?,
                region: row.get(1)?,
                kind: row.get(2)?,
                objects: unsigned(row.get(3)?),
                newest: row.get::<_, Option<i64>>(4)?.and_then(DateTime::from_timestamp_millis),
            })
        })?
        .collect()
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
