//! The known name that a misspelt one was probably meant to be.
//!
//! A leaf: every part of the tool that refuses a name suggests another one by the same measure.

/// How alike two names must be, from 0 to 1, for a suggestion to help more than it confuses.
pub const ALIKE: f64 = 0.8;

/// The known name most like `name`, letter case aside, if any is at least as alike as `alike`
/// (Jaro–Winkler, 0 to 1); among equals the first listed.
pub fn nearest<'k>(
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
    alike: f64,
) -> Option<&'k str> {
    let name = name.to_lowercase();
    let mut best: Option<(&str, f64)> = None;
    for candidate in known {
        let score = strsim::jaro_winkler(&name, &candidate.to_lowercase());
        if score >= alike && best.is_none_or(|(_, highest)| score > highest) {
            best = Some((candidate, score));
        }
    }
    best.map(|(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{ALIKE, nearest};

    #[test]
    fn a_slip_of_the_keys_finds_its_name_and_another_word_none() {
        let known = ["model", "model_id", "region"];
        assert_eq!(nearest("MODLE", known, ALIKE), Some("model"));
        assert_eq!(nearest("regoin", known, ALIKE), Some("region"));
        assert_eq!(nearest("zzz", known, ALIKE), None);
        assert_eq!(nearest("", known, ALIKE), None);
    }
}
