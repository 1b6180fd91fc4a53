//! Parquet files of the store: writing one from rows, and scanning several lazily.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use polars::io::HiveOptions;
use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::{
    DataFrame, IntoLazy, LazyFrame, ParquetCompression, ParquetWriter, PlRefPath, PolarsResult,
    ScanArgsParquet, Schema,
};
use sha2::{Digest, Sha256};

use super::catalog::FileEntry;
use super::{Error, files};
use crate::schema::Table;

/// Writes rows of one day as a new file; it is not live before the catalogue names it.
pub(super) fn write(
    root: &Path,
    table: Table,
    day: NaiveDate,
    path: String,
    mut rows: DataFrame,
) -> Result<FileEntry, Error> {
    let bytes = encode(&mut rows).map_err(|source| Error::Segment {
        action: "encode",
        path: root.join(&path),
        source,
    })?;
    files::write_whole(root, &path, &bytes)?;
    Ok(FileEntry {
        table,
        day,
        path,
        rows: rows.height() as u64,
        size_bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
    })
}

fn encode(rows: &mut DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    // The fastest level: the next ones take twice the time to save a few percent.
    let compression = ParquetCompression::Zstd(Some(ZstdLevel::try_new(1)?));
    ParquetWriter::new(&mut bytes).with_compression(compression).finish(rows)?;
    Ok(bytes)
}

/// SHA-256 as lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// All rows of these files, lazily; an empty frame of the schema when there is none.
pub(super) fn scan(paths: &[PathBuf], schema: Schema) -> PolarsResult<LazyFrame> {
    if paths.is_empty() {
        return Ok(DataFrame::empty_with_schema(&schema).lazy());
    }
    let paths: Vec<PlRefPath> =
        paths.iter().map(|path| PlRefPath::try_from_path(path)).collect::<PolarsResult<_>>()?;
    let options = ScanArgsParquet {
        schema: Some(Arc::new(schema)),
        hive_options: HiveOptions::new_disabled(),
        glob: false,
        cache: false,
        allow_missing_columns: true,
        ..ScanArgsParquet::default()
    };
    LazyFrame::scan_parquet_files(paths.into(), options)
}
