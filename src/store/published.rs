//! What was published to `CloudWatch`, figure by figure: so that nothing is published twice.
//!
//! A figure is noted before it is sent and confirmed after. A run that ends in between leaves it
//! unconfirmed: whether it has arrived is unknown, and it is not sent again unless somebody asks.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{Error, Reader, Writer};

/// Which figure: its metric, its dimensions as text, the start of its hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FigureKey {
    /// The metric.
    pub metric: String,
    /// Its dimensions, `Name=value`; empty for none.
    pub dimensions: String,
    /// The start of its hour, milliseconds UTC.
    pub hour_ms: i64,
}

/// A figure as it was published last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedFigure {
    /// What the hour's figure is by what was sent so far, corrections included.
    pub value: f64,
    /// Whether it is known to have arrived.
    pub is_confirmed: bool,
}

impl Reader {
    /// What was published to a place (account, Region and namespace) since a time.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn published(
        &self,
        place: &str,
        since_ms: i64,
    ) -> Result<BTreeMap<FigureKey, PublishedFigure>, Error> {
        self.catalog.query(|catalog| {
            if !has_table(catalog)? {
                return Ok(BTreeMap::new());
            }
            catalog
                .prepare(
                    "SELECT metric, dimensions, hour_ms, value, confirmed FROM published
                     WHERE place = ?1 AND hour_ms >= ?2",
                )?
                .query_map(params![place, since_ms], |row| {
                    let key = FigureKey {
                        metric: row.get(0)?,
                        dimensions: row.get(1)?,
                        hour_ms: row.get(2)?,
                    };
                    Ok((key, PublishedFigure { value: row.get(3)?, is_confirmed: row.get(4)? }))
                })?
                .collect()
        })
    }
}

impl Writer {
    /// Notes figures of a place; later ones take the place of earlier ones.
    ///
    /// # Errors
    /// When the catalogue can't be written; then none is noted.
    pub fn note_published(
        &mut self,
        place: &str,
        figures: &[(FigureKey, PublishedFigure)],
    ) -> Result<(), Error> {
        self.reader.catalog.change(|change| {
            change.execute_batch(TABLE)?;
            let mut put = change.prepare_cached(
                "INSERT OR REPLACE INTO published VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (key, figure) in figures {
                put.execute(params![
                    place,
                    key.metric,
                    key.dimensions,
                    key.hour_ms,
                    figure.value,
                    figure.is_confirmed,
                ])?;
            }
            Ok(())
        })
    }

    /// Forgets figures of a place: they are known not to have arrived.
    ///
    /// # Errors
    /// When the catalogue can't be written.
    pub fn forget_published(&mut self, place: &str, figures: &[FigureKey]) -> Result<(), Error> {
        self.reader.catalog.change(|change| {
            change.execute_batch(TABLE)?;
            let mut forget = change.prepare_cached(
                "DELETE FROM published
                 WHERE place = ?1 AND metric = ?2 AND dimensions = ?3 AND hour_ms = ?4",
            )?;
            for key in figures {
                forget.execute(params![place, key.metric, key.dimensions, key.hour_ms])?;
            }
            Ok(())
        })
    }

    /// Forgets what is older than anything that can be published again.
    ///
    /// # Errors
    /// When the catalogue can't be written.
    pub fn forget_published_before(&mut self, before_ms: i64) -> Result<(), Error> {
        self.reader.catalog.change(|change| {
            change.execute_batch(TABLE)?;
            change.execute("DELETE FROM published WHERE hour_ms < ?1", [before_ms]).map(drop)
        })
    }
}

/// Stores of earlier versions have no such table.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS published (
    place TEXT NOT NULL, metric TEXT NOT NULL, dimensions TEXT NOT NULL, hour_ms INTEGER NOT NULL,
    value REAL NOT NULL, confirmed INTEGER NOT NULL,
    PRIMARY KEY (place, metric, dimensions, hour_ms)
) WITHOUT ROWID";

fn has_table(catalog: &Connection) -> rusqlite::Result<bool> {
    catalog
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'published'")?
        .exists([])
}
