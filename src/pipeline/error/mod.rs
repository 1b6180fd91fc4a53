//! What can stop a journey, and what to do about it.

mod hint;
mod sql;

use std::path::PathBuf;

use polars::prelude::PolarsError;

pub use sql::SqlMistake;

use crate::alerts::RuleError as AlertRuleError;
use crate::audit::controls::ControlError;
use crate::audit::detections::RuleError;
use crate::audit::integrity::keys::KeysError;
use crate::insight::anomaly::RulesError;
use crate::insight::kpi;
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

/// What is not there: any log of the range, or any match in the part of it that was read.
fn not_found(period: Period, known: Period) -> String {
    if known.from < period.to && period.from < known.to {
        format!("matching call{}, and does not hold all logs of that range", phrase(period))
    } else {
        format!("invocation logs{}", phrase(period))
    }
}

/// A period as a phrase, e.g. ` from 2026-11-09T00:00:00Z to 2026-11-16T00:00:00Z`.
pub(super) fn phrase(period: Period) -> String {
    let time =
        |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!(" from {} to {}", time(period.from), time(period.to))
}
