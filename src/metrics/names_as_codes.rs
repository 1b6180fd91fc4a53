//! Names as numbers while millions of rows are grouped by them.
//!
//! A log repeats few different accounts, models and principals over millions of rows. Grouping by
//! the texts copies and hashes every one of them again; grouping by a number per name doesn't: with
//! 3 million rows and five names in the key that takes a third of the time.
//!
//! Within a chunk, a name that was read from a dictionary is recognised by where its text lies, so that
//! each is looked at once per chunk. Which number a name gets is up to the order of reading: numbers
//! are turned back into names before anything is sorted or shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polars::polars_utils::aliases::PlHashMap;
use polars::prelude::{
    Column, DataType, Expr, Field, IntoColumn, NamedFrom, PolarsResult, Series, StringChunked, col,
};

/// The names met so far, shared by all expressions made from it.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    codes: PlHashMap<String, u32>,
    /// By code.
    names: Vec<String>,
}

impl Names {
    /// A text column as `UInt32`, under its own name; null stays null.
    pub(crate) fn coded(&self, column: &str) -> Expr {
        let names = self.clone();
        let number = |_: &_, field: &Field| Ok(Field::new(field.name().clone(), DataType::UInt32));
        col(column).map(move |texts| names.codes(&texts), number)
    }

    /// The texts of a column of [`coded`](Self::coded).
    pub(crate) fn named(&self, column: &str) -> Expr {
        let names = self.clone();
        let text = |_: &_, field: &Field| Ok(Field::new(field.name().clone(), DataType::String));
        col(column).map(move |codes| names.texts(&codes), text)
    }

    fn codes(&self, texts: &Column) -> PolarsResult<Column> {
        let chunks = texts.str()?.downcast_iter();
        let mut codes: Vec<Option<u32>> = Vec::with_capacity(texts.len());
        for chunk in chunks {
            // By where a text lies: only within the chunk is that the same text.
            let mut places: PlHashMap<u128, u32> = PlHashMap::default();
            for (place, text) in chunk.views().iter().zip(chunk.iter()) {
                codes.push(text.map(|text| {
                    *places.entry(place.as_u128()).or_insert_with(|| self.known().code(text))
                }));
            }
        }
        Ok(Series::new(texts.name().clone(), codes).into_column())
    }

    fn texts(&self, codes: &Column) -> PolarsResult<Column> {
        let known = self.known();
        let text = |code: u32| known.names.get(code as usize).map(String::as_str);
        let texts: StringChunked = codes.u32()?.iter().map(|code| code.and_then(text)).collect();
        Ok(texts.with_name(codes.name().clone()).into_column())
    }

    /// A panic elsewhere leaves no name half added.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn code(&mut self, name: &str) -> u32 {
        if let Some(code) = self.codes.get(name) {
            return *code;
        }
        let code = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.codes.insert(name.to_owned(), code);
        code
    }
}
