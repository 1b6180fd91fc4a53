//! What a key figure should be, and whether it is.

use serde::{Deserialize, Serialize};

/// What a key figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Less than this.
    Below(f64),
    /// More than this.
    Above(f64),
    /// Less than in the period before.
    Falling,
    /// More than in the period before.
    Growing,
    /// At least as much as in the period before.
    NotFalling,
}

/// Whether a target is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The value is what it should be.
    Met,
    /// It is not.
    Missed,
    /// The value, or the one before that it is compared with, is unknown.
    NotEvaluated,
}

impl Target {
    /// Judges a value; `previous` is that of the period before.
    pub fn judge(self, value: Option<f64>, previous: Option<f64>) -> Outcome {
        let met = match self {
            Self::Below(limit) => value.map(|value| value < limit),
            Self::Above(limit) => value.map(|value| value > limit),
            Self::Falling => value.zip(previous).map(|(value, before)| value < before),
            Self::Growing => value.zip(previous).map(|(value, before)| value > before),
            Self::NotFalling => value.zip(previous).map(|(value, before)| value >= before),
        };
        match met {
            Some(true) => Outcome::Met,
            Some(false) => Outcome::Missed,
            None => Outcome::NotEvaluated,
        }
    }

    /// The target as a number to compare with, where it is one.
    pub fn limit(self) -> Option<f64> {
        match self {
            Self::Below(limit) | Self::Above(limit) => Some(limit),
            Self::Falling | Self::Growing | Self::NotFalling => None,
        }
    }
}
