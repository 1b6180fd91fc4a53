//! Log objects in an S3 bucket, or one object.
//!
//! Listing asks for as little as it can: it follows folders as far as they are wanted and lists whole
//! only what is (`list`). Fetching keeps several objects on their way (`fetch`). A bucket in another
//! Region than asked is followed there, where S3 says which it is.

mod fetch;
mod list;
mod policy;
mod url;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::RequestPayer;

use super::error::Cause;
use super::{Ahead, Error, Fetched, Folder, Listing, ObjectEntry, Requests, Source, Wanted};
use crate::aws::{self, Access, Call, Connection, Problem};
use list::Lister;
pub use policy::{assuming_policy, reading_policy};
use url::S3Url;
pub use url::is_s3_url;

/// How to reach a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Options {
    /// Credentials, Region, endpoint.
    pub access: Access,
    /// An endpoint for S3 alone, from the environment; only tells where buckets stand in a URL.
    pub s3_endpoint_url: Option<String>,
    /// Whether the requests are paid by who makes them, as some buckets ask.
    pub requester_pays: bool,
}

/// A bucket below a prefix, or one object.
#[derive(Debug)]
pub struct S3 {
    url: S3Url,
    access: Connection,
    bucket: RwLock<Bucket>,
    /// As the user or the environment named an endpoint for S3.
    path_style: bool,
    counts: Arc<Counts>,
}

/// A client in the Region where the bucket is taken to be.
#[derive(Debug, Clone)]
struct Bucket {
    client: Client,
    name: String,
    payer: Option<RequestPayer>,
    /// Attempts at one piece of work.
    attempts: u32,
    counts: Arc<Counts>,
}

/// Requests made so far.
#[derive(Debug, Default)]
struct Counts {
    list: AtomicU64,
    get: AtomicU64,
}

impl S3 {
    /// Resolves how to reach the bucket; asks it nothing yet.
    ///
    /// # Errors
    /// When the URL names no bucket, or access can't be set up.
    pub fn open(text: &str, options: &S3Options) -> Result<Self, Error> {
        let url = S3Url::parse(text).ok_or_else(|| Error::NotAUrl { location: text.to_owned() })?;
        let access = Connection::open(&options.access)
            .map_err(|source| Error::Connect { location: text.to_owned(), source })?;
        let endpoint = options.access.endpoint_url.is_none().then_some(&options.s3_endpoint_url);
        let path_style = access.path_style(endpoint.and_then(|url| url.as_deref()));
        let counts = Arc::new(Counts::default());
        let bucket = Bucket {
            client: client(&access, path_style),
            name: url.bucket.clone(),
            payer: options.requester_pays.then_some(RequestPayer::Requester),
            attempts: access.attempts(),
            counts: Arc::clone(&counts),
        };
        Ok(Self { url, access, bucket: RwLock::new(bucket), path_style, counts })
    }

    fn bucket(&self) -> Bucket {
        self.bucket.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes to the Region that S3 named, if the failure is that the bucket is elsewhere.
    fn follow(&self, failure: &aws::Error) -> bool {
        let Problem::WrongRegion(Some(region)) = &failure.problem else { return false };
        if self.access.region() == Some(region) {
            return false; // it is where we asked, and S3 contradicts itself
        }
        let mut bucket = self.bucket.write().unwrap_or_else(PoisonError::into_inner);
        bucket.client = client(&self.access.in_region(region), self.path_style);
        true
    }

    fn list_once(&self, wanted: &dyn Wanted) -> Result<Listing, (String, aws::Error)> {
        let mut lister = Lister::new(self.bucket(), wanted);
        self.access.wait(lister.run(&self.url.prefix))?;
        Ok(lister.listing)
    }
}

impl S3 {
    fn fetch_if_there(&self, place: S3Url, most: u64) -> Result<Option<Vec<u8>>, Error> {
        let bucket = Bucket { name: place.bucket.clone(), ..self.bucket() };
        let object = ObjectEntry {
            location: place.to_string(),
            origin: place.bucket,
            key: place.prefix,
            size_bytes: 0,
            modified: None,
            fingerprint: String::new(),
            is_named: true,
        };
        match self.access.wait(bucket.fetch(&object, most)) {
            Ok(fetched) => Ok(Some(fetched.bytes)),
            Err(failure) if failure.is_absence() => Ok(None),
            Err(failure) => Err(unread(&object, failure)),
        }
    }
}

/// A client for one bucket. Retries after the second attempt are `Backoff`'s, which has no budget that
/// many throttled objects could use up; the SDK's own is for a clock that is off, which it corrects.
fn client(access: &Connection, path_style: bool) -> Client {
    let config = aws_sdk_s3::config::Builder::from(access.config())
        .force_path_style(path_style)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::standard().with_max_attempts(2))
        .build();
    Client::from_conf(config)
}

