//! `audit verify-pack`: whether a pack is as it was made.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Exit, Failure, output};
use crate::audit::seal::{Check, PackProblem, PackProblemKind, PublicKey, SignatureState};
use crate::cli::answer;
use crate::pipeline;
use crate::render::format::number::grouped;
use crate::render::format::words::identifier;

/// Check that an audit pack is as it was made: every file, and who signed it
///
/// Nothing is unpacked. Each changed, missing and added file is named. Without `--public-key` a
/// signature only proves that the pack fits itself: anybody could have made both.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 valid; 4 not valid; 1 no pack that can be read.

Examples:
  bedrock-lens audit verify-pack audit-pack-2026-Q3.zip
  bedrock-lens audit verify-pack q3/ --public-key key.pub.pem --json")]
pub(in crate::cli) struct VerifyPackArgs {
    /// The pack: a folder or a zip file
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Ed25519 key (PEM) that the pack must be signed with
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Problems that are shown of each kind.
const SHOWN: usize = 20;

pub(super) fn run(args: &VerifyPackArgs, context: &Context) -> Result<Exit, Failure> {
    let key = args.public_key.as_deref().map(|path| {
        let text = super::key_text(path)?;
        PublicKey::from_pem(&text).map_err(|error| {
            let hint = "; `openssl pkey -in key.pem -pubout -out key.pub.pem` writes one";
            super::key_failure(path, error, hint)
        })
    });
    let key = key.transpose()?;
    let check = pipeline::verify_pack(&args.path, key.as_ref())?;
    if args.json {
        output::result(&answer::json(&check)?)?;
    } else {
        output::result(&described(&check))?;
    }
    if check.signature == SignatureState::OwnKeyOnly {
        context.output.hint(
            "the signature fits the key that the pack itself names; `--public-key FILE` says whose \
             it must be",
        );
    }
    Ok(if check.valid { Exit::Done } else { Exit::NotPassed })
}

fn described(check: &Check) -> String {
    let number = |n: u64| grouped(n.into());
    let mut text = format!(
        "pack       {}\nfiles      {} of {} as the manifest says\nsignature  {}\n",
        if check.valid { "valid" } else { "not valid" },
        number(check.unchanged),
        number(check.files),
        signature(check.signature),
    );
    if let Some(manifest) = &check.manifest {
        let line = format!(
            "id         {}\nperiod     {} to {}\nwhole      {}\n",
            identifier(&manifest.pack_id),
            manifest.from,
            manifest.to,
            identifier(&manifest.whole_sha256),
        );
        text.push_str(&line);
    }
    let mut rest = check.problems.as_slice();
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|one| one.kind == first.kind).count();
        let (these, others) = rest.split_at(alike);
        text.extend(these.iter().take(SHOWN).map(line));
        if alike > SHOWN {
            let more = number((alike - SHOWN) as u64);
            text.extend([" ".repeat(19).as_str(), "… and ", more.as_str(), " more\n"]);
        }
        rest = others;
    }
    text
}

fn line(problem: &PackProblem) -> String {
    let path = identifier(&problem.path);
    let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
    format!("{:<18} {path}{}\n", word(problem.kind), identifier(&problem.detail))
}

fn signature(state: SignatureState) -> &'static str {
    match state {
        SignatureState::Valid => "valid, by the key given",
        SignatureState::OwnKeyOnly => "fits the key in the manifest; not checked against any other",
        SignatureState::Invalid => "not valid",
        SignatureState::Missing => "missing",
        SignatureState::Unsigned => "none",
    }
}

fn word(kind: PackProblemKind) -> &'static str {
    match kind {
        PackProblemKind::Changed => "changed",
        PackProblemKind::Missing => "missing",
        PackProblemKind::Added => "added",
        PackProblemKind::UnsafePath => "unsafe path",
        PackProblemKind::Duplicate => "duplicate",
        PackProblemKind::NotAFile => "not a file",
        PackProblemKind::Unreadable => "unreadable",
        PackProblemKind::NoManifest => "no manifest",
        PackProblemKind::SumsDiffer => "sums differ",
        PackProblemKind::SignatureInvalid => "signature invalid",
        PackProblemKind::SignatureMissing => "signature missing",
    }
}
