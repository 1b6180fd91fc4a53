//! The user's own prices on top of the catalogue: rows, discounts, private models, profiles.
//!
//! A row of the prices file holds for its model, routing, Region, tier and dates; catalogue rows for the
//! same calls end where it begins and go on where it ends. A discount is taken off catalogue prices only:
//! a row of the file is what is paid. Rows and days that nothing names stay as they are.
//!
//! The one rounding: a discounted price per token (image, query, millisecond) is rounded half up to
//! 10⁻¹⁴ USD, once; from there on costs are exact again. `read` checks a file whole before any of it is used.

mod discount;
mod problem;
mod read;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::book::{Added, BookError, BookParts, Model, Origin, PriceBook, PriceRow};
use super::provisioned::Provisioned;
pub use discount::Discount;
pub use problem::{OverridesError, Problem};

/// A checked prices file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Path, as named.
    pub file: String,
    /// Private models.
    pub models: Vec<Model>,
    /// Price rows; none overlaps another.
    pub rows: Vec<PriceRow>,
    /// Discounts.
    pub discounts: Vec<Discount>,
    /// Application inference profiles, by ARN or its last part, and the model id each stands for.
    pub profiles: BTreeMap<String, String>,
    /// Provisioned throughput.
    pub provisioned: Vec<Provisioned>,
}

impl Overrides {
    /// Reads a prices file, TOML, against the catalogue whose models it may name.
    ///
    /// # Errors
    /// [`OverridesError`] lists everything that is wrong, each with its line; nothing is used then.
    pub fn read(text: &str, file: &str, catalogue: &PriceBook) -> Result<Self, OverridesError> {
        read::read(text, file, catalogue)
    }

    /// The catalogue with this file's prices.
    ///
    /// # Errors
    /// [`BookError`] when the file was read against another catalogue.
    pub fn over(&self, catalogue: &PriceBook) -> Result<PriceBook, BookError> {
        let parts = catalogue.parts();
        let providers: BTreeMap<&str, &str> = parts
            .models
            .iter()
            .map(|model| (model.model_id.as_str(), model.provider.as_str()))
            .collect();
        let mut rows: Vec<PriceRow> = Vec::with_capacity(parts.rows.len() + self.rows.len());
        for row in &parts.rows {
            let provider = providers.get(row.model_id.as_str()).copied().unwrap_or_default();
            self.amend(row, provider, &mut rows);
        }
        rows.extend(self.rows.iter().cloned());
        let amended = BookParts {
            newest_source_date: parts.newest_source_date,
            sources: parts.sources.clone(),
            models: parts.models.iter().chain(&self.models).cloned().collect(),
            rows,
            capacity: parts.capacity.clone(),
        };
        let added = Added { file: self.file.clone(), provisioned: self.provisioned.clone() };
        Ok(PriceBook::from_parts(amended)?
            .with_application_profiles(self.profiles.clone())
            .with_added(added))
    }

    /// What is left of a catalogue row, discounted where a discount holds.
    fn amend(&self, row: &PriceRow, provider: &str, amended: &mut Vec<PriceRow>) {
        let replacing: Vec<&PriceRow> =
            self.rows.iter().filter(|own| own.same_calls(row)).collect();
        let discounts: Vec<&Discount> =
            self.discounts.iter().filter(|one| one.is_for(&row.model_id, provider)).collect();
        if replacing.is_empty() && discounts.is_empty() {
            amended.push(row.clone());
            return;
        }
        let row_dates = replacing.iter().map(|own| (own.effective_from, own.effective_to));
        let discount_dates = discounts.iter().map(|one| (one.from, one.to));
        for piece in pieces(row, row_dates.chain(discount_dates)) {
            let day = piece.effective_from.unwrap_or(NaiveDate::MIN);
            if replacing.iter().any(|own| own.covers(day)) {
                continue;
            }
            match discount::best(&discounts, day) {
                Some(discount) => amended.push(discount.off(piece).named()),
                None => amended.push(piece),
            }
        }
    }
}

/// The row cut at every date inside it: each window covers a piece wholly or not at all.
fn pieces(
    row: &PriceRow,
    windows: impl Iterator<Item = (Option<NaiveDate>, Option<NaiveDate>)>,
) -> Vec<PriceRow> {
    let inside = |date: &NaiveDate| {
        row.effective_from.is_none_or(|from| from < *date)
            && row.effective_to.is_none_or(|to| *date < to)
    };
    let cuts: BTreeSet<NaiveDate> =
        windows.flat_map(|(from, to)| [from, to]).flatten().filter(inside).collect();
    let mut pieces = Vec::with_capacity(cuts.len() + 1);
    let mut rest = row.clone();
    for cut in cuts {
        pieces.push(PriceRow { effective_to: Some(cut), ..rest.clone() }.named());
        rest = PriceRow { effective_from: Some(cut), ..rest }.named();
    }
    pieces.push(rest);
    pieces
}

/// True when two half-open ranges of days or times have one in common.
fn overlap<T: PartialOrd + Copy>(
    one: (Option<T>, Option<T>),
    other: (Option<T>, Option<T>),
) -> bool {
    let before = |to: Option<T>, from: Option<T>| to.zip(from).is_some_and(|(to, from)| to <= from);
    !before(one.1, other.0) && !before(other.1, one.0)
}

/// A row of the file, marked as such.
fn own(row: PriceRow) -> PriceRow {
    PriceRow { origin: Origin::PricesFile, ..row }.named()
}
