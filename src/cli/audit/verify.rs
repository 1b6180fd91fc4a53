//! `audit verify`: CloudTrail digest validation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::{Context, Exit, Failure, output, progress, sources, time};
use crate::audit::integrity::{Problem, ProblemKind, Scope, Verdict, Verification};
use crate::cli::sources::S3Args;
use crate::pipeline::{self, Verified, VerifyRequest};
use crate::render::format::number::{bytes, grouped};

/// Check that CloudTrail's log files are as they were delivered, by the digests CloudTrail signed
///
/// A folder maps `s3://bucket/key` to SOURCE/bucket/key or SOURCE/key. Stricter than
/// `aws cloudtrail validate-logs`: hours without digests, log files that no digest names and log
/// files that a bad digest leaves unchecked are told too.
#[derive(Debug, Args)]
#[command(after_help = "\
Verdicts:
  verified         every hour of the range is proven, nothing invalid or missing (exit 0)
  partly_verified  nothing invalid or missing, but hours or files are without proof (exit 0)
  failed           something is invalid or missing (exit 4)
  unverifiable     no digests, or no keys (exit 4)

Examples:
  aws cloudtrail list-public-keys --start-time 2026-07-01 --end-time 2026-10-01 > keys.json
  bedrock-lens audit verify ~/trail --keys keys.json --metadata metadata.json
  bedrock-lens audit verify ~/trail --keys keys.json --from 2026-07-01 --to 2026-10-01 --json
  bedrock-lens audit verify s3://acme-trail --from 2026-07-01 --to 2026-10-01 --save-keys keys.json
  bedrock-lens audit verify trail.zip --keys keys.json --recover-signatures

A plain copy of a bucket loses the signatures, which are object metadata. Give them with --metadata,
a JSON file of {\"s3://bucket/key\": {\"x-amz-meta-signature\": …}}, or take those of all but the newest
digest from the digest that follows, with --recover-signatures.")]
pub(in crate::cli) struct VerifyArgs {
    /// Folder that holds the bucket, or `AWSLogs`; a zip file of it; `s3://bucket/prefix`; or a
    /// configured source
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// Public keys: what `aws cloudtrail list-public-keys` printed; a file, or a folder of such files
    /// [default: for a bucket, CloudTrail is asked]
    #[arg(long, value_name = "PATH")]
    keys: Option<PathBuf>,
    /// Ask CloudTrail for the public keys, also for a copy on disk
    #[arg(long, conflicts_with = "keys")]
    ask_keys: bool,
    /// Keep the keys that CloudTrail answered in this file, for a later check without AWS
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    save_keys: Option<PathBuf>,
    /// User metadata of the objects, for copies that lost it
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Take a signature that the metadata lacks from the digest that follows
    #[arg(long)]
    recover_signatures: bool,
    /// Start, inclusive: a date (midnight in --timezone) or an RFC 3339 time
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// End, exclusive
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Only the digests and log files of this region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Print one JSON object, with every file and every hour
    #[arg(long)]
    json: bool,
    // Last: its heading holds for whatever follows.
    #[command(flatten)]
    s3: S3Args,
}

pub(super) fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let range = match (&args.from, &args.to) {
        (Some(from), Some(to)) => Some(time::period(from, to, context.settings.timezone)?),
        _ => None,
    };
    let bar = progress::Bar::new(context.output);
    let place = sources::place(&args.source, &args.s3, context)?;
    let may_ask = args.ask_keys || place.source.is_far();
    let request = VerifyRequest {
        keys: args.keys.clone(),
        ask_keys: may_ask.then_some(place.access),
        metadata: args.metadata.clone(),
        scope: Scope {
            range,
            region: args.region.clone(),
            recover_signatures: args.recover_signatures,
        },
        max_object_bytes: context.settings.ingest.max_object_bytes,
        at_once: context.settings.ingest.requests_in_flight,
    };
    let started = Instant::now();
    let verified = pipeline::verify(place.source.as_ref(), &request, &bar);
    bar.finish();
    let seconds = started.elapsed().as_secs_f64();
    let verified = verified?;
    if let Some(path) = &args.save_keys {
        pipeline::write_whole(path, verified.keys_asked.to_json().as_bytes())?;
    }
    if args.json {
        output::result(&json(&verified)?)?;
    } else {
        output::result(&describe(&verified.verification))?;
    }
    say(&verified, args, seconds, context);
    Ok(exit(&verified))
}

