//! The dated price book: models, aliases and price rows, held exactly and never changed.
//!
//! Knows which rows a model has; what a row says is `price_row`'s business, which of
//! them a call gets [`quote`](super::quote)'s, how the file is read `catalogue`'s.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;

use crate::units::Usd;

use super::catalogue;
use super::charge::CacheConvention;
use super::overlap::first_overlap;
pub use super::price_row::{LongContext, Origin, PriceRow, Routing, Tier, TokenPrices, UnitPrice};
use super::provisioned::Provisioned;
use super::synced::Synced;

/// After this many days without a newer source, a price book is said to be old.
pub const STALE_AFTER_DAYS: i64 = 45;

/// A context-length suffix that some logged ids carry; it changes no price.
const CONTEXT_SUFFIXES: [&str; 7] = [":24k", ":48k", ":200k", ":300k", ":8k", ":1m", ":512"];

/// The catalogue that comes with the program, as text.
pub const EMBEDDED_TEXT: &str = include_str!("bedrock-prices.json");

static EMBEDDED: LazyLock<Result<PriceBook, BookError>> =
    LazyLock::new(|| PriceBook::from_json(EMBEDDED_TEXT));

/// A price book that can't be used. Nothing of it is used then.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Not JSON.
    #[error("the price book is not JSON")]
    Json {
        /// What the parser says, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A field has a value that the book can't hold, is missing, or isn't known.
    #[error("{place}: `{field}` {problem}")]
    Field {
        /// The row, e.g. `price 17 (openai.gpt-5.4 global standard)`.
        place: String,
        /// The field of that row.
        field: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// Two rows set a price for the same call.
    #[error("two prices for the same calls: `{first}` and `{second}`")]
    Overlap {
        /// Id of one row.
        first: String,
        /// Id of the other row.
        second: String,
    },
    /// Two models share an id or alias.
    #[error("two models are named `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// A price row of a model that the book doesn't describe.
    #[error("`{row}` is a price of a model that the book doesn't list")]
    UnknownModel {
        /// Id of the row.
        row: String,
    },
}

/// What the book knows of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Base id: no profile prefix, ARN or context suffix.
    pub model_id: String,
    /// Other ids of the same model.
    pub aliases: Vec<String>,
    /// Who makes it.
    pub provider: String,
    /// Its name for people.
    pub display_name: String,
    /// `text`, `embedding`, `image`, `video`, `speech` or `rerank`.
    pub modality: String,
    /// True where logged input tokens include the cached ones (`input_includes_cache_reported`).
    /// Where nothing is known, cached tokens are taken to be outside.
    pub input_includes_cache: bool,
    /// Most tokens of one request, input and output, where the catalogue has it; informational, it
    /// selects no price.
    pub context_window: Option<i64>,
}

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Short id that rows refer to.
    pub id: String,
    /// What it is.
    pub what: String,
    /// How new it is, as the catalogue says.
    pub date: String,
}

/// A checked catalogue, before it is indexed.
#[derive(Debug, Clone, Default)]
pub struct BookParts {
    /// Date of the newest fact.
    pub newest_source_date: NaiveDate,
    /// Where prices come from.
    pub sources: Vec<Source>,
    /// Models.
    pub models: Vec<Model>,
    /// Price rows.
    pub rows: Vec<PriceRow>,
    /// Prices of reserved capacity.
    pub capacity: Vec<Capacity>,
}

/// A price of reserved capacity: an hour of a model unit, or of tokens per minute. It costs no
/// request; it says what the same load would cost when paid by the hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// Base model id; `custom-model-import` for imported models.
    pub model_id: String,
    /// `provisioned_throughput`, `reserved_tier_input`, `reserved_tier_output`, `custom_model_import`
    /// or `custom_model_storage`.
    pub kind: String,
    /// A Region, `*` for all; `regional` or `global` for the reserved tier.
    pub region: String,
    /// `none`, `1-month`, `3-month` or `6-month`.
    pub commitment: String,
    /// US dollars per `unit`.
    pub price: Usd,
    /// What is paid for: `model_unit_hour`, `1k_input_tpm_hour`, `1k_output_tpm_hour`, …
    pub unit: String,
    /// Caveats.
    pub note: Option<String>,
}

