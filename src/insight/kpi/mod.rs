//! Key figures and their targets, which are data: what each one means and when it is met.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::schema::target::{Outcome, Target};

/// The figures as they come with the tool.
const KPIS: &str = include_str!("kpis.toml");

/// A key figure: what it is, and what it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kpi {
    /// Its name, as in JSON and in `[targets]`.
    pub name: String,
    /// For people.
    pub title: String,
    /// What its number counts.
    pub unit: KpiUnit,
    /// How it is computed.
    pub definition: String,
    /// What it is a share or a mean of.
    pub denominator: String,
    /// When there is no value.
    pub unknown_when: String,
    /// What it should be; without one it is shown and not judged.
    #[serde(default)]
    pub target: Option<Target>,
}

impl Kpi {
    /// What it should be, for people: `under 2 s`, `over 99.5%`, `falling`; none without a target.
    pub fn target_in_words(&self) -> Option<String> {
        let limit = |limit: f64| match self.unit {
            KpiUnit::Share => format!("{}%", short(limit * 100.0)),
            KpiUnit::Milliseconds => format!("{} s", short(limit / 1000.0)),
            KpiUnit::Usd => format!("${}", short(limit)),
            _ => short(limit),
        };
        self.target.map(|target| match target {
            Target::Below(most) => format!("under {}", limit(most)),
            Target::Above(least) => format!("over {}", limit(least)),
            Target::Falling => "falling".to_owned(),
            Target::Growing => "growing".to_owned(),
            Target::NotFalling => "not falling".to_owned(),
        })
    }

    /// Whether a value is what it should be; not evaluated without a target.
    pub fn judge(&self, value: Option<f64>, previous: Option<f64>) -> Outcome {
        self.target.map_or(Outcome::NotEvaluated, |target| target.judge(value, previous))
    }
}

/// A limit as somebody would write it: up to six decimals, as short as it goes.
fn short(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a key figure's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KpiUnit {
    /// A number of things.
    Count,
    /// A mean number of things.
    Mean,
    /// 0 to 1.
    Share,
    /// Milliseconds.
    Milliseconds,
    /// US dollars.
    Usd,
    /// Tokens.
    Tokens,
    /// Bytes.
    Bytes,
}

/// The data file, or a target in the configuration, is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The embedded list can't be read.
    #[error("the list of key figures is damaged")]
    Damaged(#[source] toml::de::Error),
    /// A target for a figure that there isn't.
    #[error("there is no key figure `{name}` for the target in `[targets]`")]
    UnknownKpi {
        /// As written.
        name: String,
        /// All names.
        known: Vec<String>,
    },
}

/// All key figures, with the targets of the configuration in place of their own.
///
/// # Errors
/// When a target names no figure.
pub fn kpis(targets: &BTreeMap<String, Target>) -> Result<Vec<Kpi>, Error> {
    #[derive(Deserialize)]
    struct File {
        kpi: Vec<Kpi>,
    }
    let File { mut kpi } = toml::from_str(KPIS).map_err(Error::Damaged)?;
    for (name, target) in targets {
        match kpi.iter_mut().find(|kpi| kpi.name == *name) {
            Some(kpi) => kpi.target = Some(*target),
            None => {
                return Err(Error::UnknownKpi {
                    name: name.clone(),
                    known: kpi.into_iter().map(|kpi| kpi.name).collect(),
                });
            }
        }
    }
    Ok(kpi)
}
