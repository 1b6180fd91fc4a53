//! Object bytes → typed rows and rejects.
//!
//! Pure: bytes in, rows out; no file, network or clock. Bad input is data: whatever can't be read
//! becomes a [`Reject`] with its reason, and the records beside it are kept. Prompt and completion
//! text never leaves this module; only a keyed hash of the prompt does.

pub(crate) mod cloudtrail;
mod container;
pub mod digest;
mod frames;
mod gunzip;
pub(crate) mod identity;
pub(crate) mod invocation;
mod json;
pub mod key;
mod sensitive;
mod service_metric;
#[cfg(test)]
mod tests;
pub(crate) mod timestamp;
mod wire;

use self::container::Reader;
use crate::schema::TimeMs;
use crate::schema::reject::Reject;
use crate::schema::sensitive::Sensitive;
use crate::schema::service_metric::ServiceMetric;
use crate::schema::{api_event, invocation as call};

/// What is known of an object before it is opened.
#[derive(Debug, Clone, Copy)]
pub struct ObjectName<'a> {
    /// Bucket and key, or the path below the source folder: the rows' `object`.
    pub object: &'a str,
    /// When it was written, as far as the listing knows (last modification).
    pub modified: Option<TimeMs>,
}

/// Bounds on what one object may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes an object may inflate to; what comes after is rejected as `oversize_object`.
    pub max_object_bytes: u64,
}

/// The store's secret for [`prompt_hash`](crate::schema::invocation::PROMPT_HASH).
#[derive(Clone)]
pub struct PromptKey(pub [u8; 32]);

/// What one object held.
#[derive(Debug, Default, PartialEq)]
pub struct Decoded {
    /// Model calls, in record order.
    pub invocations: call::Columns,
    /// CloudTrail events, in record order.
    pub api_events: api_event::Columns,
    /// CloudWatch's figures of an hour and model, in record order.
    pub service_metrics: Vec<ServiceMetric>,
    /// What could not be read, in record order.
    pub rejects: Vec<Reject>,
    /// What was found in bodies, in record order; only of a scan.
    pub sensitive: Vec<Sensitive>,
    /// Why the object holds no rows by nature (a digest, an offloaded body, …); then it has no rejects.
    pub skipped: Option<Skip>,
    /// Size after inflating, bytes.
    pub bytes_uncompressed: u64,
}

/// Objects that lie among the logs and are not logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// Zero bytes, or the object that Bedrock writes to check its permission.
    PermissionCheck,
    /// A body or medium that Bedrock moved to `data/`.
    OffloadedBody,
    /// A CloudTrail digest.
    Digest,
    /// Neither name nor content is a log's.
    NotALog,
}

impl Skip {
    /// The reason as the catalogue keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PermissionCheck => "permission_check",
            Self::OffloadedBody => "offloaded_body",
            Self::Digest => "digest",
            Self::NotALog => "not_a_log",
        }
    }
}

/// The base model that a model id addresses, as the column `model` of invocations has it.
pub fn base_model(model_id: &str) -> String {
    invocation::model::addressed(model_id).model.to_owned()
}

/// Reads one object. Never fails: what can't be read is among the rejects.
///
/// What the object holds is told by its content; the name only says what is no log.
pub fn decode(name: &ObjectName<'_>, bytes: &[u8], limits: &Limits, key: &PromptKey) -> Decoded {
    decode_with(name, bytes, limits, key, Wanted::default())
}

/// What is wanted of an object beside its rows.
#[derive(Default)]
pub struct Wanted<'a> {
    /// Response bodies that lie outside of the log.
    pub bodies: Option<&'a mut dyn Bodies>,
    /// Sensitive data in bodies.
    pub sensitive: bool,
}

/// Gets response bodies that Bedrock put outside of the log, since they were too large for it.
pub trait Bodies {
    /// The bytes at this place (`s3://bucket/…/data/<requestId>_output.json.gz`), as stored; `None`
    /// where there are none to be had, and what they would tell stays unknown.
    fn fetch(&mut self, path: &str) -> Option<Vec<u8>>;
}

/// Like [`decode`], with response bodies from outside of the log, where it has none, and a scan of
/// bodies for sensitive data.
pub fn decode_with<'a>(
    name: &ObjectName<'a>,
    bytes: &[u8],
    limits: &Limits,
    key: &PromptKey,
    wanted: Wanted<'a>,
) -> Decoded {
    if bytes.is_empty() {
        return Decoded { skipped: Some(Skip::PermissionCheck), ..Decoded::default() };
    }
    let inflated = gunzip::inflate(bytes, limits.max_object_bytes);
    if service_metric::is_of_service_metrics(&inflated.bytes) {
        let bytes_uncompressed = u64::try_from(inflated.bytes.len()).unwrap_or(u64::MAX);
        return Decoded { bytes_uncompressed, ..service_metric::decode(name, &inflated.bytes) };
    }
    let mut reader = Reader::new(*name, inflated.bytes.len(), *limits, key, wanted);
    frames::read(&inflated.bytes, inflated.damage, &mut reader);
    let (mut decoded, digest) = reader.finish();
    let empty = decoded.invocations.is_empty() && decoded.api_events.is_empty();
    if digest && empty && decoded.rejects.is_empty() {
        decoded.skipped = Some(Skip::Digest);
    }
    decoded.bytes_uncompressed = u64::try_from(inflated.bytes.len()).unwrap_or(u64::MAX);
    decoded
}
