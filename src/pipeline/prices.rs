//! The price book of a run: the embedded catalogue, with the user's prices file on top.

use std::borrow::Cow;
use std::path::Path;

use super::Error;
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

/// The text of a prices file.
pub(super) fn prices_file(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|source| Error::PricesFile { path: path.to_owned(), source })
}