impl Source for S3 {
    fn name(&self) -> String {
        self.url.to_string()
    }

    fn list(&self, wanted: &dyn Wanted) -> Result<Listing, Error> {
        let failed = |(prefix, source): (String, aws::Error)| Error::List {
            location: format!("s3://{}/{prefix}", self.url.bucket),
            source: Cause::Aws(source),
        };
        let mut listing = match self.list_once(wanted) {
            Err((_, failure)) if self.follow(&failure) => self.list_once(wanted).map_err(failed)?,
            other => other.map_err(failed)?,
        };
        if listing.objects.is_empty() && !listing.failures.is_empty() {
            return Err(listing.failures.swap_remove(0));
        }
        listing.objects.sort_by(|a, b| a.key.cmp(&b.key));
        listing.objects.dedup_by(|a, b| a.key == b.key);
        Ok(listing)
    }

    fn fetch(&self, object: &ObjectEntry, most: u64) -> Result<Fetched, Error> {
        self.access.wait(self.bucket().fetch(object, most)).map_err(|source| unread(object, source))
    }

    fn fetch_with_metadata(
        &self,
        object: &ObjectEntry,
        most: u64,
    ) -> Result<(Fetched, Option<BTreeMap<String, String>>), Error> {
        let found = self.access.wait(self.bucket().fetch_with_metadata(object, most));
        let (fetched, metadata) = found.map_err(|source| unread(object, source))?;
        Ok((fetched, Some(metadata)))
    }

    fn metadata(&self, object: &ObjectEntry) -> Result<Option<BTreeMap<String, String>>, Error> {
        let found = self.access.wait(self.bucket().metadata(&object.key));
        found.map(Some).map_err(|source| unread(object, source))
    }

    /// Large bodies may go to a bucket of their own, and a copied bucket has another name than its logs
    /// tell: it keeps them in `data/` beside the log.
    fn fetch_named(
        &self,
        url: &str,
        beside: &ObjectEntry,
        most: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(place) = S3Url::parse(url) else { return Ok(None) };
        if place.bucket != self.url.bucket {
            let name = place.prefix.rsplit('/').next().unwrap_or_default();
            let folder = beside.key.rsplit_once('/').map_or("", |(folder, _)| folder);
            let near =
                S3Url { bucket: self.url.bucket.clone(), prefix: format!("{folder}/data/{name}") };
            if let Some(bytes) = self.fetch_if_there(near, most)? {
                return Ok(Some(bytes));
            }
        }
        self.fetch_if_there(place, most)
    }

    fn is_far(&self) -> bool {
        true
    }

    fn fetch_ahead(&self, objects: &[&ObjectEntry], most: u64, ahead: &Arc<Ahead>) {
        let bucket = self.bucket();
        for (at, object) in objects.iter().enumerate() {
            let Some(admitted) = ahead.admit(at, object.size_bytes.min(most)) else { return };
            let (bucket, ahead, object) = (bucket.clone(), Arc::clone(ahead), (*object).clone());
            self.access.threads().spawn(async move {
                let result = bucket.fetch(&object, most).await;
                if let Err(failure) = &result
                    && failure.is_lasting()
                {
                    ahead.end(failure.clone());
                }
                admitted.deliver(result.map_err(|source| unread(&object, source)));
            });
        }
    }

    fn requests(&self) -> Requests {
        Requests {
            list: self.counts.list.load(Ordering::Relaxed),
            get: self.counts.get.load(Ordering::Relaxed),
        }
    }
}

fn unread(object: &ObjectEntry, source: aws::Error) -> Error {
    Error::Read { location: object.location.clone(), source: Cause::Aws(source) }
}

impl Bucket {
    /// The permission to list: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>.
    fn listing_call(&self) -> Call {
        Call::new("s3:ListBucket", format!("arn:{}:s3:::{}", self.partition(), self.name))
    }

    fn reading_call(&self, key: &str) -> Call {
        Call::new("s3:GetObject", format!("arn:{}:s3:::{}/{key}", self.partition(), self.name))
    }

    fn partition(&self) -> &'static str {
        let region = self.client.config().region().map_or("", |region| region.as_ref());
        aws::partition(region)
    }
}
