//! The price book of a run: the embedded catalogue, with the user's prices file on top; and their check.

use std::borrow::Cow;
use std::path::Path;

use chrono::NaiveDate;
use serde::Serialize;

use super::Error;
use crate::prices::check::{self, Findings};
use crate::prices::explain::BookAge;
use crate::prices::{Overrides, PriceBook};

/// The price book to cost with: the catalogue, with the prices of `file` if there is one.
///
/// # Errors
/// When the file can't be read or anything in it is wrong: the catalogue isn't used in its place.
pub fn price_book(file: Option<&Path>) -> Result<Cow<'static, PriceBook>, Error> {
    let catalogue = PriceBook::embedded().map_err(Error::Prices)?;
    let Some(path) = file else { return Ok(Cow::Borrowed(catalogue)) };
    let overrides = Overrides::read(&prices_file(path)?, &path.to_string_lossy(), catalogue)
        .map_err(Error::Overrides)?;
    overrides.over(catalogue).map(Cow::Owned).map_err(Error::OwnPrices)
}

/// Reads another catalogue, in the layout of the embedded one.
///
/// # Errors
/// When it can't be read, or anything in it is wrong.
pub fn catalogue(path: &Path) -> Result<PriceBook, Error> {
    PriceBook::from_json(&prices_file(path)?)
        .map_err(|source| Error::Catalogue { path: path.to_owned(), source })
}

/// What a check of the prices found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceCheck {
    /// True when nothing is wrong.
    pub ok: bool,
    /// The embedded catalogue.
    pub catalogue: CatalogueFacts,
    /// The prices file, if the settings name one.
    pub prices_file: Option<PricesFileFacts>,
    /// What is wrong.
    pub problems: Vec<PriceFinding>,
    /// What is odd, perhaps meant.
    pub remarks: Vec<PriceFinding>,
}

/// The embedded catalogue in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CatalogueFacts {
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

/// Checks the embedded catalogue and the prices file, and goes on after the first mistake.
///
/// # Errors
/// When the prices file can't be opened, or the embedded catalogue is broken.
pub fn check_prices(file: Option<&Path>, today: NaiveDate) -> Result<PriceCheck, Error> {
    let catalogue = PriceBook::embedded().map_err(Error::Prices)?;
    let mut found = PriceCheck {
        ok: true,
        catalogue: CatalogueFacts {
            models: catalogue.models().len(),
            rows: catalogue.rows().len(),
            age: BookAge::of(catalogue, today),
        },
        prices_file: None,
        problems: Vec::new(),
        remarks: Vec::new(),
    };
    add(&mut found, None, check::check(catalogue));
    if let Some(path) = file {
        check_file(&prices_file(path)?, &path.to_string_lossy(), catalogue, &mut found)?;
    }
    found.ok = found.problems.is_empty();
    Ok(found)
}

fn check_file(
    text: &str,
    name: &str,
    catalogue: &PriceBook,
    found: &mut PriceCheck,
) -> Result<(), Error> {
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
        }
        Ok(own) => {
            let book = own.over(catalogue).map_err(Error::OwnPrices)?;
            let known = check::check(catalogue).problems;
            let mut findings = check::check(&book);
            findings.problems.retain(|problem| !known.contains(problem));
            add(found, Some(name), findings);
            add(found, Some(name), check::check_beside(&own.rows, catalogue));
        }
    }
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
