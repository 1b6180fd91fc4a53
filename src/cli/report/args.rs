//! What the user types to ask for a report.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::delivery::DeliveryArgs;
use crate::render::Theme;
use crate::report::{Audience, Kind};

#[derive(Debug, Subcommand)]
pub(super) enum KindCommand {
    /// Daily operations report: what failed, was throttled, was slow or unusual, and how fresh logs are
    #[command(after_help = "\
Examples:
  bedrock-lens report daily                                yesterday, from the store
  bedrock-lens report daily --date 2026-11-11 --account 111122223333
  bedrock-lens report daily --audience security")]
    Daily(ReportOptions),
    /// Weekly business report: spend, usage, speed and errors against the week before
    #[command(after_help = "\
Examples:
  bedrock-lens report weekly                               the last complete week in the store
  bedrock-lens report weekly --date 2026-11-11             the week that holds this day
  bedrock-lens report weekly --source sample-data          read a folder, report, keep nothing
  bedrock-lens report weekly --format text -o -            as text, to standard output")]
    Weekly(ReportOptions),
    /// Monthly executive report: spend, forecast, budgets, what drives them, what could be saved
    #[command(after_help = "\
Examples:
  bedrock-lens report monthly                              the last complete month in the store
  bedrock-lens report monthly --date 2026-10-15 --compare year
  bedrock-lens report monthly --audience finance --team search")]
    Monthly(ReportOptions),
    /// Quarterly compliance report: what was logged, what was not, guardrails, who is new
    #[command(after_help = "\
Examples:
  bedrock-lens report quarterly                            the last complete quarter in the store
  bedrock-lens report quarterly --date 2026-08-01")]
    Quarterly(ReportOptions),
    /// Annual review: a year in all its sections
    #[command(after_help = "\
Examples:
  bedrock-lens report annual --date 2026-06-30")]
    Annual(ReportOptions),
    /// Cost report for any range [default: the last complete week]
    #[command(after_help = "\
Examples:
  bedrock-lens report cost --from 2026-11-01 --to 2026-11-16
  bedrock-lens report cost --team search --compare year")]
    Cost(ReportOptions),
    /// Security report for any range [default: the last complete week]
    #[command(after_help = "\
Examples:
  bedrock-lens report security --from 2026-11-01 --to 2026-11-16")]
    Security(ReportOptions),
    /// Capacity report for any range: load per minute against quotas [default: the last complete week]
    #[command(after_help = "\
Examples:
  bedrock-lens report capacity --region eu-west-1")]
    Capacity(ReportOptions),
    /// Performance report for any range: response times, errors, targets [default: the last complete week]
    #[command(after_help = "\
Examples:
  bedrock-lens report performance --model anthropic.claude-sonnet-4-5-20250929-v1:0")]
    Performance(ReportOptions),
    /// Incident report: one timeline of CloudTrail's events, logged calls, guardrails and cost, with
    /// what the detections find
    #[command(after_help = "\
Examples:
  bedrock-lens report incident --around 2026-11-13T04:00:00Z
  bedrock-lens report incident --around 2026-11-13T04:00:00Z --window 6h --principal svc-chat
  bedrock-lens report incident --from 2026-11-13T03:00:00Z --to 2026-11-13T06:00:00Z -o incident.html")]
    Incident(IncidentOptions),
}

impl KindCommand {
    /// The kind and its options.
    pub(super) fn parts(&self) -> (Kind, &ReportOptions) {
        match self {
            Self::Daily(options) => (Kind::Daily, options),
            Self::Weekly(options) => (Kind::Weekly, options),
            Self::Monthly(options) => (Kind::Monthly, options),
            Self::Quarterly(options) => (Kind::Quarterly, options),
            Self::Annual(options) => (Kind::Annual, options),
            Self::Cost(options) => (Kind::Cost, options),
            Self::Security(options) => (Kind::Security, options),
            Self::Capacity(options) => (Kind::Capacity, options),
            Self::Performance(options) => (Kind::Performance, options),
            Self::Incident(incident) => (Kind::Incident, &incident.options),
        }
    }
}

