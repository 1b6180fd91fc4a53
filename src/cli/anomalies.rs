//! `anomalies`: what departs from the usual, and since when.

use clap::Args;

use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output};
use crate::insight::anomaly::{
    Anomalies, Driver, Figure, FirstSeen, Incident, Rules, ScopeName, Severity, Skipped,
};
use crate::metrics::dimensions::Dimension;
use crate::metrics::names::UnknownName;
use crate::period::{Period, midnight};
use crate::pipeline::{self, AnomalyQuestion};
use crate::render::format::Script;
use crate::render::format::number::grouped;
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::{Align, RowRole};

/// Find hours and days that depart from the usual, and what is new
///
/// Spend, requests, tokens, errors, throttles and latencies are judged hour by hour and day by day
/// against up to eight weeks before them: overall and per model, account, Region, principal and
/// team. What belongs together is one incident, with who made the change and the query that shows it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct AnomaliesArgs {
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// Dimensions whose values are judged, besides everything together [default: model, account,
    /// region, principal, and team; tag:team where no allocation rules are configured]
    #[arg(long, value_name = "DIM,…", value_delimiter = ',')]
    by: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the thresholds that come with the tool, to start a file of your own from
    #[arg(long)]
    print_rules: bool,
}

const AFTER_HELP: &str = "\
Without a range, the last seven complete days are judged. A series needs 14 days of history; what
can't be judged is listed with the reason. Thresholds are data; to use your own, set in
bedrock-lens.toml:
  [anomalies]
  rules = \"anomaly-rules.json\"

Examples:
  bedrock-lens anomalies
  bedrock-lens anomalies --month 2026-10 --json
  bedrock-lens anomalies --from 2026-11-09 --to 2026-11-16 --where \"account = '111122223333'\"";

/// Days that are judged when no range is given.
const DAYS: u64 = 7;

