//! `alerts`: what is wrong, since when, and who has been told.

mod channels;
mod check;
mod list;

use clap::Subcommand;

use super::{Context, Exit, Failure, output};
use crate::pipeline;
use crate::store::AlertLedger;

/// Tell people once when limits are crossed, and when it is over
#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    Check(check::CheckArgs),
    List(list::ListArgs),
    Ack(AckArgs),
    History(list::HistoryArgs),
}

/// Say that somebody looks after an open alert: it isn't escalated any further
#[derive(Debug, clap::Args)]
pub(super) struct AckArgs {
    /// The alert's id, as `alerts list` and every message show it
    #[arg(value_name = "ID")]
    id: String,
    /// Who looks after it, or what is known; it stands in later messages
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

pub(super) fn run(command: &AlertsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        AlertsCommand::Check(args) => check::run(args, context),
        AlertsCommand::List(args) => list::open(args, context),
        AlertsCommand::Ack(args) => acknowledge(args, context),
        AlertsCommand::History(args) => list::history(args, context),
    }
}

fn acknowledge(args: &AckArgs, context: &Context) -> Result<Exit, Failure> {
    let mut ledger = AlertLedger::open(&context.settings.store)?;
    let alert = pipeline::acknowledge(&mut ledger, &args.id, &args.note, context.now)?;
    context.output.note(&format!("acknowledged {}: {}", alert.id, alert.breach.title));
    Ok(Exit::Done)
}
