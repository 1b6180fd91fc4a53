//! JSON handed to a web address by POST: Slack, Teams, and whoever else listens.
//!
//! With a secret the body is signed, so that the receiver can tell who sent it and that it is fresh:
//! `X-Bedrock-Lens-Timestamp` holds seconds since 1970 and `X-Bedrock-Lens-Signature` is `sha256=` and
//! the hex HMAC-SHA256 of timestamp, full stop and body.

use std::time::Duration;

use ring::hmac;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error as HttpError, Timeout};

use super::mail::Outcome;

/// How long an exchange may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest answer that is read, bytes: only its beginning is shown.
const LONGEST_ANSWER: u64 = 4096;

/// A web address that takes JSON.
pub struct Webhook<'w> {
    /// The address; a secret where it holds a token, so it is never shown.
    pub url: &'w str,
    /// What bodies are signed with.
    pub secret: Option<&'w [u8]>,
}

impl Webhook<'_> {
    /// Sends a body once; `at` is seconds since 1970.
    pub fn send(&self, body: &str, at: i64) -> Outcome {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::WebPki).build())
            .build();
        let mut request = Agent::new_with_config(config)
            .post(self.url)
            .header("Content-Type", "application/json")
            .header("User-Agent", concat!("bedrock-lens/", env!("CARGO_PKG_VERSION")));
        if let Some(secret) = self.secret {
            request = request
                .header("X-Bedrock-Lens-Timestamp", at.to_string())
                .header("X-Bedrock-Lens-Signature", signature(secret, body, at));
        }
        match request.send(body) {
            Ok(mut answer) => {
                let status = answer.status();
                let text = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_string();
                said(status.as_u16(), &text.unwrap_or_default())
            }
            Err(error) => failed(&error),
        }
    }
}

/// `sha256=` and the hex HMAC of a body sent at a time.
pub fn signature(secret: &[u8], body: &str, at: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    format!("sha256={}", hex::encode(tag))
}

fn said(status: u16, text: &str) -> Outcome {
    let shown: String = text.trim().chars().filter(|c| !c.is_control()).take(120).collect();
    if (200..300).contains(&status) {
        return Outcome::Sent { reference: format!("HTTP {status}") };
    }
    let hint = match status {
        300..=399 => "the address has moved: name the new one in the channel's `url`",
        401 | 403 => "is the address or its token still valid?",
        404 | 410 => "the address is gone: has the webhook been removed?",
        429 => "too many messages; the next check tries again",
        _ => "the next check tries again",
    };
    Outcome::Refused {
        reason: format!("the receiver answered HTTP {status} `{shown}`"),
        hint: Some(hint.to_owned()),
    }
}

/// Before the request was written nothing was sent; after that nobody knows.
fn failed(error: &HttpError) -> Outcome {
    let refused =
        |reason: String, hint: &str| Outcome::Refused { reason, hint: Some(hint.to_owned()) };
    match error {
        HttpError::HostNotFound => refused(
            "the host of the address is not known".to_owned(),
            "is `url` right, and does this machine reach it?",
        ),
        HttpError::ConnectionFailed | HttpError::Timeout(Timeout::Connect | Timeout::Resolve) => {
            refused("could not connect".to_owned(), "does this machine reach the address?")
        }
        HttpError::BadUri(_) | HttpError::Http(_) => {
            refused("the address is not a URL".to_owned(), "write it as https://host/path")
        }
        HttpError::Tls(_) | HttpError::Rustls(_) => {
            refused(format!("no trusted connection: {error}"), "is its certificate valid?")
        }
        HttpError::Io(source) if source.kind() == std::io::ErrorKind::ConnectionRefused => {
            refused("the connection was refused".to_owned(), "does anybody listen there?")
        }
        other => Outcome::Unknown { reason: format!("no answer: {other}") },
    }
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn bodies_are_signed_as_documented() {
        // printf '1.{}' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature(b"key", "{}", 1),
            "sha256=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
        );
    }
}
