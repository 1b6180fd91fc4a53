//! Compressing the pages of a file, with memory that serves all of them.
//!
//! A context of Zstandard takes a megabyte. Polars makes one for each page, and has it filled with
//! zeros: for small pages that takes longer than compressing them. Here each thread keeps one.

use std::cell::RefCell;

use polars::prelude::PolarsResult;
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::metadata::Descriptor;
use polars_parquet::parquet::page::DataPageHeader;
use polars_parquet::parquet::page::{CompressedDataPage, CompressedDictPage, CompressedPage};
use zstd::bulk;
use zstd::zstd_safe::compress_bound;

use crate::store::segment::ZSTD_LEVEL;

/// Compresses pages one after another.
pub(super) struct Compressor {
    zstd: bulk::Compressor<'static>,
    /// The page that was compressed last.
    buffer: Vec<u8>,
}

/// A larger page's memory is not used again.
const KEPT_BYTES: usize = 4 << 20;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor>> = const { RefCell::new(None) };
}

/// Does work with the compressor of this thread.
pub(super) fn with_compressor<T>(
    work: impl FnOnce(&mut Compressor) -> PolarsResult<T>,
) -> PolarsResult<T> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new()?),
        };
        work(compressor)
    })
}

impl Compressor {
    fn new() -> PolarsResult<Self> {
        Ok(Self { zstd: bulk::Compressor::new(ZSTD_LEVEL)?, buffer: Vec::new() })
    }

    /// A page of a dictionary's entries.
    pub(super) fn dictionary(
        &mut self,
        bytes: &[u8],
        entries: usize,
    ) -> PolarsResult<CompressedPage> {
        let compressed = CowBuffer::Owned(self.compress(bytes)?);
        let page =
            CompressedDictPage::new(compressed, Compression::Zstd, bytes.len(), entries, false);
        Ok(CompressedPage::Dict(page))
    }

    /// A page of values.
    pub(super) fn data(
        &mut self,
        bytes: &[u8],
        header: DataPageHeader,
        descriptor: Descriptor,
        rows: usize,
    ) -> PolarsResult<CompressedPage> {
        let compressed = CowBuffer::Owned(self.compress(bytes)?);
        let page = CompressedDataPage::new(
            header,
            compressed,
            Compression::Zstd,
            bytes.len(),
            descriptor,
            rows,
        );
        Ok(CompressedPage::Data(page))
    }

    fn compress(&mut self, bytes: &[u8]) -> PolarsResult<Vec<u8>> {
        self.buffer.clear();
        self.buffer.reserve(compress_bound(bytes.len()));
        self.zstd.compress_to_buffer(bytes, &mut self.buffer)?;
        if self.buffer.capacity() > KEPT_BYTES {
            return Ok(std::mem::take(&mut self.buffer));
        }
        Ok(self.buffer.clone())
    }
}