impl KindCommand {
    /// What only an incident report is asked.
    pub(super) fn incident(&self) -> Option<&IncidentOptions> {
        match self {
            Self::Incident(incident) => Some(incident),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct IncidentOptions {
    /// The time that the report is about, RFC 3339 or a date
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "date"])]
    pub(super) around: Option<String>,
    /// How long a time around it: half before, half after; 30m, 2h, 1d
    #[arg(long, value_name = "LENGTH", default_value = "2h")]
    pub(super) window: String,
    /// Only what this role or user did; may be given more than once
    #[arg(long, value_name = "PRINCIPAL")]
    pub(super) principal: Vec<String>,
    #[command(flatten)]
    pub(super) options: ReportOptions,
}

#[derive(Debug, Args)]
pub(super) struct ReportOptions {
    /// Read this folder, file, `s3://bucket/prefix` or configured source into a temporary store and
    /// report on it
    #[arg(long, value_name = "SOURCE")]
    pub(super) source: Option<String>,
    /// Report on the day, week, month, quarter or year that holds this day
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    pub(super) date: Option<String>,
    /// Start of the period, inclusive
    #[arg(long, value_name = "TIME", requires = "to")]
    pub(super) from: Option<String>,
    /// End of the period, exclusive
    #[arg(long, value_name = "TIME", requires = "from")]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) compared: Compared,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// Choose and order sections for these readers
    #[arg(long, value_name = "WHO")]
    pub(super) audience: Option<AudienceChoice>,
    /// Colours of the page
    #[arg(long, default_value = "auto")]
    pub(super) theme: ThemeChoice,
    /// Folder with page templates that replace those of the tool, by file name
    #[arg(long, value_name = "DIR")]
    pub(super) templates: Option<PathBuf>,
    #[command(flatten)]
    pub(super) delivery: DeliveryArgs,
}

/// What the period is compared with.
#[derive(Debug, Args)]
pub(super) struct Compared {
    /// Compare with the period just before, or with the same one a year before
    #[arg(long, value_name = "WITH", default_value = "previous")]
    pub(super) compare: CompareChoice,
    /// Compare with this range: its start
    #[arg(long, value_name = "TIME", requires = "compare_to", conflicts_with = "compare")]
    pub(super) compare_from: Option<String>,
    /// … and its end, exclusive
    #[arg(long, value_name = "TIME", requires = "compare_from")]
    pub(super) compare_to: Option<String>,
}

/// Which requests the report is about.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    /// Only these accounts
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) account: Vec<String>,
    /// Only these Regions
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub(super) region: Vec<String>,
    /// Only this team, by the allocation rules; may be given more than once
    #[arg(long, value_name = "TEAM")]
    pub(super) team: Vec<String>,
    /// Only these models, by base model id
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    pub(super) model: Vec<String>,
    /// Only requests for which this holds, as in `query`
    #[arg(long = "where", value_name = "EXPR")]
    pub(super) condition: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AudienceChoice {
    /// Engineers: calls, response times, tokens, errors, load, ingestion.
    Technical,
    /// Management: usage, cost and forecast, adoption, targets, return.
    Management,
    /// Security and compliance: what is unusual or new, guardrails, log coverage.
    Security,
    /// Finance: spend, cost per token, teams, budgets, forecast, savings.
    Finance,
}

impl AudienceChoice {
    pub(super) fn audience(self) -> Audience {
        match self {
            Self::Technical => Audience::Technical,
            Self::Management => Audience::Management,
            Self::Security => Audience::Security,
            Self::Finance => Audience::Finance,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompareChoice {
    /// The period just before.
    Previous,
    /// The same period a year before; for days and weeks the same weekdays.
    Year,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeChoice {
    /// As the reader's system.
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl From<ThemeChoice> for Theme {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Auto => Self::Auto,
            ThemeChoice::Light => Self::Light,
            ThemeChoice::Dark => Self::Dark,
        }
    }
}
