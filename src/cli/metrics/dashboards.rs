//! `metrics dashboards`: four dashboards and their alarms, printed, written or put.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{Context, Exit, Failure, namespace};
use crate::cli::account::AccountArgs;
use crate::cli::answer::json as as_json;
use crate::cli::output;
use crate::pipeline::{self, Boards, PutBoards, boards, put_boards};
use crate::render::format::words::clean;
use crate::setup::metrics::Placeholders;
use crate::setup::metrics::catalogue::NAMESPACE;

/// The technical, management, security and cost dashboards as PutDashboard JSON, and alarms
///
/// Over Bedrock's own metrics (`AWS/Bedrock`) and those of `metrics publish`. Prints all as one JSON
/// object, writes a file for each with `-o`, or with `--put` puts them in place of what has their names
/// (`bedrock-technical`, …).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens metrics dashboards --region us-east-1 -o dashboards
  bedrock-lens metrics dashboards --region us-east-1 --log-group /bedrock/invocations --sla-ms 2000
  bedrock-lens metrics dashboards --region us-east-1 --put --yes \\
      --topic arn:aws:sns:us-east-1:111122223333:bedrock-alerts

Exit codes: 3 when some of them could not be put.")]
pub(in crate::cli) struct DashboardsArgs {
    /// The namespace of the published metrics
    #[arg(long, value_name = "NAME", default_value = NAMESPACE)]
    namespace: String,
    /// Response time that is promised, drawn as a line
    #[arg(long, value_name = "MS", default_value_t = 3000)]
    sla_ms: u32,
    /// Log group of invocation logs, for the table of recent errors
    #[arg(long, value_name = "NAME")]
    log_group: Option<String>,
    /// Folder to write a file for each dashboard and for the alarms to
    #[arg(short, long, value_name = "DIR", conflicts_with = "put")]
    output: Option<PathBuf>,
    /// Put dashboards and alarms into the account
    #[arg(long)]
    put: bool,
    /// Topic that alarms tell
    #[arg(long, value_name = "ARN", requires = "put")]
    topic: Option<String>,
    /// Don't ask before putting
    #[arg(long, requires = "put")]
    yes: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(super) fn run(args: &DashboardsArgs, context: &Context) -> Result<Exit, Failure> {
    let access = args.account.access(context);
    let region = pipeline::region_of(&access)?;
    let placeholders = Placeholders {
        region,
        namespace: namespace(&args.namespace)?.to_owned(),
        service_level_ms: args.sla_ms,
        log_group: args.log_group.clone(),
    };
    let boards = boards(&placeholders)?;
    if args.put {
        return put(&boards, args, &placeholders.region, context);
    }
    match &args.output {
        None => output::result(&as_json(&printed(&boards))?)?,
        Some(folder) => write(&boards, folder, context)?,
    }
    Ok(Exit::Done)
}

fn printed(boards: &Boards) -> Value {
    let all: serde_json::Map<String, Value> =
        boards.dashboards.iter().map(|one| (one.name.clone(), one.body.clone())).collect();
    json!({ "dashboards": all, "alarms": boards.alarms })
}

fn write(boards: &Boards, folder: &std::path::Path, context: &Context) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|source| pipeline::Error::Write { path: folder.to_owned(), source })?;
    let mut files: Vec<(String, String)> = Vec::new();
    for board in &boards.dashboards {
        files.push((format!("{}.json", board.name), as_json(&board.body)?));
    }
    files.push(("alarms.json".to_owned(), as_json(&boards.alarms)?));
    for (name, text) in &files {
        pipeline::write_whole(&folder.join(name), text.as_bytes())?;
    }
    context.output.note(&format!("wrote {} files to {}", files.len(), folder.display()));
    Ok(())
}

fn put(
    boards: &Boards,
    args: &DashboardsArgs,
    region: &str,
    context: &Context,
) -> Result<Exit, Failure> {
    let (dashboards, alarms) = (boards.dashboards.len(), boards.alarms.len());
    context.output.note(&format!(
        "{region}: {dashboards} dashboards and {alarms} alarms, in place of those with their names"
    ));
    if !args.yes && !output::agreed("put them? [y/N] ")? {
        return Err(Failure { error: anyhow::anyhow!("nothing was put"), exit: Exit::Failed });
    }
    let request = PutBoards { access: args.account.access(context), topic: args.topic.clone() };
    let found = put_boards(&request, boards)?;
    for said in &found.remarks {
        context.output.note(&clean(said));
    }
    for (what, error, hint) in &found.failures {
        context.output.warn(&clean(&format!("could not put `{what}`: {error}")));
        if let Some(hint) = hint {
            context.output.hint(&clean(hint));
        }
    }
    let put = dashboards + alarms - found.failures.len();
    context.output.note(&format!("put {put} of {}", dashboards + alarms));
    Ok(match (found.failures.len(), put) {
        (0, _) => Exit::Done,
        (_, 0) => Exit::Failed,
        _ => Exit::Partial,
    })
}
