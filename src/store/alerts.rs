//! What alerts there are and what checks have judged: a small ledger of its own beside the catalogue.
//!
//! Alerts are kept as the JSON text that their stage gives; the ledger knows of each only its name, when
//! it began and whether it is open. A change reads and writes in one transaction.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{Error, Reader, files};

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAlert {
    /// Its name.
    pub id: String,
    /// When it began, milliseconds UTC.
    pub from_ms: i64,
    /// Whether it goes on.
    pub is_open: bool,
    /// All of it, JSON.
    pub json: String,
}

/// A check that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCheck {
    /// When it ran, milliseconds UTC.
    pub at_ms: i64,
    /// Start of the time it judged.
    pub from_ms: i64,
    /// End of the time it judged.
    pub to_ms: i64,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS alerts (
    id TEXT PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    json TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alerts_by_time ON alerts (from_ms);
CREATE TABLE IF NOT EXISTS checks (
    at_ms INTEGER PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL
);
";
/// How long a change waits for another.
const BUSY: Duration = Duration::from_secs(10);

/// The ledger.
pub struct AlertLedger {
    connection: Connection,
    path: PathBuf,
}

impl AlertLedger {
    /// Opens the ledger of a store, making it where it isn't there.
    ///
    /// # Errors
    /// When there is no store, or the ledger can't be written.
    pub fn open(root: &Path) -> Result<Self, Error> {
        if !Reader::exists(root) {
            return Err(super::absent(root));
        }
        let path = root.join(files::ALERTS);
        files::create_ledger_file(&path)?;
        let failed = |source| Error::Ledger { path: path.clone(), source };
        let connection = Connection::open(&path).map_err(failed)?;
        let prepare = || {
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(SCHEMA)
        };
        prepare().map_err(failed)?;
        Ok(Self { connection, path })
    }

    /// The newest check; none before the first.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub fn last_check(&self) -> Result<Option<KeptCheck>, Error> {
        let sql = "SELECT at_ms, from_ms, to_ms FROM checks ORDER BY at_ms DESC LIMIT 1";
        let check = self.connection.query_row(sql, [], |row| {
            Ok(KeptCheck { at_ms: row.get(0)?, from_ms: row.get(1)?, to_ms: row.get(2)? })
        });
        self.said(check.optional())
    }

    /// Alerts that are open or began since, by time and name.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub fn alerts_since(&self, from_ms: i64) -> Result<Vec<KeptAlert>, Error> {
        self.said(alerts_since(&self.connection, from_ms))
    }

    /// Changes alerts that are open or began since, in one transaction; what `change` gives back is
    /// kept, and with it the check, if it was one.
    ///
    /// # Errors
    /// When `change` fails, or the ledger can't be written; nothing is changed then.
    pub fn change<T, E: From<Error>>(
        &mut self,
        from_ms: i64,
        check: Option<KeptCheck>,
        change: impl FnOnce(Vec<KeptAlert>) -> Result<(Vec<KeptAlert>, T), E>,
    ) -> Result<T, E> {
        let path = self.path.clone();
        let failed = |source| E::from(Error::Ledger { path: path.clone(), source });
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let known = alerts_since(&transaction, from_ms).map_err(failed)?;
        let (alerts, result) = change(known)?;
        let keep = || {
            for alert in &alerts {
                transaction.execute(
                    "INSERT OR REPLACE INTO alerts VALUES (?1, ?2, ?3, ?4)",
                    params![alert.id, alert.from_ms, alert.is_open, alert.json],
                )?;
            }
            if let Some(check) = check {
                transaction.execute(
                    "INSERT OR REPLACE INTO checks VALUES (?1, ?2, ?3)",
                    params![check.at_ms, check.from_ms, check.to_ms],
                )?;
            }
            Ok(())
        };
        keep().map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(result)
    }

    fn said<T>(&self, result: rusqlite::Result<T>) -> Result<T, Error> {
        result.map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }
}

fn alerts_since(connection: &Connection, from_ms: i64) -> rusqlite::Result<Vec<KeptAlert>> {
    let sql = "SELECT id, from_ms, is_open, json FROM alerts
               WHERE is_open OR from_ms >= ?1 ORDER BY from_ms, id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([from_ms], |row| {
        Ok(KeptAlert {
            id: row.get(0)?,
            from_ms: row.get(1)?,
            is_open: row.get(2)?,
            json: row.get(3)?,
        })
    })?;
    rows.collect()
}
