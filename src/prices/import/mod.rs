//! Takes prices from AWS Price List bulk files into a catalogue.
//!
//! Each product (SKU) ends in one of four ways, and all are counted: its price is taken (`added` or
//! `changed`), it confirms what the catalogue says, it is no price of logged model inference
//! (`skipped`), or it can't be used (`problems`). Nothing is guessed: two SKUs that set different prices
//! for the same calls on the same days are both refused.
//!
//! A listed price holds from its effective date; what the catalogue says of the days before stays,
//! and so does what it says of days after the list was published. `merge` does that, `offer` reads
//! files, `usage_type` and `names` say what a SKU is about, `amount` converts units.

mod amount;
mod merge;
mod names;
mod offer;
#[cfg(test)]
mod tests;
mod usage_type;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

pub use offer::{Offer, OfferError, SERVICES};

use super::book::{BookError, PriceBook, Routing, Tier};
use super::write::BookText;
use crate::units::Usd;
use names::{Names, without_edition};
use offer::{Product, Unusable, dated_prices};
use usage_type::{NoPrice, Priced};

/// Why a SKU is no price of a logged call.
pub mod skip {
    /// Calls to the bedrock-mantle endpoint don't appear in invocation logs.
    pub const MANTLE_ENDPOINT: &str = "mantle_endpoint";
    /// Paid by the hour and model unit.
    pub const PROVISIONED_THROUGHPUT: &str = "provisioned_throughput";
    /// Reserved tokens per minute.
    pub const RESERVED_CAPACITY: &str = "reserved_capacity";
    /// Custom models: their training, storage and calls.
    pub const CUSTOM_MODEL: &str = "custom_model";
    /// Guardrails, agents, knowledge bases, evaluation, hours, …
    pub const NOT_MODEL_INFERENCE: &str = "not_model_inference";
    /// Tokens of sound, images or video, which the log doesn't count apart from text.
    pub const TOKENS_NOT_LOGGED_APART: &str = "tokens_not_logged_apart";
}

/// Why a SKU that may be a price can't be used.
pub mod problem {
    /// The product isn't of the documented shape.
    pub const MALFORMED: &str = "malformed";
    /// No attribute says which Region it is for.
    pub const NO_REGION: &str = "no_region";
    /// Usage type and `regionCode` name different Regions.
    pub const TWO_REGIONS: &str = "two_regions";
    /// The name stands for no model of the catalogue.
    pub const UNKNOWN_MODEL: &str = "unknown_model";
    /// The usage type can't be read.
    pub const UNKNOWN_USAGE_TYPE: &str = "unknown_usage_type";
    /// The unit isn't known.
    pub const UNKNOWN_UNIT: &str = "unknown_unit";
    /// There are no on-demand terms.
    pub const NO_ON_DEMAND_PRICE: &str = "no_on_demand_price";
    /// The term has no date from which it holds.
    pub const NO_EFFECTIVE_DATE: &str = "no_effective_date";
    /// The price depends on the volume.
    pub const PRICED_BY_VOLUME: &str = "priced_by_volume";
    /// The price isn't in US dollars.
    pub const NOT_IN_USD: &str = "not_in_usd";
    /// Below zero.
    pub const NEGATIVE_PRICE: &str = "negative_price";
    /// Not a decimal.
    pub const PRICE_NOT_A_NUMBER: &str = "price_not_a_number";
    /// Too many decimals to be held exactly, or too large.
    pub const PRICE_NOT_EXACT: &str = "price_not_exact";
    /// Two different prices for the same calls on the same days.
    pub const TWO_PRICES: &str = "two_prices";
    /// A long-context price of a model whose threshold the catalogue doesn't know.
    pub const NO_LONG_CONTEXT_THRESHOLD: &str = "no_long_context_threshold";
    /// The catalogue has several prices per unit for the model; the list doesn't say which it is.
    pub const AMBIGUOUS_UNIT: &str = "ambiguous_unit";
}

/// A price list, and what to call it.
#[derive(Debug, Clone)]
pub struct NamedOffer {
    /// Path, as named.
    pub file: String,
    /// The list.
    pub offer: Offer,
}

