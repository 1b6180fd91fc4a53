//! Listing a bucket by folders.
//!
//! A folder that is wanted whole is listed through, a thousand keys a request; of others only the
//! names of what lies in them is asked for (`delimiter`), to decide about each. Requests run side by
//! side, the pages of one listing after each other.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use tokio::task::JoinSet;

use super::{Bucket, Cause, Error, Folder, Listing, ObjectEntry, Wanted};
use crate::aws::{self, Backoff};
use crate::schema::TimeMs;

/// Listings under way at once.
const AT_ONCE: usize = 16;

/// A listing as it grows.
pub(super) struct Lister<'a> {
    bucket: Bucket,
    wanted: &'a dyn Wanted,
    waiting: VecDeque<Job>,
    pub(super) listing: Listing,
}

/// One folder, or whatever begins with a prefix.
#[derive(Debug)]
struct Job {
    prefix: String,
    depth: Depth,
}

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// At what lies in the folder.
    Folder,
    /// At what lies in the folder, unless it is too much for one page.
    OnePage,
    /// At everything below.
    All,
}

/// What one job found.
#[derive(Debug, Default)]
struct Found {
    objects: Vec<ObjectEntry>,
    folders: Vec<String>,
    /// The folder has more in it than one page holds; nothing of it is kept.
    is_too_much: bool,
}

impl<'a> Lister<'a> {
    pub(super) fn new(bucket: Bucket, wanted: &'a dyn Wanted) -> Self {
        Self { bucket, wanted, waiting: VecDeque::new(), listing: Listing::default() }
    }

    /// Lists what the prefix names: a folder, with or without its slash, or one object.
    ///
    /// # Errors
    /// With the prefix at fault, when the first request fails, or one in a way that all others would.
    pub(super) async fn run(&mut self, prefix: &str) -> Result<(), (String, aws::Error)> {
        if prefix.is_empty() || prefix.ends_with('/') {
            self.decide(prefix.to_owned());
        } else {
            self.name(prefix).await?;
        }
        let mut under_way = JoinSet::new();
        let mut answers = 0;
        loop {
            while under_way.len() < AT_ONCE
                && let Some(job) = self.waiting.pop_front()
            {
                let bucket = self.bucket.clone();
                under_way.spawn(async move {
                    let found = bucket.list(&job).await;
                    (job, found)
                });
            }
            let Some(joined) = under_way.join_next().await else { return Ok(()) };
            let (job, found) = joined
                .map_err(|error| (String::new(), aws::Error::unreachable(error.to_string())))?;
            answers += 1;
            match found {
                Ok(found) => self.take(job, found),
                Err(failure) if answers == 1 || failure.is_lasting() => {
                    return Err((job.prefix, failure));
                }
                Err(source) => self.listing.failures.push(Error::List {
                    location: format!("s3://{}/{}", self.bucket.name, job.prefix),
                    source: Cause::Aws(source),
                }),
            }
        }
    }

    /// A prefix without a slash at its end: an object of that name, or a folder.
    async fn name(&mut self, prefix: &str) -> Result<(), (String, aws::Error)> {
        let job = Job { prefix: prefix.to_owned(), depth: Depth::Folder };
        let found = self.bucket.list(&job).await.map_err(|failure| (job.prefix, failure))?;
        if let Some(object) = found.objects.into_iter().find(|object| object.key == prefix) {
            self.listing.objects.push(ObjectEntry { is_named: true, ..object });
        }
        let folder = format!("{prefix}/");
        if found.folders.contains(&folder) {
            self.decide(folder);
        }
        Ok(())
    }

    /// Asks what to do with a folder and puts it in the queue.
    fn decide(&mut self, prefix: String) {
        let depth = match self.wanted.folder(&prefix) {
            Folder::Leave => {
                self.listing.is_selective = true;
                return;
            }
            Folder::Only(parts) => {
                self.listing.is_selective = true;
                let jobs = parts.into_iter().map(|prefix| Job { prefix, depth: Depth::All });
                self.waiting.extend(jobs);
                return;
            }
            Folder::Open => Depth::Folder,
            Folder::Try => Depth::OnePage,
            Folder::Whole => Depth::All,
        };
        self.waiting.push_back(Job { prefix, depth });
    }

    fn take(&mut self, job: Job, found: Found) {
        if found.is_too_much {
            self.waiting.push_back(Job { prefix: job.prefix, depth: Depth::All });
            return;
        }
        self.listing.objects.extend(found.objects);
        for folder in found.folders {
            self.decide(folder);
        }
    }
}

impl Bucket {
    async fn list(&self, job: &Job) -> Result<Found, aws::Error> {
        let mut found = Found::default();
        let mut token = None;
        loop {
            let page = self.page(job, token.take()).await?;
            token =
                page.next_continuation_token.clone().filter(|_| page.is_truncated == Some(true));
            if token.is_some() && job.depth == Depth::OnePage {
                return Ok(Found { is_too_much: true, ..Found::default() });
            }
            self.read(page, &mut found);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    async fn page(
        &self,
        job: &Job,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, aws::Error> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(&job.prefix)
            .set_delimiter((job.depth != Depth::All).then(|| "/".to_owned()))
            .set_continuation_token(token)
            .set_request_payer(self.payer.clone());
        let mut backoff = Backoff::new(self.attempts);
        loop {
            self.counts.list.fetch_add(1, Ordering::Relaxed);
            match request.clone().send().await {
                Ok(page) => return Ok(page),
                Err(error) => {
                    backoff.after(aws::Error::of(&error, &self.listing_call())).await?;
                }
            }
        }
    }

    /// Takes objects and folders from a page. Empty objects that stand for folders are no objects.
    fn read(&self, page: ListObjectsV2Output, found: &mut Found) {
        let folders = page.common_prefixes.unwrap_or_default();
        found.folders.extend(folders.into_iter().filter_map(|folder| folder.prefix));
        for object in page.contents.unwrap_or_default() {
            let Some(key) = object.key.filter(|key| !key.ends_with('/')) else { continue };
            found.objects.push(ObjectEntry {
                origin: self.name.clone(),
                location: format!("s3://{}/{key}", self.name),
                key,
                size_bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                modified: object.last_modified.and_then(|time| time.to_millis().ok()).map(TimeMs),
                fingerprint: unquoted(&object.e_tag.unwrap_or_default()),
                is_named: false,
            });
        }
    }
}

/// An `ETag` without the quotes that it comes in.
pub(super) fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}
