//! `alerts check`: asks the rules, keeps what came of it, tells the channels.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::channels::{channels, mutes};
use super::list::table_of;
use super::{AlertLedger, Context, Exit, Failure, output};
use crate::alerts::{Alert, RuleSet, Severity, State};
use crate::cli::range::RangeArgs;
use crate::cli::time;
use crate::pipeline::{self, AlertCheck, AlertQuestion, Fate, Told};
use crate::store::{Deliveries, Reader};

/// Ask the alert rules of the logs since the last check, and tell the channels what is new
///
/// Rules and limits are data (docs/alerts.md); files named in `[alerts] rules` add to them or take
/// their place. Each alert is told once to each channel when it begins and once when it ends. Without
/// an earlier check the last 24 hours are judged.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 3 when a channel could not be told, or it isn't known whether it was; 4 with --fail-on, when
an alert at least so grave is open.

Examples:
  bedrock-lens alerts check
  bedrock-lens alerts check --dry-run --last 7d
  bedrock-lens alerts check --fail-on critical --json")]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Keep nothing and tell nobody; print what would be told
    #[arg(long)]
    dry_run: bool,
    /// Exit with 4 when an alert at least so grave is open
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Critical,
    Warning,
}

/// The check as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    check: &'a AlertCheck,
    dry_run: bool,
    channels: Vec<ChannelAnswer<'a>>,
}

#[derive(Serialize)]
struct ChannelAnswer<'a> {
    channel: &'a str,
    changes: usize,
    sent: usize,
    failed: usize,
    unknown: usize,
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let settings = &context.settings;
    let rules = pipeline::alert_rules(&settings.alerts.rules)?;
    let detection_rules = pipeline::detection_rules(&settings.audit.detections)?;
    let frameworks = if rules.rules().any(|rule| !rule.frameworks.is_empty()) {
        pipeline::control_frameworks(&settings.audit.controls, &detection_rules)?
    } else {
        Vec::new()
    };
    let anomaly_rules = pipeline::anomaly_rules(settings.anomaly_rules.as_deref())?;
    let places = pipeline::places(&settings.audit.geoip_databases)?;
    let store = Reader::open(&settings.store)?;
    let book = context.price_book()?;
    let question = AlertQuestion {
        rules: &rules,
        window: args.range.period(context)?,
        anomaly_rules: &anomaly_rules,
        detection_rules: &detection_rules,
        frameworks: &frameworks,
        security: &settings.security,
        places: &places,
        budgets: &settings.budgets,
        quotas: &settings.quotas,
        timezone: settings.timezone,
        now: context.now,
    };
    // Held before the ledger is read, so that two checks don't tell the same.
    let deliveries = if args.dry_run { None } else { Some(Deliveries::open(&settings.store)?) };
    let mut ledger = AlertLedger::open(&settings.store)?;
    let basis = context.basis(&store, &book);
    let check = pipeline::check_alerts(basis, &question, &mut ledger, !args.dry_run)?;
    let told = match &deliveries {
        Some(deliveries) => tell(deliveries, &check, &ledger, &rules, context)?,
        None => Vec::new(),
    };
    say(args, &check, &told, context)?;
    let is_partial = report_failures(&told, context);
    let is_open = |alert: &Alert| alert.state != State::Resolved;
    let least = args.fail_on.map(|fail_on| match fail_on {
        FailOn::Critical => Severity::Critical,
        FailOn::Warning => Severity::Warning,
    });
    let crossed = least.is_some_and(|least| {
        check.alerts.iter().any(|alert| is_open(alert) && alert.breach.severity >= least)
    });
    Ok(match (crossed, is_partial) {
        (true, _) => Exit::NotPassed,
        (false, true) => Exit::Partial,
        (false, false) => Exit::Done,
    })
}

/// Tells every channel what it hasn't been told: of this check, and what failed before.
fn tell(
    deliveries: &Deliveries,
    check: &AlertCheck,
    ledger: &AlertLedger,
    rules: &RuleSet,
    context: &Context,
) -> Result<Vec<Told>, Failure> {
    let since = check.judged.at - pipeline::RETOLD;
    let alerts = pipeline::alerts_since(ledger, since.timestamp_millis())?;
    channels(context, |destinations| {
        let mutes = mutes(context);
        let times = (check.previous, context.now);
        Ok(pipeline::tell(deliveries, destinations, &alerts, &mutes, rules, times)?)
    })
}

fn say(
    args: &CheckArgs,
    check: &AlertCheck,
    told: &[Told],
    context: &Context,
) -> Result<(), Failure> {
    if args.json {
        let count = |told: &Told, is: fn(&Fate) -> bool| {
            told.deliveries.iter().filter(|one| is(&one.fate)).count()
        };
        let channels = told.iter().map(|told| ChannelAnswer {
            channel: &told.channel,
            changes: told.changes,
            sent: count(told, |fate| matches!(fate, Fate::Sent)),
            failed: count(told, |fate| matches!(fate, Fate::Failed { .. })),
            unknown: count(told, |fate| matches!(fate, Fate::Unknown { .. })),
        });
        let answer = Answer { check, dry_run: args.dry_run, channels: channels.collect() };
        let text = serde_json::to_string(&answer)
            .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })?;
        output::result(&(text + "\n"))?;
        return Ok(());
    }
    let nothing_new = check.changes.is_empty();
    if context.output.quiet && nothing_new {
        return Ok(());
    }
    let mut text = format!(
        "judged  {} to {}\n",
        time::text(check.judged.period.from),
        time::text(check.judged.period.to)
    );
    if check.alerts.is_empty() {
        text += "alerts  none\n";
    } else {
        text += "\n";
        text += &table_of(&check.alerts, context);
    }
    for skipped in &check.skipped {
        text.extend(["not asked: ", &skipped.rule, " (", &skipped.reason, ")\n"]);
    }
    for told in told.iter().filter(|told| told.changes > 0) {
        let changes = told.changes.to_string();
        text.extend(["told ", &told.channel, ": ", &changes, " changes\n"]);
    }
    if args.dry_run {
        text += "dry run: nothing was kept, nobody was told\n";
    } else if context.settings.alerts.channels.is_empty() {
        text += "nobody was told: no [[alerts.channel]] is configured\n";
    }
    output::result(&text)?;
    Ok(())
}

/// Says what could not be told; true when there was any.
fn report_failures(told: &[Told], context: &Context) -> bool {
    let mut any = false;
    for delivery in told.iter().flat_map(|told| &told.deliveries) {
        let recipient = &delivery.recipient;
        match &delivery.fate {
            Fate::Sent | Fate::SentBefore { .. } => {}
            Fate::Failed { reason, hint } => {
                any = true;
                context.output.warn(&format!("could not tell `{recipient}`: {reason}"));
                if let Some(hint) = hint {
                    context.output.hint(hint);
                }
            }
            Fate::Unknown { reason, .. } => {
                any = true;
                context.output.warn(&format!(
                    "not known whether `{recipient}` was told: {reason}; it isn't told again"
                ));
            }
        }
    }
    any
}
