//! `report KIND`: writes a report from the store, or from a source in one shot.

mod args;
mod look;

use chrono::{DateTime, Duration, Utc};
use clap::Args;

use super::ingest::{read_options, warn_of_troubles};
use super::progress::Bar;
use super::range::store_for;
use super::sources::{S3Args, requests};
use super::{Context, Exit, Failure, delivery, time};
use crate::metrics::filter::Filter;
use crate::period::Period;
use crate::pipeline::{
    self, Candidate, Chosen, Comparison, History, PeriodChoice, Plan, Press, ReportBasis,
    ReportRequest, Selection,
};
use crate::report::{Kind, Worth};
use crate::store::{OnLocked, Reader, Writer};
pub(super) use look::look;

use args::{CompareChoice, IncidentOptions, KindCommand, ReportOptions};

/// Write a report
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens report weekly
  bedrock-lens report daily --audience security
  bedrock-lens report weekly --source sample-data -o reports/")]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    kind: KindCommand,
}

pub(super) fn run(args: &ReportArgs, context: &Context) -> Result<Exit, Failure> {
    let (kind, options) = args.kind.parts();
    let audience = options.audience.map(|choice| choice.audience().name());
    options.delivery.check(kind.name(), audience, context)?;
    let request = request(kind, options, args.kind.incident(), context)?;
    if let Some(source) = &options.source {
        return one_shot(source, &request, options, context);
    }
    let store = store_for(pipeline::report_range(&request), context)?;
    finish(&store, true, &request, (options, Exit::Done), context)
}

fn request(
    kind: Kind,
    options: &ReportOptions,
    incident: Option<&IncidentOptions>,
    context: &Context,
) -> Result<ReportRequest, Failure> {
    let zone = context.settings.timezone;
    let around = incident.and_then(|incident| incident.around.as_deref());
    let around = around.map(|text| time::instant(text, zone, "--around")).transpose()?;
    let window = incident.map(|incident| window(&incident.window)).transpose()?;
    let choice = match (&options.date, &options.from, &options.to) {
        (Some(date), ..) => PeriodChoice::Holding(time::day(date, "--date")?),
        (None, Some(from), Some(to)) => PeriodChoice::Range(time::period(from, to, zone)?),
        _ if incident.is_some() => PeriodChoice::Range(time_around(around, window)?),
        _ if options.source.is_some() => PeriodChoice::LastInData,
        _ => PeriodChoice::LastComplete,
    };
    let scope = &options.scope;
    let chosen = Chosen {
        accounts: scope.account.clone(),
        regions: scope.region.clone(),
        teams: scope.team.clone(),
        models: scope.model.clone(),
        principals: incident.map(|incident| incident.principal.clone()).unwrap_or_default(),
        condition: scope.condition.as_deref().map(Filter::parse).transpose()?,
    };
    if !chosen.teams.is_empty() && context.settings.allocation.rules.is_empty() {
        return Err(Failure::usage(
            "`--team` needs `[[allocation.rule]]` in the configuration: no rule says which team a \
             request belongs to",
        ));
    }
    Ok(ReportRequest {
        kind,
        audience: options.audience.map(args::AudienceChoice::audience),
        choice,
        comparison: comparison(options, context)?,
        filter: chosen.filter()?,
        chosen,
        timezone: zone,
        now: context.now,
        around,
        source: options.source.clone(),
    })
}

/// The window centred on the time.
fn time_around(
    around: Option<chrono::DateTime<chrono::Utc>>,
    window: Option<chrono::Duration>,
) -> Result<Period, Failure> {
    let (Some(at), Some(window)) = (around, window) else {
        return Err(Failure::usage(
            "name the time of the incident with `--around TIME`, or a range with `--from --to`",
        ));
    };
    Ok(Period { from: at - window / 2, to: at + window / 2 })
}

/// Longest window around a time, days.
const LONGEST_WINDOW: i64 = 31;

fn window(text: &str) -> Result<chrono::Duration, Failure> {
    let length = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 1_440,
            _ => return None,
        };
        let minutes = number.checked_mul(minutes)?;
        (minutes <= LONGEST_WINDOW * 1_440).then(|| chrono::Duration::minutes(minutes))
    };
    length().ok_or_else(|| {
        Failure::usage(format!(
            "`{text}` in `--window` is no length of time up to {LONGEST_WINDOW} days (30m, 2h, 1d)"
        ))
    })
}

fn comparison(options: &ReportOptions, context: &Context) -> Result<Comparison, Failure> {
    let compared = &options.compared;
    let names = ["--compare-from", "--compare-to"];
    match (&compared.compare_from, &compared.compare_to, compared.compare) {
        (Some(from), Some(to), _) => {
            let range: Period = time::period_of(from, to, context.settings.timezone, names)?;
            Ok(Comparison::Range(range))
        }
        (.., CompareChoice::Previous) => Ok(Comparison::Previous),
        (.., CompareChoice::Year) => Ok(Comparison::Year),
    }
}

