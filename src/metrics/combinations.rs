//! Combinations of values as numbers: millions of rows that have a few hundred combinations of names in
//! common carry 4 bytes each in place of a dozen texts.
//!
//! A group-by would tell them apart as well, but answers with groups, not with the number of every row;
//! to join that back takes four times as long as giving it out here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polars::polars_utils::aliases::PlHashMap;
use polars::prelude::{
    Column, DataFrame, DataType, Expr, Field, Int64Chunked, IntoColumn, NamedFrom, PolarsResult,
    Series, StringChunked, col,
};

/// Numbers for the combinations of values of some columns, given out as rows with them are met, from 0.
///
/// Which combination has which number depends on the order of the rows.
#[derive(Debug, Clone)]
pub(crate) struct Combinations {
    name: &'static str,
    columns: Vec<&'static str>,
    met: Arc<Mutex<Met>>,
}

#[derive(Debug, Default)]
struct Met {
    numbers: PlHashMap<Vec<Value>, u32>,
    /// By number.
    values: Vec<Vec<Value>>,
    /// Of the columns; empty before the first row.
    types: Vec<DataType>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Value {
    Text(Option<String>),
    Number(Option<i64>),
}

impl Combinations {
    /// Of these columns: texts, and what can be cast to 64 bits and back. The numbers stand in a column of
    /// this name.
    pub(crate) fn of(columns: Vec<&'static str>, name: &'static str) -> Self {
        Self { name, columns, met: Arc::default() }
    }

    /// The number of a row's combination, `UInt32`.
    pub(crate) fn number(&self) -> Expr {
        let met = Arc::clone(&self.met);
        let number = move |columns: &mut [Column]| {
            let numbers = numbers(columns, &met)?;
            Ok(Series::new(columns[0].name().clone(), numbers).into_column())
        };
        let name = self.name;
        let field = move |_: &_, _: &[Field]| Ok(Field::new(name.into(), DataType::UInt32));
        let all: Vec<Expr> = self.columns.iter().map(|column| col(*column)).collect();
        all[0].clone().map_many(number, &all[1..], field).alias(self.name)
    }

    /// One row per combination met so far: its number and its values, all of them texts where none was met.
    pub(crate) fn frame(&self) -> PolarsResult<DataFrame> {
        let met = locked(&self.met);
        let height = met.values.len();
        let cells = u32::try_from(height).unwrap_or(u32::MAX);
        let mut columns =
            vec![Series::new(self.name.into(), (0..cells).collect::<Vec<_>>()).into_column()];
        for (at, name) in self.columns.iter().enumerate() {
            let data_type = met.types.get(at).unwrap_or(&DataType::String);
            let values = met.values.iter().map(|values| &values[at]);
            let series = if *data_type == DataType::String {
                let texts = values.map(|value| match value {
                    Value::Text(text) => text.as_deref(),
                    Value::Number(_) => None,
                });
                Series::new((*name).into(), texts.collect::<Vec<_>>())
            } else {
                let numbers = values.map(|value| match value {
                    Value::Number(number) => *number,
                    Value::Text(_) => None,
                });
                Series::new((*name).into(), numbers.collect::<Vec<_>>()).cast(data_type)?
            };
            columns.push(series.into_column());
        }
        DataFrame::new(height, columns)
    }
}

fn locked(met: &Mutex<Met>) -> MutexGuard<'_, Met> {
    met.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rows whose words are written at once: few enough for them to stay near.
const BLOCK: usize = 1024;

/// The numbers of some rows. Each value becomes one word; rows with the same words have the same number,
/// and only the first of them is looked up by its texts.
fn numbers(columns: &[Column], met: &Mutex<Met>) -> PolarsResult<Vec<u32>> {
    let values = columns.iter().map(Values::of).collect::<PolarsResult<Vec<_>>>()?;
    let (width, height) = (columns.len(), columns[0].len());
    let mut words = vec![0_u128; width * BLOCK];
    let mut near: PlHashMap<Box<[u128]>, u32> = PlHashMap::default();
    let mut numbers: Vec<u32> = Vec::with_capacity(height);
    for from in (0..height).step_by(BLOCK) {
        let rows = BLOCK.min(height - from);
        for (at, values) in values.iter().enumerate() {
            values.write(from, rows, words.iter_mut().skip(at).step_by(width));
        }
        for (row, words) in words.chunks_exact(width).take(rows).enumerate() {
            let number = if let Some(number) = near.get(words) {
                *number
            } else {
                let values = values.iter().map(|values| values.get(from + row)).collect();
                let number = locked(met).number(values, columns);
                near.insert(words.into(), number);
                number
            };
            numbers.push(number);
        }
    }
    Ok(numbers)
}

impl Met {
    fn number(&mut self, values: Vec<Value>, columns: &[Column]) -> u32 {
        if self.types.is_empty() {
            self.types = columns.iter().map(|column| column.dtype().clone()).collect();
        }
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let Self { numbers, values: all, .. } = self;
        *numbers.entry(values).or_insert_with_key(|values| {
            all.push(values.clone());
            next
        })
    }
}

/// A column to read values from.
enum Values {
    Texts(StringChunked),
    Numbers(Int64Chunked),
}

impl Values {
    fn of(column: &Column) -> PolarsResult<Self> {
        Ok(match column.dtype() {
            DataType::String => Self::Texts(column.str()?.clone()),
            _ => Self::Numbers(column.cast(&DataType::Int64)?.i64()?.clone()),
        })
    }

