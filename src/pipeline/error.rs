//! What can stop a journey, and what to do about it.

use std::path::PathBuf;

use polars::prelude::PolarsError;

use crate::alerts::RuleError as AlertRuleError;
use crate::audit::controls::ControlError;
use crate::audit::detections::RuleError;
use crate::audit::integrity::keys::KeysError;
use crate::insight::anomaly::RulesError;
use crate::insight::kpi;
use crate::likeness::{ALIKE, nearest};
use crate::metrics::allocation::NoWeights;
use crate::period::Period;
use crate::prices::import::{ImportError, OfferError};
use crate::prices::{BookError, OverridesError};
use crate::report::answer::SlotLimit;
use crate::{aws, deliver, render, sources, store};

/// A journey failed; nothing was produced.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A source can't be listed at all.
    #[error(transparent)]
    Source(sources::Error),
    /// There is nothing to read.
    #[error("no log objects under `{name}`{note}")]
    NoLogs {
        /// The source as the user named it.
        name: String,
        /// What was found instead, as a phrase; may be empty.
        note: String,
    },
    /// The store holds nothing to report on.
    #[error("the store holds no {what}{period}")]
    NoData {
        /// What is missing.
        what: &'static str,
        /// For which period, as a phrase; may be empty.
        period: String,
    },
    /// An empty answer about a range that was not, or not wholly, ingested.
    #[error("the store holds no {}", not_found(*period, *known))]
    NotIngested {
        /// The range asked about.
        period: Period,
        /// What the store holds.
        known: Period,
    },
    /// More empty periods than an answer can show.
    #[error(transparent)]
    TooManyPeriods(SlotLimit),
    /// The store can't be opened, read or written.
    #[error(transparent)]
    Store(store::Error),
    /// The embedded price book is not as it should be.
    #[error("could not read the price book")]
    Prices(#[source] &'static BookError),
    /// The user's prices file can't be read.
    #[error("could not read the prices file `{}`", path.display())]
    PricesFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something in the user's prices file is wrong; the catalogue isn't used in its place.
    #[error("the prices file is not usable")]
    Overrides(#[source] OverridesError),
    /// A catalogue named by the user is wrong.
    #[error("could not use the catalogue `{}`", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: BookError,
    },
    /// A catalogue named by the user can't be read.
    #[error("could not read the catalogue `{}`", path.display())]
    PriceBookFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A price list can't be used; nothing was written.
    #[error("could not use the price list `{}`", path.display())]
    PriceList {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: OfferError,
    },
    /// A price list, or a folder of them, can't be read.
    #[error("could not read `{}`", path.display())]
    PriceListFile {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A folder holds no price list.
    #[error("no price list of Bedrock under `{}`", path.display())]
    NoPriceList {
        /// The folder.
        path: PathBuf,
    },
    /// Prices can't be imported.
    #[error("could not import prices")]
    Import(#[source] ImportError),
    /// The file that a sync wrote is not as it should be.
    #[error("could not use what was synced from AWS, `{}`", path.display())]
    Synced {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// AWS can't be asked.
    #[error("could not ask AWS")]
    Aws(#[source] aws::Error),
    /// Nobody said which Region to ask.
    #[error("no Region to ask")]
    NoRegion,
    /// Something can't be written as JSON.
    #[error("could not write JSON")]
    Json(#[source] serde_json::Error),
    /// The user's prices can't be put on top of the catalogue.
    #[error("could not use the prices file")]
    OwnPrices(#[source] BookError),
    /// The shared-cost rule doesn't fit the statement.
    #[error(transparent)]
    Allocation(NoWeights),
    /// A candidate is no model of the price book.
    #[error("the price book has no model `{id}`")]
    NoSuchModel {
        /// As named.
        id: String,
        /// The known one most like it.
        nearest: Option<String>,
    },
    /// `--sql` is not a query Polars can run.
    #[error("could not run the query")]
    Sql(#[source] SqlMistake),
    /// The thresholds of anomalies are wrong.
    #[error("could not seek anomalies")]
    AnomalyRules(#[source] RulesError),
    /// A file of thresholds can't be read.
    #[error("could not read the anomaly rules in `{}`", path.display())]
    AnomalyRulesUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of thresholds is wrong.
    #[error("could not use the anomaly rules in `{}`", path.display())]
    AnomalyRulesFile {
        /// The file.
        path: PathBuf,
        /// What, and on which line.
        #[source]
        source: RulesError,
    },
    /// Reading out figures failed.
    #[error("could not compute the figures")]
    Compute(#[source] PolarsError),
    /// A template is wrong.
    #[error("could not write the report")]
    Render(#[source] render::Error),
    /// The finished report can't be written.
    #[error("could not write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something finished can't be delivered.
    #[error(transparent)]
    Deliver(deliver::Error),
    /// A file of public keys, or of object metadata, can't be read.
    #[error("could not read `{}`", path.display())]
    KeysUnreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of public keys is wrong.
    #[error("could not use the public keys in `{}`", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeysError,
    },
    /// A file of object metadata is wrong.
    #[error("could not use the object metadata in `{}`", path.display())]
    MetadataFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A file of detection rules, of controls, or a `GeoIP` database can't be read.
    #[error("could not read `{}`", path.display())]
    RuleFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A detection rule is wrong.
    #[error(transparent)]
    DetectionRules(RuleError),
    /// A file of alert rules is wrong.
    #[error(transparent)]
    AlertRules(AlertRuleError),
    /// No open alert has this id.
    #[error("there is no open alert `{id}`")]
    NoSuchAlert {
        /// As named.
        id: String,
        /// The open ones.
        open: Vec<String>,
    },
    /// An alert in the ledger is not as it was written.
    #[error("could not read or write the alert `{id}` in the store's ledger")]
    KeptAlert {
        /// Its id.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A file of controls is wrong.
    #[error(transparent)]
    Controls(ControlError),
    /// No framework has this name.
    #[error("there is no framework `{id}`")]
    NoSuchFramework {
        /// As named.
        id: String,
        /// All names.
        known: Vec<String>,
    },
    /// A file is no result of a verification.
    #[error("could not use the verification in `{}`", path.display())]
    Verification {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// No detection rule has this id.
    #[error("there is no detection rule `{id}`")]
    NoSuchRule {
        /// As named.
        id: String,
        /// The known one most like it.
        nearest: Option<String>,
    },
    /// A file is no `GeoIP` database.
    #[error("could not use the GeoIP database `{}`", path.display())]
    GeoIp {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: maxminddb::MaxMindDbError,
    },
    /// Names or digests tell of more hours than can be told one by one.
    #[error("digests and log files span too many hours{}", period.map(phrase).unwrap_or_default())]
    TooManyHours {
        /// From the first to the last.
        period: Option<Period>,
    },
    /// No threads to work on.
    #[error("could not start threads: {0}")]
    Threads(String),
    /// A target in the configuration is for no key figure.
    #[error(transparent)]
    Kpis(kpi::Error),
    /// Nothing of the period was read.
    #[error("the store holds no logs{}", phrase(*period))]
    NothingToPack {
        /// The period.
        period: Period,
        /// What the store holds.
        known: Period,
    },
    /// There is something where a pack is to go.
    #[error("`{}` is there already and not empty", path.display())]
    PackTargetTaken {
        /// The folder or file.
        path: PathBuf,
    },
    /// A pack can't be read.
    #[error("could not read the pack `{}`", path.display())]
    PackUnreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What should be a pack is neither a folder nor a zip file.
    #[error("`{}` is neither a folder nor a zip file that can be read", path.display())]
    NotAPack {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: zip::result::ZipError,
    },
    /// The folder of a one-shot store can't be made.
    #[error("could not make a temporary folder")]
    Temporary(#[source] std::io::Error),
}

impl Error {
    /// Whether the user's words are wrong, rather than the data or the machine.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Sql(_)
            | Self::Kpis(_)
            | Self::AnomalyRulesUnreadable { .. }
            | Self::AnomalyRulesFile { .. }
            | Self::TooManyPeriods(_)
            | Self::Allocation(_)
            | Self::NoSuchModel { .. }
            | Self::PricesFile { .. }
            | Self::Overrides(_)
            | Self::OwnPrices(_)
            | Self::KeysUnreadable { .. }
            | Self::Keys { .. }
            | Self::MetadataFile { .. }
            | Self::PackTargetTaken { .. }
            | Self::Catalogue { .. }
            | Self::PriceBookFile { .. }
            | Self::PriceList { .. }
            | Self::PriceListFile { .. }
            | Self::NoPriceList { .. }
            | Self::RuleFile { .. }
            | Self::DetectionRules(_)
            | Self::AlertRules(_)
            | Self::NoSuchAlert { .. }
            | Self::Controls(_)
            | Self::NoSuchFramework { .. }
            | Self::Verification { .. }
            | Self::NoSuchRule { .. }
            | Self::GeoIp { .. }
            | Self::TooManyHours { .. }
            | Self::NoRegion => true,
            Self::Source(source) => source.is_usage(),
            _ => false,
        }
    }

    /// What the user can do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoLogs { .. } => Some(
                "a bucket copied to disk holds `AWSLogs/<account>/BedrockModelInvocationLogs/…`; \
                 is model-invocation logging on in this account and region?"
                    .into(),
            ),
            Self::NoData { .. } => Some(
                "`bedrock-lens store info` says which days the store holds; \
                 `bedrock-lens ingest SOURCE` adds more"
                    .into(),
            ),
            Self::PackTargetTaken { .. } => {
                Some("name another place with `-o`: packs are never mixed with other files".into())
            }
            Self::NoSuchModel { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "`bedrock-lens prices list` names all models".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            )),
            Self::NotIngested { period, known } | Self::NothingToPack { period, known } => {
                Some(not_ingested(*period, *known))
            }
            Self::TooManyPeriods(_) => {
                Some("ask by longer periods, for a shorter range, or with `--empty hide`".into())
            }
            Self::Sql(mistake) => Some(mistake.hint()),
            Self::AnomalyRulesUnreadable { .. } | Self::AnomalyRulesFile { .. } => Some(
                "`bedrock-lens anomalies --print-rules` prints rules that are sound, to start from"
                    .into(),
            ),
            Self::Kpis(kpi::Error::UnknownKpi { name, known }) => {
                let like = nearest(name, known.iter().map(String::as_str), ALIKE);
                let like = like.map(|like| format!("did you mean `{like}`? "));
                Some(format!("{}key figures: {}", like.unwrap_or_default(), known.join(", ")))
            }
            Self::NoSuchRule { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "`bedrock-lens audit detections --list` names all rules".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            )),
            Self::DetectionRules(_) => {
                Some("docs/detections.md says how a rule is written".to_owned())
            }
            Self::AlertRules(error) => Some(
                error
                    .hint
                    .clone()
                    .unwrap_or_else(|| "docs/alerts.md says how a rule is written".to_owned()),
            ),
            Self::NoSuchAlert { open, .. } => Some(if open.is_empty() {
                "no alert is open".to_owned()
            } else {
                format!("open alerts: {}", open.join(", "))
            }),
            Self::Controls(_) => Some("docs/controls.md says how a control is written".to_owned()),
            Self::NoSuchFramework { known, .. } => {
                Some(format!("frameworks: {}", known.join(", ")))
            }
            Self::Verification { .. } => {
                Some("it takes what `bedrock-lens audit verify --json` printed".to_owned())
            }
            Self::GeoIp { .. } => {
                Some("it takes a MaxMind database (.mmdb), such as GeoLite2-Country".to_owned())
            }
            Self::Overrides(_) => {
                Some("`bedrock-lens prices check` lists everything that is wrong".into())
            }
            Self::Keys { .. } => Some(
                "save them with `aws cloudtrail list-public-keys --start-time … --end-time … > keys.json`"
                    .into(),
            ),
            Self::MetadataFile { .. } => Some(
                r#"the file holds {"s3://bucket/key": {"x-amz-meta-signature": "…"}, …}"#.into(),
            ),
            Self::TooManyHours { .. } => Some(
                "name the time to prove with `--from` and `--to`, and a Region with `--region`".into(),
            ),
            Self::NoPriceList { .. } => Some(
                "a price list is `offers/v1.0/aws/AmazonBedrock/current/<region>/index.json` of \
                 https://pricing.us-east-1.amazonaws.com"
                    .into(),
            ),
            Self::Synced { .. } => Some(
                "delete the file, then `bedrock-lens prices sync-profiles` writes it anew".into(),
            ),
            Self::NoRegion => Some("name one or more with `--region`, or set `AWS_REGION`".into()),
            Self::Aws(source) => source.hint(),
            Self::Deliver(error) => error.hint(),
            Self::Source(source) => source.hint(),
            Self::Store(source) => source.hint(),
            _ => None,
        }
    }
}

impl From<deliver::Error> for Error {
    fn from(error: deliver::Error) -> Self {
        Self::Deliver(error)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// What Polars says is wrong with a SQL query, without the plan it had made until then.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct SqlMistake {
    said: String,
    /// The known name most like one that Polars doesn't know.
    nearest: Option<String>,
}

impl SqlMistake {
    /// `known` are the names of tables and columns.
    pub(super) fn new(error: &PolarsError, known: &[&str]) -> Self {
        let text = error.to_string();
        let said = text.split("\n\nResolved plan until failure").next().unwrap_or_default();
        let said = said.trim_end();
        // Polars quotes the name it doesn't know, or ends with it.
        let quoted = said.split(['\'', '"', '`']).nth(1);
        let name = quoted.or_else(|| said.rsplit([' ', ':']).next()).unwrap_or_default();
        let nearest = nearest(name, known.iter().copied(), ALIKE).map(str::to_owned);
        Self { said: said.to_owned(), nearest: nearest.filter(|nearest| nearest != name) }
    }

    fn hint(&self) -> String {
        let tables = "the tables are `invocations`, `api_events`, `rejects`, `service_metrics` and `costs`; \
                      text literals stand in single quotes";
        match &self.nearest {
            Some(nearest) => format!("did you mean `{nearest}`? {tables}"),
            None => tables.to_owned(),
        }
    }
}

/// What is not there: any log of the range, or any match in the part of it that was read.
fn not_found(period: Period, known: Period) -> String {
    if known.from < period.to && period.from < known.to {
        format!("matching call{}, and does not hold all logs of that range", phrase(period))
    } else {
        format!("invocation logs{}", phrase(period))
    }
}

/// What the store holds instead, and how to get the rest.
fn not_ingested(period: Period, known: Period) -> String {
    let day = |at: chrono::DateTime<chrono::Utc>| at.date_naive();
    let last_asked = day(period.to - chrono::Duration::milliseconds(1));
    format!(
        "it holds {} to {} (UTC days); `bedrock-lens ingest SOURCE --from {} --to {}` reads the rest",
        day(known.from),
        known.to.date_naive().pred_opt().unwrap_or_else(|| day(known.to)),
        day(period.from),
        last_asked.succ_opt().unwrap_or(last_asked),
    )
}

/// A period as a phrase, e.g. ` from 2026-11-09T00:00:00Z to 2026-11-16T00:00:00Z`.
pub(super) fn phrase(period: Period) -> String {
    let time =
        |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!(" from {} to {}", time(period.from), time(period.to))
}
