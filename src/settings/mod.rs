//! One resolved [`Settings`]: flag, else environment, else configuration file, else default.
//!
//! The only module that reads the environment and the configuration file.

mod alerts;
mod allocation;
mod brand;
mod budgets;
mod error;
mod file;
mod ingest;
mod mail;
mod place;
mod quotas;
mod savings;
mod schema;
mod secrets;
mod security;
mod source;
#[cfg(test)]
mod tests;
mod upload;
mod worth;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use etcetera::AppStrategy;

use crate::likeness::{ALIKE, nearest};

pub use alerts::{Address, AlertSettings, ChannelSettings, ChannelTarget, Gravity, MuteSettings};
pub use brand::BrandSettings;
pub use error::Error;
pub use ingest::IngestSettings;
pub use mail::{
    AttachedForm, MailSettings, RecipientList, Secret, SmtpSecurity, SmtpSettings, Transport,
    address,
};
pub use savings::Substitute;
pub use secrets::{censored, without_secrets};
pub use security::AuditSettings;
pub use source::{LogKind, SourceSettings};
pub use upload::{AccessSettings, UploadEncryption, UploadSettings};
pub use worth::WorthSettings;

use crate::schema::allocation::Allocation;
use crate::schema::budget::Budget;
use crate::schema::quota::Quota;
use crate::schema::security::Security;
use crate::schema::target::Target;
use place::Place;

/// A configuration file with every key in it, explained and commented out.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The configuration file looked for in the current folder.
const DEFAULT_FILE: &str = "bedrock-lens.toml";

/// What the command line says; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--store`.
    pub store: Option<PathBuf>,
    /// `--timezone`.
    pub timezone: Option<String>,
    /// `prices --book`.
    pub price_book: Option<PathBuf>,
}

/// What the environment says; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `BEDROCK_LENS_CONFIG`.
    pub config: Option<PathBuf>,
    /// `BEDROCK_LENS_STORE`.
    pub store: Option<PathBuf>,
    /// `BEDROCK_LENS_TIMEZONE`.
    pub timezone: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, which the SDK obeys by itself; it also tells how buckets are addressed.
    pub s3_endpoint_url: Option<String>,
    /// `AWS_CA_BUNDLE`: certificates to trust, which the SDK leaves to us.
    pub ca_bundle: Option<PathBuf>,
    /// `BEDROCK_LENS_PRICE_BOOK`.
    pub price_book: Option<PathBuf>,
    /// `BEDROCK_LENS_SMTP_USERNAME`.
    pub smtp_username: Option<String>,
    /// `BEDROCK_LENS_SMTP_PASSWORD`.
    pub smtp_password: Option<Secret>,
    /// `BEDROCK_LENS_CHROMIUM`: the browser that prints.
    pub browser: Option<PathBuf>,
    /// `PATH`: where programs are looked for.
    pub search: Vec<PathBuf>,
    /// Whether `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub no_color: bool,
    /// Whether `TERM` is `dumb`.
    pub dumb_terminal: bool,
}

impl Environment {
    /// Reads the process environment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Self {
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        // A path need not be text.
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            config: path("BEDROCK_LENS_CONFIG").map(PathBuf::from),
            store: path("BEDROCK_LENS_STORE").map(PathBuf::from),
            price_book: path("BEDROCK_LENS_PRICE_BOOK").map(PathBuf::from),
            timezone: text("BEDROCK_LENS_TIMEZONE"),
            s3_endpoint_url: text("AWS_ENDPOINT_URL_S3"),
            smtp_username: text("BEDROCK_LENS_SMTP_USERNAME"),
            smtp_password: text("BEDROCK_LENS_SMTP_PASSWORD").map(Secret),
            browser: path("BEDROCK_LENS_CHROMIUM").map(PathBuf::from),
            search: path("PATH")
                .map(|path| std::env::split_paths(&path).collect())
                .unwrap_or_default(),
            ca_bundle: path("AWS_CA_BUNDLE").map(PathBuf::from),
            no_color: text("NO_COLOR").is_some(),
            dumb_terminal: text("TERM").as_deref() == Some("dumb"),
        }
    }
}

/// Everything a run is told, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The store's folder.
    pub store: PathBuf,
    /// The zone that days and hours are cut in.
    pub timezone: Tz,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// How logs are read.
    pub ingest: IngestSettings,
    /// Where logs are read from, as named in the configuration file.
    pub sources: Vec<SourceSettings>,
    /// An endpoint for S3 alone, from the environment.
    pub s3_endpoint_url: Option<String>,
    /// Certificates to trust when talking to AWS, from the environment.
    pub ca_bundle: Option<PathBuf>,
    /// How reports are mailed.
    pub mail: MailSettings,
    /// Whom they are mailed to.
    pub recipients: Vec<RecipientList>,
    /// How they are written to S3.
    pub upload: UploadSettings,
    /// The browser that prints, if one is named.
    pub browser: Option<PathBuf>,
    /// Where programs are looked for.
    pub search: Vec<PathBuf>,
    /// The user's prices file, on top of the catalogue.
    pub prices_file: Option<PathBuf>,
    /// A catalogue to use in place of the one that comes with the tool.
    pub price_book: Option<PathBuf>,
    /// How cached tokens are charged where the logged input includes them.
    pub cached_tokens: CachedTokens,
    /// Whose calls are whose.
    pub allocation: Allocation,
    /// Mappings of the configuration file that no rule uses.
    pub unused_mappings: Vec<String>,
    /// Monthly budgets.
    pub budgets: Vec<Budget>,
    /// Quotas per minute.
    pub quotas: Vec<Quota>,
    /// A file of anomaly thresholds to use in place of those that come with the tool.
    pub anomaly_rules: Option<PathBuf>,
    /// Models that could take another's place.
    pub substitutes: Vec<Substitute>,
    /// What the user says is allowed.
    pub security: Security,
    /// Who is told of alerts, by which rules.
    pub alerts: AlertSettings,
    /// Files that add rules and controls.
    pub audit: AuditSettings,
    /// What key figures should be, by name, in place of the targets that come with the tool.
    pub targets: BTreeMap<String, Target>,
    /// Whose reports are.
    pub brand: BrandSettings,
    /// What a successful request is worth.
    pub worth: Option<WorthSettings>,
}

