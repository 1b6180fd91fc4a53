//! `[worth]`: what a successful request is worth, for the return in reports.

use serde::Deserialize;

use super::Error;
use super::place::Place;
use crate::units::Usd;

/// `[worth]` as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    per_request_usd: Option<String>,
    minutes_saved_per_request: Option<String>,
    hourly_cost_usd: Option<String>,
    other_cost_per_month_usd: Option<String>,
    basis: Option<String>,
}

/// What a successful request is worth, as the user states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorthSettings {
    /// Worth of a successful request.
    pub per_request: Usd,
    /// Cost beside the models, per calendar month.
    pub other_cost_per_month: Usd,
    /// How the worth was found.
    pub basis: String,
}

impl Contents {
    /// The worth; none where nothing is stated.
    ///
    /// # Errors
    /// When an amount is none, or two statements contradict each other.
    pub(super) fn resolve(self, place: Place<'_>) -> Result<Option<WorthSettings>, Error> {
        if self == Self::default() {
            return Ok(None);
        }
        let at = place.text.find("[worth]").unwrap_or(0);
        self.read().map(Some).map_err(|problem| place.problem(at..at, problem))
    }

    fn read(self) -> Result<WorthSettings, String> {
        let minutes = amount("minutes_saved_per_request", self.minutes_saved_per_request.as_ref())?;
        let hourly = amount("hourly_cost_usd", self.hourly_cost_usd.as_ref())?;
        let stated = amount("per_request_usd", self.per_request_usd.as_ref())?;
        let other = amount("other_cost_per_month_usd", self.other_cost_per_month_usd.as_ref())?;
        let (per_request, usual) = match (stated, minutes, hourly) {
            (Some(stated), None, None) => (stated, "a stated worth per request".to_owned()),
            (None, Some(minutes), Some(hourly)) => {
                // Both are in 10⁻¹⁴; an hour has 60 minutes.
                let product = (minutes.0 / 10_000_000) * (hourly.0 / 10_000_000) / 60;
                let basis = format!("{minutes} minutes saved per request at {hourly} USD an hour");
                (Usd(product), basis)
            }
            _ => {
                return Err(
                    "`[worth]` needs `per_request_usd` alone, or `minutes_saved_per_request` and \
                     `hourly_cost_usd` together"
                        .to_owned(),
                );
            }
        };
        Ok(WorthSettings {
            per_request,
            other_cost_per_month: other.unwrap_or_default(),
            basis: self.basis.filter(|basis| !basis.is_empty()).unwrap_or(usual),
        })
    }
}

/// Most that an amount may be.
const MOST: Usd = Usd(1_000_000_000 * crate::units::UNITS_PER_USD);

fn amount(key: &str, text: Option<&String>) -> Result<Option<Usd>, String> {
    let Some(text) = text else { return Ok(None) };
    let known = Usd::parse(text).filter(|amount| (0..=MOST.0).contains(&amount.0));
    known.map(Some).ok_or_else(|| {
        format!("`{key}` must be decimal text from 0, such as \"2.50\", not \"{text}\"")
    })
}

#[cfg(test)]
mod tests {
    use super::Contents;

    fn read(text: &str) -> Result<String, String> {
        let contents: Contents = toml::from_str(text).expect("TOML");
        contents.read().map(|worth| format!("{} {}", worth.per_request, worth.basis))
    }

    #[test]
    fn worth_is_stated_or_minutes_times_cost() {
        assert_eq!(
            read("per_request_usd = \"0.25\""),
            Ok("0.25 a stated worth per request".to_owned())
        );
        let minutes = "minutes_saved_per_request = \"1.5\"\nhourly_cost_usd = \"80\"";
        assert_eq!(
            read(minutes),
            Ok("2 1.5 minutes saved per request at 80 USD an hour".to_owned())
        );
        assert!(read("minutes_saved_per_request = \"1.5\"").is_err());
        assert!(read("per_request_usd = \"-1\"").is_err());
    }
}
