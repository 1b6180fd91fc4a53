//! `prices`: what a call costs and why, and the book behind it.

mod explain;

use clap::Subcommand;

use super::{Context, Exit, Failure};

/// Look into the price book: rows, models, the arithmetic of a cost
#[derive(Debug, Subcommand)]
pub(super) enum PricesCommand {
    Explain(explain::ExplainArgs),
}

pub(super) fn run(command: &PricesCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        PricesCommand::Explain(args) => explain::run(args, context),
    }
}

/// One JSON value, ended by a newline.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| Failure {
        error: anyhow::Error::new(error).context("could not write the answer as JSON"),
        exit: Exit::Failed,
    })
}
