//! Whether CloudTrail's log files are as they were delivered, by the digests CloudTrail signed.
//!
//! ```text
//! digests, keys ─▶ Survey (judges digests, names the log files to hash)
//!                     │ hashes of those files
//!                     ▼
//!                  Verification (verdict, counts, hours, problems, every file)
//! ```
//!
//! A digest proves the log files that were delivered in its window. Stricter than
//! `aws cloudtrail validate-logs`: it also tells which hours nothing proves, which log files no
//! digest names, which ones a bad digest leaves unchecked, and whether each digest is the very one
//! that its successor names.
//!
//! Source: "Validating CloudTrail log file integrity" in the AWS CloudTrail user guide.

mod chain;
mod hours;
mod judge;
pub mod keys;
pub mod name;
mod survey;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::period::Period;
use crate::records::digest::{ContentHash, Malformed, ReadDigest};

pub use name::{DigestName, Trail};
pub use survey::{LogCheck, Survey, place_ends_in};

/// User metadata of an object, names in lower case without `x-amz-meta-`.
pub type Metadata = BTreeMap<String, String>;

/// A digest object that was found.
#[derive(Debug, Clone)]
pub struct DigestObject {
    /// Where it lies, with `/` between the parts; ends in its key.
    pub location: String,
    /// What its file name tells.
    pub name: DigestName,
    /// What it holds.
    pub content: Result<ReadDigest, Trouble>,
    /// Its user metadata; `None` when nobody kept any: neither the place nor a list given for it.
    pub metadata: Option<Metadata>,
}

impl DigestObject {
    /// The delivery window. Of a digest that can't be read, or that is another one, only the end is
    /// known, from its name: an hour is assumed.
    pub fn window(&self) -> Period {
        match &self.content {
            Ok(read) if read.end == self.name.end => {
                Period { from: read.digest.digest_start_time, to: read.end }
            }
            _ => Period { from: self.name.end - Duration::hours(1), to: self.name.end },
        }
    }

    /// When it was signed: at the end of its window; a backfill digest later, as its metadata says.
    pub fn signed_at(&self) -> DateTime<Utc> {
        judge::made_at(self).unwrap_or(self.window().to)
    }
}

/// A log object that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogObject {
    /// Where it lies, with `/` between the parts; ends in its key.
    pub location: String,
    /// Account, where the key tells.
    pub account: Option<String>,
    /// Region, where the key tells.
    pub region: Option<String>,
    /// The time in its name.
    pub written: Option<DateTime<Utc>>,
}

/// Why an object's content is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The place did not hand it out.
    #[error("{0}")]
    Unreadable(String),
    /// It is not what it should be.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// What hashing a log file gave.
pub type Hashed = Result<ContentHash, Trouble>;

/// What to verify, and how strictly.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The range to prove; without one, from the first digest or log file to the last.
    pub range: Option<Period>,
    /// Only this region.
    pub region: Option<String>,
    /// Whether a signature that the metadata lacks may be taken from the next digest.
    pub recover_signatures: bool,
}

/// The outcome as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every hour of the range is proven, nothing is invalid or missing.
    Verified,
    /// Nothing is invalid or missing, but hours or files are without proof.
    PartlyVerified,
    /// Something is invalid or missing.
    Failed,
    /// No digests, or no keys to check them with.
    Unverifiable,
}

/// What is said of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// Proven.
    Valid,
    /// Shown to be other than it was delivered.
    Invalid,
    /// Named, and not there.
    Missing,
    /// A log file that no digest names.
    Uncovered,
    /// A log file whose digest is not proven, or that could not be read.
    Unchecked,
    /// A digest without signature, key or readable content: neither proven nor disproven.
    Unproven,
}

/// The three kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Hourly digest.
    Digest,
    /// Digest made later for files that had none.
    BackfillDigest,
    /// Log file.
    Log,
}

/// One file and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileVerdict {
    /// Where it lies, or should lie (`s3://bucket/key`).
    pub object: String,
    /// What it is.
    pub kind: FileKind,
    /// What is said of it.
    pub status: FileStatus,
    /// Why, when it is not valid: a [`Problem`]'s kind.
    pub reason: Option<ProblemKind>,
}

