//! The file beside the catalogue that holds what AWS said of application inference profiles.
//!
//! Text to this module: `prices::synced` says what is in it. It is written whole or not at all; of
//! two writers the later wins, which is why it needs no lock.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::files::{self, PROFILES};
use super::{Error, holds_other_things};

/// The file's path in a store's folder.
pub fn path(root: &Path) -> PathBuf {
    root.join(PROFILES)
}

/// The file's text; `None` where there is none.
///
/// # Errors
/// When it is there and can't be read.
pub fn read(root: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path(root)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(Error::File { action: "read", path: path(root), source }),
    }
}

/// Writes the file, creating the folder for this user only.
///
/// # Errors
/// When the folder holds other things than a store, or can't be written.
pub fn write(root: &Path, text: &str) -> Result<(), Error> {
    if !super::Reader::exists(root) && holds_other_things(root) {
        return Err(Error::NotAStore { path: root.to_owned() });
    }
    files::create_private_folder(root)?;
    files::write_whole(root, PROFILES, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::store::{OnLocked, Writer};

    #[test]
    fn a_store_can_be_made_around_the_file_and_not_the_file_among_other_things() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("store");
        assert_eq!(super::read(&root).expect("no file is no error"), None);
        super::write(&root, "{}").expect("written");
        super::write(&root, "{ }").expect("written again");
        assert_eq!(super::read(&root).expect("readable").as_deref(), Some("{ }"));
        drop(Writer::open(&root, OnLocked::Fail).expect("a store around it"));
        assert_eq!(super::read(&root).expect("still there").as_deref(), Some("{ }"));
        let other = folder.path().join("other");
        std::fs::create_dir(&other).expect("a folder");
        std::fs::write(other.join("thesis.doc"), "").expect("a file");
        assert!(super::write(&other, "{}").is_err());
    }
}
