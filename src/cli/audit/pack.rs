//! `audit pack`: the evidence of a quarter in one archive.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;
use serde_json::{Value, json};

use super::{Context, Exit, Failure, output, progress, sources, time};
use crate::audit::integrity::{Scope, Verdict};
use crate::audit::seal::{KeyError, SigningKey};
use crate::period::{Cadence, Period};
use crate::pipeline::{self, PackIntegrity, PackRequest, Packed, VerifyRequest};
use crate::render::format::number::grouped;
use crate::store::Reader;

/// Write the evidence of a quarter as one archive, with a report over it
///
/// The pack holds a report to read and print (HTML) and for programs (JSON), the rows behind every
/// figure (CSV), the objects that were read, the prices and the configuration used without its
/// secrets, and a manifest with the SHA-256 of every file. The same store, configuration and
/// `--as-of` give the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens audit pack --quarter 2026-Q3 -o audit-pack-2026-Q3.zip
  bedrock-lens audit pack --quarter 2026-Q3 -o q3/ --verify ~/trail --keys keys.json
  openssl genpkey -algorithm ed25519 -out key.pem
  openssl pkey -in key.pem -pubout -out key.pub.pem
  bedrock-lens audit pack --quarter 2026-Q3 -o q3.zip --sign-key key.pem
  bedrock-lens audit verify-pack q3.zip --public-key key.pub.pem")]
pub(in crate::cli) struct PackArgs {
    /// The quarter, in UTC: 2026-Q3
    #[arg(long, value_name = "QUARTER", required_unless_present = "from",
          conflicts_with_all = ["from", "to"])]
    quarter: Option<String>,
    /// Start of another range, inclusive: a date (midnight in --timezone) or an RFC 3339 time
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// End, exclusive
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Folder to write, absent or empty; or a file that ends in `.zip`
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// Also check CloudTrail's digests here: a folder, `s3://bucket/prefix` or a configured source
    #[arg(long, value_name = "SOURCE")]
    verify: Option<PathBuf>,
    /// Public keys for that, as for `audit verify`
    #[arg(long, value_name = "PATH", requires = "verify")]
    keys: Option<PathBuf>,
    /// Ask CloudTrail for the public keys where none are given; of buckets they are asked anyway
    #[arg(long, requires = "verify")]
    ask_keys: bool,
    /// User metadata of the objects for that, as for `audit verify`
    #[arg(long, value_name = "FILE", requires = "verify")]
    metadata: Option<PathBuf>,
    /// Take a signature that the metadata lacks from the digest that follows
    #[arg(long, requires = "verify")]
    recover_signatures: bool,
    /// A bucket that holds logs, beside those that events and the store name; changes to it are judged
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
    /// Sign the manifest with this Ed25519 key (PEM, PKCS #8)
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
    // Last: its heading holds for whatever follows.
    #[command(flatten)]
    s3: sources::S3Args,
}

pub(super) fn run(args: &PackArgs, context: &Context) -> Result<Exit, Failure> {
    let period = period(args, context)?;
    let key = args.sign_key.as_deref().map(signing_key).transpose()?;
    let place = args.verify.as_deref().map(|path| sources::place(path, &args.s3, context));
    let place = place.transpose()?;
    let settings = &context.settings;
    let rules = pipeline::detection_rules(&settings.audit.detections)?;
    let frameworks = pipeline::control_frameworks(&settings.audit.controls, &rules)?;
    let places = pipeline::places(&settings.audit.geoip_databases)?;
    let look = crate::cli::report::look(None, context)?;
    let store = Reader::open(&settings.store)?;
    let book = context.price_book()?;
    let request = PackRequest {
        period,
        now: context.now,
        configuration: configuration(context)?,
        integrity: place.as_ref().map(|place| integrity(place, args, context)),
        rules: &rules,
        frameworks: &frameworks,
        places: &places,
        security: &settings.security,
        buckets: args
            .bucket
            .iter()
            .chain(settings.security.log_buckets.iter().flatten())
            .cloned()
            .collect(),
        look: &look,
        key: key.as_ref(),
        reproduce: reproduce(args, period, context),
    };
    let bar = progress::Bar::new(context.output);
    let packed = pipeline::pack(context.basis(&store, &book), &request, &args.output, &bar);
    bar.finish();
    let packed = packed?;
    for failure in &packed.failures {
        context.output.warn(failure);
    }
    if args.json {
        output::result(&format!("{}\n", summary(&packed, args)))?;
    } else {
        tell(&packed, args, context);
    }
    Ok(exit(&packed))
}

fn period(args: &PackArgs, context: &Context) -> Result<Period, Failure> {
    match (&args.quarter, &args.from, &args.to) {
        (Some(text), ..) => quarter(text),
        (None, Some(from), Some(to)) => time::period(from, to, context.settings.timezone),
        _ => Err(Failure::usage("name a quarter with `--quarter`, or a range with `--from --to`")),
    }
}

