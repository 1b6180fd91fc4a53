//! `audit outages`: when calls were not recorded, who caused it, and what went unrecorded.

use clap::Args;

use super::{Context, Exit, Failure, output, time};
use crate::audit::outage::{Act, Aspect, Ending, OutageKind, PlaceState, Recorder, State};
use crate::cli::range::RangeArgs;
use crate::pipeline::{self, CountedOutage, Join, OutageAnswer, OutageRequest, Unrecorded};
use crate::render::format::Script;
use crate::render::format::number::grouped;
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::Align;
use crate::store::Reader;

/// List when calls were not recorded: who stopped, deleted or weakened logging, until when, and how
/// many calls went unrecorded
///
/// Read from CloudTrail: changes to invocation logging, trails, their event selectors, and the buckets
/// and log groups that logs are delivered to. Hours with calls in CloudTrail and none in the
/// invocation log are listed too where no such event explains them.
#[derive(Debug, Args)]
#[command(after_help = "\
An outage lasts until an event undoes it, or until calls are logged again; one without an end is
still open. Costs are estimates: the mean of logged calls of the same model and principal.
A stopped trail does not record what happens meanwhile; requests without an event tell of it.
Hours in which neither CloudTrail nor the invocation log has a call are unknown, not good.

Examples:
  bedrock-lens audit outages --month 2026-11
  bedrock-lens audit outages --from 2026-07-01 --to 2026-10-01 --json
  bedrock-lens audit outages --bucket acme-logs --last 7d")]
pub(in crate::cli) struct OutagesArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Buckets that hold logs, beside those that events and the store name
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    bucket: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &OutagesArgs, context: &Context) -> Result<Exit, Failure> {
    let store = Reader::open(&context.settings.store)?;
    let period = match args.range.period(context)? {
        Some(period) => period,
        None => super::coverage::held(&store)?,
    };
    let buckets = args.bucket.iter().cloned().collect();
    let request = OutageRequest { period, as_of: context.now, buckets };
    let book = context.price_book()?;
    let answer = pipeline::audit_outages(&store, &book, &request)?;
    if args.json {
        let text = serde_json::to_string(&answer)
            .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })?;
        output::result(&(text + "\n"))?;
    } else {
        output::result(&described(&answer, context))?;
    }
    Ok(Exit::Done)
}

fn described(answer: &OutageAnswer, context: &Context) -> String {
    let open = answer.outages.iter().filter(|one| one.outage.ending == Ending::Open).count();
    let buckets = match answer.buckets.len() {
        0 => "none is known to hold logs, so changes to buckets are not judged (--bucket NAME)"
            .to_owned(),
        _ => answer.buckets.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let join = match answer.join {
        Join::NotPossible => {
            "\njoin not possible: no request id of CloudTrail is in the log; `calls` hold all calls"
        }
        _ => "",
    };
    let mut text = format!(
        "period      {} to {}\noutages     {}, {} of them open\nunrecorded  {} by invocation \
         logging{join}\nbuckets     {buckets}\n",
        time::text(answer.period.from),
        time::text(answer.period.to),
        grouped(answer.outages.len() as u128),
        grouped(open as u128),
        unrecorded(&answer.unrecorded),
    );
    text.push_str(&outages(&answer.outages, context));
    text.push_str(&acts(&answer.acts, context));
    text.push_str(&places(&answer.places, context));
    text
}

fn unrecorded(found: &Unrecorded) -> String {
    let number = |n: i64| grouped(n.unsigned_abs().into());
    let cost = match found.cost_usd {
        Some(usd) => format!(", about {} USD (an estimate)", usd.round_to(2)),
        None => String::new(),
    };
    format!("{} calls, {} of them failed{cost}", number(found.calls), number(found.failed_calls))
}

fn outages(outages: &[CountedOutage], context: &Context) -> String {
    let heads = ["from", "to", "what", "account", "region", "who", "unrecorded"];
    let rows = outages.iter().map(|counted| {
        let outage = &counted.outage;
        let from = outage.from.map_or_else(|| "before the period".to_owned(), time::text);
        let to = outage.to.map_or_else(|| "still open".to_owned(), time::text);
        let place = |text: &Option<String>, none: &str| text.clone().unwrap_or(none.to_owned());
        vec![
            from,
            to,
            what(counted),
            place(&outage.account, "unknown"),
            place(&outage.region, "all"),
            outage.begun_by.as_ref().map_or_else(String::new, who),
            missing(counted),
        ]
    });
    titled("Outages", &heads, rows.collect(), context)
}

fn what(counted: &CountedOutage) -> String {
    let outage = &counted.outage;
    let target = outage.target.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let ending = match outage.ending {
        Ending::LogsAgain => "; ended without a known event",
        _ => "",
    };
    match (outage.kind, &outage.begun_by) {
        (OutageKind::Silent, _) => format!("calls, and none logged; no event explains it{ending}"),
        (_, Some(act)) => format!("{}{target}: {}{ending}", recorder(outage.recorder), act.detail),
        (_, None) => format!("{}{target}{ending}", recorder(outage.recorder)),
    }
}

/// What is missing for the outage: calls of invocation logging, events of a trail.
fn missing(counted: &CountedOutage) -> String {
    let found = &counted.unrecorded;
    if let Some(count) = found.requests_without_event {
        return format!("{} requests without an event", grouped(count.unsigned_abs().into()));
    }
    let is_of_text = counted.outage.aspect == Aspect::Bodies;
    if counted.outage.recorder == Recorder::InvocationLogging && !is_of_text {
        return unrecorded(found);
    }
    String::new()
}

fn recorder(recorder: Recorder) -> &'static str {
    match recorder {
        Recorder::InvocationLogging => "logging",
        Recorder::Trail => "trail",
        Recorder::LogBucket => "bucket",
        Recorder::LogGroup => "log group",
    }
}