pub(super) fn run(args: &AnomaliesArgs, context: &Context) -> Result<Exit, Failure> {
    if args.print_rules {
        output::result(Rules::embedded_text())?;
        return Ok(Exit::Done);
    }
    let rules = pipeline::anomaly_rules(context.settings.anomaly_rules.as_deref())?;
    let timezone = context.settings.timezone;
    let period = args.range.period(context)?.unwrap_or_else(|| last_days(context));
    let filter = args.filter.filter()?;
    let dimensions = dimensions(&args.by, context)?;
    let store = store_for(Some(period), context)?;
    let book = context.price_book()?;
    let question = AnomalyQuestion {
        period,
        filter: filter.as_ref(),
        rules: &rules,
        dimensions,
        timezone,
        now: context.now,
    };
    let anomalies = pipeline::anomalies(context.basis(&store, &book), &question)?;
    let text = if args.json { json(&anomalies)? } else { described(&anomalies, context) };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn last_days(context: &Context) -> Period {
    let zone = context.settings.timezone;
    let today = context.now.with_timezone(&zone).date_naive();
    let first = today.checked_sub_days(chrono::Days::new(DAYS)).unwrap_or(today);
    Period { from: midnight(first, zone), to: midnight(today, zone) }
}

fn dimensions(names: &[String], context: &Context) -> Result<Vec<Dimension>, UnknownName> {
    if names.is_empty() {
        return Ok(pipeline::usual_dimensions(&context.settings.allocation));
    }
    let mut dimensions: Vec<Dimension> = Vec::with_capacity(names.len());
    for name in names {
        let dimension = name.trim().parse()?;
        if !dimensions.contains(&dimension) {
            dimensions.push(dimension);
        }
    }
    Ok(dimensions)
}

fn json(anomalies: &Anomalies) -> Result<String, Failure> {
    serde_json::to_string_pretty(anomalies)
        .map(|text| text + "\n")
        .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
}

/// For people: incidents as a table, then each with its figures, then what is new and what is not known.
fn described(anomalies: &Anomalies, context: &Context) -> String {
    let mut text = summary(anomalies);
    if !anomalies.incidents.is_empty() {
        text += "\n";
        text += &incident_table(&anomalies.incidents, context);
    }
    for incident in &anomalies.incidents {
        text += "\n";
        text += &detail(incident, context);
    }
    if !anomalies.first_seen.is_empty() {
        text += "\nFirst seen\n";
        text += &first_seen_table(&anomalies.first_seen, context);
    }
    if !anomalies.skipped.is_empty() {
        text += "\nNot judged\n";
        let line =
            |skipped: &Skipped| ["  ", &skipped.series, ": ", &skipped.reason, "\n"].concat();
        text.extend(anomalies.skipped.iter().map(line));
    }
    text
}

fn summary(anomalies: &Anomalies) -> String {
    let number = |count: usize| signed(i128::try_from(count).unwrap_or(i128::MAX));
    let incidents = match anomalies.incidents.len() {
        0 => "no incidents".to_owned(),
        1 => "1 incident".to_owned(),
        count => format!("{} incidents", number(count)),
    };
    format!(
        "{incidents} in {} series from {} to {}, against {} days before\n",
        number(anomalies.series_tested),
        time(anomalies.judged.from),
        time(anomalies.judged.to),
        anomalies.history.days
    )
}

fn incident_table(incidents: &[Incident], context: &Context) -> String {
    let rows = incidents.iter().map(|incident| {
        let end = if incident.is_ongoing { "ongoing".to_owned() } else { time(incident.to) };
        let severity = severity(incident.severity).to_owned();
        vec![severity, time(incident.from), end, incident.title.clone()]
    });
    aligned(&["severity", "from", "to", "what"], rows.collect(), &[], context)
}

fn detail(incident: &Incident, context: &Context) -> String {
    const SERIES_SHOWN: usize = 8;
    let mut text = format!("{}  {}\n", time(incident.from), incident.title);
    let rows = incident.metrics.iter().take(SERIES_SHOWN).map(|series| {
        vec![
            series.metric.clone(),
            scope(&series.scope),
            shown(series.observed),
            shown(series.expected),
            format!("{} to {}", shown(series.low), shown(series.high)),
            format!("{:.1}", series.score),
        ]
    });
    let heads = ["metric", "of", "observed", "expected", "usual range", "score"];
    text += &aligned(&heads, rows.collect(), &[2, 3, 4, 5], context);
    let more = incident.metrics.len().saturating_sub(SERIES_SHOWN);
    if more > 0 {
        text.extend(["and ", &more.to_string(), " more series\n"]);
    }
    if !incident.drivers.is_empty() {
        let rows = incident.drivers.iter().map(driver_row).collect();
        let heads = ["driver", "metric", "observed", "usual", "change", "share"];
        text += &aligned(&heads, rows, &[2, 3, 4, 5], context);
    }
    text + &incident.query + "\n"
}

fn driver_row(driver: &Driver) -> Vec<String> {
    let share = driver
        .change_share
        .map_or_else(|| "\u{2014}".to_owned(), |share| format!("{:.0} %", share * 100.0));
    vec![
        format!("{} {}", driver.dimension, driver.value.as_deref().unwrap_or("none")),
        driver.metric.clone(),
        shown(driver.observed),
        shown(driver.usual),
        shown(driver.change),
        share,
    ]
}

fn first_seen_table(events: &[FirstSeen], context: &Context) -> String {
    let rows = events.iter().map(|event| {
        let parts = [&event.principal, &event.model, &event.region];
        let named: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        vec![
            time(event.at),
            event.kind.words().to_owned(),
            named.join(" "),
            event.account.clone().unwrap_or_default(),
            signed(event.requests.into()),
        ]
    });
    aligned(
        &["first request", "what", "which", "account", "requests"],
        rows.collect(),
        &[4],
        context,
    )
}

fn aligned(heads: &[&str], rows: Vec<Vec<String>>, right: &[usize], context: &Context) -> String {
    let align = |column: usize| if right.contains(&column) { Align::Right } else { Align::Left };
    let head = |(column, label): (usize, &&str)| Head {
        label: (*label).to_owned(),
        unit: None,
        align: align(column),
    };
    let heads: Vec<Head> = heads.iter().enumerate().map(head).collect();
    let rows: Vec<Row> = rows.into_iter().map(|cells| Row { cells, role: RowRole::Body }).collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let options = TableOptions { fit, color: context.output.color_stdout, script: Script::Unicode };
    table(&heads, &rows, options)
}

fn scope(scope: &ScopeName) -> String {
    match (&scope.dimension, &scope.value) {
        (None, _) => "everything".to_owned(),
        (Some(dimension), value) => format!("{dimension} {}", value.as_deref().unwrap_or("none")),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
    }
}

/// A figure for people: money with cents, counts in groups of three.
fn shown(figure: Figure) -> String {
    match figure {
        Figure::Usd(amount) => {
            let text = amount.round_to(2).to_string();
            let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
            format!("${whole}.{cents:0<2}")
        }
        Figure::Count(count) => signed(count),
        Figure::Number(number) => estimated(number),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "estimates are far below 128 bits")]
fn estimated(number: f64) -> String {
    signed(number.round() as i128)
}

fn signed(count: i128) -> String {
    let sign = if count < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", grouped(count.unsigned_abs()))
}

fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
