//! The outcome: every file's status, the counts, the hours, and the one word they come to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::Duration;

use super::chain::MissingDigest;
use super::hours::{clock_hours, is_proven, merged};
use super::survey::{NamedLog, Survey};
use super::{
    DigestCounts, DigestObject, FileKind, FileStatus, FileVerdict, Hashed, HourCounts, HourVerdict,
    LogCounts, Problem, ProblemKind, Trail, Trouble, Verdict, Verification,
};
use crate::period::Period;

/// What was concluded before the files are looked at one by one.
#[derive(Debug, Default)]
pub(super) struct Conclusion {
    pub(super) missing: Vec<MissingDigest>,
    pub(super) problems: Vec<Problem>,
}

/// Proven and doubtful time of one trail.
#[derive(Debug, Default)]
struct Times {
    proven: Vec<Period>,
    doubtful: Vec<Period>,
}

/// Puts everything together.
pub(super) fn conclude(
    survey: &Survey,
    hashed: &HashMap<usize, Hashed>,
    conclusion: Conclusion,
) -> Verification {
    let mut draft = Draft { survey, problems: conclusion.problems, ..Draft::new(survey) };
    draft.add_missing(&conclusion.missing);
    let mut spoiled = vec![false; survey.digests.len()];
    for named in &survey.named {
        spoiled[named.digest] |= draft.add_named(named, hashed) != FileStatus::Valid;
    }
    for at in &survey.in_range {
        draft.add_digest(*at, spoiled[*at]);
    }
    for at in &survey.uncovered {
        draft.add_uncovered(*at);
    }
    draft.finish()
}

struct Draft<'a> {
    survey: &'a Survey,
    digests: DigestCounts,
    logs: LogCounts,
    times: BTreeMap<Trail, Times>,
    problems: Vec<Problem>,
    files: Vec<FileVerdict>,
    /// Log files left unchecked by each digest.
    unchecked: HashMap<usize, u64>,
}

impl<'a> Draft<'a> {
    fn new(survey: &'a Survey) -> Self {
        Self {
            survey,
            digests: DigestCounts::default(),
            logs: LogCounts::default(),
            times: BTreeMap::new(),
            problems: Vec::new(),
            files: Vec::new(),
            unchecked: HashMap::new(),
        }
    }

    fn add_missing(&mut self, missing: &[MissingDigest]) {
        for digest in missing {
            self.digests.missing += digest.count;
            self.problems.push(Problem {
                kind: ProblemKind::DigestMissing,
                object: digest.object.clone(),
                from: Some(digest.window.from),
                to: Some(digest.window.to),
                effect:
                    "named by the digest after it, and not there: its log files can't be proven"
                        .to_owned(),
            });
            self.files.push(FileVerdict {
                object: digest.object.clone(),
                kind: FileKind::Digest,
                status: FileStatus::Missing,
                reason: Some(ProblemKind::DigestMissing),
            });
        }
    }

    /// Counts a log file that a digest names, and says its status.
    fn add_named(&mut self, named: &NamedLog, hashed: &HashMap<usize, Hashed>) -> FileStatus {
        let trusted = self.survey.judgements[named.digest].status == FileStatus::Valid;
        let (status, reason) = match named.log {
            _ if !trusted => (FileStatus::Unchecked, Some(ProblemKind::LogUnchecked)),
            None => (FileStatus::Missing, Some(ProblemKind::LogMissing)),
            Some(at) => compared(named, hashed.get(&at)),
        };
        match status {
            FileStatus::Valid => self.logs.valid += 1,
            FileStatus::Missing => self.logs.missing += 1,
            FileStatus::Unchecked => self.logs.unchecked += 1,
            _ => self.logs.invalid += 1,
        }
        if !trusted {
            *self.unchecked.entry(named.digest).or_default() += 1;
        }
        let object = named.log.map_or_else(
            || format!("s3://{}/{}", named.named.s3_bucket, named.named.s3_object),
            |at| self.survey.logs[at].location.clone(),
        );
        if let Some(reason) = reason.filter(|reason| *reason != ProblemKind::LogUnchecked) {
            let window = self.survey.digests[named.digest].window();
            self.problems.push(Problem {
                kind: reason,
                object: object.clone(),
                from: Some(window.from),
                to: Some(window.to),
                effect: log_effect(reason).to_owned(),
            });
        }
        self.files.push(FileVerdict { object, kind: FileKind::Log, status, reason });
        status
    }

