//! The configuration without its secrets, to be shown to others.
//!
//! What a key is called tells: passwords, tokens and the like are taken out whatever the section, and
//! addresses that carry a secret in themselves (webhooks, users in URLs) lose it.

use std::path::Path;

use serde_json::Value;

use super::Error;
use super::place::Place;

/// What stands in place of a secret.
const REMOVED: &str = "(removed)";

/// Parts of key names whose values are secrets.
const SECRET: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "api_key",
    "apikey",
    "external_id",
    "webhook",
    "private_key",
];

/// A configuration file as a value, without its secrets.
///
/// # Errors
/// When the file can't be read, or is no TOML.
pub fn without_secrets(path: &Path) -> Result<Value, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    let value: Value =
        toml::from_str(&text).map_err(|error| Place { text: &text, path }.mistake(&error))?;
    Ok(censored(value))
}

/// A value without what its keys call secret.
pub fn censored(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| {
                let value = if is_secret(&key) && !value.is_null() {
                    Value::from(REMOVED)
                } else {
                    censored(value)
                };
                (key, value)
            });
            Value::Object(entries.collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(censored).collect()),
        Value::String(text) => Value::String(without_user(text)),
        other => other,
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    SECRET.iter().any(|part| key.contains(part))
}

/// A URL without the user and password before its host.
fn without_user(text: String) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match host.rsplit_once('@') {
        Some((user, _)) => format!("{scheme}://{REMOVED}{}", &rest[user.len()..]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::censored;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let found = censored(json!({
            "store": "/data",
            "source": [{"url": "s3://logs/x", "external_id": "4711", "role_arn": "arn"}],
            "smtp": {"url": "smtps://user:pass@mail.example.com:465/", "Password-File": "x"},
            "deliver": {"slack_webhook": "https://hooks.example.com/abc", "secret": null},
        }));
        let expected = json!({
            "store": "/data",
            "source": [{"url": "s3://logs/x", "external_id": "(removed)", "role_arn": "arn"}],
            "smtp": {"url": "smtps://(removed)@mail.example.com:465/", "Password-File": "(removed)"},
            "deliver": {"slack_webhook": "(removed)", "secret": null},
        });
        assert_eq!(found, expected);
    }
}