fn exit(verified: &Verified) -> Exit {
    let unread = !verified.failures.is_empty()
        || verified.verification.problems.iter().any(|problem| {
            matches!(problem.kind, ProblemKind::LogUnreadable | ProblemKind::DigestUnreadable)
        });
    match verified.verification.verdict {
        Verdict::Failed | Verdict::Unverifiable => Exit::NotPassed,
        Verdict::Verified | Verdict::PartlyVerified if unread => Exit::Partial,
        Verdict::Verified | Verdict::PartlyVerified => Exit::Done,
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    verification: &'a Verification,
    bytes_hashed: u64,
    failures: &'a [String],
}

fn json(verified: &Verified) -> Result<String, Failure> {
    let answer = Answer {
        verification: &verified.verification,
        bytes_hashed: verified.bytes_hashed,
        failures: &verified.failures,
    };
    serde_json::to_string(&answer)
        .map(|text| text + "\n")
        .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
}

fn describe(verification: &Verification) -> String {
    let Verification { verdict, range, digests, logs, hours, problems, .. } = verification;
    let number = |n: u64| grouped(n.into());
    let range = range.map_or_else(
        || "nothing found".to_owned(),
        |range| format!("{} to {}", time::text(range.from), time::text(range.to)),
    );
    let mut lines = vec![
        format!("verdict   {}", word(*verdict)),
        format!("range     {range}"),
        format!("hours     {} of {} proven", number(hours.proven), number(hours.expected)),
        format!(
            "digests   {} valid, {} invalid, {} missing, {} unproven",
            number(digests.valid),
            number(digests.invalid),
            number(digests.missing),
            number(digests.unproven)
        ),
        format!(
            "logs      {} valid, {} invalid, {} missing, {} in no digest, {} unchecked",
            number(logs.valid),
            number(logs.invalid),
            number(logs.missing),
            number(logs.uncovered),
            number(logs.unchecked)
        ),
    ];
    lines.extend(told(problems));
    lines.join("\n") + "\n"
}

/// Every problem on a line; of many alike the first ones.
fn told(problems: &[Problem]) -> Vec<String> {
    const SHOWN: usize = 10;
    let mut by_kind: BTreeMap<ProblemKind, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        by_kind.entry(problem.kind).or_default().push(problem);
    }
    let mut lines = Vec::new();
    for alike in by_kind.values() {
        for problem in alike.iter().take(SHOWN) {
            let when = match (problem.from, problem.to) {
                (Some(from), Some(to)) => format!("{} to {}: ", time::text(from), time::text(to)),
                _ => String::new(),
            };
            lines.push(format!("\n{}\n  {when}{}", problem.object, problem.effect));
        }
        if alike.len() > SHOWN {
            lines.push(format!(
                "\n… and {} more like the last",
                grouped((alike.len() - SHOWN) as u128)
            ));
        }
    }
    lines
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::PartlyVerified => "partly verified",
        Verdict::Failed => "failed",
        Verdict::Unverifiable => "unverifiable",
    }
}

fn say(verified: &Verified, args: &VerifyArgs, seconds: f64, context: &Context) {
    for failure in &verified.failures {
        context.output.warn(failure);
    }
    let kinds: Vec<ProblemKind> =
        verified.verification.problems.iter().map(|problem| problem.kind).collect();
    if kinds.contains(&ProblemKind::NoKeys) {
        context.output.hint(
            "`--ask-keys` asks CloudTrail for the public keys; or save them with `aws cloudtrail \
             list-public-keys --start-time … --end-time …` and name the file with `--keys`",
        );
    }
    if kinds.contains(&ProblemKind::DigestSignatureMissing) && !args.recover_signatures {
        context.output.hint(
            "`--metadata FILE` gives the signatures that a copy lost; `--recover-signatures` takes \
             those of all but the newest digest from the digest that follows",
        );
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate, for people"
    )]
    let rate = (verified.bytes_hashed as f64 / seconds.max(0.001)) as u64;
    let hashed = bytes(verified.bytes_hashed);
    context.output.note(&format!("hashed {hashed} of log files, {} a second", bytes(rate)));
}