    /// Counts a digest; `spoiled` when one of its log files is not valid.
    fn add_digest(&mut self, at: usize, spoiled: bool) {
        let (digest, judgement) = (&self.survey.digests[at], self.survey.judgements[at]);
        let window = digest.window();
        self.digests.backfill += u64::from(digest.name.backfill);
        match judgement.status {
            FileStatus::Valid => self.digests.valid += 1,
            FileStatus::Invalid => self.digests.invalid += 1,
            _ => self.digests.unproven += 1,
        }
        let times = self.times.entry(digest.name.trail.clone()).or_default();
        let sound = judgement.status == FileStatus::Valid && !spoiled;
        if !sound {
            times.doubtful.push(window);
        } else if !digest.name.backfill {
            times.proven.push(window);
        }
        if let Some(reason) = judgement.reason {
            self.problems.push(Problem {
                kind: reason,
                object: digest.location.clone(),
                from: Some(window.from),
                to: Some(window.to),
                effect: digest_effect(digest, reason, self.unchecked.get(&at).copied()),
            });
        }
        let kind = if digest.name.backfill { FileKind::BackfillDigest } else { FileKind::Digest };
        self.files.push(FileVerdict {
            object: digest.location.clone(),
            kind,
            status: judgement.status,
            reason: judgement.reason,
        });
    }

    fn add_uncovered(&mut self, at: usize) {
        let log = &self.survey.logs[at];
        self.logs.uncovered += 1;
        let window = log.written.map(|from| Period { from, to: from + Duration::minutes(5) });
        self.problems.push(Problem {
            kind: ProblemKind::LogUncovered,
            object: log.location.clone(),
            from: window.map(|window| window.from),
            to: window.map(|window| window.to),
            effect: "no digest names this file: nothing proves that CloudTrail delivered it"
                .to_owned(),
        });
        self.files.push(FileVerdict {
            object: log.location.clone(),
            kind: FileKind::Log,
            status: FileStatus::Uncovered,
            reason: Some(ProblemKind::LogUncovered),
        });
        for times in self.times_of(log.account.as_ref(), log.region.as_ref()) {
            times.doubtful.extend(window);
        }
    }

    /// The trails that log for an account and Region; a nameless one when none has a digest.
    fn times_of(&mut self, account: Option<&String>, region: Option<&String>) -> Vec<&mut Times> {
        let same =
            |trail: &Trail| trail.account.as_ref() == account && trail.region.as_ref() == region;
        if !self.times.keys().any(same) {
            let nameless =
                Trail { account: account.cloned(), region: region.cloned(), trail: None };
            self.times.entry(nameless).or_default();
        }
        self.times.iter_mut().filter(|(trail, _)| same(trail)).map(|(_, times)| times).collect()
    }

    fn finish(mut self) -> Verification {
        let hour_verdicts = self.hour_verdicts();
        let hours = HourCounts {
            expected: hour_verdicts.len() as u64,
            proven: hour_verdicts.iter().filter(|hour| hour.proven).count() as u64,
        };
        self.say_what_lacks();
        let verdict = self.verdict(hours);
        self.problems.sort_by(|a, b| (a.from, a.kind, &a.object).cmp(&(b.from, b.kind, &b.object)));
        self.files.sort_by(|a, b| (&a.object, a.kind).cmp(&(&b.object, b.kind)));
        Verification {
            verdict,
            range: self.survey.range,
            digests: self.digests,
            logs: self.logs,
            hours,
            problems: self.problems,
            hour_verdicts,
            files: self.files,
        }
    }

    fn hour_verdicts(&mut self) -> Vec<HourVerdict> {
        let Some(range) = self.survey.range else { return Vec::new() };
        if self.times.is_empty() {
            // A range was asked for, and nothing in it was found.
            let region = self.survey.scope.region.clone();
            self.times.insert(Trail { account: None, region, trail: None }, Times::default());
        }
        let mut verdicts = Vec::new();
        for (trail, times) in std::mem::take(&mut self.times) {
            let (proven, doubtful) = (merged(times.proven), merged(times.doubtful));
            let trail = Arc::new(trail);
            verdicts.extend(clock_hours(range).map(|hour| HourVerdict {
                hour,
                trail: Arc::clone(&trail),
                proven: is_proven(hour, range, &proven, &doubtful),
            }));
        }
        verdicts
    }

    fn say_what_lacks(&mut self) {
        let survey = self.survey;
        let mut say = |kind, effect: &str| {
            self.problems.push(Problem {
                kind,
                object: survey.scope.region.clone().unwrap_or_else(|| "all regions".to_owned()),
                from: survey.range.map(|range| range.from),
                to: survey.range.map(|range| range.to),
                effect: effect.to_owned(),
            });
        };
        if survey.in_range.is_empty() {
            say(
                ProblemKind::NoDigests,
                "no digest covers any of the range: log file validation was off, or all digests \
                 were deleted or not copied",
            );
        } else if survey.no_keys {
            say(ProblemKind::NoKeys, "without public keys no signature can be checked");
        }
    }

