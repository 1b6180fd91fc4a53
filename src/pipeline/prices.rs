//! The price book of a run: the embedded catalogue, with the user's prices file on top; and their check.

use std::borrow::Cow;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::Error;
use crate::prices::book::EMBEDDED_TEXT;
use crate::prices::check::{self, Findings};
use crate::prices::explain::BookAge;
use crate::prices::list::named;
use crate::prices::synced::Synced;
use crate::prices::{CacheConvention, Overrides, PriceBook};

/// The name that stands for the embedded catalogue where a catalogue's path is asked for.
pub const EMBEDDED: &str = "embedded";

/// Where prices come from.
#[derive(Debug, Clone, Copy, Default)]
pub struct PriceFiles<'s> {
    /// A catalogue in place of the embedded one.
    pub book: Option<&'s Path>,
    /// The user's prices file, on top of the catalogue.
    pub file: Option<&'s Path>,
    /// The store's folder, which may hold what was synced from AWS.
    pub store: Option<&'s Path>,
    /// How cached tokens are charged where the logged input includes them.
    pub convention: CacheConvention,
}

/// The price book to cost with: the catalogue, the prices file, what was synced from AWS.
///
/// # Errors
/// When a file can't be read or anything in it is wrong: nothing else is used in its place.
pub fn price_book(files: PriceFiles<'_>) -> Result<Cow<'static, PriceBook>, Error> {
    let mut book = catalogue_of(files)?;
    if let Some(path) = files.file {
        let overrides = Overrides::read(&prices_file(path)?, &path.to_string_lossy(), &book)
            .map_err(Error::Overrides)?;
        book = Cow::Owned(overrides.over(&book).map_err(Error::OwnPrices)?);
    }
    let synced = files.store.map(super::profiles::synced).transpose()?.unwrap_or_default();
    if synced != Synced::default() {
        book = Cow::Owned(book.into_owned().with_synced(synced));
    }
    if files.convention != book.cache_convention() {
        book = Cow::Owned(book.into_owned().with_cache_convention(files.convention));
    }
    Ok(book)
}

/// The catalogue alone: the one named, else the embedded one.
fn catalogue_of(files: PriceFiles<'_>) -> Result<Cow<'static, PriceBook>, Error> {
    match files.book {
        Some(path) => catalogue(path).map(Cow::Owned),
        None => PriceBook::embedded().map(Cow::Borrowed).map_err(Error::Prices),
    }
}

/// Reads another catalogue, in the layout of the embedded one; `embedded` is that one itself.
///
/// # Errors
/// When it can't be read, or anything in it is wrong.
pub fn catalogue(path: &Path) -> Result<PriceBook, Error> {
    PriceBook::from_json(&catalogue_text(path)?)
        .map_err(|source| Error::Catalogue { path: path.to_owned(), source })
}

/// The text of a catalogue.
pub(super) fn catalogue_text(path: &Path) -> Result<Cow<'static, str>, Error> {
    if path == Path::new(EMBEDDED) {
        return Ok(Cow::Borrowed(EMBEDDED_TEXT));
    }
    std::fs::read_to_string(path)
        .map(Cow::Owned)
        .map_err(|source| Error::PriceBookFile { path: path.to_owned(), source })
}

/// What a check of the prices found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceCheck {
    /// True when nothing is wrong.
    pub ok: bool,
    /// The catalogue.
    pub catalogue: CatalogueFacts,
    /// The prices file, if the settings name one.
    pub prices_file: Option<PricesFileFacts>,
    /// What was synced from AWS, if anything was.
    pub synced: Option<SyncedFacts>,
    /// What is wrong.
    pub problems: Vec<PriceFinding>,
    /// What is odd, perhaps meant.
    pub remarks: Vec<PriceFinding>,
}

/// What was synced from AWS, in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncedFacts {
    /// Path of the file.
    pub file: String,
    /// Application inference profiles.
    pub profiles: usize,
    /// Those of them whose model the price book knows.
    pub profiles_priced: usize,
    /// Provisioned throughput.
    pub provisioned: usize,
    /// Regions and accounts that answered.
    pub answers: usize,
    /// The oldest of their last answers: everything is at least as new.
    pub synced_since: Option<DateTime<Utc>>,
}

/// The catalogue in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogueFacts {
    /// Path of the file, as named; null for the embedded catalogue.
    pub file: Option<String>,
    /// Models.
    pub models: usize,
    /// Price rows.
    pub rows: usize,
    /// Its age.
    #[serde(flatten)]
    pub age: BookAge,
}

