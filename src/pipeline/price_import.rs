//! The journey of an import: price lists from files and folders, onto a catalogue, into a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Error;
use super::prices::{EMBEDDED, catalogue_text};
use crate::deliver::file::write_whole;
use crate::prices::import::{Imported, NamedOffer, Offer, OfferError, import};

/// What to import, onto what, into what.
#[derive(Debug, Clone)]
pub struct PriceImport {
    /// Price lists, and folders of them.
    pub sources: Vec<PathBuf>,
    /// The catalogue to import into; none is the embedded one.
    pub book: Option<PathBuf>,
    /// Model ids by the price list's names for them.
    pub names: BTreeMap<String, String>,
    /// The file to write; none writes nothing.
    pub output: Option<PathBuf>,
}

/// Imports price lists; the result is the paths of JSON files in folders that are none of Bedrock's
/// price lists, and what was done.
///
/// # Errors
/// When a file can't be read, or one that was named is no price list of Bedrock: nothing is written
/// then, since prices would be missing without anybody noticing.
pub fn import_prices(request: &PriceImport) -> Result<(Vec<PathBuf>, Imported), Error> {
    let mut lists = Vec::new();
    let mut passed_over = Vec::new();
    for source in &request.sources {
        if source.is_dir() {
            let before = lists.len();
            read_folder(source, &mut lists, &mut passed_over)?;
            if lists.len() == before {
                return Err(Error::NoPriceList { path: source.clone() });
            }
        } else {
            lists.push(read_list(source)?);
        }
    }
    let book = catalogue_text(request.book.as_deref().unwrap_or(Path::new(EMBEDDED)))?;
    let (text, done) = import(&book, lists, &request.names).map_err(Error::Import)?;
    if let Some(path) = &request.output {
        write_whole(path, text.as_bytes())?;
    }
    Ok((passed_over, done))
}

/// Reads the `.json` files below a folder, in order of their names.
fn read_folder(
    folder: &Path,
    lists: &mut Vec<NamedOffer>,
    passed_over: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let failed = |source| Error::PriceListFile { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(&path, lists, passed_over)?;
        } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
            match read_list(&path) {
                Ok(list) => lists.push(list),
                // An index of Regions or another service's list; what isn't JSON is damaged.
                Err(Error::PriceList { source: OfferError::Shape { .. }, .. }) => {
                    passed_over.push(path);
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn read_list(path: &Path) -> Result<NamedOffer, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::PriceListFile { path: path.to_owned(), source })?;
    let offer =
        Offer::read(&text).map_err(|source| Error::PriceList { path: path.to_owned(), source })?;
    Ok(NamedOffer { file: path.to_string_lossy().into_owned(), offer })
}