/// A SKU that gave no price.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SkuFinding {
    /// Why: one of [`skip`] or [`problem`].
    pub reason: &'static str,
    /// The file.
    pub file: String,
    /// The product.
    pub sku: String,
    /// Its usage type; null where it has none.
    pub usage_type: Option<String>,
    /// AWS's name of the model; null where none is given.
    pub model_name: Option<String>,
    /// Details, for people.
    pub detail: String,
}

/// One price that a list states.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fact {
    calls: Calls,
    priced: Priced,
    /// In the catalogue's unit.
    price: Usd,
    /// First UTC day.
    from: NaiveDate,
    sku: SkuFinding,
}

/// Which calls a price is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Calls {
    model_id: String,
    routing: Routing,
    region: String,
    tier: Tier,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The lists, oldest first.
    pub lists: Vec<ListFacts>,
    /// Products in them.
    pub skus: usize,
    /// Products whose price was taken or confirmed.
    pub recognised: usize,
    /// Products that are no price of a logged call, by reason.
    pub skipped: BTreeMap<&'static str, usize>,
    /// Products that can't be used, by reason.
    pub unusable: BTreeMap<&'static str, usize>,
    /// Calls (model, routing, Region, tier) whose prices the catalogue already had.
    pub calls_confirmed: usize,
    /// Calls that had no price before.
    pub calls_added: usize,
    /// Calls whose prices changed from some day on.
    pub calls_changed: usize,
    /// Models that were added, by the names given.
    pub models_added: Vec<String>,
    /// The products that can't be used.
    pub problems: Vec<SkuFinding>,
    /// The products that are no price of a logged call.
    pub skipped_skus: Vec<SkuFinding>,
}

/// A price list in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListFacts {
    /// Path, as named.
    pub file: String,
    /// The service's code.
    pub service: String,
    /// AWS's version.
    pub version: Option<String>,
    /// UTC day it was published.
    pub published: NaiveDate,
    /// Products in it.
    pub skus: usize,
}

