//! `audit detections`: what in the logs is to be looked at, and which rules could not be asked.

use clap::Args;

use super::coverage::held;
use super::{Context, Exit, Failure, output, time};
use crate::audit::detections::{Detections, Finding, Rule, RuleSet, RuleVerdict, Severity};
use crate::cli::range::RangeArgs;
use crate::pipeline::{self, DetectionsRequest, SecurityBasis};
use crate::render::format::Script;
use crate::render::format::number::grouped;
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::{Align, RowRole};
use crate::store::Reader;

/// Look for misuse of Bedrock by rules over CloudTrail and the invocation log
///
/// Rules are data (docs/detections.md); files named in `[audit] detections` add to them. What a rule
/// takes for allowed stands in `[security]`. A rule that can't be asked is listed with the reason: it
/// has not passed.
#[derive(Debug, Args)]
#[command(after_help = "\
Without a range, everything that the store holds is looked at.

Exit codes: 4 with --fail-on, when a finding is at least so grave.

Examples:
  bedrock-lens audit detections --month 2026-10
  bedrock-lens audit detections --last 7d --severity high --json
  bedrock-lens audit detections --last 24h --fail-on high
  bedrock-lens audit detections --list")]
pub(in crate::cli) struct DetectionsArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Only these rules
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    rule: Vec<String>,
    /// Only rules at least so grave: critical, high, medium, low, info
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<Severity>,
    /// Exit with 4 when a finding is at least so grave
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severity>,
    /// List the rules and what they do, and look at nothing
    #[arg(long, conflicts_with_all = ["fail_on", "from", "last", "month"])]
    list: bool,
    /// Print JSON: one object, or with --list an array
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DetectionsArgs, context: &Context) -> Result<Exit, Failure> {
    let settings = &context.settings;
    let rules = pipeline::detection_rules(&settings.audit.detections)?;
    let severity = args.severity.unwrap_or(Severity::Info);
    if args.list {
        output::result(&listed(&rules, severity, args, context)?)?;
        return Ok(Exit::Done);
    }
    let places = pipeline::places(&settings.audit.geoip_databases)?;
    let store = Reader::open(&settings.store)?;
    let book = context.price_book()?;
    let period = match args.range.period(context)? {
        Some(period) => period,
        None => held(&store)?,
    };
    let request = DetectionsRequest {
        rules: &rules,
        only: &args.rule,
        severity,
        basis: SecurityBasis { security: &settings.security, places: &places, period },
    };
    let found = pipeline::audit_detections(&store, &book, &request)?;
    let text = if args.json { json(&found)? } else { described(&found, context) };
    output::result(&text)?;
    let crossed = |grave: Severity| found.findings.iter().any(|finding| finding.severity >= grave);
    Ok(if args.fail_on.is_some_and(crossed) { Exit::NotPassed } else { Exit::Done })
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
}

/// For people: findings, each with who, how many and the query; then what could not be asked.
fn described(found: &Detections, context: &Context) -> String {
    let of = |verdict| found.rules.iter().filter(|rule| rule.verdict == verdict).count();
    let mut text = format!(
        "period    {} to {}\nrules     {} found something, {} found nothing, {} not evaluated\n\
         findings  {}\naddresses {}\n",
        time::text(found.period.from),
        time::text(found.period.to),
        of(RuleVerdict::Fired),
        of(RuleVerdict::Quiet),
        of(RuleVerdict::NotEvaluated),
        by_severity(found),
        if found.geoip {
            "looked up in the GeoIP database"
        } else {
            "not looked up: no security.geoip_databases"
        },
    );
    for finding in &found.findings {
        text.push('\n');
        text += &one(finding);
    }
    let unasked: Vec<Vec<String>> = found
        .rules
        .iter()
        .filter(|rule| rule.verdict == RuleVerdict::NotEvaluated)
        .map(|rule| vec![rule.rule.clone(), rule.reason.clone().unwrap_or_default()])
        .collect();
    if !unasked.is_empty() {
        text += "\nNot evaluated\n";
        text += &aligned(&["rule", "why"], unasked, context);
    }
    text
}

