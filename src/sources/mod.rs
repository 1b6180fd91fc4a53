//! Where log objects come from: listing and fetching, behind one trait.
//!
//! Knows objects and their bytes, not what is in them. A listing is complete and in a fixed order;
//! what could not be listed or read is told object by object, so that the rest goes on.

mod ahead;
mod cloudtrail;
mod cloudwatch;
mod error;
mod local;
mod s3;
mod spare;
mod windows;
mod zip;

pub use self::zip::{Zip, is_zip_path};
pub use ahead::{Ahead, Bounds};
pub use cloudtrail::{EventHistory, ListedKey, is_cloudtrail_url, lookup_policy, public_keys};
pub use cloudwatch::{ServiceMetrics, is_cloudwatch_url};
pub use error::Error;
pub use local::{Local, portable_key};
pub use s3::{S3, S3Options, assuming_policy, is_s3_url, reading_policy};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::schema::TimeMs;

/// A place that holds log objects.
///
/// All calls block. `fetch` may be called from several threads at once.
pub trait Source: Send + Sync {
    /// The source as the user named it.
    fn name(&self) -> String;

    /// The objects, sorted by key; nothing found is an empty listing. Where listing is dear, folders
    /// that aren't wanted are left out; where it is cheap, everything is listed.
    ///
    /// # Errors
    /// [`Error`] when nothing can be listed at all: no such place, or no permission.
    fn list(&self, wanted: &dyn Wanted) -> Result<Listing, Error>;

    /// The bytes of one listed object, as stored; of a larger one the first `most`.
    ///
    /// # Errors
    /// When this object can't be read; others may.
    fn fetch(&self, object: &ObjectEntry, most: u64) -> Result<Fetched, Error>;

    /// The object's user metadata, names in lower case without `x-amz-meta-`; `None` where the place
    /// keeps none.
    ///
    /// # Errors
    /// [`Error::Read`] when it can't be asked for.
    fn metadata(&self, _object: &ObjectEntry) -> Result<Option<BTreeMap<String, String>>, Error> {
        Ok(None)
    }

    /// The bytes and the user metadata of one listed object: together where that takes one request.
    ///
    /// # Errors
    /// When either can't be read.
    fn fetch_with_metadata(
        &self,
        object: &ObjectEntry,
        most: u64,
    ) -> Result<(Fetched, Option<BTreeMap<String, String>>), Error> {
        Ok((self.fetch(object, most)?, self.metadata(object)?))
    }

    /// The bytes at a place that a record of `beside` names (`s3://bucket/key`), at most `most`; `None`
    /// when nothing is there, as with sources that hold nothing but what they list.
    ///
    /// # Errors
    /// When it is there and can't be read.
    fn fetch_named(
        &self,
        _url: &str,
        _beside: &ObjectEntry,
        _most: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    /// Whether objects are far away, so that they should be asked for before they are needed.
    fn is_far(&self) -> bool {
        false
    }

    /// Whether each object fetched is a request that is charged for.
    fn is_billed(&self) -> bool {
        self.is_far()
    }

    /// Whether one object may take minutes, so that each is kept as soon as it is there.
    fn is_slow(&self) -> bool {
        false
    }

    /// Fetches these objects in their order, several at once, as far as `ahead` has room, until all
    /// are handed over or nobody wants more. For sources that are far.
    fn fetch_ahead(&self, objects: &[&ObjectEntry], most: u64, ahead: &Arc<Ahead>) {
        for (at, object) in objects.iter().enumerate() {
            let Some(admitted) = ahead.admit(at, object.size_bytes.min(most)) else { return };
            admitted.deliver(self.fetch(object, most));
        }
    }

    /// Requests made so far; none where objects cost no requests.
    fn requests(&self) -> Requests {
        Requests::default()
    }
}

/// What of a place is wanted, folder by folder.
pub trait Wanted {
    /// What to do with the folder of this path, which ends in `/` or is empty.
    fn folder(&self, path: &str) -> Folder;
}

/// What to do with a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// Nothing below it is wanted.
    Leave,
    /// Ask for each of its folders; they are few.
    Open,
    /// Ask for each of its folders, unless there are too many of them.
    Try,
    /// All below it is wanted.
    Whole,
    /// All below these folders is wanted, which lie in it and may not exist.
    Only(Vec<String>),
}

/// All of it.
#[derive(Debug, Clone, Copy)]
pub struct Everything;

impl Wanted for Everything {
    fn folder(&self, _path: &str) -> Folder {
        Folder::Whole
    }
}

/// What a source holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The objects, sorted by key; no two have the same origin and key.
    pub objects: Vec<ObjectEntry>,
    /// What is there and could not be listed, in the order met.
    pub failures: Vec<Error>,
    /// Whether folders were left out that weren't wanted: then finding nothing means little.
    pub is_selective: bool,
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

/// An object's bytes.
#[derive(Debug, Default)]
pub struct Fetched {
    /// As stored.
    pub bytes: Vec<u8>,
    /// What was fetched, where that is another version than the one listed.
    pub changed: Option<Version>,
}

impl Fetched {
    /// Leaves the memory to the next file that this thread reads.
    pub fn recycle(self) {
        spare::give_back(self.bytes);
    }
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As in [`ObjectEntry`].
    pub fingerprint: String,
    /// Stored size, bytes.
    pub size_bytes: u64,
    /// Last modification.
    pub modified: Option<TimeMs>,
}

/// Requests that a place charges for, retries within the SDK not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Pages of listings.
    pub list: u64,
    /// Objects asked for.
    pub get: u64,
}
