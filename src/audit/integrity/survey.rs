//! All digests judged, all log files found: what is left to hash, and the outcome once it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};

use super::chain::{Link, follow};
use super::judge::{Judgement, judge};
use super::keys::PublicKeys;
use super::verdict::{self, Conclusion};
use super::{
    DigestObject, FileStatus, Hashed, LogObject, Problem, ProblemKind, Scope, Trail, Verification,
};
use crate::period::Period;
use crate::records::digest::LoggedFile;

/// The name of a CloudTrail log file says when it was delivered, cut to five minutes.
const LOG_MINUTES: i64 = 5;

/// A log file to hash: which one, by its place in the list given to [`Survey::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCheck {
    /// Index of the log object.
    pub log: usize,
}

/// A log file that a digest of the range names.
#[derive(Debug)]
pub(super) struct NamedLog {
    /// Index of the digest.
    pub(super) digest: usize,
    /// Index of the log object; `None` when it isn't there.
    pub(super) log: Option<usize>,
    /// As the digest names it.
    pub(super) named: LoggedFile,
}

/// Judged digests and found log files.
#[derive(Debug)]
pub struct Survey {
    pub(super) scope: Scope,
    pub(super) digests: Vec<DigestObject>,
    pub(super) judgements: Vec<Judgement>,
    pub(super) logs: Vec<LogObject>,
    pub(super) no_keys: bool,
    /// `None` when there is nothing at all to prove.
    pub(super) range: Option<Period>,
    /// Indices of the digests whose window touches the range.
    pub(super) in_range: Vec<usize>,
    pub(super) named: Vec<NamedLog>,
    /// Indices of log objects in the range that no digest in hand names.
    pub(super) uncovered: Vec<usize>,
}

impl Survey {
    /// Judges digests and matches them with the log files found.
    ///
    /// Digests and logs may reach beyond the range: those within an hour or two of it say which
    /// files near its ends are covered.
    pub fn new(
        mut digests: Vec<DigestObject>,
        mut logs: Vec<LogObject>,
        keys: &PublicKeys,
        scope: Scope,
    ) -> Self {
        let wanted = |region: &Option<String>| {
            scope.region.is_none() || region.is_none() || *region == scope.region
        };
        digests.retain(|digest| wanted(&digest.name.trail.region));
        logs.retain(|log| wanted(&log.region));
        digests.sort_by(|a, b| {
            (&a.name.trail, a.name.end, &a.location).cmp(&(&b.name.trail, b.name.end, &b.location))
        });
        logs.sort_by(|a, b| a.location.cmp(&b.location));
        let judgements = judgements(&digests, keys, scope.recover_signatures);
        let range = scope.range.or_else(|| whole_range(&digests, &logs));
        let in_range = (0..digests.len())
            .filter(|at| range.is_some_and(|range| touches(&digests[*at], range)))
            .collect();
        let mut survey = Self {
            scope,
            digests,
            judgements,
            logs,
            no_keys: keys.is_empty(),
            range,
            in_range,
            named: Vec::new(),
            uncovered: Vec::new(),
        };
        survey.match_logs();
        survey
    }

    /// How many hours the outcome tells of: those of the range, for each trail, account and Region.
    pub fn hours(&self) -> u64 {
        let Some(range) = self.range else { return 0 };
        let places = self.digests.iter().map(|digest| digest.name.trail.clone());
        let logs = self.logs.iter().map(|log| Trail {
            account: log.account.clone(),
            region: log.region.clone(),
            trail: None,
        });
        let places: BTreeSet<Trail> = places.chain(logs).collect();
        let hours = u64::try_from((range.to - range.from).num_hours()).unwrap_or_default() + 2;
        hours.saturating_mul(places.len() as u64)
    }

    /// The range to prove; `None` when there is nothing at all.
    pub fn range(&self) -> Option<Period> {
        self.range
    }

    /// The log files whose hash is needed, in order.
    pub fn to_hash(&self) -> Vec<LogCheck> {
        let wanted: BTreeSet<usize> = self
            .named
            .iter()
            .filter(|named| self.judgements[named.digest].status == FileStatus::Valid)
            .filter_map(|named| named.log)
            .collect();
        wanted.into_iter().map(|log| LogCheck { log }).collect()
    }

    /// The log object of a check.
    pub fn log(&self, check: LogCheck) -> &LogObject {
        &self.logs[check.log]
    }

    /// The outcome, from the hashes of [`to_hash`](Self::to_hash) in its order.
    pub fn finish(mut self, hashes: Vec<Hashed>) -> Verification {
        let by_log: HashMap<usize, Hashed> =
            self.to_hash().into_iter().map(|check| check.log).zip(hashes).collect();
        let mut conclusion = Conclusion::default();
        for (trail, chain) in self.chains() {
            self.conclude_chain(&trail, &chain, &mut conclusion);
        }
        verdict::conclude(&self, &by_log, conclusion)
    }

    /// Indices of standard digests by trail, each sorted by time.
    fn chains(&self) -> BTreeMap<Trail, Vec<usize>> {
        let mut chains: BTreeMap<Trail, Vec<usize>> = BTreeMap::new();
        for (at, digest) in self.digests.iter().enumerate() {
            if !digest.name.backfill {
                chains.entry(digest.name.trail.clone()).or_default().push(at);
            }
        }
        chains
    }

