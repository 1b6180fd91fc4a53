//! `[savings]`: what the what-ifs are asked about.

use serde::{Deserialize, Serialize};

/// `[savings]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    pub(super) substitute: Vec<Substitute>,
}

/// `[[savings.substitute]]`: a model that could take another's place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    /// The model in use, an id in any form that names it.
    pub from: String,
    /// The candidate.
    pub to: String,
}
