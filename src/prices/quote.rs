//! The price row of a call, or the reason why there is none.
//!
//! The rules are those of section 7 of the catalogue's reference: filter by model, routing, Region,
//! tier and UTC day; a Region's row beats `*`; nothing falls back to a neighbour.

use chrono::NaiveDate;

use crate::schema::cost::reason;

use super::book::{Model, PriceBook, PriceRow, Routing, Tier};
use super::resolve::{Resolved, resolve};

/// Second words of the names of commercial Regions, such as `ap-southeast-2`.
const DIRECTIONS: [&str; 9] = [
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// What a price depends on, as logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<'q> {
    /// `modelId`.
    pub model_id: Option<&'q str>,
    /// The Region that received the call, not the one that did the work.
    pub region: Option<&'q str>,
    /// Service tier; none means standard.
    pub service_tier: Option<&'q str>,
    /// UTC day of the call.
    pub day: Option<NaiveDate>,
}

/// The answer to a [`Query`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote<'b> {
    /// The model, where the book knows it.
    pub model: Option<&'b Model>,
    /// Which price list the call belongs to, where the id says it.
    pub routing: Option<Routing>,
    /// The price row, or why there is none: one of [`reason`].
    pub price: Result<&'b PriceRow, &'static str>,
    /// True when the id is an ARN of another Region than the record's, which is believed.
    pub arn_region_differs: bool,
}

impl PriceBook {
    /// The price row of a call, or the reason why there is none.
    pub fn quote(&self, query: &Query<'_>) -> Quote<'_> {
        let (id, routing, arn_region) = match self.addressed(query.model_id.unwrap_or_default()) {
            Ok(addressed) => addressed,
            Err(reason) => return unpriced(reason),
        };
        let model = self.model(&id);
        Quote {
            model,
            routing: Some(routing),
            price: model
                .ok_or(reason::UNKNOWN_MODEL)
                .and_then(|model| price_row(self.rows_of(model).collect(), routing, query)),
            arn_region_differs: arn_region
                .is_some_and(|arn_region| query.region.is_some_and(|region| region != arn_region)),
        }
    }

    /// Id, routing and ARN Region of the model addressed, application profiles followed once.
    fn addressed(&self, model_id: &str) -> Result<(String, Routing, Option<String>), &'static str> {
        let resolved = match resolve(model_id) {
            Resolved::ApplicationProfile { arn } => {
                let target = self.application_profile(arn);
                resolve(target.ok_or(reason::APPLICATION_PROFILE_UNMAPPED)?)
            }
            direct => direct,
        };
        match resolved {
            Resolved::Model { id, routing, arn_region } => {
                Ok((id.to_owned(), routing, arn_region.map(str::to_owned)))
            }
            Resolved::ApplicationProfile { .. } => Err(reason::APPLICATION_PROFILE_UNMAPPED),
            Resolved::Unpriced(reason) => Err(reason),
        }
    }
}

fn unpriced(reason: &'static str) -> Quote<'static> {
    Quote { model: None, routing: None, price: Err(reason), arn_region_differs: false }
}

/// Narrows a model's rows step by step; the step that leaves none is the reason.
fn price_row<'b>(
    mut rows: Vec<&'b PriceRow>,
    routing: Routing,
    query: &Query<'_>,
) -> Result<&'b PriceRow, &'static str> {
    rows.retain(|row| row.routing == routing);
    if rows.is_empty() && routing == Routing::Global {
        return Err(reason::NO_GLOBAL_PRICE);
    }
    let region = query.region.filter(|region| !region.is_empty()).ok_or(reason::NO_REGION)?;
    rows.retain(|row| row.region.as_deref().map_or(is_commercial(region), |own| own == region));
    if rows.is_empty() {
        return Err(reason::NO_REGION_PRICE);
    }
    let tier = Tier::from_log(query.service_tier).ok_or(reason::NO_TIER_PRICE)?;
    rows.retain(|row| row.tier == tier);
    if rows.is_empty() {
        return Err(reason::NO_TIER_PRICE);
    }
    let day = query.day.ok_or(reason::NO_EVENT_TIME)?;
    rows.retain(|row| row.covers(day));
    let own_region = rows.iter().find(|row| row.region.is_some());
    own_region.or(rows.first()).copied().ok_or(reason::NO_PRICE_ON_DATE)
}

/// True for a Region that rows for `*` hold in: two letters, a direction and a number.
///
/// Those of other partitions have more words (`us-gov-west-1`, `eusc-de-east-1`, `us-iso-east-1`) or
/// start with `cn`. What is no Region's name at all isn't in any price list.
pub(super) fn is_commercial(region: &str) -> bool {
    let mut words = region.split('-');
    let area = words.next().unwrap_or_default();
    let is_area = area.len() == 2 && area.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_direction = words.next().is_some_and(|word| DIRECTIONS.contains(&word));
    let is_number = words.next().is_some_and(|word| word.parse::<u8>().is_ok());
    is_area && area != "cn" && is_direction && is_number && words.next().is_none()
}