/// A calendar quarter in UTC, since logs and evidence are.
fn quarter(text: &str) -> Result<Period, Failure> {
    let day = || -> Option<NaiveDate> {
        let (year, number) = text.split_once("-Q")?;
        let is_plain = year.len() == 4 && number.len() == 1;
        let number: u32 = number.parse().ok().filter(|number| (1..=4).contains(number))?;
        let year = year.parse().ok().filter(|_| is_plain)?;
        NaiveDate::from_ymd_opt(year, number * 3, 1)
    };
    let day = day().ok_or_else(|| {
        Failure::usage(format!("`{text}` in `--quarter` is not a quarter (2026-Q3)"))
    })?;
    Ok(Cadence::Quarterly.period_of(day, chrono_tz::UTC))
}

fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    let text = super::key_text(path)?;
    SigningKey::from_pem(&text).map_err(|error| {
        let hint = match error {
            KeyError::Encrypted => "; `openssl pkey -in KEY -out PLAIN` takes its passphrase off",
            _ => "; `openssl genpkey -algorithm ed25519 -out key.pem` makes one",
        };
        super::key_failure(path, error, hint)
    })
}

fn integrity<'a>(
    place: &'a sources::Place,
    args: &PackArgs,
    context: &Context,
) -> PackIntegrity<'a> {
    PackIntegrity {
        source: place.source.as_ref(),
        name: args.verify.as_deref().unwrap_or(Path::new("")).display().to_string(),
        request: VerifyRequest {
            keys: args.keys.clone(),
            ask_keys: (args.ask_keys || place.source.is_far()).then(|| place.access.clone()),
            metadata: args.metadata.clone(),
            scope: Scope { recover_signatures: args.recover_signatures, ..Scope::default() },
            max_object_bytes: context.settings.ingest.max_object_bytes,
            at_once: context.settings.ingest.requests_in_flight,
        },
    }
}

/// The settings as used and the configuration file, both without secrets.
fn configuration(context: &Context) -> Result<Value, Failure> {
    let settings = &context.settings;
    let file = settings.file.as_deref().map(crate::settings::without_secrets).transpose()?;
    let used = crate::cli::config::values(settings);
    Ok(json!({ "settings": crate::settings::censored(used), "file": file }))
}

/// Absolute, so that it means the same at any time; paths as they were given.
fn reproduce(args: &PackArgs, period: Period, context: &Context) -> String {
    let mut command = match &args.quarter {
        Some(quarter) => format!("bedrock-lens audit pack --quarter {quarter}"),
        None => format!(
            "bedrock-lens audit pack --from {} --to {}",
            time::text(period.from),
            time::text(period.to)
        ),
    };
    for (option, path) in
        [("--verify", &args.verify), ("--keys", &args.keys), ("--metadata", &args.metadata)]
    {
        if let Some(path) = path {
            command = format!("{command} {option} {}", path.display());
        }
    }
    format!("{command} --as-of {} -o PATH", time::text(context.now))
}

fn exit(packed: &Packed) -> Exit {
    if packed.failures.is_empty() { Exit::Done } else { Exit::Partial }
}

fn summary(packed: &Packed, args: &PackArgs) -> Value {
    let manifest = &packed.manifest;
    json!({
        "path": args.output.to_string_lossy(),
        "pack_id": manifest.pack_id,
        "from": manifest.from,
        "to": manifest.to,
        "files": manifest.files.len(),
        "bytes": manifest.files.iter().map(|file| file.size_bytes).sum::<u64>(),
        "whole_sha256": manifest.whole_sha256,
        "signed": manifest.signed_by.is_some(),
        "integrity": packed.verdict.map(word),
        "controls": packed.controls,
        "findings": packed.findings,
        "outages": packed.outages,
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::PartlyVerified => "partly_verified",
        Verdict::Failed => "failed",
        Verdict::Unverifiable => "unverifiable",
    }
}

fn tell(packed: &Packed, args: &PackArgs, context: &Context) {
    let manifest = &packed.manifest;
    context.output.note(&format!(
        "wrote {}: {} files, pack id {}{}\nSHA-256 of the whole: {}",
        args.output.display(),
        grouped(manifest.files.len() as u128),
        manifest.pack_id,
        if manifest.signed_by.is_some() { ", signed" } else { "" },
        manifest.whole_sha256,
    ));
    if packed.verdict.is_none() {
        context.output.note(
            "note: the digests were not checked; `--verify SOURCE --keys FILE` has the pack say \
             whether the archive is unchanged",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::quarter;

    #[test]
    fn a_quarter_is_the_calendar_s_in_utc() {
        let third = quarter("2026-Q3").expect("a quarter");
        assert_eq!(third.from.to_rfc3339(), "2026-07-01T00:00:00+00:00");
        assert_eq!(third.to.to_rfc3339(), "2026-10-01T00:00:00+00:00");
        for text in ["2026-Q0", "2026-Q5", "2026Q3", "26-Q3", "2026-q3", "2026-Q03", "", "Q3"] {
            assert!(quarter(text).is_err(), "{text}");
        }
    }
}
