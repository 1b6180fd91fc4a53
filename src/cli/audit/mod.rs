//! `audit`: what can be proven, and what cannot.

mod access;
mod controls;
mod counts;
mod coverage;
mod detections;
mod outages;
mod pack;
mod sensitive;
mod verify;
mod verify_pack;

use std::io::Read as _;
use std::path::Path;

use clap::Subcommand;

use super::{Context, Exit, Failure, output, progress, sources, time};
use crate::audit::seal::KeyError;

/// Prove what happened: access, coverage, integrity, and the evidence of a quarter
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    Access(access::AccessArgs),
    Controls(controls::ControlsArgs),
    Counts(counts::CountsArgs),
    Coverage(coverage::CoverageArgs),
    Detections(detections::DetectionsArgs),
    Outages(outages::OutagesArgs),
    Pack(pack::PackArgs),
    Sensitive(sensitive::SensitiveArgs),
    Verify(verify::VerifyArgs),
    VerifyPack(verify_pack::VerifyPackArgs),
}

pub(super) fn run(command: &AuditCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Access(args) => access::run(args, context),
        AuditCommand::Controls(args) => controls::run(args, context),
        AuditCommand::Counts(args) => counts::run(args, context),
        AuditCommand::Coverage(args) => coverage::run(args, context),
        AuditCommand::Detections(args) => detections::run(args, context),
        AuditCommand::Outages(args) => outages::run(args, context),
        AuditCommand::Pack(args) => pack::run(args, context),
        AuditCommand::Sensitive(args) => sensitive::run(args, context),
        AuditCommand::Verify(args) => verify::run(args, context),
        AuditCommand::VerifyPack(args) => verify_pack::run(args, context),
    }
}

/// Largest key file.
const LONGEST_KEY: u64 = 1 << 20;

/// The text of a key file.
fn key_text(path: &Path) -> Result<String, Failure> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(LONGEST_KEY).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|source: std::io::Error| Failure {
        error: anyhow::Error::new(source).context(format!("could not read `{}`", path.display())),
        exit: Exit::Usage,
    })
}

/// A key that can't be used; never says what the file holds.
fn key_failure(path: &Path, error: KeyError, hint: &str) -> Failure {
    Failure {
        error: anyhow::Error::new(error)
            .context(format!("could not use the key in `{}`{hint}", path.display())),
        exit: Exit::Usage,
    }
}