    fn verdict(&self, hours: HourCounts) -> Verdict {
        let lacks_key = self.problems.iter().any(|problem| {
            matches!(
                problem.kind,
                ProblemKind::PublicKeyMissing
                    | ProblemKind::PublicKeyUnusable
                    | ProblemKind::PublicKeyOutOfTime
                    | ProblemKind::NoKeys
                    | ProblemKind::NoDigests
            )
        });
        let wrong =
            self.digests.invalid + self.digests.missing + self.logs.invalid + self.logs.missing;
        let unproven = self.digests.unproven + self.logs.uncovered + self.logs.unchecked;
        if wrong > 0 {
            Verdict::Failed
        } else if lacks_key || self.digests.valid == 0 {
            Verdict::Unverifiable
        } else if unproven > 0 || hours.proven < hours.expected {
            Verdict::PartlyVerified
        } else {
            Verdict::Verified
        }
    }
}

fn compared(named: &NamedLog, hashed: Option<&Hashed>) -> (FileStatus, Option<ProblemKind>) {
    if named.named.hash_algorithm != "SHA-256" {
        return (FileStatus::Unchecked, Some(ProblemKind::LogHashUnknown));
    }
    match hashed {
        Some(Ok(hash)) if hex::encode(hash).eq_ignore_ascii_case(&named.named.hash_value) => {
            (FileStatus::Valid, None)
        }
        Some(Ok(_)) => (FileStatus::Invalid, Some(ProblemKind::LogHashMismatch)),
        Some(Err(Trouble::Malformed(_))) => (FileStatus::Invalid, Some(ProblemKind::LogMalformed)),
        Some(Err(Trouble::Unreadable(_))) | None => {
            (FileStatus::Unchecked, Some(ProblemKind::LogUnreadable))
        }
    }
}

fn log_effect(reason: ProblemKind) -> &'static str {
    match reason {
        ProblemKind::LogHashMismatch => "its content is not what CloudTrail delivered",
        ProblemKind::LogMalformed => "it is no whole gzip file, so not what CloudTrail delivered",
        ProblemKind::LogMissing => {
            "a valid digest names it, and it is not there: deleted or not copied"
        }
        ProblemKind::LogHashUnknown => "its digest hashes with another algorithm than SHA-256",
        _ => "it could not be read, so nothing is proven about it",
    }
}

fn digest_effect(digest: &DigestObject, reason: ProblemKind, unchecked: Option<u64>) -> String {
    let why = match reason {
        ProblemKind::DigestSignatureInvalid => {
            "the signature doesn't fit: the digest was changed, or signed by somebody else"
                .to_owned()
        }
        ProblemKind::DigestSignatureMissing => {
            "its metadata holds no signature (a plain copy of a bucket loses it)".to_owned()
        }
        ProblemKind::DigestMalformed | ProblemKind::DigestUnreadable => match &digest.content {
            Err(trouble) => trouble.to_string(),
            Ok(_) => String::new(),
        },
        ProblemKind::DigestMoved => match &digest.content {
            Ok(read) => format!(
                "it says that it belongs at s3://{}/{}",
                read.digest.digest_s3_bucket, read.digest.digest_s3_object
            ),
            Err(_) => String::new(),
        },
        ProblemKind::DigestChainBroken => {
            "it is not the digest that the one after it was made from".to_owned()
        }
        ProblemKind::BackfillTimestampMissing => {
            "its metadata lacks `backfill-generation-timestamp`".to_owned()
        }
        ProblemKind::PublicKeyMissing
        | ProblemKind::PublicKeyUnusable
        | ProblemKind::PublicKeyOutOfTime => {
            let fingerprint = digest
                .content
                .as_ref()
                .map_or("", |read| &read.digest.digest_public_key_fingerprint);
            let what = match reason {
                ProblemKind::PublicKeyMissing => "is not among the public keys",
                ProblemKind::PublicKeyOutOfTime => {
                    "signed it, and was not valid at that time: that proves nothing"
                }
                _ => "is no RSA public key",
            };
            format!("the key with fingerprint {fingerprint} {what}")
        }
        _ => String::new(),
    };
    match unchecked {
        Some(1) => format!("{why}; the log file it names is not checked"),
        Some(count) => format!("{why}; the {count} log files it names are not checked"),
        None => why,
    }
}
