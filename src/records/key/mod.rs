//! What an object's key or path tells before it is opened: kind of log, account, Region, time.
//!
//! Reads the text of the key only. A key that tells nothing is no verdict: the content decides.
//! Known layouts, with any prefix, with or without organization id, whole or cut by copying:
//!
//! ```text
//! AWSLogs/ACCOUNT/BedrockModelInvocationLogs/REGION/YYYY/MM/DD/HH/YYYYMMDDTHHMMSSmmmZ_HEX.json.gz
//! AWSLogs/[o-…/]ACCOUNT/CloudTrail[-Insight]/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail[-Insight]_REGION_YYYYMMDDTHHMMZ_RANDOM.json.gz
//! AWSLogs/[o-…/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_YYYYMMDDTHHMMSSZ.json.gz
//! YYYY/MM/DD/HH/STREAM-VERSION-YYYY-MM-DD-HH-MM-SS-UUID        (Firehose)
//! ```

mod folder;
mod written;

pub use folder::{Dated, FolderFacts, classify_folder};

use crate::records::Skip;
use crate::schema::TimeMs;
use crate::schema::service_metric::SCHEMA_TYPE;

/// What lies in a log object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// Bedrock model invocation logs.
    Invocations,
    /// CloudTrail events.
    CloudTrail,
    /// CloudTrail Insights events.
    CloudTrailInsight,
    /// A CloudTrail digest.
    Digest,
    /// What CloudWatch counted of Bedrock, as `ingest cloudwatch:REGION` reads it.
    ServiceMetrics,
}

impl ObjectKind {
    const ALL: [Self; 5] = [
        Self::Invocations,
        Self::CloudTrail,
        Self::CloudTrailInsight,
        Self::Digest,
        Self::ServiceMetrics,
    ];

    /// The kind as users name it and [`rejects`](crate::schema::reject::KIND) hold it: Insights are
    /// CloudTrail too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invocations => "invocations",
            Self::CloudTrail | Self::CloudTrailInsight => "cloudtrail",
            Self::Digest => "digest",
            Self::ServiceMetrics => "cloudwatch",
        }
    }

    /// The folder that holds this kind, and the word in the names of its objects.
    fn folder(self) -> &'static str {
        match self {
            Self::Invocations => "BedrockModelInvocationLogs",
            Self::CloudTrail => "CloudTrail",
            Self::CloudTrailInsight => "CloudTrail-Insight",
            Self::Digest => "CloudTrail-Digest",
            Self::ServiceMetrics => SCHEMA_TYPE,
        }
    }

    fn of_folder(folder: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.folder() == folder)
    }
}

/// What the key tells; `None` where it doesn't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFacts {
    /// What the object holds.
    pub kind: Option<ObjectKind>,
    /// Why the object holds no rows; `None` means it may be a log.
    pub skip: Option<Skip>,
    /// The account whose log it is.
    pub account: Option<String>,
    /// The Region whose log it is.
    pub region: Option<String>,
    /// When the object was written: the time in its name, else the date (and hour) of its folders.
    pub written: Option<TimeMs>,
    /// Where the time that the key tells ends: the next hour or day for folders, five minutes later
    /// for CloudTrail names, which are rounded. An object may belong to a range when it has
    /// `written < to` and `written_end > from`.
    pub written_end: Option<TimeMs>,
}

/// Reads a bucket key or a path with `/` between its parts.
pub fn classify(key: &str) -> KeyFacts {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    let folders: Vec<&str> = folders.split('/').filter(|part| !part.is_empty()).collect();
    let origin = origin_from_name(name).or(origin_from_folders(&folders)).unwrap_or_default();
    let skip = skip(&folders, name, origin.kind);
    let (written, written_end) = written::written(&folders, name).unzip();
    KeyFacts {
        kind: origin.kind.filter(|_| skip != Some(Skip::NotALog)),
        skip,
        account: origin.account.map(str::to_owned),
        region: origin.region.map(str::to_owned),
        written,
        written_end,
    }
    .completed_by(&folders)
}

impl KeyFacts {
    /// A name of Bedrock's has no account and no Region; its folders do.
    fn completed_by(self, folders: &[&str]) -> Self {
        let Some(around) = origin_from_folders(folders).filter(|around| around.kind == self.kind)
        else {
            return self;
        };
        Self {
            account: self.account.or_else(|| around.account.map(str::to_owned)),
            region: self.region.or_else(|| around.region.map(str::to_owned)),
            ..self
        }
    }
}

/// Kind, account and Region.
#[derive(Debug, Clone, Copy, Default)]
struct Origin<'k> {
    kind: Option<ObjectKind>,
    account: Option<&'k str>,
    region: Option<&'k str>,
}