/// What the user's prices file added, beside models and rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// Path of the file, as named.
    pub(super) file: String,
    /// Provisioned throughput.
    pub(super) provisioned: Vec<Provisioned>,
}

/// Models and dated prices, indexed; every price exact.
#[derive(Debug, Clone)]
pub struct PriceBook {
    parts: BookParts,
    model_by_name: BTreeMap<String, usize>,
    rows_by_model: BTreeMap<String, Vec<usize>>,
    application_profiles: BTreeMap<String, String>,
    synced: Synced,
    convention: CacheConvention,
    added: Option<Added>,
}

impl PriceBook {
    /// The catalogue that comes with the program; read on first use, once.
    ///
    /// # Errors
    /// Only when the embedded file is broken, which a test excludes.
    pub fn embedded() -> Result<&'static Self, &'static BookError> {
        EMBEDDED.as_ref()
    }

    /// Reads a catalogue in the layout of `bedrock-prices.json`.
    ///
    /// # Errors
    /// [`BookError`] names the row and the field.
    pub fn from_json(text: &str) -> Result<Self, BookError> {
        Self::from_parts(catalogue::read(text)?)
    }

    /// Indexes models and rows.
    ///
    /// # Errors
    /// When rows overlap, names collide, or a row's model isn't listed.
    pub fn from_parts(parts: BookParts) -> Result<Self, BookError> {
        let model_by_name = index_models(&parts.models)?;
        let mut rows_by_model: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, row) in parts.rows.iter().enumerate() {
            if !model_by_name.contains_key(&row.model_id) {
                return Err(BookError::UnknownModel { row: row.id.clone() });
            }
            rows_by_model.entry(row.model_id.clone()).or_default().push(number);
        }
        if let Some((first, second)) = first_overlap(&parts.rows) {
            return Err(BookError::Overlap { first: first.id.clone(), second: second.id.clone() });
        }
        Ok(Self {
            parts,
            model_by_name,
            rows_by_model,
            application_profiles: BTreeMap::new(),
            synced: Synced::default(),
            convention: CacheConvention::default(),
            added: None,
        })
    }

    /// The same book, charging cached tokens so where the logged input includes them.
    #[must_use]
    pub fn with_cache_convention(mut self, convention: CacheConvention) -> Self {
        self.convention = convention;
        self
    }

    /// How cached tokens are charged where the logged input includes them.
    pub fn cache_convention(&self) -> CacheConvention {
        self.convention
    }

    /// The same book, knowing what was synced from AWS. The prices file's own map comes before it.
    #[must_use]
    pub fn with_synced(mut self, synced: Synced) -> Self {
        self.synced = synced;
        self
    }

    /// What was synced from AWS.
    pub fn synced(&self) -> &Synced {
        &self.synced
    }

    /// The same book, knowing that a prices file is in it.
    pub(super) fn with_added(mut self, added: Added) -> Self {
        self.added = Some(added);
        self
    }

    /// Path of the prices file that is in the book, as named.
    pub fn prices_file(&self) -> Option<&str> {
        self.added.as_ref().map(|added| added.file.as_str())
    }

    /// Provisioned throughput that the prices file names.
    pub fn provisioned(&self) -> &[Provisioned] {
        self.added.as_ref().map_or(&[], |added| &added.provisioned)
    }

    /// Models, rows and sources, as they were read.
    pub(super) fn parts(&self) -> &BookParts {
        &self.parts
    }

    /// Application inference profiles and what they stand for.
    pub fn application_profiles(&self) -> &BTreeMap<String, String> {
        &self.application_profiles
    }

    /// The same book, told which model each application inference profile stands for.
    ///
    /// Keys are profile ARNs or their last part; values are model ids in any form that names a model.
    #[must_use]
    pub fn with_application_profiles(mut self, profiles: BTreeMap<String, String>) -> Self {
        self.application_profiles = profiles;
        self
    }

    /// The model that an application profile's ARN is mapped to: by the prices file, by ARN or by its
    /// last part; else by what was synced, by ARN.
    pub fn application_profile(&self, arn: &str) -> Option<&str> {
        let own = self.own_profile(arn);
        own.or_else(|| self.synced.profile(arn).and_then(|profile| profile.model_id.as_deref()))
    }

    /// The model that the prices file maps an application profile's ARN to.
    pub fn own_profile(&self, arn: &str) -> Option<&str> {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        self.application_profiles
            .get(arn)
            .or_else(|| self.application_profiles.get(id))
            .map(String::as_str)
    }

    /// The model with this id or alias, a context suffix aside; never a sibling.
    pub fn model(&self, id: &str) -> Option<&Model> {
        let without_suffix = || {
            let bare = CONTEXT_SUFFIXES.iter().find_map(|suffix| id.strip_suffix(suffix))?;
            self.model_by_name.get(bare)
        };
        let number = self.model_by_name.get(id).or_else(without_suffix)?;
        self.parts.models.get(*number)
    }

    /// The model's price rows, in file order.
    pub fn rows_of<'b>(&'b self, model: &Model) -> impl Iterator<Item = &'b PriceRow> + use<'b> {
        let numbers = self.rows_by_model.get(&model.model_id).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|number| self.parts.rows.get(*number))
    }

    /// All models, in file order.
    pub fn models(&self) -> &[Model] {
        &self.parts.models
    }

    /// Prices of reserved capacity, in file order.
    pub fn capacity(&self) -> &[Capacity] {
        &self.parts.capacity
    }

    /// The numbers of input tokens above which some price row has long-context prices, ascending.
    pub fn long_context_thresholds(&self) -> Vec<i64> {
        let long = self.rows().iter().filter_map(|row| row.long_context);
        let distinct: std::collections::BTreeSet<i64> =
            long.map(|long| long.above_input_tokens).collect();
        distinct.into_iter().collect()
    }

    /// UTC days from which on some price is another, in order.
    pub fn change_days(&self) -> Vec<NaiveDate> {
        let days = self.rows().iter().flat_map(|row| [row.effective_from, row.effective_to]);
        let distinct: std::collections::BTreeSet<NaiveDate> = days.flatten().collect();
        distinct.into_iter().collect()
    }

    /// All price rows, in file order.
    pub fn rows(&self) -> &[PriceRow] {
        &self.parts.rows
    }

    /// The source with this id.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.parts.sources.iter().find(|source| source.id == id)
    }

    /// Date of the newest fact in the book.
    pub fn newest_source_date(&self) -> NaiveDate {
        self.parts.newest_source_date
    }

    /// Days from the newest fact in the book to `as_of`; negative for an earlier day.
    pub fn age_days(&self, as_of: NaiveDate) -> i64 {
        as_of.signed_duration_since(self.parts.newest_source_date).num_days()
    }

    /// True when prices may well have changed since: reports say so.
    pub fn is_stale(&self, as_of: NaiveDate) -> bool {
        self.age_days(as_of) > STALE_AFTER_DAYS
    }
}

/// Model number by id and alias.
fn index_models(models: &[Model]) -> Result<BTreeMap<String, usize>, BookError> {
    let mut by_name = BTreeMap::new();
    for (number, model) in models.iter().enumerate() {
        for name in std::iter::once(&model.model_id).chain(&model.aliases) {
            if by_name.insert(name.clone(), number).is_some() {
                return Err(BookError::SameName { name: name.clone() });
            }
        }
    }
    Ok(by_name)
}