/// How cached tokens are charged, for models whose logged input tokens include them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CachedTokens {
    /// Taken out of the input before it is charged.
    #[default]
    Documented,
    /// Charged beside the whole input, as the log counts them.
    AsLogged,
}

impl Settings {
    /// Resolves the settings of a run.
    ///
    /// # Errors
    /// When a named configuration file can't be read, holds an unknown key or a value of the wrong
    /// form, or when no store is named and the platform has no data directory.
    pub fn resolve(flags: &Flags, environment: &Environment) -> Result<Self, Error> {
        let named = flags.config.as_ref().or(environment.config.as_ref());
        let default = Some(Path::new(DEFAULT_FILE)).filter(|path| path.is_file());
        let path = named.map(PathBuf::as_path).or(default);
        let file = path.map_or_else(|| Ok(file::Contents::default()), file::read)?;
        let folder = path.and_then(Path::parent).unwrap_or(Path::new(""));
        let place = Place { text: &file.text, path: path.unwrap_or(Path::new("")) };
        let unused_mappings = file.allocation.unused_mappings();
        let allocation = file.allocation.resolve(place)?;
        let budgets = budgets::resolve(file.budget, place)?;
        let quotas = quotas::resolve(file.quota, place)?;
        let mail = file.mail.resolve(place, environment)?;
        let recipients = mail::lists(file.recipients, place)?;
        let upload = upload::resolve(file.upload, place)?;
        let store = flags.store.clone().or_else(|| environment.store.clone()).or(file.store);
        let timezone = flags
            .timezone
            .as_deref()
            .map(|name| (name, "--timezone"))
            .or_else(|| environment.timezone.as_deref().map(|name| (name, "BEDROCK_LENS_TIMEZONE")))
            .or_else(|| file.timezone.as_deref().map(|name| (name, "the configuration file")));
        let timezone = timezone.map_or(Ok(Tz::UTC), |(name, origin)| zone(name, origin))?;
        Ok(Self {
            store: store.map_or_else(default_store, Ok)?,
            timezone,
            audit: file.audit.resolve(&file.security, folder),
            security: file.security.resolve(place, timezone)?,
            alerts: file.alerts.resolve(place, timezone)?,
            prices_file: file.prices.file.map(|prices| folder.join(prices)),
            ingest: file.ingest.resolve()?,
            sources: source::resolve(file.source, folder)?,
            s3_endpoint_url: environment.s3_endpoint_url.clone(),
            ca_bundle: environment.ca_bundle.clone(),
            file: path.map(Path::to_owned),
            allocation,
            unused_mappings,
            budgets,
            mail,
            recipients,
            upload,
            browser: environment.browser.clone(),
            search: environment.search.clone(),
            quotas,
            anomaly_rules: file.anomalies.rules.map(|rules| folder.join(rules)),
            substitutes: file.savings.substitute,
            targets: file.targets,
            brand: file.brand.below(folder),
            worth: file.worth.resolve(place)?,
            price_book: flags
                .price_book
                .clone()
                .or_else(|| environment.price_book.clone())
                .or_else(|| file.prices.book.map(|book| folder.join(book))),
            cached_tokens: file.prices.cached_tokens.unwrap_or_default(),
        })
    }
}

/// Every key of the run's configuration file that stands where it can't; reading the file stops at the
/// first.
pub fn misspelt_keys(flags: &Flags, environment: &Environment) -> Vec<Error> {
    let named = flags.config.as_ref().or(environment.config.as_ref());
    let path = named.map_or(Path::new(DEFAULT_FILE), PathBuf::as_path);
    std::fs::read_to_string(path).map_or_else(|_| Vec::new(), |text| schema::misspelt(&text, path))
}

fn default_store() -> Result<PathBuf, Error> {
    let strategy = etcetera::choose_app_strategy(etcetera::AppStrategyArgs {
        top_level_domain: "dev".to_owned(),
        author: "bedrock-lens".to_owned(),
        app_name: "bedrock-lens".to_owned(),
    });
    strategy.map(|found| found.in_data_dir("store")).map_err(|_| Error::NoDataDirectory)
}

fn zone(name: &str, origin: &'static str) -> Result<Tz, Error> {
    name.parse().map_err(|_| Error::UnknownZone {
        name: name.to_owned(),
        origin,
        nearest: nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()), ALIKE)
            .map(str::to_owned),
    })
}