    fn write<'w>(&self, from: usize, rows: usize, words: impl Iterator<Item = &'w mut u128>) {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        match self {
            Self::Texts(texts) => {
                words.zip(texts.slice(from, rows).iter()).for_each(|(word, text)| {
                    *word = text.map_or(u128::MAX, word_of);
                });
            }
            Self::Numbers(numbers) => {
                words.zip(numbers.slice(from, rows).iter()).for_each(|(word, number)| {
                    *word = number.map_or(u128::MAX, |number| number.cast_unsigned().into());
                });
            }
        }
    }

    fn get(&self, row: usize) -> Value {
        match self {
            Self::Texts(texts) => Value::Text(texts.get(row).map(str::to_owned)),
            Self::Numbers(numbers) => Value::Number(numbers.get(row)),
        }
    }
}

/// A short text itself, with its length; of a longer one where it lies, which is the same for equal
/// texts of a page of a file. Where it isn't, the text is looked up once more.
fn word_of(text: &str) -> u128 {
    let bytes = text.as_bytes();
    let length = bytes.len() as u128;
    if bytes.len() > 12 {
        return 1 << 127 | length << 64 | text.as_ptr().addr() as u128;
    }
    let mut word = [0; 16];
    word[..bytes.len()].copy_from_slice(bytes);
    u128::from_le_bytes(word) | length << 96
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, df};

    use super::Combinations;

    #[test]
    fn rows_have_the_same_number_where_they_agree_in_everything() {
        let long = "a text of more than twelve bytes";
        let texts = [Some("a"), Some("a"), None, Some(long), Some(&*long.to_owned()), Some("")]
            .map(|text| text.map(str::to_owned));
        let numbers = [Some(1_i64), Some(2), None, Some(1), Some(1), None];
        let rows =
            df!["model" => texts.as_slice(), "region" => numbers.as_slice()].expect("a frame");
        let combinations = Combinations::of(vec!["model", "region"], "number");
        let number = || {
            let numbered = rows.clone().lazy().select([combinations.number()]).collect();
            let numbered = numbered.expect("numbers");
            let numbers =
                numbered.column("number").expect("numbers").u32().expect("numbers").clone();
            numbers.into_no_null_iter().collect::<Vec<u32>>()
        };
        assert_eq!(number(), [0, 1, 2, 3, 3, 4]);
        assert_eq!(number(), [0, 1, 2, 3, 3, 4], "met before");
        let frame = combinations.frame().expect("a frame");
        let model: Vec<_> = frame.column("model").unwrap().str().unwrap().iter().collect();
        assert_eq!(model, [Some("a"), Some("a"), None, Some(long), Some("")]);
        let region: Vec<_> = frame.column("region").unwrap().i64().unwrap().iter().collect();
        assert_eq!(region, [Some(1), Some(2), None, Some(1), None]);
        let none = Combinations::of(vec!["model"], "number").frame().expect("a frame");
        assert_eq!((none.height(), none.width()), (0, 2));
    }
}
