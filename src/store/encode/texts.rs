//! A page of texts that hardly repeat: their lengths first, then all of them one after another.
//!
//! Zstandard finds the length before each text over and over where texts are written plainly, and
//! takes three times as long for it, to no avail.

use std::ops::Range;

use polars::prelude::PolarsResult;

use super::{PAGE_BYTES, PAGE_ROWS, deltas, levels};
use crate::schema::columns::{NULL, Texts};

/// Texts of the rows of a page.
#[derive(Default)]
pub(super) struct TextPage {
    known: Vec<bool>,
    lengths: Vec<u32>,
    bytes: Vec<u8>,
    /// Texts that lie one after another where they are kept, and are still to be copied.
    run: Range<usize>,
}

impl TextPage {
    /// Adds a row; [`Self::close_run`] before one of other texts comes.
    #[inline]
    pub(super) fn add(&mut self, texts: &Texts, key: u32) {
        self.known.push(key != NULL);
        if key == NULL {
            return;
        }
        let place = texts.place(key);
        self.lengths.push(u32::try_from(place.len()).unwrap_or(u32::MAX));
        if place.start == self.run.end {
            self.run.end = place.end;
        } else {
            self.close_run(texts);
            self.run = place;
        }
    }

    /// Copies the texts that are still to be copied.
    pub(super) fn close_run(&mut self, texts: &Texts) {
        let run = std::mem::take(&mut self.run);
        self.bytes.extend_from_slice(texts.bytes().get(run).unwrap_or_default());
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() + self.run.len() >= PAGE_BYTES || self.rows() >= PAGE_ROWS
    }

    /// The least and the greatest text; [`Self::close_run`] comes before.
    pub(super) fn bounds(&self) -> Option<(&str, &str)> {
        let mut at = 0;
        let mut texts = self.lengths.iter().map(|len| {
            let start = at;
            at += *len as usize;
            self.bytes.get(start..at).unwrap_or_default()
        });
        let first = texts.next()?;
        let widen = |(min, max), text| (Ord::min(min, text), Ord::max(max, text));
        let (min, max) = texts.fold((first, first), widen);
        str::from_utf8(min).ok().zip(str::from_utf8(max).ok())
    }

    pub(super) fn rows(&self) -> usize {
        self.known.len()
    }

    pub(super) fn nulls(&self) -> usize {
        self.known.len() - self.lengths.len()
    }

    /// The page; a new one is begun.
    pub(super) fn take(&mut self) -> PolarsResult<Vec<u8>> {
        let mut page = levels(self.known.iter().copied(), self.rows(), self.nulls())?;
        deltas::append(&self.lengths, &mut page);
        page.append(&mut self.bytes);
        self.known.clear();
        self.lengths.clear();
        Ok(page)
    }
}
