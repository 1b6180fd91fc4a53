//! What is kept of the reports that were made from a store, one small file for each.
//!
//! Text to this module: `report::ledger` says what is in it. A file is written whole or not at all;
//! a report that is made again replaces its own file, which is why it needs no lock.

use std::io::ErrorKind;
use std::path::Path;

use super::Error;
use super::files::{self, REPORTS};

/// The texts of all that is kept under names that begin like this, in the order of their names.
///
/// # Errors
/// When the folder or a file is there and can't be read.
pub fn read(root: &Path, prefix: &str) -> Result<Vec<String>, Error> {
    let folder = root.join(REPORTS);
    let failed = |source| Error::File { action: "read", path: folder.clone(), source };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(source) => return Err(failed(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let is_asked = name.to_str().is_some_and(|name| name.starts_with(prefix))
            && Path::new(&name).extension().is_some_and(|end| end == "json");
        if is_asked {
            names.push(name);
        }
    }
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|source| Error::File {
                action: "read",
                path,
                source,
            })
        })
        .collect()
}

/// Keeps a text under a name.
///
/// # Errors
/// When the folder can't be written.
pub fn write(root: &Path, name: &str, text: &str) -> Result<(), Error> {
    files::write_whole(root, &format!("{REPORTS}/{name}.json"), text.as_bytes())
}
