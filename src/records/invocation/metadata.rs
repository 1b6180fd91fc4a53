//! The caller's `requestMetadata` as the row keeps it: compact JSON text with sorted keys.

use std::borrow::Cow;

use crate::records::json::{Cursor, Fault};
use crate::records::wire::Raw;

/// Compact JSON text with sorted keys; `None` when it is nested deeper than JSON parsers go.
pub(super) fn compact_sorted(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let json = raw.get();
    if let Ok(Some(flat)) = flat(json) {
        return Some(flat);
    }
    let mut value: serde_json::Value = serde_json::from_str(json).ok()?;
    value.sort_all_objects();
    Some(Cow::Owned(value.to_string()))
}

/// What nearly all metadata is, an object of texts: its entries need no more than sorting. `None`
/// for everything that is written otherwise than it would be kept.
fn flat(json: &str) -> Result<Option<Cow<'_, str>>, Fault> {
    let mut cursor = Cursor::new(json);
    if cursor.peek()? != b'{' {
        return Ok(None);
    }
    let (mut entries, mut plain) = (Vec::with_capacity(8), true);
    cursor.object(|cursor, key| {
        let Cow::Borrowed(key) = *key else {
            plain = false;
            return cursor.skip();
        };
        let (value, _) = cursor.raw()?;
        plain &= value.starts_with('"') && !value.contains('\\') && !key.contains('\\');
        entries.push((key, value));
        Ok(())
    })?;
    if !plain || cursor.forget_blanks() {
        return Ok(None);
    }
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(Some(Cow::Borrowed(json)));
    }
    entries.sort_unstable();
    let distinct = entries.is_sorted_by(|a, b| a.0 < b.0);
    Ok(distinct.then(|| Cow::Owned(written(&entries))))
}

fn written(entries: &[(&str, &str)]) -> String {
    let len: usize = entries.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
    let mut json = String::with_capacity(len + 1);
    for (key, value) in entries {
        json.push_str(if json.is_empty() { "{\"" } else { ",\"" });
        json.push_str(key);
        json.push_str("\":");
        json.push_str(value);
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::compact_sorted;
    use crate::records::wire::{Raw, parse};

    fn check(json: &str) {
        let found = compact_sorted(parse::<Raw<'_>>(json).expect("JSON"));
        let mut value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        value.sort_all_objects();
        assert_eq!(found.as_deref(), Some(value.to_string().as_str()), "{json}");
    }

    #[test]
    fn every_way_to_write_metadata_gives_the_same_text() {
        for json in [
            "{}",
            "null",
            "[]",
            "7",
            "1.50",
            "\"a\"",
            r#"{"a":"x","b":"y"}"#,
            r#"{"b":"y","a":"x"}"#,
            r#"{ "b" : "y" , "a" : "x" }"#,
            r#"{"a":"x","a":"y"}"#,
            r#"{"b":"","a":"x","a":"y"}"#,
            r#"{"a":"\/\u00e9"}"#,
            r#"{"\u0061":"x"}"#,
            r#"{"a":{"d":1,"c":[2.0]}}"#,
            r#"{"a":1e3}"#,
            "{\"a\":\"é\u{7f}\"}",
        ] {
            check(json);
        }
    }

    proptest! {
        #[test]
        fn any_metadata_is_compact_and_sorted(
            entries in prop::collection::vec(("[a-c\"é]{0,3}", "\\PC{0,6}"), 0..5),
        ) {
            let parts: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}:{}", serde_json::json!(key), serde_json::json!(value)))
                .collect();
            check(&format!("{{{}}}", parts.join(",")));
        }
    }
}
