//! What was read before: objects, and sources as a whole.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Error, Reader, Writer};

/// A source's last ingest in which everything that was to be read could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completed {
    /// When it was listed, milliseconds UTC.
    pub at_ms: i64,
    /// When the newest object seen in it, or in one before, was written.
    pub newest_ms: Option<i64>,
}

impl Reader {
    /// Which of these objects, by name and fingerprint, were read before in this very version; one
    /// answer each, in their order.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn known<'a>(
        &self,
        objects: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<bool>, Error> {
        self.catalog.query(|connection| {
            // One view of the catalogue, and one lock, for all of them.
            let view = connection.is_autocommit().then(|| connection.unchecked_transaction());
            let view = view.transpose()?;
            let mut query = connection
                .prepare_cached("SELECT fingerprint = ?2 FROM objects WHERE object = ?1")?;
            let known: rusqlite::Result<Vec<bool>> = objects
                .map(|(object, fingerprint)| {
                    let known = query.query_row(params![object, fingerprint], |row| row.get(0));
                    Ok(known.optional()?.unwrap_or(false))
                })
                .collect();
            drop(view);
            known
        })
    }

    /// The buckets that logs were read from.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn buckets(&self) -> Result<Vec<String>, Error> {
        let places: Vec<String> = self.catalog.query(|connection| {
            connection
                .prepare_cached(
                    "SELECT DISTINCT substr(object, 1, instr(object, '/') - 1) FROM objects
                     WHERE kind IS NOT NULL AND instr(object, '/') > 1",
                )?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        // Copies on disk begin with `AWSLogs` or their path, whatever is no place with a scheme.
        let is_bucket = |name: &String| {
            name.len() >= 3
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        };
        Ok(places.into_iter().filter(is_bucket).collect())
    }

    /// The last complete ingest of a source; `None` when there was none.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn last_complete(&self, source: &str) -> Result<Option<Completed>, Error> {
        self.catalog.query(|connection| {
            if !has_table(connection)? {
                return Ok(None);
            }
            connection
                .prepare_cached("SELECT complete_ms, newest_ms FROM sources WHERE source = ?1")?
                .query_row([source], |row| {
                    Ok(Completed { at_ms: row.get(0)?, newest_ms: row.get(1)? })
                })
                .optional()
        })
    }
}

impl Reader {
    /// The time up to which everything was read that was to be read: of the sources whose complete
    /// ingests are noted, that of the one which is furthest behind, with its name; else that of the last
    /// ingest that added something. `None` when nothing was ever read.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn read_until(&self) -> Result<Option<(i64, Option<String>)>, Error> {
        self.catalog.query(|connection| {
            let furthest_behind = if has_table(connection)? {
                connection
                    .prepare_cached(
                        "SELECT complete_ms, source FROM sources ORDER BY complete_ms LIMIT 1",
                    )?
                    .query_row([], |row| Ok((row.get(0)?, Some(row.get::<_, String>(1)?))))
                    .optional()?
            } else {
                None
            };
            if furthest_behind.is_some() {
                return Ok(furthest_behind);
            }
            let last: Option<i64> = connection
                .prepare_cached("SELECT max(ingested_ms) FROM objects")?
                .query_row([], |row| row.get(0))?;
            Ok(last.map(|at_ms| (at_ms, None)))
        })
    }
}

impl Writer {
    /// Notes complete ingests of sources.
    ///
    /// # Errors
    /// When the catalogue can't be written.
    pub fn complete(&mut self, sources: &[(String, Completed)]) -> Result<(), Error> {
        if sources.is_empty() {
            return Ok(());
        }
        self.reader.catalog.change(|change| {
            // Stores of earlier versions have no such table.
            change.execute_batch(
                "CREATE TABLE IF NOT EXISTS sources (
                     source TEXT PRIMARY KEY, complete_ms INTEGER NOT NULL, newest_ms INTEGER
                 ) WITHOUT ROWID",
            )?;
            let mut put =
                change.prepare_cached("INSERT OR REPLACE INTO sources VALUES (?1, ?2, ?3)")?;
            for (source, completed) in sources {
                put.execute(params![source, completed.at_ms, completed.newest_ms])?;
            }
            Ok(())
        })
    }
}

fn has_table(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'sources'")?
        .exists([])
}
