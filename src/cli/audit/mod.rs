//! `audit`: what can be proven, and what cannot.

mod coverage;
mod detections;
mod outages;
mod verify;

use clap::Subcommand;

use super::{Context, Exit, Failure, output, progress, sources, time};

/// Prove that logs are whole and unchanged
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    Coverage(coverage::CoverageArgs),
    Detections(detections::DetectionsArgs),
    Outages(outages::OutagesArgs),
    Verify(verify::VerifyArgs),
}

pub(super) fn run(command: &AuditCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Coverage(args) => coverage::run(args, context),
        AuditCommand::Detections(args) => detections::run(args, context),
        AuditCommand::Outages(args) => outages::run(args, context),
        AuditCommand::Verify(args) => verify::run(args, context),
    }
}