/// Something that keeps the range from being proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The file, or the trail where no file is to blame.
    pub object: String,
    /// Start of the time it concerns; null when unknown.
    pub from: Option<DateTime<Utc>>,
    /// End of that time.
    pub to: Option<DateTime<Utc>>,
    /// What it means for the verdict, for people.
    pub effect: String,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The signature doesn't fit the digest.
    DigestSignatureInvalid,
    /// The digest has no signature in its metadata.
    DigestSignatureMissing,
    /// No whole gzip file, or no digest document.
    DigestMalformed,
    /// The digest says it belongs elsewhere.
    DigestMoved,
    /// The digest is not the one that its successor names.
    DigestChainBroken,
    /// The digest that another one names is not there.
    DigestMissing,
    /// The digest could not be read.
    DigestUnreadable,
    /// A backfill digest without the time of its making.
    BackfillTimestampMissing,
    /// The key that signed the digest is not among the keys.
    PublicKeyMissing,
    /// The key is no RSA key in PKCS #1 or `SubjectPublicKeyInfo` form.
    PublicKeyUnusable,
    /// The key that signed the digest was not valid at that time.
    PublicKeyOutOfTime,
    /// The log file's content is not what the digest says.
    LogHashMismatch,
    /// The log file is no whole gzip file.
    LogMalformed,
    /// The log file is not there.
    LogMissing,
    /// The log file could not be read.
    LogUnreadable,
    /// The log file's hash is of another kind than SHA-256.
    LogHashUnknown,
    /// No digest names the log file.
    LogUncovered,
    /// Log files that only an unproven digest names.
    LogUnchecked,
    /// Logging or validation was off: a new chain starts after a pause.
    LoggingGap,
    /// Linked digests leave time between them.
    WindowGap,
    /// The range begins before the first digest.
    NoDigestBefore,
    /// The range goes on after the last digest.
    NoDigestAfter,
    /// There is no digest at all.
    NoDigests,
    /// No public key was given.
    NoKeys,
}

/// Digests by status; backfill digests included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DigestCounts {
    /// Proven.
    pub valid: u64,
    /// Shown to be wrong.
    pub invalid: u64,
    /// Named by another digest, and not there.
    pub missing: u64,
    /// Without signature, key or readable content.
    pub unproven: u64,
    /// How many of all these are backfill digests.
    pub backfill: u64,
}

/// Log files by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LogCounts {
    /// The content is what a valid digest says.
    pub valid: u64,
    /// It is not.
    pub invalid: u64,
    /// Named by a valid digest, and not there.
    pub missing: u64,
    /// There, and named by no digest.
    pub uncovered: u64,
    /// Named by a digest that is not proven, or not readable.
    pub unchecked: u64,
}

/// Clock hours (UTC) of the range, summed over trails and regions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HourCounts {
    /// Hours that the range touches.
    pub expected: u64,
    /// Hours that valid digests cover wholly, all their log files valid and none uncovered.
    pub proven: u64,
}

/// One clock hour of one trail in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourVerdict {
    /// Start of the hour, UTC.
    pub hour: DateTime<Utc>,
    /// Trail, account and region; shared, since there are many hours.
    pub trail: Arc<Trail>,
    /// Whether it is proven.
    pub proven: bool,
}

impl Serialize for HourVerdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("HourVerdict", 5)?;
        fields.serialize_field("hour", &self.hour)?;
        fields.serialize_field("account", &self.trail.account)?;
        fields.serialize_field("region", &self.trail.region)?;
        fields.serialize_field("trail", &self.trail.trail)?;
        fields.serialize_field("proven", &self.proven)?;
        fields.end()
    }
}

/// The whole outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The outcome as one word.
    pub verdict: Verdict,
    /// The range that was to be proven.
    pub range: Option<Period>,
    /// Digests.
    pub digests: DigestCounts,
    /// Log files.
    pub logs: LogCounts,
    /// Hours.
    pub hours: HourCounts,
    /// What keeps the range from being proven, by time.
    pub problems: Vec<Problem>,
    /// Every hour of every trail.
    pub hour_verdicts: Vec<HourVerdict>,
    /// Every file that the range concerns.
    pub files: Vec<FileVerdict>,
}
