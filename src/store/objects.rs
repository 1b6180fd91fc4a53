//! The objects that a period's rows were read from, with what is known of their content.
//!
//! Hashes stand in a table of their own, made when the first one is kept: stores of earlier versions
//! have none. A hash belongs to one version of an object, by its fingerprint.

use rusqlite::{Connection, Transaction, params};

use super::catalog::ObjectEntry;
use super::{Error, Reader};
use crate::period::Period;

/// An object that rows were read from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ObjectRead {
    /// Bucket and key, or the path below the source folder.
    pub object: String,
    /// `ETag` in S3; size and modification time of a file.
    pub fingerprint: String,
    /// Stored size.
    pub size_bytes: u64,
    /// Kind of log; null when neither path nor content told.
    pub kind: Option<String>,
    /// Rows of all days, repeats included.
    pub rows: u64,
    /// Records that could not be read.
    pub rejects: u64,
    /// SHA-256 of the stored bytes, hex; null when the ingest didn't compute it.
    pub sha256: Option<String>,
}

impl Reader {
    /// Hands out the objects with rows or rejects on the UTC days of the period, by name.
    ///
    /// # Errors
    /// When the catalogue can't be read; whatever `each` returns.
    pub fn each_object_in<E: From<Error>>(
        &self,
        period: Period,
        mut each: impl FnMut(ObjectRead) -> Result<(), E>,
    ) -> Result<(), E> {
        let (first, last) = period.utc_days();
        let days = [first.to_string(), last.to_string()];
        let mut failed = None;
        self.catalog.query(|catalog| {
            let mut query = catalog.prepare(&select(has_hashes(catalog)?))?;
            let mut rows = query.query([&days[0], &days[1]])?;
            while let Some(row) = rows.next()? {
                let unsigned = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                let object = ObjectRead {
                    object: row.get(0)?,
                    fingerprint: row.get(1)?,
                    size_bytes: unsigned(2)?,
                    kind: row.get(3)?,
                    rows: unsigned(4)?,
                    rejects: unsigned(5)?,
                    sha256: row.get(6)?,
                };
                if let Err(error) = each(object) {
                    failed = Some(error);
                    break;
                }
            }
            Ok(())
        })?;
        failed.map_or(Ok(()), Err)
    }
}

fn select(with_hashes: bool) -> String {
    let (hash, join) = if with_hashes {
        (
            "hashes.sha256",
            "LEFT JOIN hashes ON hashes.object = objects.object
                 AND hashes.fingerprint = objects.fingerprint",
        )
    } else {
        ("NULL", "")
    };
    format!(
        "SELECT objects.object, objects.fingerprint, objects.size_bytes, objects.kind,
                objects.invocations + objects.api_events, objects.rejects, {hash}
         FROM objects {join}
         WHERE objects.id IN (
             SELECT contents.object_id FROM contents
             JOIN segments ON segments.id = contents.segment_id
             WHERE segments.day BETWEEN ?1 AND ?2)
         ORDER BY objects.object"
    )
}

fn has_hashes(catalog: &Connection) -> rusqlite::Result<bool> {
    catalog
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'hashes'")?
        .exists([])
}

/// Keeps the hashes of these objects, as far as they have one.
pub(super) fn put_hashes<'a>(
    change: &Transaction<'_>,
    entries: impl Iterator<Item = &'a ObjectEntry>,
) -> rusqlite::Result<()> {
    let mut hashed = entries.filter_map(|entry| Some((entry, entry.sha256.as_ref()?))).peekable();
    if hashed.peek().is_none() {
        return Ok(());
    }
    change.execute_batch(
        "CREATE TABLE IF NOT EXISTS hashes (
             object TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, sha256 TEXT NOT NULL
         ) WITHOUT ROWID",
    )?;
    let mut put = change.prepare_cached("INSERT OR REPLACE INTO hashes VALUES (?1, ?2, ?3)")?;
    for (entry, sha256) in hashed {
        put.execute(params![entry.object, entry.fingerprint, sha256])?;
    }
    Ok(())
}