fn by_severity(found: &Detections) -> String {
    let counts = Severity::ALL.into_iter().filter_map(|severity| {
        let count = found.findings.iter().filter(|f| f.severity == severity).count();
        (count > 0).then(|| format!("{} {severity}", grouped(count as u128)))
    });
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
}

fn one(finding: &Finding) -> String {
    let group: Vec<String> = finding
        .group
        .iter()
        .map(|(name, value)| format!("{name} {}", value.as_deref().map_or("unknown".into(), shown)))
        .collect();
    let number = |n: i64| grouped(n.unsigned_abs().into());
    let of = finding.of_rows.map_or_else(String::new, |of| format!(" of {}", number(of)));
    let different = finding
        .distinct_values
        .map_or_else(String::new, |values| format!(", {} different", number(values)));
    let rows = format!("{}{of}{different}", number(finding.rows));
    let place = finding.place.as_ref().map_or_else(String::new, |place| {
        let parts = [
            place.country.clone(),
            place.asn.map(|asn| format!("AS{asn}")),
            place.operator.clone(),
        ];
        let known: Vec<String> = parts.into_iter().flatten().map(|part| shown(&part)).collect();
        if known.is_empty() { String::new() } else { format!("  from      {}\n", known.join(" ")) }
    });
    format!(
        "{}  {}  [{}]\n  rule      {}\n  who       {}\n{place}  when      {} to {}\n  rows      \
         {rows}\n  query     {}\n",
        finding.severity.as_str().to_uppercase(),
        shown(&finding.title),
        finding.techniques.join(" "),
        finding.rule,
        group.join(", "),
        time::text(finding.from),
        time::text(finding.to),
        shown(&finding.query),
    )
}

/// Text from a log, harmless on a terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn listed(
    rules: &RuleSet,
    least: Severity,
    args: &DetectionsArgs,
    context: &Context,
) -> Result<String, Failure> {
    let is_listed = |rule: &&Rule| {
        rule.severity >= least && (args.rule.is_empty() || args.rule.contains(&rule.id))
    };
    let rules: Vec<&Rule> = rules.rules().iter().filter(is_listed).collect();
    if args.json {
        let values: Vec<serde_json::Value> = rules.iter().map(|rule| value(rule)).collect();
        return json(&values);
    }
    let rows = rules
        .iter()
        .map(|rule| {
            vec![
                rule.id.clone(),
                rule.severity.to_string(),
                rule.techniques.join(" "),
                rule.table.name().to_owned(),
                rule.in_words(),
                rule.needs().join(", "),
            ]
        })
        .collect();
    let heads = ["rule", "severity", "techniques", "table", "finds", "needs"];
    Ok(aligned(&heads, rows, context))
}

fn value(rule: &Rule) -> serde_json::Value {
    let conditions: Vec<&str> = rule.logic.conditions().iter().map(|c| c.text()).collect();
    serde_json::json!({
        "rule": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "techniques": rule.techniques,
        "table": rule.table.name(),
        "kind": rule.logic.kind(),
        "finds": rule.in_words(),
        "conditions": conditions,
        "needs": rule.needs(),
        "description": rule.description,
        "false_positives": rule.false_positives,
    })
}

pub(super) fn aligned(heads: &[&str], rows: Vec<Vec<String>>, context: &Context) -> String {
    let head = |label: &&str| Head { label: (*label).to_owned(), unit: None, align: Align::Left };
    let heads: Vec<Head> = heads.iter().map(head).collect();
    let rows: Vec<Row> = rows.into_iter().map(|cells| Row { cells, role: RowRole::Body }).collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let options = TableOptions { fit, color: context.output.color_stdout, script: Script::Unicode };
    table(&heads, &rows, options)
}
