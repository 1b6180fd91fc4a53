//! Rows kept column by column → the bytes of a Parquet file.
//!
//! Names in a log repeat, and [`Texts`] keeps each once: their dictionary is written as it is, where a
//! frame would have every value of forty columns hashed three times to find it again. Ids are written
//! one after another, and numbers by a dictionary where they lie close together. Columns are encoded in
//! parallel. Files that are made from frames (merged ones, what is left of a replaced object) are
//! Polars' own and read the same.
//!
//! Sources: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.

mod compress;
mod deltas;
mod dictionary;
#[cfg(test)]
mod tests;
mod texts;

use std::ops::Range;

use polars::prelude::{ArrowSchema, CompatLevel, PolarsResult, SchemaExt};
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::encoding::hybrid_rle::{self, Encoder as _};
use polars_parquet::parquet::metadata::Descriptor;
use polars_parquet::parquet::page::{CompressedPage, DataPageHeader, DataPageHeaderV1};
use polars_parquet::parquet::schema::types::PrimitiveType;
use polars_parquet::parquet::statistics::{
    BinaryStatistics, BooleanStatistics, ParquetStatistics, PrimitiveStatistics,
};
use polars_parquet::write::{
    DynIter, DynStreamingIterator, FileWriter, StatisticsOptions, Version, WriteOptions,
    fallible_streaming_iterator,
};
use rayon::prelude::*;

use self::compress::Compressor;
use self::dictionary::{Dictionary, NumberDictionary};
use self::texts::TextPage;
use super::segment;
use crate::schema::columns::{NULL, Plain, Stretches, Texts, Visitor};
use crate::schema::{Table, TimeMs};

/// Rows of one row group at most, as Polars has it.
const GROUP_ROWS: usize = 512 * 512;
/// Plain bytes after which a page is closed.
const PAGE_BYTES: usize = 1 << 20;
/// Rows of one page at most.
const PAGE_ROWS: usize = 1 << 17;
/// Texts are cut to about this length where they are bounds in statistics.
const BOUND_BYTES: usize = 64;

/// One table's rows that can be shown column by column, in groups of rows.
pub(super) trait Rows<'a> {
    /// How many rows there are.
    fn height(&self) -> usize;
    /// Shows the columns of some of the rows.
    fn show(&self, rows: Range<usize>, encoder: &mut Encoder<'a>);
}

/// Makes `bytes` a Parquet file of these rows.
///
/// # Errors
/// When Polars' compressors or its writer fail.
pub(super) fn encode<'a>(
    table: Table,
    rows: &impl Rows<'a>,
    bytes: &mut Vec<u8>,
) -> PolarsResult<()> {
    let schema: ArrowSchema = table.schema().to_arrow(CompatLevel::newest());
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        compression: segment::compression()?.into(),
        version: Version::V1,
        data_page_size: None,
    };
    bytes.clear();
    let mut writer = FileWriter::try_new(bytes, schema, options)?;
    let types: Vec<PrimitiveType> = writer
        .parquet_schema()
        .columns()
        .iter()
        .map(|column| column.descriptor.primitive_type.clone())
        .collect();
    let mut start = 0;
    while start < rows.height() {
        let group = start..rows.height().min(start + GROUP_ROWS);
        start = group.end;
        let height = group.len();
        let mut encoder = Encoder::default();
        rows.show(group, &mut encoder);
        let columns = encoder.columns.into_par_iter().zip(&types);
        let columns = columns
            .map(|(shown, kind)| {
                compress::with_compressor(|compressor| {
                    let kind = kind.clone();
                    let mut column = Column { height, kind, compressor, pages: Vec::new() };
                    column.encode(&shown)?;
                    Ok(column.pages)
                })
            })
            .collect::<PolarsResult<Vec<_>>>()?;
        let pages = DynIter::new(columns.iter().map(|pages| {
            let pages = pages.iter().map(PolarsResult::Ok);
            Ok(DynStreamingIterator::new(fallible_streaming_iterator::convert(pages)))
        }));
        writer.write(height as u64, pages)?;
    }
    writer.end(None)?;
    Ok(())
}

/// Takes the columns of a row group, to encode them.
#[derive(Default)]
pub(super) struct Encoder<'a> {
    columns: Vec<Shown<'a>>,
}