    fn conclude_chain(&mut self, trail: &Trail, chain: &[usize], conclusion: &mut Conclusion) {
        let Some(range) = self.range else { return };
        let links: Vec<Link<'_>> = chain
            .iter()
            .map(|at| Link { object: &self.digests[*at], judgement: self.judgements[*at] })
            .collect();
        let findings = follow(&links, range, &trail.label());
        conclusion.missing.extend(findings.missing);
        conclusion.problems.extend(findings.problems);
        let ends = ends_of(&links);
        conclusion.problems.extend(open_ends(ends, range, &trail.label()));
        for broken in findings.broken {
            self.judgements[chain[broken]] = Judgement::invalid(ProblemKind::DigestChainBroken);
        }
    }

    fn match_logs(&mut self) {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, log) in self.logs.iter().enumerate() {
            by_name.entry(file_name(&log.location)).or_default().push(at);
        }
        let find = |named: &LoggedFile| {
            let place = format!("{}/{}", named.s3_bucket, named.s3_object);
            let same_name = by_name.get(file_name(&named.s3_object)).map_or(&[][..], Vec::as_slice);
            let at = |end: &str| {
                same_name.iter().copied().find(|at| place_ends_in(&self.logs[*at].location, end))
            };
            at(&place).or_else(|| at(&named.s3_object))
        };
        let in_range: BTreeSet<usize> = self.in_range.iter().copied().collect();
        let (mut named, mut covered) = (Vec::new(), BTreeSet::new());
        for (at, digest) in self.digests.iter().enumerate() {
            let Ok(read) = &digest.content else { continue };
            for file in &read.digest.log_files {
                let log = find(file);
                covered.extend(log);
                if in_range.contains(&at) {
                    named.push(NamedLog { digest: at, log, named: file.clone() });
                }
            }
        }
        let uncovered = (0..self.logs.len()).filter(|at| !covered.contains(at));
        self.uncovered = uncovered.filter(|at| self.is_in_range(&self.logs[*at])).collect();
        self.named = self.best_named(named);
    }

    /// Each log file once: a digest that is proven speaks for it, whatever another one says.
    fn best_named(&self, mut named: Vec<NamedLog>) -> Vec<NamedLog> {
        let is_valid = |named: &NamedLog| self.judgements[named.digest].status == FileStatus::Valid;
        named.sort_by_key(|named| !is_valid(named));
        let mut seen = BTreeSet::new();
        named.retain(|named| {
            seen.insert((named.named.s3_bucket.clone(), named.named.s3_object.clone()))
        });
        named.sort_by_key(|named| named.digest);
        named
    }

    /// A log file whose name tells no time can't be left out.
    fn is_in_range(&self, log: &LogObject) -> bool {
        log.written
            .zip(self.range)
            .is_none_or(|(written, range)| range.from <= written && written < range.to)
    }
}

/// Judges all digests, newest first, so that each one's successor is known.
fn judgements(digests: &[DigestObject], keys: &PublicKeys, recover: bool) -> Vec<Judgement> {
    let mut signatures: HashMap<&str, &str> = HashMap::new();
    if recover {
        for read in digests.iter().filter_map(|digest| digest.content.as_ref().ok()) {
            let before = &read.digest;
            if let (Some(key), Some(signature)) =
                (&before.previous_digest_s3_object, &before.previous_digest_signature)
            {
                signatures.insert(file_name(key), signature);
            }
        }
    }
    digests
        .iter()
        .map(|digest| judge(digest, keys, signatures.get(file_name(&digest.location)).copied()))
        .collect()
}

/// The last part of a location or key.
fn file_name(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

/// Whether a location is this place, or ends in it after a `/`.
pub fn place_ends_in(location: &str, place: &str) -> bool {
    location.strip_suffix(place).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// From the first digest or log file to the last.
fn whole_range(digests: &[DigestObject], logs: &[LogObject]) -> Option<Period> {
    let windows = digests.iter().map(DigestObject::window).map(|window| (window.from, window.to));
    let delivered = logs.iter().filter_map(|log| log.written);
    let delivered = delivered.map(|at| (at, at + Duration::minutes(LOG_MINUTES)));
    windows.chain(delivered).fold(None, |range: Option<Period>, (from, to)| {
        Some(range.map_or(Period { from, to }, |range| Period {
            from: range.from.min(from),
            to: range.to.max(to),
        }))
    })
}

/// Whether a digest's window lies in the range, even partly.
fn touches(digest: &DigestObject, range: Period) -> bool {
    let window = digest.window();
    window.from < range.to && window.to > range.from
}

/// Start of the first and end of the last window of a chain.
fn ends_of(links: &[Link<'_>]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    Some((links.first()?.object.window().from, links.last()?.object.window().to))
}

/// The parts of the range before the first and after the last digest.
fn open_ends(
    ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
    range: Period,
    trail: &str,
) -> Vec<Problem> {
    let Some((first, last)) = ends else { return Vec::new() };
    let problem = |kind, from, to, effect: &str| Problem {
        kind,
        object: trail.to_owned(),
        from: Some(from),
        to: Some(to),
        effect: effect.to_owned(),
    };
    let before = (range.from < first).then(|| {
        problem(
            ProblemKind::NoDigestBefore,
            range.from,
            first.min(range.to),
            "the range begins before the first digest: nothing proves this time",
        )
    });
    let after = (last < range.to).then(|| {
        problem(
            ProblemKind::NoDigestAfter,
            last.max(range.from),
            range.to,
            "no digest covers the end of the range: logging or validation was off, the digests are \
             not delivered yet, or the newest ones were deleted",
        )
    });
    before.into_iter().chain(after).collect()
}