/// A prices file in figures; null where it couldn't be read through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PricesFileFacts {
    /// Path, as named.
    pub file: String,
    /// Private models.
    pub models: Option<usize>,
    /// Price rows.
    pub rows: Option<usize>,
    /// Discounts.
    pub discounts: Option<usize>,
    /// Application inference profiles.
    pub profiles: Option<usize>,
    /// Provisioned throughput.
    pub provisioned: Option<usize>,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceFinding {
    /// The file; null for the embedded catalogue.
    pub file: Option<String>,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// The row or table.
    pub place: String,
    /// The key, where it is one.
    pub key: Option<String>,
    /// What.
    pub finding: String,
}

/// Checks the catalogue, the prices file and what was synced, and goes on after the first mistake.
///
/// # Errors
/// When a file can't be opened, or the catalogue is broken.
pub fn check_prices(files: PriceFiles<'_>, today: NaiveDate) -> Result<PriceCheck, Error> {
    let catalogue = &*catalogue_of(files)?;
    let name = |path: &Path| path.to_string_lossy().into_owned();
    let mut found = PriceCheck {
        ok: true,
        catalogue: CatalogueFacts {
            file: files.book.map(name),
            models: catalogue.models().len(),
            rows: catalogue.rows().len(),
            age: BookAge::of(catalogue, today),
        },
        prices_file: None,
        synced: None,
        problems: Vec::new(),
        remarks: Vec::new(),
    };
    add(&mut found, files.book.map(name).as_deref(), check::check(catalogue));
    let mut own = None;
    if let Some(path) = files.file {
        own = check_file(&prices_file(path)?, &path.to_string_lossy(), catalogue, &mut found)?;
    }
    if let Some(store) = files.store {
        check_synced(store, own.as_ref().unwrap_or(catalogue), &mut found)?;
    }
    found.ok = found.problems.is_empty();
    Ok(found)
}

fn check_file(
    text: &str,
    name: &str,
    catalogue: &PriceBook,
    found: &mut PriceCheck,
) -> Result<Option<PriceBook>, Error> {
    let read = Overrides::read(text, name, catalogue);
    let count = |count: fn(&Overrides) -> usize| read.as_ref().ok().map(count);
    found.prices_file = Some(PricesFileFacts {
        file: name.to_owned(),
        models: count(|own| own.models.len()),
        rows: count(|own| own.rows.len()),
        discounts: count(|own| own.discounts.len()),
        profiles: count(|own| own.profiles.len()),
        provisioned: count(|own| own.provisioned.len()),
    });
    match read {
        Err(error) => {
            found.problems.extend(error.problems.into_iter().map(|problem| PriceFinding {
                file: Some(name.to_owned()),
                line: Some(problem.line),
                place: problem.place,
                key: Some(problem.key).filter(|key| !key.is_empty()),
                finding: problem.problem,
            }));
            Ok(None)
        }
        Ok(own) => {
            let book = own.over(catalogue).map_err(Error::OwnPrices)?;
            let known = check::check(catalogue).problems;
            let mut findings = check::check(&book);
            findings.problems.retain(|problem| !known.contains(problem));
            add(found, Some(name), findings);
            add(found, Some(name), check::check_beside(&own.rows, catalogue));
            add(found, Some(name), check::check_provisioned(&own.provisioned));
            Ok(Some(book))
        }
    }
}

/// Says what was synced, and which of it prices nothing.
fn check_synced(store: &Path, book: &PriceBook, found: &mut PriceCheck) -> Result<(), Error> {
    let synced = super::profiles::synced(store)?;
    if synced == Synced::default() {
        return Ok(());
    }
    let file = crate::store::profiles::path(store).to_string_lossy().into_owned();
    let findings = check::check_synced(&synced, book);
    found.synced = Some(SyncedFacts {
        file: file.clone(),
        profiles: synced.profiles.len(),
        profiles_priced: synced
            .profiles
            .values()
            .filter(|one| one.model_id.as_deref().is_some_and(|id| named(book, id).is_some()))
            .count(),
        provisioned: synced.provisioned.len(),
        answers: synced.syncs.len(),
        synced_since: synced.oldest(),
    });
    add(found, Some(&file), findings);
    Ok(())
}

fn add(found: &mut PriceCheck, file: Option<&str>, findings: Findings) {
    let finding = |(place, finding): (String, String)| PriceFinding {
        file: file.map(str::to_owned),
        line: None,
        place,
        key: None,
        finding,
    };
    found.problems.extend(findings.problems.into_iter().map(finding));
    found.remarks.extend(findings.remarks.into_iter().map(finding));
}

/// The text of a prices file.
fn prices_file(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|source| Error::PricesFile { path: path.to_owned(), source })
}
