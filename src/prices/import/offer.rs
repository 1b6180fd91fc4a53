//! Reads a file of the AWS Price List bulk API: products and their dated prices, joined by SKU.
//!
//! Shape (AWS documentation, "Reading the service price list file"): `products` by SKU with
//! `attributes`, `terms.OnDemand` by SKU, each term with an `effectiveDate` and `priceDimensions`.
//! Knows no model and no usage type.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

/// Services whose price lists hold model inference.
pub const SERVICES: [&str; 3] =
    ["AmazonBedrock", "AmazonBedrockFoundationModels", "AmazonBedrockService"];

/// A file that isn't a price list of Bedrock. Nothing of it is used.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// Not JSON, or cut off.
    #[error("is not JSON{}", if source.is_eof() { ": it ends in the middle, cut off?" } else { "" })]
    Json {
        /// What the parser says, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// JSON, but of another shape.
    #[error("is not an AWS price list: `{field}` {problem}")]
    Shape {
        /// The field.
        field: &'static str,
        /// What is wrong, and what is allowed.
        problem: String,
    },
}

/// One price list: a service at a date, for one Region or all.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The service's code.
    pub service: String,
    /// AWS's name of the version, if given.
    pub version: Option<String>,
    /// UTC day it was published.
    pub published: NaiveDate,
    /// Products by SKU, as read.
    pub(super) products: BTreeMap<String, Value>,
    /// On-demand terms by SKU, as read.
    pub(super) terms: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "offerCode")]
    service: Option<String>,
    version: Option<String>,
    #[serde(rename = "publicationDate")]
    published: Option<String>,
    products: Option<BTreeMap<String, Value>>,
    terms: Option<BTreeMap<String, Value>>,
}

impl Offer {
    /// Reads a price list.
    ///
    /// # Errors
    /// [`OfferError`] when it isn't one of Bedrock. What is wrong with a single SKU is told later.
    pub fn read(text: &str) -> Result<Self, OfferError> {
        let file: File =
            serde_json::from_str(text).map_err(|source| OfferError::Json { source })?;
        let missing = |field| OfferError::Shape { field, problem: String::from("is missing") };
        let service = file.service.ok_or_else(|| missing("offerCode"))?;
        if !SERVICES.contains(&service.as_str()) {
            let problem = format!("is `{service}`, but must be one of {}", SERVICES.join(", "));
            return Err(OfferError::Shape { field: "offerCode", problem });
        }
        let published = file.published.ok_or_else(|| missing("publicationDate"))?;
        let day = day(&published).ok_or_else(|| OfferError::Shape {
            field: "publicationDate",
            problem: format!("is `{published}`, but must be a time like 2026-08-20T13:01:14Z"),
        })?;
        let products = file.products.ok_or_else(|| missing("products"))?;
        let mut terms = file.terms.ok_or_else(|| missing("terms"))?;
        let terms = match terms.remove("OnDemand") {
            Some(Value::Object(terms)) => terms.into_iter().collect(),
            None => BTreeMap::new(),
            Some(_) => {
                let problem = String::from("must hold terms by SKU");
                return Err(OfferError::Shape { field: "terms.OnDemand", problem });
            }
        };
        Ok(Self { service, version: file.version, published: day, products, terms })
    }

    /// Id of the list as a source of prices: service and version.
    pub fn source_id(&self) -> String {
        let version = self.version.clone().unwrap_or_else(|| self.published.to_string());
        format!("{}-{version}", self.service)
    }
}

/// The UTC day of a time such as `2026-08-20T13:01:14Z`.
fn day(text: &str) -> Option<NaiveDate> {
    let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.with_timezone(&chrono::Utc).date_naive())
}

/// What a product says of itself; empty text is absent.
#[derive(Debug, Clone, Default)]
pub(super) struct Product(BTreeMap<String, String>);

