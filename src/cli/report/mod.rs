//! `report KIND`: writes a report from the store, or from a source in one shot.

mod args;
mod look;

use clap::Args;

use super::ingest::{read_options, warn_of_troubles};
use super::progress::Bar;
use super::sources::{S3Args, requests};
use super::{Context, Exit, Failure, output, time};
use crate::metrics::filter::Filter;
use crate::period::Period;
use crate::pipeline::{
    self, Candidate, Chosen, Comparison, History, PeriodChoice, Plan, ReportBasis, ReportForm,
    ReportRequest, Selection,
};
use crate::render::{TextOptions, Theme};
use crate::report::{Kind, Worth};
use crate::store::{OnLocked, Reader, Writer};
use args::{CompareChoice, Format, KindCommand, ReportOptions, ThemeChoice};

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
    let request = request(kind, options, context)?;
    if let Some(source) = &options.source {
        return one_shot(source, &request, options, context);
    }
    let store = Reader::open(&context.settings.store)?;
    write(&store, true, &request, options, context)?;
    Ok(Exit::Done)
}

fn request(
    kind: Kind,
    options: &ReportOptions,
    context: &Context,
) -> Result<ReportRequest, Failure> {
    let zone = context.settings.timezone;
    let choice = match (&options.date, &options.from, &options.to) {
        (Some(date), ..) => PeriodChoice::Holding(time::day(date, "--date")?),
        (None, Some(from), Some(to)) => PeriodChoice::Range(time::period(from, to, zone)?),
        _ if options.source.is_some() => PeriodChoice::LastInData,
        _ => PeriodChoice::LastComplete,
    };
    let scope = &options.scope;
    let chosen = Chosen {
        accounts: scope.account.clone(),
        regions: scope.region.clone(),
        teams: scope.team.clone(),
        models: scope.model.clone(),
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
        source: options.source.clone(),
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

/// Reads a source into a store that vanishes, and reports on it.
fn one_shot(
    source: &str,
    request: &ReportRequest,
    options: &ReportOptions,
    context: &Context,
) -> Result<Exit, Failure> {
    let s3 = S3Args::default();
    let sources = requests(&[source.to_owned()], &Selection::default(), &s3, context)?;
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
    write(writer.reader(), false, request, options, context)?;
    Ok(if summary.is_partial() { Exit::Partial } else { Exit::Done })
}

fn write(
    store: &Reader,
    keeps: bool,
    request: &ReportRequest,
    options: &ReportOptions,
    context: &Context,
) -> Result<(), Failure> {
    let look = look::look(options.templates.as_deref(), context)?;
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
    let basis = ReportBasis {
        of: context.basis(store, &book),
        budgets: &settings.budgets,
        quotas: &settings.quotas,
        candidates: &candidates,
        worth: worth.as_ref(),
        keeps,
    };
    let report = pipeline::report(basis, request)?;
    let text = TextOptions::default();
    for format in &options.format {
        let form = match format {
            Format::Html => ReportForm::Html(match options.theme {
                ThemeChoice::Auto => Theme::Auto,
                ThemeChoice::Light => Theme::Light,
                ThemeChoice::Dark => Theme::Dark,
            }),
            Format::Text => ReportForm::Text(text),
            Format::Json => ReportForm::Json,
        };
        let page = pipeline::rendered(&report, form, &look)?;
        match options.output.as_deref() {
            Some(path) if path.as_os_str() == "-" => output::result(&page)?,
            path => {
                let path = pipeline::write(&report, form, &page, path)?;
                context.output.note(&format!("wrote {}", path.display()));
            }
        }
    }
    if keeps {
        let scope = request.filter.as_ref().map(ToString::to_string);
        if let Err(error) = pipeline::keep(store, &report, scope.as_deref()) {
            context.output.warn(&format!(
                "{error}: the next report of this kind can’t say what changed since this one"
            ));
        }
    }
    context.output.note(&pipeline::headline(&report));
    Ok(())
}