/// A column as it is shown: stretches of blocks.
enum Shown<'a> {
    Texts(Stretches<'a, Texts>),
    Ints(Stretches<'a, Plain<i64>>),
    Times(Stretches<'a, Plain<TimeMs>>),
    Flags(Stretches<'a, Plain<bool>>),
}

impl<'a> Visitor<'a> for Encoder<'a> {
    fn texts(&mut self, _name: &'static str, pieces: Stretches<'a, Texts>) {
        self.columns.push(Shown::Texts(pieces));
    }

    fn ints(&mut self, _name: &'static str, pieces: Stretches<'a, Plain<i64>>) {
        self.columns.push(Shown::Ints(pieces));
    }

    fn times(&mut self, _name: &'static str, pieces: Stretches<'a, Plain<TimeMs>>) {
        self.columns.push(Shown::Times(pieces));
    }

    fn flags(&mut self, _name: &'static str, pieces: Stretches<'a, Plain<bool>>) {
        self.columns.push(Shown::Flags(pieces));
    }
}

/// The pages of one column of a row group.
struct Column<'c> {
    height: usize,
    kind: PrimitiveType,
    compressor: &'c mut Compressor,
    pages: Vec<CompressedPage>,
}

impl Column<'_> {
    fn encode(&mut self, shown: &Shown<'_>) -> PolarsResult<()> {
        match shown {
            Shown::Texts(pieces) => match Dictionary::of(pieces, self.height) {
                Some(dictionary) => self.dictionary(&dictionary),
                None => self.plain_texts(pieces),
            },
            Shown::Ints(pieces) => self.numbers(&values(pieces, self.height, |value| value)),
            Shown::Times(pieces) => self.numbers(&values(pieces, self.height, |time| time.0)),
            Shown::Flags(pieces) => self.flags(&values(pieces, self.height, |flag| flag)),
        }
    }

    fn dictionary(&mut self, dictionary: &Dictionary<'_>) -> PolarsResult<()> {
        let texts = &dictionary.texts;
        let mut bytes = Vec::with_capacity(dictionary.bytes + texts.len() * 4);
        for text in texts {
            append_text(text, &mut bytes);
        }
        let bounds = texts.iter().copied().min().zip(texts.iter().copied().max());
        self.dictionary_page(&bytes, texts.len())?;
        for keys in dictionary.keys.chunks(PAGE_ROWS) {
            self.index_page(keys, texts.len(), |column, nulls| {
                column.text_statistics(nulls, bounds)
            })?;
        }
        Ok(())
    }

    fn dictionary_page(&mut self, bytes: &[u8], entries: usize) -> PolarsResult<()> {
        self.pages.push(self.compressor.dictionary(bytes, entries)?);
        Ok(())
    }

    /// Which of a dictionary's entries each row has.
    fn index_page(
        &mut self,
        keys: &[u32],
        entries: usize,
        statistics: impl Fn(&Self, usize) -> ParquetStatistics,
    ) -> PolarsResult<()> {
        let known = keys.iter().filter(|key| **key != NULL);
        let nulls = keys.len() - known.clone().count();
        let mut page = levels(keys.iter().map(|key| *key != NULL), keys.len(), nulls)?;
        let bits = usize::BITS - entries.saturating_sub(1).leading_zeros();
        page.push(u8::try_from(bits).unwrap_or(u8::MAX));
        if entries == 1 && nulls < keys.len() {
            u32::run_length_encode(&mut page, keys.len() - nulls, 0, bits)?;
        } else {
            hybrid_rle::encode::<u32, _, _>(&mut page, known.copied(), bits)?;
        }
        let statistics = statistics(self, nulls);
        self.data(&page, keys.len(), statistics, Encoding::RleDictionary)
    }

    fn plain_texts(&mut self, pieces: &[(&Texts, Range<usize>)]) -> PolarsResult<()> {
        let mut page = TextPage::default();
        for (texts, rows) in pieces {
            let keys = texts.keys(rows.clone());
            let missing = rows.len() - keys.len();
            for key in keys.iter().copied().chain(std::iter::repeat_n(NULL, missing)) {
                page.add(texts, key);
                if page.is_full() {
                    self.text_page(&mut page, texts)?;
                }
            }
            page.close_run(texts);
        }
        match pieces.last() {
            Some((texts, _)) if page.rows() > 0 => self.text_page(&mut page, texts),
            _ => Ok(()),
        }
    }

    /// Writes a page of texts and empties it; `texts` are those of its last rows.
    fn text_page(&mut self, texts: &mut TextPage, of: &Texts) -> PolarsResult<()> {
        texts.close_run(of);
        let (rows, nulls) = (texts.rows(), texts.nulls());
        let statistics = self.text_statistics(nulls, texts.bounds());
        let page = texts.take()?;
        self.data(&page, rows, statistics, Encoding::DeltaLengthByteArray)
    }

    fn numbers(&mut self, values: &[Option<i64>]) -> PolarsResult<()> {
        let dictionary = NumberDictionary::of(values);
        if let Some(NumberDictionary { numbers, .. }) = &dictionary {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            self.dictionary_page(&bytes, numbers.len())?;
        }
        for (page, values) in values.chunks(PAGE_ROWS).enumerate() {
            let known = || values.iter().copied().flatten();
            let (min, max) = (known().min(), known().max());
            let statistics = |column: &Self, nulls| {
                let primitive_type = column.kind.clone();
                let (null_count, distinct_count) = (count(nulls), None);
                let (min_value, max_value) = (min, max);
                PrimitiveStatistics::<i64> {
                    primitive_type,
                    null_count,
                    distinct_count,
                    min_value,
                    max_value,
                }
                .serialize()
            };
            if let Some(NumberDictionary { numbers, keys }) = &dictionary {
                let start = page * PAGE_ROWS;
                let keys = &keys[start..start + values.len()];
                self.index_page(keys, numbers.len(), statistics)?;
            } else {
                let nulls = values.iter().filter(|value| value.is_none()).count();
                let mut page = levels(values.iter().map(Option::is_some), values.len(), nulls)?;
                page.extend(known().flat_map(i64::to_le_bytes));
                let statistics = statistics(self, nulls);
                self.data(&page, values.len(), statistics, Encoding::Plain)?;
            }
        }
        Ok(())
    }

    fn flags(&mut self, values: &[Option<bool>]) -> PolarsResult<()> {
        for values in values.chunks(PAGE_ROWS) {
            let known: Vec<bool> = values.iter().copied().flatten().collect();
            let nulls = values.len() - known.len();
            let mut page = levels(values.iter().map(Option::is_some), values.len(), nulls)?;
            let byte =
                |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
            page.extend(known.chunks(8).map(byte));
            let statistics = BooleanStatistics {
                null_count: count(nulls),
                distinct_count: None,
                min_value: known.iter().copied().min(),
                max_value: known.iter().copied().max(),
            };
            self.data(&page, values.len(), statistics.serialize(), Encoding::Plain)?;
        }
        Ok(())
    }

    /// Bounds are always told: nulls that are counted without bounds mean to `DuckDB` that there is
    /// nothing else, and a filter then finds no row.
    fn text_statistics(&self, nulls: usize, bounds: Option<(&str, &str)>) -> ParquetStatistics {
        BinaryStatistics {
            primitive_type: self.kind.clone(),
            null_count: count(nulls),
            distinct_count: None,
            min_value: bounds.map(|(min, _)| cut(min).as_bytes().to_vec()),
            max_value: bounds.map(|(_, max)| at_least(max).into_bytes()),
        }
        .serialize()
    }

    fn data(
        &mut self,
        page: &[u8],
        rows: usize,
        statistics: ParquetStatistics,
        encoding: Encoding,
    ) -> PolarsResult<()> {
        let header = DataPageHeaderV1 {
            num_values: i32::try_from(rows).unwrap_or(i32::MAX),
            encoding: encoding.into(),
            definition_level_encoding: Encoding::Rle.into(),
            repetition_level_encoding: Encoding::Rle.into(),
            statistics: Some(statistics),
        };
        let descriptor =
            Descriptor { primitive_type: self.kind.clone(), max_def_level: 0, max_rep_level: 0 };
        let header = DataPageHeader::V1(header);
        self.pages.push(self.compressor.data(page, header, descriptor, rows)?);
        Ok(())
    }
}