impl Product {
    /// Reads the attributes of a product.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let attributes = value.get("attributes").and_then(Value::as_object);
        let attributes = attributes.ok_or("has no `attributes`")?;
        let text = |(name, value): (&String, &Value)| {
            let text = value.as_str().map(str::trim).filter(|text| !text.is_empty())?;
            Some((name.to_lowercase(), text.to_owned()))
        };
        Ok(Self(attributes.iter().filter_map(text).collect()))
    }

    /// One attribute, by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A price from a day on, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DatedPrice {
    /// First UTC day.
    pub(super) from: NaiveDate,
    /// What is counted, e.g. `1K tokens`.
    pub(super) unit: String,
    /// US dollars, as written.
    pub(super) usd: String,
    /// AWS's words.
    pub(super) description: String,
}

/// Why the terms of a SKU give no price: one of the codes in [`problem`](super::problem), and details.
pub(super) type Unusable = (&'static str, String);

/// The dated prices of a SKU, oldest first.
pub(super) fn dated_prices(terms: Option<&Value>) -> Result<Vec<DatedPrice>, Unusable> {
    use super::problem::{MALFORMED, NO_ON_DEMAND_PRICE, TWO_PRICES};
    let terms = terms.ok_or((NO_ON_DEMAND_PRICE, String::from("`terms.OnDemand` lacks it")))?;
    let terms = terms.as_object().ok_or((MALFORMED, String::from("its terms are no object")))?;
    let mut prices = Vec::new();
    for term in terms.values() {
        prices.push(dated_price(term)?);
    }
    prices.sort_by_key(|price| price.from);
    if let Some(pair) = prices.windows(2).find(|pair| pair[0].from == pair[1].from) {
        let both = format!("{} and {} from {}", pair[0].usd, pair[1].usd, pair[0].from);
        return Err((TWO_PRICES, both));
    }
    if prices.is_empty() {
        return Err((NO_ON_DEMAND_PRICE, String::from("its terms are empty")));
    }
    Ok(prices)
}

fn dated_price(term: &Value) -> Result<DatedPrice, Unusable> {
    use super::problem::{
        MALFORMED, NO_EFFECTIVE_DATE, NO_ON_DEMAND_PRICE, NOT_IN_USD, PRICED_BY_VOLUME,
    };
    let date = term.get("effectiveDate").and_then(Value::as_str);
    let from = date.and_then(day).ok_or_else(|| {
        let given = date.map_or_else(|| String::from("none given"), |date| format!("`{date}`"));
        (NO_EFFECTIVE_DATE, given)
    })?;
    let dimensions = term.get("priceDimensions").and_then(Value::as_object);
    let dimensions: Vec<&Value> =
        dimensions.into_iter().flat_map(serde_json::Map::values).collect();
    let dimension = match dimensions[..] {
        [] => return Err((NO_ON_DEMAND_PRICE, String::from("no `priceDimensions`"))),
        [one] => one,
        _ => return Err((PRICED_BY_VOLUME, format!("{} price dimensions", dimensions.len()))),
    };
    let text = |name: &str| dimension.get(name).and_then(Value::as_str).map(str::trim);
    let unit = text("unit").ok_or((MALFORMED, String::from("no `unit`")))?;
    let begins = text("beginRange").unwrap_or("0");
    let ends = text("endRange").unwrap_or("Inf");
    if begins != "0" || ends != "Inf" {
        return Err((PRICED_BY_VOLUME, format!("from {begins} to {ends}")));
    }
    let currencies = dimension.get("pricePerUnit").and_then(Value::as_object);
    let currencies = currencies.ok_or((MALFORMED, String::from("no `pricePerUnit`")))?;
    let usd = match currencies.get("USD") {
        Some(Value::String(usd)) => usd.trim().to_owned(),
        Some(other) => return Err((MALFORMED, format!("its price is `{other}`, not text"))),
        None => {
            let named: Vec<&str> = currencies.keys().map(String::as_str).collect();
            return Err((NOT_IN_USD, named.join(", ")));
        }
    };
    let description = text("description").unwrap_or_default().to_owned();
    Ok(DatedPrice { from, unit: unit.to_owned(), usd, description })
}
