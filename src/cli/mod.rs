//! What the user types: arguments, the clock, progress and terminal output. A thin shell over
//! [`pipeline`]; one file per subcommand.

mod account;
mod alerts;
mod allocation;
mod anomalies;
mod answer;
mod audit;
mod budgets;
mod capacity;
mod completions;
mod config;
mod delivery;
mod drivers;
mod exit;
mod failure;
mod figures;
mod followed;
mod forecast;
mod ingest;
mod kpis;
mod man;
mod metrics;
mod output;
mod prices;
mod progress;
mod query;
mod range;
mod report;
mod savings;
mod setup;
mod sources;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod trends;

use std::borrow::Cow;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

pub use exit::Exit;
use failure::Failure;
use output::{ColorChoice, Output};

use crate::aws::Access;
use crate::pipeline::{self, Basis};
use crate::prices::{CacheConvention, PriceBook};
use crate::settings::{AccessSettings, CachedTokens, Environment, Flags, Settings, misspelt_keys};
use crate::store::Reader;

/// Accounts for every Amazon Bedrock model call from the logs in S3, and turns them into reports.
#[derive(Debug, Parser)]
#[command(name = "bedrock-lens", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  bedrock-lens report weekly --source sample-data     a report in one step, without a store
  bedrock-lens ingest ~/logs                          read logs into the store
  bedrock-lens report weekly                          the last complete week, from the store
  bedrock-lens query --from 2026-11-09 --to 2026-11-16 --by model --metrics requests,cost_usd

Exit codes: 0 done; 1 failed, nothing produced; 2 wrong usage or configuration; 3 done, but some
input was rejected or could not be read, or some output not delivered; 4 done, and a verification
did not pass, or a report was to wait for a complete period.";

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Configuration file [default: bedrock-lens.toml, if present]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Time zone of days and hours, an IANA name [default: UTC]
    #[arg(long, global = true, value_name = "ZONE")]
    timezone: Option<String>,
    /// Take this as the present time, so that a run can be repeated
    #[arg(long, global = true, value_name = "RFC3339")]
    as_of: Option<String>,
    /// Fail (exit 1) where some input was rejected or a verification did not pass
    #[arg(long, global = true)]
    strict: bool,
    /// Say nothing on success
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ingest(ingest::IngestArgs),
    Report(report::ReportArgs),
    Query(query::QueryArgs),
    Kpis(kpis::KpisArgs),
    Allocation(allocation::AllocationArgs),
    Budgets(budgets::BudgetsArgs),
    Savings(savings::SavingsArgs),
    Capacity(capacity::CapacityArgs),
    Drivers(drivers::DriversArgs),
    Trends(trends::TrendsArgs),
    Forecast(forecast::ForecastArgs),
    Anomalies(anomalies::AnomaliesArgs),
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Prices(prices::PricesArgs),
    #[command(subcommand)]
    Setup(setup::SetupCommand),
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    #[command(subcommand)]
    Store(store::StoreCommand),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// What every subcommand gets: settings, streams and the present time.
struct Context {
    settings: Settings,
    output: Output,
    now: DateTime<Utc>,
}

impl Context {
    /// The price book to cost with: the catalogue, with the user's prices file on top.
    fn price_book(&self) -> Result<Cow<'static, PriceBook>, Failure> {
        Ok(pipeline::price_book(self.price_files())?)
    }

    /// Where the settings say that prices come from.
    fn price_files(&self) -> pipeline::PriceFiles<'_> {
        pipeline::PriceFiles {
            book: self.settings.price_book.as_deref(),
            file: self.settings.prices_file.as_deref(),
            store: Some(&self.settings.store),
            convention: match self.settings.cached_tokens {
                CachedTokens::Documented => CacheConvention::Documented,
                CachedTokens::AsLogged => CacheConvention::AsLogged,
            },
        }
    }

    /// How a service of AWS is reached.
    fn access(&self, settings: &AccessSettings) -> Access {
        let AccessSettings { profile, region, role_arn, external_id, endpoint_url, path_style } =
            settings.clone();
        Access {
            profile,
            region,
            role_arn,
            external_id,
            endpoint_url,
            path_style,
            ca_bundle: self.settings.ca_bundle.clone(),
        }
    }

    /// What figures are made from, with the user's allocation rules.
    fn basis<'a>(&'a self, store: &'a Reader, book: &'a PriceBook) -> Basis<'a> {
        Basis { store, book, rules: &self.settings.allocation }
    }
}

