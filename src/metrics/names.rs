//! Names that users type for dimensions and metrics: exact match or a suggestion.

use crate::likeness::nearest;

/// A name that isn't in its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} `{name}`")]
pub struct UnknownName {
    /// What was asked for: `dimension` or `metric`.
    pub kind: &'static str,
    /// As typed.
    pub name: String,
    /// The known name that looks most like it, if any does.
    pub nearest: Option<String>,
    /// All known names, in the order they are listed to users.
    pub known: Vec<String>,
}

impl UnknownName {
    pub(crate) fn new(kind: &'static str, name: &str, known: &[&str]) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            nearest: nearest(name, known.iter().copied(), ALIKE).map(str::to_owned),
            known: known.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// What to try next: the nearest name, and the list.
    pub fn hint(&self) -> String {
        let list = format!("{}s: {}", self.kind, self.known.join(", "));
        match &self.nearest {
            Some(nearest) => format!("did you mean `{nearest}`? {list}"),
            None => list,
        }
    }
}

/// Names here share long parts, so that less than the usual likeness helps.
const ALIKE: f64 = 0.7;

#[cfg(test)]
mod tests {
    use super::UnknownName;

    #[test]
    fn a_slip_of_the_keys_gets_the_nearest_name_and_the_list() {
        let error = UnknownName::new("dimension", "modle", &["model", "region"]);
        assert_eq!(error.to_string(), "unknown dimension `modle`");
        assert_eq!(error.hint(), "did you mean `model`? dimensions: model, region");
    }

    #[test]
    fn a_name_like_no_other_gets_the_list_only() {
        let error = UnknownName::new("metric", "zzz", &["requests", "ok"]);
        assert_eq!(error.hint(), "metrics: requests, ok");
    }
}
