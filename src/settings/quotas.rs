//! `[[quota]]`: what AWS grants per minute.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Error;
use super::place::Place;
use crate::schema::quota::Quota;

/// `[[quota]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    account: Option<String>,
    region: String,
    model: String,
    routing: Option<String>,
    #[serde(default, deserialize_with = "rpm")]
    rpm: Option<u64>,
    #[serde(default, deserialize_with = "tpm")]
    tpm: Option<u64>,
    #[serde(default, deserialize_with = "output_burndown")]
    output_burndown: Option<u32>,
}

/// The quotas of a file, in its order.
///
/// # Errors
/// When one says nothing, or two are for the same calls.
pub(super) fn resolve(
    written: Vec<Spanned<Contents>>,
    place: Place<'_>,
) -> Result<Vec<Quota>, Error> {
    let mut quotas: Vec<Quota> = Vec::with_capacity(written.len());
    for table in written {
        let span = table.span();
        let quota =
            table.into_inner().resolve().map_err(|problem| place.problem(span.clone(), problem))?;
        if quotas.iter().any(|other| quota.is_for_the_same_as(other)) {
            let problem = format!(
                "two quotas are for `{}`, Region `{}`; give them an `account` or a `routing` that differs",
                quota.model, quota.region
            );
            return Err(place.problem(span, problem));
        }
        quotas.push(quota);
    }
    Ok(quotas)
}

impl Contents {
    fn resolve(self) -> Result<Quota, String> {
        let texts = [Some(&self.region), Some(&self.model), self.account.as_ref()];
        let names = ["region", "model", "account", "routing"];
        let all = texts.into_iter().chain([self.routing.as_ref()]).zip(names);
        for (text, name) in all {
            if text.is_some_and(|text| text.trim().is_empty()) {
                return Err(format!("`{name}` of a quota is empty"));
            }
        }
        if self.rpm.is_none() && self.tpm.is_none() && self.output_burndown.is_none() {
            return Err(
                "a quota needs `rpm`, `tpm` or `output_burndown` (allowed beside `region` and \
                 `model`: `account`, `routing`)"
                    .to_owned(),
            );
        }
        Ok(Quota {
            account: self.account,
            region: self.region,
            model: self.model,
            routing: self.routing,
            rpm: self.rpm,
            tpm: self.tpm,
            output_burndown: self.output_burndown.unwrap_or(1),
        })
    }
}

/// Most a quota may be; differences from it then fit 64 bits.
const MOST: i64 = 1_000_000_000_000_000;

/// Most quota tokens for an output token.
const MOST_BURNDOWN: i64 = 100;

fn rpm<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    const RULE: &str = "`rpm` must be requests per minute, a whole number from 1";
    whole(input, RULE, MOST).map(Some)
}

fn tpm<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    const RULE: &str = "`tpm` must be tokens per minute, a whole number from 1";
    whole(input, RULE, MOST).map(Some)
}

fn output_burndown<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    const RULE: &str = "`output_burndown` must be the quota tokens of an output token, a whole number from 1 to 100";
    let factor = whole(input, RULE, MOST_BURNDOWN)?;
    u32::try_from(factor).map(Some).map_err(|_| D::Error::custom(RULE))
}

fn whole<'de, D: Deserializer<'de>>(input: D, rule: &str, most: i64) -> Result<u64, D::Error> {
    let number = i64::deserialize(input).map_err(|_| D::Error::custom(rule))?;
    let in_range = (1..=most).contains(&number);
    u64::try_from(number)
        .ok()
        .filter(|_| in_range)
        .ok_or_else(|| D::Error::custom(format!("{rule}, not {number}")))
}
