//! Looks for credentials, card numbers, national ids and e-mail addresses in bodies, when asked to.
//!
//! What it finds leaves as counts and keyed hashes; the text does not.

mod find;
mod numbers;
mod plain;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use self::find::Found;
use super::PromptKey;
use super::wire::{Raw, object, parse};
use crate::schema::invocation::InvocationRef;
use crate::schema::sensitive::{Sensitive, side};

object! {
    /// The bodies of a record.
    struct Bodies<'a> {
        "input" => input: InputBody<'a>,
        "output" => output: OutputBody<'a>,
    }
}

object! {
    struct InputBody<'a> {
        "inputBodyJson" => body: Option<Raw<'a>>,
    }
}

object! {
    struct OutputBody<'a> {
        "outputBodyJson" => body: Option<Raw<'a>>,
    }
}

/// Hashes that are kept of one kind in one body, at most.
const HASHES: usize = 20;

/// Looks through the bodies of records.
pub(super) struct Scanner {
    key: [u8; 32],
    /// The text that is looked through; kept for its memory.
    text: String,
}

impl Scanner {
    /// Values are hashed with a key made of the store's.
    pub(super) fn new(key: &PromptKey) -> Self {
        let key = blake3::derive_key("bedrock-lens 2026 hash of a sensitive value", &key.0);
        Self { key, text: String::new() }
    }

    /// What is found in a record, whose text is `json` and whose response may lie outside of it; nothing
    /// when it holds no body to look through.
    pub(super) fn rows(
        &mut self,
        json: &str,
        offloaded: Option<&str>,
        call: &InvocationRef<'_>,
    ) -> Vec<Sensitive> {
        let bodies = parse::<Bodies<'_>>(json).unwrap_or_default();
        let input = bodies.input.body.map(Raw::get);
        let output = bodies.output.body.map(Raw::get).or(offloaded);
        let mut rows = Vec::new();
        for (side, body) in [(side::INPUT, input), (side::OUTPUT, output)] {
            let Some(body) = body else { continue };
            rows.extend(self.kinds(body).into_iter().map(|(kind, counted)| Sensitive {
                side: Some(side.to_owned()),
                kind: Some(kind.to_owned()),
                matches: Some(counted.matches),
                distinct_values: i64::try_from(counted.hashes.len()).ok(),
                value_hashes: Some(counted.listed()),
                ..of_call(call)
            }));
        }
        if rows.is_empty() && (input.is_some() || output.is_some()) {
            rows.push(Sensitive { matches: Some(0), distinct_values: Some(0), ..of_call(call) });
        }
        rows
    }

    fn kinds(&mut self, body: &str) -> BTreeMap<&'static str, Counted> {
        plain::text_of(body, &mut self.text);
        let mut kinds: BTreeMap<&'static str, Counted> = BTreeMap::new();
        for Found { kind, value } in find::all(&self.text) {
            let counted = kinds.entry(kind).or_default();
            counted.matches += 1;
            let hash = blake3::keyed_hash(&self.key, format!("{kind}\0{value}").as_bytes());
            counted.hashes.insert(hash.to_hex()[..32].to_owned());
        }
        kinds
    }
}

/// What was found of one kind.
#[derive(Debug, Default)]
struct Counted {
    matches: i64,
    hashes: BTreeSet<String>,
}

impl Counted {
    fn listed(&self) -> String {
        self.hashes.iter().take(HASHES).cloned().collect::<Vec<_>>().join(",")
    }
}

fn of_call(call: &InvocationRef<'_>) -> Sensitive {
    let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
    Sensitive {
        request_id: text(&call.request_id),
        event_time: call.event_time,
        account_id: text(&call.account_id),
        region: text(&call.region),
        principal: text(&call.principal),
        model: text(&call.model),
        object: text(&call.object),
        record: call.record,
        ..Sensitive::default()
    }
}

#[cfg(test)]
mod tests {
    use super::Scanner;
    use crate::records::PromptKey;
    use crate::schema::invocation::InvocationRef;