/// Parses the command line, runs it and says how it ended.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let environment = Environment::read();
    let output = Output::new(cli.global.quiet, cli.global.verbose, cli.global.color, &environment);
    if let Some(ended) = without_settings(&cli.command, output) {
        return ended.unwrap_or_else(|failure| output.failure(&failure));
    }
    let strict = cli.global.strict;
    let price_book = match &cli.command {
        Command::Prices(args) => args.book.clone(),
        _ => None,
    };
    let flags = flags(&cli.global, price_book);
    if matches!(cli.command, Command::Config(config::ConfigCommand::Check(_))) {
        // The check names all of them, not only the first.
        let misspelt = misspelt_keys(&flags, &environment);
        if !misspelt.is_empty() {
            for error in misspelt {
                output.failure(&error.into());
            }
            return Exit::Usage;
        }
    }
    context(&cli.global, &flags, &environment, output)
        .and_then(|context| dispatch(cli.command, &context))
        .unwrap_or_else(|failure| output.failure(&failure))
        .under(strict)
}

/// Runs what takes no settings: it works where the configuration is broken, too.
fn without_settings(command: &Command, output: Output) -> Option<Result<Exit, Failure>> {
    match command {
        Command::Config(config::ConfigCommand::Init(args)) => Some(config::init(args, output)),
        Command::Completions(args) => Some(completions::run(args, Cli::command())),
        Command::Man(args) => Some(man::run(args, Cli::command())),
        _ => None,
    }
}

fn flags(global: &Global, price_book: Option<PathBuf>) -> Flags {
    Flags {
        config: global.config.clone(),
        store: global.store.clone(),
        timezone: global.timezone.clone(),
        price_book,
    }
}

fn context(
    global: &Global,
    flags: &Flags,
    environment: &Environment,
    output: Output,
) -> Result<Context, Failure> {
    let settings = Settings::resolve(flags, environment)?;
    let now = match &global.as_of {
        Some(text) => time::instant(text, settings.timezone, "--as-of")?,
        None => time::now(),
    };
    Ok(Context { settings, output, now })
}

fn dispatch(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Ingest(args) => ingest::run(&args, context),
        Command::Report(args) => report::run(&args, context),
        Command::Query(args) => query::run(&args, context),
        Command::Kpis(args) => kpis::run(&args, context),
        Command::Allocation(args) => allocation::run(&args, context),
        Command::Budgets(args) => budgets::run(&args, context),
        Command::Savings(args) => savings::run(&args, context),
        Command::Capacity(args) => capacity::run(&args, context),
        Command::Drivers(args) => drivers::run(&args, context),
        Command::Trends(args) => trends::run(&args, context),
        Command::Forecast(args) => forecast::run(&args, context),
        Command::Anomalies(args) => anomalies::run(&args, context),
        Command::Alerts(command) => alerts::run(&command, context),
        Command::Audit(command) => audit::run(&command, context),
        Command::Prices(args) => prices::run(&args.command, context),
        Command::Setup(command) => setup::run(&command, context),
        Command::Metrics(command) => metrics::run(&command, context),
        Command::Store(command) => store::run(&command, context),
        Command::Config(command) => config::run(&command, context),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}

/// Prints clap's message: help and version on stdout with exit 0, mistakes on stderr with exit 2.
fn usage(error: &clap::Error) -> Exit {
    // There is nowhere to complain when neither stream can be written.
    error.print().ok();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
