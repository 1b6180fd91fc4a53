//! `prices`: what a call costs and why, and the book behind it.

mod check;
mod diff;
mod explain;
mod import;
mod list;
mod provisioned;
mod sync;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// Look into the price book: rows, models, the arithmetic of a cost
///
/// The book is the catalogue that comes with the tool, or the one that `[prices] book` in the
/// configuration names, with the file that `[prices] file` names on top of it. Prices are US dollars
/// per 1,000,000 tokens.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices show amazon.nova-pro-v1:0
  bedrock-lens prices explain --model-id amazon.nova-pro-v1:0 --region us-east-1 --input-tokens 1200
  bedrock-lens prices import ~/price-lists -o bedrock-prices.json
  bedrock-lens prices sync-profiles --region us-east-1,eu-west-1
  bedrock-lens prices check")]
pub(super) struct PricesArgs {
    /// A catalogue in place of the one that comes with the tool [default: `[prices] book`]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) book: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: PricesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum PricesCommand {
    List(list::ListArgs),
    Show(list::ShowArgs),
    Explain(Box<explain::ExplainArgs>),
    Check(check::CheckArgs),
    Diff(diff::DiffArgs),
    Import(import::ImportArgs),
    SyncProfiles(sync::SyncArgs),
    Provisioned(provisioned::ProvisionedArgs),
}

pub(super) fn run(command: &PricesCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        PricesCommand::List(args) => list::run(args, context),
        PricesCommand::Show(args) => list::show(args, context),
        PricesCommand::Explain(args) => explain::run(args, context),
        PricesCommand::Check(args) => check::run(args, context),
        PricesCommand::Diff(args) => diff::run(args),
        PricesCommand::Import(args) => import::run(args, context),
        PricesCommand::SyncProfiles(args) => sync::run(args, context),
        PricesCommand::Provisioned(args) => provisioned::run(args, context),
    }
}

/// One JSON value, ended by a newline.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| Failure {
        error: anyhow::Error::new(error).context("could not write the answer as JSON"),
        exit: Exit::Failed,
    })
}
