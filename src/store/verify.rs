//! Does the store still hold what its catalogue says? `store verify`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::catalog::{Catalog, Days, FileEntry};
use super::{Error, Reader, files, repeats, segment};
use crate::schema::Table;

/// The result of checking every live file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Files checked.
    pub files: u64,
    /// Rows in them, repeats included.
    pub rows: u64,
    /// What is wrong; empty when the store is whole.
    pub problems: Vec<Problem>,
    /// Files that no catalogue row names: left by a killed writer, swept by the next one. Harmless.
    pub leftovers: Vec<String>,
}

/// Something wrong with a live file, or with a number in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Path below the store.
    pub path: String,
    /// What is wrong, and by how much.
    pub what: String,
}

impl Reader {
    /// Checks every live file against the catalogue: presence, SHA-256, readability, row count.
    ///
    /// # Errors
    /// When the catalogue can't be read. A damaged file is a problem in the result, not an error.
    pub fn verify(&self) -> Result<Verification, Error> {
        let mut result = Verification {
            files: 0,
            rows: 0,
            problems: Vec::new(),
            leftovers: leftovers(&self.root, &self.catalog)?,
        };
        for table in Table::ALL {
            for file in self.catalog.segments(table, Days::ALL)? {
                self.check(&file, &table.schema(), &mut result);
            }
            for file in self.catalog.repeats(table, Days::ALL)? {
                self.check(&file, &repeats::schema(), &mut result);
            }
        }
        result.problems.extend(self.check_sums()?);
        Ok(result)
    }

    fn check(&self, file: &FileEntry, schema: &polars::prelude::Schema, result: &mut Verification) {
        result.files += 1;
        result.rows += file.rows;
        if let Err(what) = whole(&self.root.join(&file.path), file, schema) {
            result.problems.push(Problem { path: file.path.clone(), what });
        }
    }

    /// The objects' rows must add up to the segments' rows.
    fn check_sums(&self) -> Result<Option<Problem>, Error> {
        let sums: [i64; 2] = self.catalog.query(|catalog| {
            let sum = |sql| catalog.query_row(sql, [], |row| row.get(0));
            Ok([
                sum("SELECT ifnull(sum(invocations + api_events + rejects), 0) FROM objects")?,
                sum("SELECT ifnull(sum(rows), 0) FROM segments
                     WHERE tbl NOT IN ('sensitive', 'service_metrics')")?,
            ])
        })?;
        Ok((sums[0] != sums[1]).then(|| Problem {
            path: files::CATALOG.to_owned(),
            what: format!("objects held {} rows, segments hold {}", sums[0], sums[1]),
        }))
    }
}

fn whole(path: &Path, file: &FileEntry, schema: &polars::prelude::Schema) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|error| format!("can't be read: {error}"))?;
    if segment::sha256(&bytes) != file.sha256 {
        return Err("its content has changed since it was written (SHA-256 differs)".into());
    }
    let rows = segment::scan(&[path.to_owned()], schema.clone())
        .and_then(polars::prelude::LazyFrame::collect)
        .map_err(|error| format!("can't be decoded: {error}"))?
        .height() as u64;
    if rows != file.rows {
        return Err(format!("holds {rows} rows, the catalogue says {}", file.rows));
    }
    Ok(())
}

/// Parquet and temporary files below the store that the catalogue doesn't name.
pub(super) fn leftovers(root: &Path, catalog: &Catalog) -> Result<Vec<String>, Error> {
    let mut live = BTreeSet::new();
    for table in Table::ALL {
        live.extend(catalog.segments(table, Days::ALL)?.into_iter().map(|file| file.path));
        live.extend(catalog.repeats(table, Days::ALL)?.into_iter().map(|file| file.path));
    }
    Ok(files::parquet_files(root).into_iter().filter(|path| !live.contains(path)).collect())
}