    /// Kinds and matches in a request body that holds this text.
    fn scan_with(key: u8, text: &str) -> Vec<(Option<String>, i64, Option<String>)> {
        let json =
            serde_json::json!({"input": {"inputBodyJson": {"messages": [text]}}}).to_string();
        let mut scanner = Scanner::new(&PromptKey([key; 32]));
        let rows = scanner.rows(&json, None, &InvocationRef::default());
        rows.into_iter().map(|r| (r.kind, r.matches.unwrap_or(-1), r.value_hashes)).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, i64)]) {
        let found = scan_with(7, text);
        let found: Vec<(&str, i64)> = found
            .iter()
            .filter_map(|(kind, matches, _)| kind.as_deref().map(|kind| (kind, *matches)))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn credentials_are_found_by_their_forms() {
        check("key AKIAIOSFODNN7EXAMPLE here", &[("aws_access_key", 1)]);
        check("line\nAKIAIOSFODNN7EXAMPLE\n", &[("aws_access_key", 1)]);
        check("xAKIAIOSFODNN7EXAMPLE", &[]);
        check("AKIA is a prefix", &[]);
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        check(&format!("aws_secret_access_key = {secret}"), &[("aws_secret_key", 1)]);
        check(&format!("\"SecretAccessKey\": \"{secret}\""), &[("aws_secret_key", 1)]);
        check(&format!("sha {secret}"), &[]);
        check("-----BEGIN RSA PRIVATE KEY-----\nMIIE", &[("private_key", 1)]);
        check("-----BEGIN PUBLIC KEY-----", &[]);
        check(&format!("ghp_{}", "a1B2".repeat(9)), &[("token", 1)]);
        check(&format!("xoxb-{}", "1234567890-abcdef"), &[("token", 1)]);
        check(&format!("sk-ant-api03-{}", "x".repeat(30)), &[("token", 1)]);
        check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", &[("token", 1)]);
        check("sk-short", &[]);
    }

    #[test]
    fn card_numbers_need_an_issuer_and_their_luhn_digit() {
        check("4111 1111 1111 1111", &[("card_number", 1)]);
        check("5500-0000-0000-0004 and 340000000000009", &[("card_number", 2)]);
        check("4111 1111 1111 1111 123", &[("card_number", 1)]);
        check("4111 1111 1111 1112", &[]);
        check("1763366400000 milliseconds", &[]);
        check("0000 0000 0000 0000", &[]);
    }

    #[test]
    fn national_ids_need_their_check_digits() {
        check("ssn 536-22-1234", &[("us_ssn", 1)]);
        for wrong in ["000-22-1234", "666-22-1234", "900-22-1234", "536-00-1234", "536-22-0000"] {
            check(wrong, &[]);
        }
        check("536221234", &[]);
        check("86095742719", &[("de_tax_id", 1)]);
        check("86095742718", &[]);
        check("12345678Z y X1234567L", &[("es_dni", 2)]);
        check("12345678A", &[]);
        check("2 55 08 14 168 025 38", &[("fr_nir", 1)]);
        check("255081416802539", &[]);
        check("RSSMRA85T10A562S", &[("it_codice_fiscale", 1)]);
        check("RSSMRA85T10A562T", &[]);
        check("44051401359", &[("pl_pesel", 1)]);
        check("44051401358", &[]);
        check("DE89 3704 0044 0532 0130 00", &[("iban", 1)]);
        check("DE88 3704 0044 0532 0130 00", &[]);
    }

    #[test]
    fn addresses_are_counted_and_hashed_once_each() {
        let found = scan_with(7, "Ann@example.com, ann@example.com and bob@example.org");
        let (kind, matches, hashes) = &found[0];
        assert_eq!((kind.as_deref(), *matches), (Some("email"), 3));
        let hashes = hashes.as_deref().unwrap_or_default();
        assert_eq!(hashes.split(',').count(), 2, "{hashes}");
        assert!(!hashes.contains("example"), "{hashes}");
        let other_key = scan_with(8, "ann@example.com, bob@example.org");
        assert_ne!(other_key[0].2.as_deref(), Some(hashes));
        check("not@an address@, @example.com", &[]);
    }

    #[test]
    fn a_body_without_findings_was_scanned_all_the_same() {
        assert_eq!(scan_with(7, "Summarise the minutes."), [(None, 0, None)]);
    }

    #[test]
    fn text_in_text_is_found_too() {
        let inner = serde_json::json!({"note": "mail:\nann@example.com"}).to_string();
        check(&inner, &[("email", 1)]);
        check("card\t4111\u{a0}1111", &[]);
    }

    #[test]
    fn any_body_is_survived() {
        let mut scanner = Scanner::new(&PromptKey([7; 32]));
        let call = InvocationRef::default();
        for json in ["", "{", "[]", r#"{"input":{}}"#, r#"{"input":{"inputBodyJson":null}}"#] {
            assert!(scanner.rows(json, None, &call).is_empty(), "{json}");
        }
        let text = r#"{"output":{"outputBodyJson":"\\u00 \ud800 ann@example.com \\"}}"#;
        assert_eq!(scanner.rows(text, None, &call).len(), 1);
        assert_eq!(scanner.rows("{}", Some("\"ann@example.com\""), &call).len(), 1);
    }
}
