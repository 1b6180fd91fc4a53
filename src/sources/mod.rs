//! Where log objects come from: listing and fetching, behind one trait.
//!
//! Knows objects and their bytes, not what is in them. A listing is complete and in a fixed order;
//! what could not be listed or read is told object by object, so that the rest goes on.

mod local;

use std::collections::BTreeMap;
use std::io;

use crate::schema::TimeMs;

pub use local::{Local, portable_key};

/// A place that holds log objects.
///
/// Both calls block. `fetch` may be called from several threads at once.
pub trait Source: Send + Sync {
    /// The source as the user named it.
    fn name(&self) -> String;

    /// All objects, sorted by key; nothing found is an empty listing.
    ///
    /// # Errors
    /// [`Error`] when nothing can be listed at all: no such place, or no permission.
    fn list(&self) -> Result<Listing, Error>;

    /// The bytes of one listed object, as stored; of a larger one the first `most`.
    ///
    /// # Errors
    /// [`Error::Read`] when this object can't be read; others may.
    fn fetch(&self, object: &ObjectEntry, most: u64) -> Result<Vec<u8>, Error>;

    /// The object's user metadata, names in lower case without `x-amz-meta-`; `None` where the place
    /// keeps none.
    ///
    /// # Errors
    /// [`Error::Read`] when it can't be asked for.
    fn metadata(&self, _object: &ObjectEntry) -> Result<Option<BTreeMap<String, String>>, Error> {
        Ok(None)
    }
}

/// What a source holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The objects, sorted by key; no two have the same origin and key.
    pub objects: Vec<ObjectEntry>,
    /// What is there and could not be listed, in the order met.
    pub failures: Vec<Error>,
}

/// One object, before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// The bucket; for local files the folder that `key` is relative to, or empty when the key is
    /// an `AWSLogs/…` key, which means the same object wherever its copy lies.
    pub origin: String,
    /// What the object is called within its origin.
    pub key: String,
    /// Where to fetch it, as shown in messages: a path or URL.
    pub location: String,
    /// Stored size, bytes.
    pub size_bytes: u64,
    /// Last modification; null when the place doesn't tell.
    pub modified: Option<TimeMs>,
    /// Changes when the content does: an `ETag`, or size and modification time.
    pub fingerprint: String,
    /// Whether the user named this very object, and not a place that holds it.
    pub is_named: bool,
}

impl ObjectEntry {
    /// The object's name in the store: bucket and key, or the path below the source folder. Equal
    /// for the same object, whichever way it is reached.
    pub fn identity(&self) -> String {
        if self.origin.is_empty() {
            self.key.clone()
        } else {
            format!("{}/{}", self.origin, self.key)
        }
    }
}

/// Listing or reading log objects failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at this place.
    #[error("no such file or folder: `{location}`")]
    NotFound {
        /// The place, as the user named it.
        location: String,
    },
    /// A pipe, a device or the like.
    #[error("neither a file nor a folder: `{location}`")]
    NotAFile {
        /// The place, as the user named it.
        location: String,
    },
    /// A place, or a folder below it, that can't be listed.
    #[error("could not list `{location}`")]
    List {
        /// The file or folder.
        location: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Listed, but could not be fetched.
    #[error("could not read `{location}`")]
    Read {
        /// The object.
        location: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A name that can't be kept as text.
    #[error("the name of `{location}` is not UTF-8")]
    NameNotUtf8 {
        /// The name, as far as it can be shown.
        location: String,
    },
}

impl Error {
    /// What to do next, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound { .. } => {
                Some("is the path right? a bucket is written as `s3://bucket/prefix`")
            }
            Self::List { source, .. } => denied(source).then_some(
                "listing a folder needs read and execute permission on it for the user running this",
            ),
            Self::Read { source, .. } => denied(source)
                .then_some("the file needs read permission for the user running this"),
            Self::NotAFile { .. } => Some("write it to a file, and name that"),
            Self::NameNotUtf8 { .. } => Some("rename the file and run again"),
        }
    }
}

fn denied(source: &io::Error) -> bool {
    source.kind() == io::ErrorKind::PermissionDenied
}
