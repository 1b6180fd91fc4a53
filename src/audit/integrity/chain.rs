//! Digests of one trail in order of time: links between them, and time that none covers.

use chrono::{DateTime, Duration, Utc};

use super::judge::{Judgement, own_signature};
use super::{DigestObject, FileStatus, Problem, ProblemKind};
use crate::period::Period;

/// A judged digest of one chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link<'a> {
    pub(super) object: &'a DigestObject,
    pub(super) judgement: Judgement,
}

/// A digest that another one names and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MissingDigest {
    /// `s3://bucket/key`.
    pub(super) object: String,
    /// The time it, and others before it, would have covered.
    pub(super) window: Period,
    /// At least this many: digests are hourly.
    pub(super) count: u64,
}

/// What the links of one chain of standard digests say.
#[derive(Debug, Default)]
pub(super) struct ChainFindings {
    pub(super) missing: Vec<MissingDigest>,
    /// Indices of digests that are not the ones their successors name.
    pub(super) broken: Vec<usize>,
    pub(super) problems: Vec<Problem>,
}

/// Follows the links of a chain, `links` sorted by the end of their windows.
pub(super) fn follow(links: &[Link<'_>], range: Period, trail: &str) -> ChainFindings {
    let mut findings = ChainFindings::default();
    for (at, link) in links.iter().enumerate() {
        let Ok(read) = &link.object.content else { continue };
        // What a tampered digest says about others counts for nothing.
        if link.judgement.status == FileStatus::Invalid {
            continue;
        }
        let start = read.digest.digest_start_time;
        let before = links[..at].iter().rfind(|earlier| earlier.object.window().to <= start);
        let Some(previous) = read.digest.previous_digest_s3_object.as_deref() else {
            findings.problems.extend(before.and_then(|before| {
                pause(ProblemKind::LoggingGap, before.object.window().to, start, range, trail)
            }));
            continue;
        };
        let bucket = read.digest.previous_digest_s3_bucket.as_deref().unwrap_or_default();
        let found =
            links[..at].iter().rposition(|earlier| same_name(&earlier.object.location, previous));
        let Some(found) = found else {
            let object = format!("s3://{bucket}/{previous}");
            let window = missing(before, start, range);
            findings.missing.extend(window.map(|window| MissingDigest {
                object,
                count: hours_in(window),
                window,
            }));
            continue;
        };
        if !is_the_named_one(links[found], read) {
            findings.broken.push(found);
        }
        let end = links[found].object.window().to;
        findings.problems.extend(pause(ProblemKind::WindowGap, end, start, range, trail));
    }
    findings
}

/// Whether the name at the end of a location is that of a key.
fn same_name(location: &str, key: &str) -> bool {
    location.rsplit('/').next() == key.rsplit('/').next()
}

/// Whether a valid digest is the one its successor was made after: same content, same signature.
fn is_the_named_one(found: Link<'_>, successor: &crate::records::digest::ReadDigest) -> bool {
    let (FileStatus::Valid, Ok(read)) = (found.judgement.status, &found.object.content) else {
        return true; // told already
    };
    let named = &successor.digest;
    let same = |named: Option<&str>, own: Option<&str>| match (named, own) {
        (Some(named), Some(own)) => named.eq_ignore_ascii_case(own),
        _ => true,
    };
    same(named.previous_digest_hash_value.as_deref(), Some(&hex::encode(read.hash)))
        && same(named.previous_digest_signature.as_deref(), own_signature(found.object))
}

/// The time before `start` that no digest in hand covers, when the range reaches into it.
fn missing(before: Option<&Link<'_>>, start: DateTime<Utc>, range: Period) -> Option<Period> {
    let hour_before = start - Duration::hours(1);
    let from = before.map_or(hour_before, |before| before.object.window().to);
    (start > range.from && from < range.to && from < start).then_some(Period { from, to: start })
}

fn hours_in(window: Period) -> u64 {
    let minutes = (window.to - window.from).num_minutes();
    u64::try_from((minutes + 59) / 60).unwrap_or_default().max(1)
}

fn pause(
    kind: ProblemKind,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    range: Period,
    trail: &str,
) -> Option<Problem> {
    let effect = match kind {
        ProblemKind::LoggingGap => {
            "logging or its validation was off: nothing proves what was delivered in this time"
        }
        _ => "no digest covers this time, although its neighbours are linked",
    };
    (from < to && from < range.to && to > range.from).then(|| Problem {
        kind,
        object: trail.to_owned(),
        from: Some(from),
        to: Some(to),
        effect: effect.to_owned(),
    })
}