/// `ACCOUNT_CloudTrail…_REGION_…` or `TIME_HEX.…`.
fn origin_from_name(name: &str) -> Option<Origin<'_>> {
    let mut parts = name.split('_');
    let (first, second) = (parts.next()?, parts.next()?);
    if let Some(kind) = ObjectKind::of_folder(second) {
        let region = parts.next().filter(|part| is_region(part));
        return Some(Origin {
            kind: Some(kind),
            account: is_account(first).then_some(first),
            region,
        });
    }
    let id = second.split('.').next()?;
    let of_bedrock = first.len() == "20241018T074319996Z".len()
        && written::from_compact(first).is_some()
        && id.len() == 16
        && id.bytes().all(|b| b.is_ascii_hexdigit())
        && parts.next().is_none();
    of_bedrock.then_some(Origin { kind: Some(ObjectKind::Invocations), ..Origin::default() })
}

/// `…/ACCOUNT/KIND/REGION/…`, the last one in the key. `CloudTrail` is a name that people give to
/// folders too: it counts only between an account and a Region, or beside one of them.
fn origin_from_folders<'k>(folders: &[&'k str]) -> Option<Origin<'k>> {
    folders.iter().enumerate().rev().find_map(|(at, folder)| {
        let kind = ObjectKind::of_folder(folder)?;
        let region = folders.get(at + 1).copied().filter(|part| is_region(part));
        let account = at.checked_sub(1).and_then(|before| {
            let in_layout = before > 0 && is_layout_root(folders[before - 1]);
            Some(folders[before]).filter(|part| is_account(part) || in_layout)
        });
        let told = kind != ObjectKind::CloudTrail || region.is_some() || account.is_some();
        told.then_some(Origin { kind: Some(kind), account, region })
    })
}

/// The folder above an account: `AWSLogs`, or the organization's id.
fn is_layout_root(folder: &str) -> bool {
    folder == "AWSLogs" || folder.starts_with("o-")
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`, …
fn is_region(text: &str) -> bool {
    let Some((area, number)) = text.rsplit_once('-') else {
        return false;
    };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    area.contains('-')
        && area.split('-').all(is_word)
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn skip(folders: &[&str], name: &str, kind: Option<ObjectKind>) -> Option<Skip> {
    // The second is written by CloudWatch Logs before it exports to a bucket.
    if name.contains("amazon-bedrock-logs-permission-check") || name == "aws-logs-write-test" {
        return Some(Skip::PermissionCheck);
    }
    if is_offloaded(folders, name) {
        return Some(Skip::OffloadedBody);
    }
    if !may_be_log(name) {
        return Some(Skip::NotALog);
    }
    (kind == Some(ObjectKind::Digest)).then_some(Skip::Digest)
}

/// Below `data/` of an invocation log, or named as its objects are, wherever a copy lies.
fn is_offloaded(folders: &[&str], name: &str) -> bool {
    let data = folders.iter().rposition(|folder| *folder == "data");
    let below_invocations =
        data.is_some_and(|data| folders[..data].contains(&ObjectKind::Invocations.folder()));
    below_invocations || is_offloaded_name(name)
}

/// `<requestId>_input…` or `<requestId>_output…`; request ids are UUIDs.
fn is_offloaded_name(name: &str) -> bool {
    let Some((id, side)) = name.split_once('_') else {
        return false;
    };
    let is_uuid = id.len() == 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    is_uuid && ["input.", "input_", "output.", "output_"].iter().any(|end| side.starts_with(end))
}

/// By the end of the name: a log's, or none at all. An end that is no word (`app.20260102`) is part
/// of the name.
fn may_be_log(name: &str) -> bool {
    const LOG: [&str; 4] = ["json", "ndjson", "jsonl", "log"];
    const PACKED: [&str; 2] = ["gz", "gzip"];
    let is_word = |end: &str| {
        end.len() <= 10
            && end.starts_with(|c: char| c.is_ascii_alphabetic())
            && end.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let lower = name.to_ascii_lowercase();
    let Some((stem, end)) = lower.rsplit_once('.') else {
        return !name.is_empty();
    };
    if stem.is_empty() {
        return false; // `.DS_Store` and the like
    }
    match end {
        end if LOG.contains(&end) => true,
        end if PACKED.contains(&end) => {
            stem.rsplit_once('.').is_none_or(|(_, inner)| LOG.contains(&inner) || !is_word(inner))
        }
        end => !is_word(end),
    }
}

#[cfg(test)]
mod tests;
