//! The price book of a run: the embedded catalogue.

use super::Error;
use crate::prices::PriceBook;

/// The price book to cost with.
///
/// # Errors
/// When the embedded catalogue is broken.
pub fn price_book() -> Result<&'static PriceBook, Error> {
    PriceBook::embedded().map_err(Error::Prices)
}
