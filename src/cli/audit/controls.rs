//! `audit controls`: what the logs say about the controls of a framework.

use std::path::PathBuf;

use clap::Args;

use super::coverage::held;
use super::detections::{aligned, json, shown};
use super::{Context, Exit, Failure, output, time};
use crate::audit::controls::{ControlResult, ControlsResult, Framework, Test, Verdict};
use crate::cli::range::RangeArgs;
use crate::pipeline::{self, ControlsRequest, SecurityBasis};
use crate::store::Reader;

/// Test the controls of a compliance framework, as far as logs can show them
///
/// Each test is evidence from the logs that were read; it is not an attestation. A control whose test
/// can't be asked, and what no log shows, is listed as not evaluated with the reason.
#[derive(Debug, Args)]
#[command(after_help = "\
Frameworks: soc2, pci-dss-4, hipaa, gdpr, fedramp-moderate, iso-27001, iso-42001; files named in
`[audit] controls` add to them (docs/controls.md).

Without a range, everything that the store holds is tested.

Examples:
  bedrock-lens audit controls --framework soc2 --from 2026-07-01 --to 2026-10-01
  bedrock-lens audit verify s3://trail-bucket --json > verified.json
  bedrock-lens audit controls --framework iso-27001 --verification verified.json --json
  bedrock-lens audit controls --framework hipaa --list")]
pub(in crate::cli) struct ControlsArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// The framework, or several
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', required = true)]
    framework: Vec<String>,
    /// What `audit verify --json` printed about the same period
    #[arg(long, value_name = "FILE")]
    verification: Option<PathBuf>,
    /// Exit with 4 when a control fails
    #[arg(long)]
    fail: bool,
    /// List the controls and what is tested, and test nothing
    #[arg(long, conflicts_with_all = ["fail", "verification", "from", "last", "month"])]
    list: bool,
    /// Print JSON: one object, or with several frameworks, or --list, an array
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ControlsArgs, context: &Context) -> Result<Exit, Failure> {
    let settings = &context.settings;
    let rules = pipeline::detection_rules(&settings.audit.detections)?;
    let all = pipeline::control_frameworks(&settings.audit.controls, &rules)?;
    let frameworks: Vec<&Framework> =
        args.framework.iter().map(|name| named(name, &all)).collect::<Result<_, _>>()?;
    if args.list {
        output::result(&listed(&frameworks, args, context)?)?;
        return Ok(Exit::Done);
    }
    let verification = args.verification.as_deref().map(pipeline::verification).transpose()?;
    let places = pipeline::places(&settings.audit.geoip_databases)?;
    let store = Reader::open(&settings.store)?;
    let period = match args.range.period(context)? {
        Some(period) => period,
        None => held(&store)?,
    };
    let request = ControlsRequest {
        frameworks,
        rules: &rules,
        asks_all_rules: false,
        ledger: None,
        basis: SecurityBasis { security: &settings.security, places: &places, period },
        verification,
        as_of: context.now,
    };
    let found = pipeline::audit_controls(&store, &*context.price_book()?, &request)?.frameworks;
    let text = match (args.json, found.as_slice()) {
        (true, [one]) => json(one)?,
        (true, several) => json(&several)?,
        (false, several) => several.iter().map(|one| described(one, context)).collect(),
    };
    output::result(&text)?;
    let failed = found.iter().any(|framework| framework.counts.fail > 0);
    Ok(if args.fail && failed { Exit::NotPassed } else { Exit::Done })
}

fn named<'a>(name: &str, all: &'a [Framework]) -> Result<&'a Framework, pipeline::Error> {
    all.iter().find(|framework| framework.id == name).ok_or_else(|| {
        pipeline::Error::NoSuchFramework {
            id: name.to_owned(),
            known: all.iter().map(|framework| framework.id.clone()).collect(),
        }
    })
}

fn described(found: &ControlsResult, context: &Context) -> String {
    let counts = found.counts;
    let rows = found
        .controls
        .iter()
        .map(|control| {
            vec![
                control.id.clone(),
                control.verdict.words().to_owned(),
                control.title.clone(),
                because(control),
            ]
        })
        .collect();
    let mut text = format!(
        "framework {}\nperiod    {} to {}\ncontrols  {} pass, {} fail, {} not evaluated\n{}\n\n",
        found.title,
        time::text(found.period.from),
        time::text(found.period.to),
        counts.pass,
        counts.fail,
        counts.not_evaluated,
        found.statement,
    );
    text += &aligned(&["control", "verdict", "what it asks for", "because"], rows, context);
    let failed = found.controls.iter().filter(|control| control.verdict == Verdict::Fail);
    let queries: Vec<String> = failed
        .flat_map(|control| {
            control.tests.iter().flat_map(move |test| {
                test.queries.iter().map(move |query| format!("{}  {}\n", control.id, shown(query)))
            })
        })
        .collect();
    if !queries.is_empty() {
        text += "\nTo see what failed\n";
        text.extend(queries);
    }
    text + "\n"
}

/// Why the verdict is what it is.
fn because(control: &ControlResult) -> String {
    let told = control.reason.clone().unwrap_or_else(|| {
        let passed: Vec<&str> = control.tests.iter().map(|test| test.because.as_str()).collect();
        passed.join("; ")
    });
    shown(&told)
}

fn listed(
    frameworks: &[&Framework],
    args: &ControlsArgs,
    context: &Context,
) -> Result<String, Failure> {
    let controls = frameworks
        .iter()
        .flat_map(|framework| framework.controls.iter().map(move |control| (framework, control)));
    if args.json {
        let values: Vec<serde_json::Value> = controls
            .map(|(framework, control)| {
                let tests: Vec<String> = control.tests.iter().map(Test::in_words).collect();
                serde_json::json!({
                    "framework": framework.id,
                    "id": control.id,
                    "title": control.title,
                    "tested": control.tested,
                    "tests": tests,
                    "limits": control.limits,
                })
            })
            .collect();
        return json(&values);
    }
    let rows = controls
        .map(|(framework, control)| {
            let tests: Vec<String> = control.tests.iter().map(Test::in_words).collect();
            vec![framework.id.clone(), control.id.clone(), control.title.clone(), tests.join("; ")]
        })
        .collect();
    Ok(aligned(&["framework", "control", "what it asks for", "passes when"], rows, context))
}