/// All values of a column, one for each row.
fn values<T: Copy, N>(
    pieces: &[(&Plain<T>, Range<usize>)],
    height: usize,
    number: impl Fn(T) -> N,
) -> Vec<Option<N>> {
    let mut values = Vec::with_capacity(height);
    for (plain, rows) in pieces {
        let end = values.len() + rows.len();
        values.extend(plain.values(rows.clone()).iter().map(|value| value.map(&number)));
        values.resize_with(end, || None);
    }
    values
}

/// The start of a page: which of its rows have a value.
fn levels(
    known: impl Iterator<Item = bool>,
    rows: usize,
    nulls: usize,
) -> std::io::Result<Vec<u8>> {
    let mut page = vec![0; 4];
    match nulls {
        0 => bool::run_length_encode(&mut page, rows, true, 1)?,
        _ if nulls == rows => bool::run_length_encode(&mut page, rows, false, 1)?,
        _ => hybrid_rle::encode::<bool, _, _>(&mut page, known, 1)?,
    }
    let len = u32::try_from(page.len() - 4).unwrap_or(u32::MAX);
    page[..4].copy_from_slice(&len.to_le_bytes());
    Ok(page)
}

/// The start of a text, which is no greater than it.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(BOUND_BYTES)).unwrap_or(text)
}

/// A text, or a short one that is greater: its start and the greatest character there is, where it has
/// another one.
fn at_least(text: &str) -> String {
    let start = cut(text);
    let greatest = text[start.len()..].chars().take_while(|char| *char == char::MAX);
    let end = start.len() + greatest.map(char::len_utf8).sum::<usize>();
    let rest = if end < text.len() { char::MAX.to_string() } else { String::new() };
    format!("{}{rest}", &text[..end])
}

fn append_text(text: &str, bytes: &mut Vec<u8>) {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn count(rows: usize) -> Option<i64> {
    i64::try_from(rows).ok()
}
