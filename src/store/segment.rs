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
use super::encode::{Rows, encode};
use super::{Error, files};
use crate::schema::Table;

/// Where a new file goes; it is not live before the catalogue names it.
pub(super) struct NewFile<'a> {
    /// The store's folder.
    pub(super) root: &'a Path,
    pub(super) table: Table,
    /// The UTC day of its rows.
    pub(super) day: NaiveDate,
    /// Path below the store.
    pub(super) path: String,
}

impl NewFile<'_> {
    /// Writes the rows of a frame.
    pub(super) fn write(self, rows: DataFrame) -> Result<FileEntry, Error> {
        let height = rows.height() as u64;
        let bytes = bytes_of(rows).map_err(|source| self.not_encoded(source))?;
        self.put(&bytes, height)
    }

    /// Writes rows that were never in a frame, by way of this memory.
    pub(super) fn write_rows<'a>(
        self,
        rows: &impl Rows<'a>,
        bytes: &mut Vec<u8>,
    ) -> Result<FileEntry, Error> {
        encode(self.table, rows, bytes).map_err(|source| self.not_encoded(source))?;
        self.put(bytes, rows.height() as u64)
    }

    fn put(self, bytes: &[u8], rows: u64) -> Result<FileEntry, Error> {
        let Self { root, table, day, path } = self;
        files::write_whole(root, &path, bytes)?;
        let size_bytes = bytes.len() as u64;
        Ok(FileEntry { table, day, path, rows, size_bytes, sha256: sha256(bytes) })
    }

    fn not_encoded(&self, source: polars::prelude::PolarsError) -> Error {
        Error::Segment { action: "encode", path: self.root.join(&self.path), source }
    }
}

/// The bytes of a Parquet file of a frame.
fn bytes_of(rows: DataFrame) -> PolarsResult<Vec<u8>> {
    compressed(rows, compression()?)
}

/// As [`bytes_of`], to be read in the least time and memory: Polars allocates 400 KB to read a column
/// that Zstandard has compressed, and derived files are many, small, and read often.
pub(super) fn bytes_to_read_often(rows: DataFrame) -> PolarsResult<Vec<u8>> {
    compressed(rows, ParquetCompression::Lz4Raw)
}

fn compressed(mut rows: DataFrame, how: ParquetCompression) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_compression(how).finish(&mut rows)?;
    Ok(bytes)
}

/// The fastest level: the next ones take twice the time to save a few percent.
pub(super) const ZSTD_LEVEL: i32 = 1;

/// How Polars compresses.
pub(super) fn compression() -> PolarsResult<ParquetCompression> {
    ZstdLevel::try_new(ZSTD_LEVEL).map(|level| ParquetCompression::Zstd(Some(level)))
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