/// How far before its periods a report looks: for the other halves of calls at their edges, and for
/// prompts that were sent before.
const LOOKED_BACK: Duration = Duration::days(1);

/// Reads a source into a store that vanishes, and reports on it. Of a source that is far, only what
/// the report's range needs is listed; without a range given, the last complete period is meant, since
/// what the data reaches to could only be told by listing all of it.
fn one_shot(
    source: &str,
    request: &ReportRequest,
    options: &ReportOptions,
    context: &Context,
) -> Result<Exit, Failure> {
    let s3 = S3Args::default();
    let opened = |range| {
        let selection = Selection { range, ..Selection::default() };
        requests(&[source.to_owned()], &selection, &s3, context)
    };
    let mut sources = opened(None)?;
    let mut request = request.clone();
    if sources.iter().any(|asked| asked.source.is_far()) {
        if request.choice == PeriodChoice::LastInData {
            request.choice = PeriodChoice::LastComplete;
        }
        let earlier = |from: DateTime<Utc>| from.checked_sub_signed(LOOKED_BACK).unwrap_or(from);
        let listed = |range: Period| Period { from: earlier(range.from), to: range.to };
        sources = opened(pipeline::report_range(&request).map(listed))?;
    }
    let request = &request;
    let plan = Plan::list(&sources, History::none(context.now))?;
    let folder = tempfile::tempdir().map_err(pipeline::Error::Temporary)?;
    let mut writer = Writer::open(folder.path(), OnLocked::Fail)?;
    let bar = Bar::new(context.output);
    let summary = plan.carry_out(&mut writer, read_options(context), &bar)?;
    bar.finish();
    warn_of_troubles(&summary, context);
    if summary.is_partial() {
        context
            .output
            .hint("everything else was read; the report's data quality counts what was not");
    }
    let so_far = if summary.is_partial() { Exit::Partial } else { Exit::Done };
    finish(writer.reader(), false, request, (options, so_far), context)
}

/// Makes the report and puts it where it should go.
fn finish(
    store: &Reader,
    keeps: bool,
    request: &ReportRequest,
    (options, so_far): (&ReportOptions, Exit),
    context: &Context,
) -> Result<Exit, Failure> {
    let delivery = &options.delivery;
    if delivery.if_complete {
        let period = pipeline::report_period(store, request)?;
        if !delivery::is_complete(store, (request.kind.name(), period), delivery, context)? {
            return Ok(Exit::NotPassed);
        }
    }
    let look = look(options.templates.as_deref(), context)?;
    let book = context.price_book()?;
    let settings = &context.settings;
    let candidates: Vec<Candidate> = settings
        .substitutes
        .iter()
        .map(|one| Candidate { from: one.from.clone(), to: one.to.clone() })
        .collect();
    let worth = settings.worth.as_ref().map(|worth| Worth {
        per_request: worth.per_request,
        other_cost_per_month: worth.other_cost_per_month,
        basis: worth.basis.clone(),
    });
    let anomaly_rules = pipeline::anomaly_rules(settings.anomaly_rules.as_deref())?;
    let rules = pipeline::detection_rules(&settings.audit.detections)?;
    let frameworks = pipeline::control_frameworks(&settings.audit.controls, &rules)?;
    let places = pipeline::places(&settings.audit.geoip_databases)?;
    let basis = ReportBasis {
        of: context.basis(store, &book),
        budgets: &settings.budgets,
        quotas: &settings.quotas,
        candidates: &candidates,
        targets: &settings.targets,
        anomaly_rules: &anomaly_rules,
        worth: worth.as_ref(),
        rules: &rules,
        frameworks: &frameworks,
        security: &settings.security,
        places: &places,
        keeps,
    };
    let report = pipeline::report(basis, request)?;
    let scope = request.filter.as_ref().map(ToString::to_string);
    let press = Press {
        look: &look,
        theme: options.theme.into(),
        browser: settings.browser.as_deref(),
        search: &settings.search,
    };
    let to = (&press, scope.as_deref());
    let exit = delivery::deliver(&report, delivery, to, so_far, context)?;
    // An incident is looked at once: no later report is compared with it.
    let keeps = keeps && request.kind != Kind::Incident;
    if keeps && let Err(error) = pipeline::keep(store, &report, scope.as_deref()) {
        context.output.warn(&format!(
            "{error}: the next report of this kind can’t say what changed since this one"
        ));
    }
    Ok(exit)
}