/// An import that can't be done.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The catalogue to import into can't be used.
    #[error("could not use the catalogue to import into")]
    Catalogue(#[source] BookError),
    /// The new catalogue isn't sound; a mistake of this program.
    #[error("the prices do not make a sound catalogue")]
    Result(#[source] BookError),
    /// The embedded table of names is broken.
    #[error("could not read the table of price-list names")]
    Names(#[source] serde_json::Error),
}

/// Takes the prices of `lists` into the catalogue `text`; returns the new catalogue's text and what
/// was done. `own_names` maps names of the price list to model ids; an id that the catalogue lacks is
/// added as a model.
///
/// # Errors
/// When `text` is no sound catalogue.
pub fn import(
    text: &str,
    lists: Vec<NamedOffer>,
    own_names: &BTreeMap<String, String>,
) -> Result<(String, Imported), ImportError> {
    let mut lists = lists;
    lists.sort_by(|a, b| {
        let key = |list: &NamedOffer| (list.offer.published, list.file.clone());
        key(a).cmp(&key(b))
    });
    let (mut book, catalogue) = BookText::read(text).map_err(ImportError::Catalogue)?;
    let names = Names::new(&catalogue, own_names).map_err(ImportError::Names)?;
    let mut done = Imported::of(&lists);
    let mut merged = merge::Merged::new(&catalogue);
    for group in lists.chunk_by(|a, b| a.offer.published == b.offer.published) {
        let facts: Vec<Fact> =
            group.iter().flat_map(|list| facts(list, &names, &mut done)).collect();
        let facts = without_contradictions(facts, &mut done);
        let sources: BTreeMap<String, String> =
            group.iter().map(|list| (list.file.clone(), list.offer.source_id())).collect();
        let published = group.first().map(|list| list.offer.published);
        let refused = merged.take(facts, published.unwrap_or_default(), &sources);
        done.recognised -= refused.len();
        done.problems.extend(refused);
    }
    done.count(&merged);
    for id in own_names.values().filter(|id| catalogue.model(id).is_none()) {
        if merged.rows().any(|row| row.model_id == **id) && !done.models_added.contains(id) {
            book.add_model(id, &provider_of(&catalogue, id), &name_of(own_names, id));
            done.models_added.push(id.clone());
        }
    }
    for list in &lists {
        let id = list.offer.source_id();
        let version = list.offer.version.as_deref().unwrap_or("without a version");
        let what = format!("AWS price list {}, {version}", list.offer.service);
        book.add_source(&id, &what, list.offer.published);
    }
    let text = book.with_rows(merged.rows());
    PriceBook::from_json(&text).map_err(ImportError::Result)?;
    Ok((text, done))
}

impl Imported {
    fn of(lists: &[NamedOffer]) -> Self {
        let facts = |list: &NamedOffer| ListFacts {
            file: list.file.clone(),
            service: list.offer.service.clone(),
            version: list.offer.version.clone(),
            published: list.offer.published,
            skus: list.offer.products.len(),
        };
        let lists: Vec<ListFacts> = lists.iter().map(facts).collect();
        Self {
            skus: lists.iter().map(|list| list.skus).sum(),
            lists,
            recognised: 0,
            skipped: BTreeMap::new(),
            unusable: BTreeMap::new(),
            calls_confirmed: 0,
            calls_added: 0,
            calls_changed: 0,
            models_added: Vec::new(),
            problems: Vec::new(),
            skipped_skus: Vec::new(),
        }
    }

    fn count(&mut self, merged: &merge::Merged) {
        (self.calls_confirmed, self.calls_added, self.calls_changed) = merged.counts();
        self.problems.sort();
        self.skipped_skus.sort();
        for finding in &self.skipped_skus {
            *self.skipped.entry(finding.reason).or_default() += 1;
        }
        for finding in &self.problems {
            *self.unusable.entry(finding.reason).or_default() += 1;
        }
    }
}

/// The prices that a list states; everything else goes to `done`.
fn facts(list: &NamedOffer, names: &Names, done: &mut Imported) -> Vec<Fact> {
    let mut all = Vec::new();
    for (sku, value) in &list.offer.products {
        let mut finding = SkuFinding {
            reason: "",
            file: list.file.clone(),
            sku: sku.clone(),
            usage_type: None,
            model_name: None,
            detail: String::new(),
        };
        match read_sku(list, value, names, &mut finding) {
            Ok(facts) => {
                done.recognised += 1;
                all.extend(facts);
            }
            Err(NoPrice::Skipped(reason)) => {
                done.skipped_skus.push(SkuFinding { reason, ..finding });
            }
            Err(NoPrice::Problem(reason, detail)) => {
                done.problems.push(SkuFinding { reason, detail, ..finding });
            }
        }
    }
    all
}

fn read_sku(
    list: &NamedOffer,
    value: &Value,
    names: &Names,
    finding: &mut SkuFinding,
) -> Result<Vec<Fact>, NoPrice> {
    let unusable = |(reason, detail): Unusable| NoPrice::Problem(reason, detail);
    let malformed = |detail: &str| unusable((problem::MALFORMED, detail.to_owned()));
    let product = Product::read(value).map_err(|detail| malformed(&detail))?;
    let usage_type = product.get("usagetype").ok_or_else(|| malformed("has no `usagetype`"))?;
    finding.usage_type = Some(usage_type.to_owned());
    let edition = product.get("servicename").filter(|name| name.contains("(Amazon Bedrock"));
    let name = product.get("model").or(edition).map(without_edition);
    finding.model_name.clone_from(&name);
    let prices = dated_prices(list.offer.terms.get(&finding.sku));
    let unit = prices.as_ref().ok().and_then(|prices| prices.last()).map_or("", |one| &one.unit);
    // A SKU of something else needs no price; one of inference does.
    let meaning = match (usage_type::read(usage_type, unit, name.is_some()), &prices) {
        (Err(NoPrice::Problem(..)), Err(error)) => return Err(unusable(error.clone())),
        (meaning, _) => meaning?,
    };
    let region = region(&product, usage_type).map_err(unusable)?;
    let (mut routing, mut tier) = (meaning.routing, meaning.tier);
    attributes_agree(&product, &mut routing, &mut tier).map_err(unusable)?;
    let said = name.as_deref().unwrap_or(&meaning.head);
    let models = names.models(said);
    if models.is_empty() {
        let detail = format!("`{said}`; `--name '{said}=MODEL_ID'` tells which it is");
        return Err(unusable((problem::UNKNOWN_MODEL, detail)));
    }
    let mut facts = Vec::new();
    for price in prices.map_err(unusable)? {
        let usd = amount::in_catalogue_unit(&price, &meaning.priced).map_err(unusable)?;
        facts.extend(models.iter().map(|model_id| Fact {
            calls: Calls { model_id: model_id.clone(), routing, region: region.clone(), tier },
            priced: meaning.priced.clone(),
            price: usd,
            from: price.from,
            sku: finding.clone(),
        }));
    }
    Ok(facts)
}

/// The Region that attribute and usage type name, which must be one.
fn region(product: &Product, usage_type: &str) -> Result<String, Unusable> {
    let of_code = usage_type::without_region(usage_type).0.and_then(super::write::region_of_code);
    match (product.get("regioncode"), of_code) {
        (Some(given), Some(coded)) if given != coded => {
            let detail = format!("`regionCode` is {given}, the usage type's is {coded}");
            Err((problem::TWO_REGIONS, detail))
        }
        (Some(given), _) if given.split('-').count() >= 3 => Ok(given.to_owned()),
        (Some(given), _) => {
            Err((problem::NO_REGION, format!("`regionCode` is `{given}`, like no Region's name")))
        }
        (None, Some(coded)) => Ok(coded.to_owned()),
        (None, None) => Err((problem::NO_REGION, String::from("no `regionCode`"))),
    }
}

/// Attributes that repeat the routing or tier must not contradict the usage type; where the usage
/// type is silent they count.
fn attributes_agree(
    product: &Product,
    routing: &mut Routing,
    tier: &mut Tier,
) -> Result<(), Unusable> {
    let said = |name| product.get(name).unwrap_or_default().to_lowercase();
    let (feature, service_tier, kind) =
        (said("feature"), said("service_tier"), said("inferencetype"));
    let has = |word: &str| [&feature, &service_tier, &kind].iter().any(|text| text.contains(word));
    let tiers = [("batch", Tier::Batch), ("flex", Tier::Flex), ("priority", Tier::Priority)];
    for (_, named) in tiers.into_iter().filter(|(word, _)| has(word)) {
        if *tier == Tier::Standard {
            *tier = named;
        } else if *tier != named {
            let detail =
                format!("the usage type says {}, an attribute {}", tier.as_str(), named.as_str());
            return Err((problem::UNKNOWN_USAGE_TYPE, detail));
        }
    }
    if has("global") {
        *routing = Routing::Global;
    }
    Ok(())
}

/// Facts of lists published on one day; those that contradict each other are problems, all of them.
fn without_contradictions(facts: Vec<Fact>, done: &mut Imported) -> Vec<Fact> {
    let mut groups: BTreeMap<_, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        let key = (fact.calls.clone(), fact.priced.clone(), fact.from);
        groups.entry(key).or_default().push(fact);
    }
    let mut kept = Vec::new();
    let mut refused: BTreeSet<SkuFinding> = BTreeSet::new();
    for group in groups.into_values() {
        let Some((first, rest)) = group.split_first() else { continue };
        if rest.iter().all(|other| other.price == first.price) {
            kept.push(first.clone());
            continue;
        }
        let all: Vec<String> =
            group.iter().map(|fact| format!("{} ({})", fact.price, fact.sku.sku)).collect();
        let detail = format!("for the same calls from {}: {}", first.from, all.join(", "));
        refused.extend(group.into_iter().map(|fact| SkuFinding {
            reason: problem::TWO_PRICES,
            detail: detail.clone(),
            ..fact.sku
        }));
    }
    let skus: BTreeSet<(&str, &str)> =
        refused.iter().map(|one| (one.file.as_str(), one.sku.as_str())).collect();
    kept.retain(|fact| !skus.contains(&(fact.sku.file.as_str(), fact.sku.sku.as_str())));
    done.recognised -= skus.len();
    drop(skus);
    done.problems.extend(refused);
    kept
}

/// Who makes a model with such an id: the maker of another model with the same beginning.
fn provider_of(book: &PriceBook, model_id: &str) -> String {
    let maker = model_id.split('.').next().unwrap_or(model_id);
    let same = |id: &str| id.split('.').next() == Some(maker);
    let other = book.models().iter().find(|model| same(&model.model_id));
    other.map_or_else(|| maker.to_owned(), |model| model.provider.clone())
}

fn name_of(own_names: &BTreeMap<String, String>, id: &str) -> String {
    let name =
        own_names.iter().find(|(_, named)| *named == id).map(|(name, _)| without_edition(name));
    name.unwrap_or_else(|| id.to_owned())
}
