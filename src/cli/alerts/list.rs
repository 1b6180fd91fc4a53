//! `alerts list` and `alerts history`: what is open, and what was.

use clap::Args;

use super::{AlertLedger, Context, Exit, Failure, output};
use crate::alerts::{Alert, State};
use crate::cli::range::RangeArgs;
use crate::pipeline;
use crate::render::alert::{amount, when};
use crate::render::format::Script;
use crate::render::format::words::{cap, clean};
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::{Align, RowRole};

/// List open alerts
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// List alerts that began in a range, open or ended
///
/// Without a range, those of the last 35 days.
#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// What a table of alerts shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Open ones, or those of a check.
    Open,
    /// All.
    History,
}

pub(super) fn open(args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let ledger = AlertLedger::open(&context.settings.store)?;
    let alerts = pipeline::alerts_since(&ledger, i64::MAX)?;
    say(&alerts, Shown::Open, args.json, context)
}

pub(super) fn history(args: &HistoryArgs, context: &Context) -> Result<Exit, Failure> {
    let ledger = AlertLedger::open(&context.settings.store)?;
    let period = args.range.period(context)?;
    let from = period.map_or(context.now - chrono::Duration::days(35), |period| period.from);
    let mut alerts = pipeline::alerts_since(&ledger, from.timestamp_millis())?;
    let to = period.map_or(context.now, |period| period.to);
    alerts.retain(|alert| (from..to).contains(&alert.breach.from));
    say(&alerts, Shown::History, args.json, context)
}

fn say(alerts: &[Alert], shown: Shown, json: bool, context: &Context) -> Result<Exit, Failure> {
    if json {
        let text = serde_json::to_string_pretty(alerts)
            .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })?;
        output::result(&(text + "\n"))?;
    } else if alerts.is_empty() {
        context.output.note(match shown {
            Shown::Open => "no open alerts",
            Shown::History => "no alerts began in this range",
        });
    } else {
        output::result(&table_of(alerts, context))?;
    }
    Ok(Exit::Done)
}

/// One line per alert.
pub(super) fn table_of(alerts: &[Alert], context: &Context) -> String {
    let head = |label: &str, align| Head { label: label.to_owned(), unit: None, align };
    let heads = ["state", "severity", "alert", "what", "when", "figure", "limit"].map(|label| {
        head(label, if label == "figure" || label == "limit" { Align::Right } else { Align::Left })
    });
    let body: Vec<Row> = alerts
        .iter()
        .map(|alert| {
            let breach = &alert.breach;
            let group = breach.group.iter().map(|(name, value)| {
                format!("{name} {}", cap(&clean(value.as_deref().unwrap_or("unknown")), 60))
            });
            let what: Vec<String> = std::iter::once(breach.title.clone()).chain(group).collect();
            let figure = |value: Option<_>| value.map_or_else(|| "\u{2014}".to_owned(), amount);
            let state = match (alert.state, alert.acknowledged) {
                (State::Resolved, _) => "resolved",
                (state, None) => state.as_str(),
                (_, Some(_)) => "acknowledged",
            };
            Row {
                cells: vec![
                    state.to_owned(),
                    breach.severity.as_str().to_owned(),
                    alert.id.clone(),
                    what.join(", "),
                    when(alert),
                    figure(breach.value),
                    figure(breach.limit),
                ],
                role: RowRole::Body,
            }
        })
        .collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let color = context.output.color_stdout;
    table(&heads, &body, TableOptions { fit, color, script: Script::Unicode })
}