fn who(act: &Act) -> String {
    let name = act.identity_arn.as_deref().or(act.principal.as_deref()).unwrap_or("unknown");
    match &act.source_ip_address {
        Some(from) => format!("{name} from {from}"),
        None => name.to_owned(),
    }
}

fn acts(acts: &[Act], context: &Context) -> String {
    let heads = ["time", "event", "what", "account", "region", "who"];
    let rows = acts.iter().map(|act| {
        let target = act.target.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            time::text(act.time),
            act.event_name.clone(),
            format!("{}{target}: {}", recorder(act.recorder), act.detail),
            text(&act.account),
            text(&act.region),
            who(act),
        ]
    });
    titled("Events that concern recording", &heads, rows.collect(), context)
}

fn places(places: &[PlaceState], context: &Context) -> String {
    let heads =
        ["account", "region", "at start", "at end", "hours", "recorded", "silent", "unknown"];
    let rows = places.iter().map(|place| {
        let text = |text: &Option<String>| text.clone().unwrap_or("unknown".to_owned());
        let count = |n: u64| grouped(n.into());
        vec![
            text(&place.account),
            text(&place.region),
            state(place.at_start).to_owned(),
            state(place.at_end).to_owned(),
            count(place.hours.expected),
            count(place.hours.recorded),
            count(place.hours.silent),
            count(place.hours.unknown),
        ]
    });
    titled("Invocation logging", &heads, rows.collect(), context)
}

fn state(state: State) -> &'static str {
    match state {
        State::On => "on",
        State::Off => "off",
        State::Unknown => "unknown",
    }
}

/// A table with its title; the first rows of a long one.
fn titled(title: &str, heads: &[&str], rows: Vec<Vec<String>>, context: &Context) -> String {
    const SHOWN: usize = 50;
    if rows.is_empty() {
        return String::new();
    }
    let numbers = ["hours", "recorded", "silent", "unknown"];
    let head = |label: &&str| Head {
        label: (*label).to_owned(),
        unit: None,
        align: if numbers.contains(label) { Align::Right } else { Align::Left },
    };
    let heads: Vec<Head> = heads.iter().map(head).collect();
    let more = rows.len().saturating_sub(SHOWN);
    let rows: Vec<Row> = rows.into_iter().take(SHOWN).map(Row::from).collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Wrap);
    let options = TableOptions { fit, color: context.output.color_stdout, script: Script::Unicode };
    let mut text = format!("\n{title}\n{}", table(&heads, &rows, options));
    if more > 0 {
        text = format!("{text}… and {} more; --json has all\n", grouped(more as u128));
    }
    text
}
