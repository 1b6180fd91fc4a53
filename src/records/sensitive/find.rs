//! Where sensitive data stands in a text, by its forms.

use std::sync::LazyLock;

use regex::Regex;

use super::numbers;
use crate::schema::sensitive::kind;

/// Something that was found.
pub(super) struct Found {
    /// One of [`kind`].
    pub(super) kind: &'static str,
    /// The value, in one spelling; only to be hashed.
    pub(super) value: String,
}

/// A form that is enough by itself; a group of the pattern is the value, else the whole.
struct Form {
    kind: &'static str,
    pattern: &'static str,
}

const FORMS: [Form; 5] = [
    Form { kind: kind::AWS_ACCESS_KEY, pattern: r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b" },
    Form {
        kind: kind::AWS_SECRET_KEY,
        pattern: r#"(?i:secret_?access_?key)["'=:\s]{1,8}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)"#,
    },
    Form { kind: kind::PRIVATE_KEY, pattern: r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----" },
    Form {
        kind: kind::TOKEN,
        pattern: r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|[rs]k_live_[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_-]{35}|sk-ant-[A-Za-z0-9_-]{24,}|sk-(?:proj-)?[A-Za-z0-9]{32,}|ABSK[A-Za-z0-9+/]{60,}|bedrock-api-key-[A-Za-z0-9+/]{60,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})",
    },
    Form {
        kind: kind::EMAIL,
        pattern: r"\b[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b",
    },
];

/// A compiled form; `None` if the pattern were wrong, which a test would show.
fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

static FORM_PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    FORMS.iter().filter_map(|form| Some((form.kind, compiled(form.pattern)?))).collect()
});

/// Digits in groups, 9 to 19 of them.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(r"\b\d(?:[ -]?\d){8,18}\b"));
static DNI: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(r"\b[0-9XYZ]\d{7}[A-Z]\b"));
static CODICE: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(r"\b[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]\b"));
static IBAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,6}(?: ?[A-Z0-9]{1,4})?\b"));

/// Everything that is found in a text.
pub(super) fn all(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (kind, pattern) in FORM_PATTERNS.iter() {
        found.extend(pattern.captures_iter(text).filter_map(|captures| {
            let value = captures.get(1).or(captures.get(0))?.as_str();
            let lower = *kind == kind::EMAIL;
            let value = if lower { value.to_lowercase() } else { value.to_owned() };
            Some(Found { kind, value })
        }));
    }
    let mut add = |pattern: &Option<Regex>, tell: fn(&str) -> Option<Found>| {
        let matches = pattern.iter().flat_map(|pattern| pattern.find_iter(text));
        found.extend(matches.filter_map(|part| tell(part.as_str())));
    };
    add(&NUMBER, number);
    add(&DNI, |id| told(kind::ES_DNI, id, numbers::is_dni(id)));
    add(&CODICE, |id| told(kind::IT_CODICE_FISCALE, id, numbers::is_codice_fiscale(id)));
    add(&IBAN, |iban| {
        let iban = iban.replace(' ', "");
        told(kind::IBAN, &iban, numbers::is_iban(&iban))
    });
    found
}

fn told(kind: &'static str, value: &str, is_so: bool) -> Option<Found> {
    is_so.then(|| Found { kind, value: value.to_owned() })
}

/// What a number is, by its length and check digits.
fn number(text: &str) -> Option<Found> {
    let groups: Vec<&str> = text.split([' ', '-']).collect();
    if let [area, group, serial] = groups.as_slice()
        && text.contains('-')
        && (area.len(), group.len(), serial.len()) == (3, 2, 4)
    {
        return told(kind::US_SSN, text, numbers::is_ssn(area, group, serial));
    }
    let digits = groups.concat();
    let whole = [
        (kind::DE_TAX_ID, groups.len() == 1 && numbers::is_de_tax_id(&digits)),
        (kind::PL_PESEL, groups.len() == 1 && numbers::is_pesel(&digits)),
        (kind::FR_NIR, numbers::is_nir(&digits)),
    ];
    if let Some((kind, _)) = whole.into_iter().find(|(_, is_so)| *is_so) {
        return told(kind, &digits, true);
    }
    card(&groups).and_then(|digits| told(kind::CARD_NUMBER, &digits, true))
}

/// The card number that neighbouring groups make, whatever stands before and after.
fn card(groups: &[&str]) -> Option<String> {
    (0..groups.len()).find_map(|from| {
        (from + 1..=groups.len())
            .map(|to| groups[from..to].concat())
            .find(|digits| numbers::is_card(digits))
    })
}
