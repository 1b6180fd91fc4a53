//! The event's fields as they lie in the text: borrowed, unread, each told apart only when asked.
//!
//! Every leaf is a raw value, so that a field of an unexpected type can be null by itself and the
//! parts that no row needs (`responseElements` above all) cost a scan and no memory.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::value::RawValue;

type Raw<'a> = Option<&'a RawValue>;

/// Declares an object of the event: each field is a raw value under its own key.
macro_rules! object {
    ($name:ident { $($field:ident = $key:literal),* $(,)? }) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        #[allow(clippy::struct_field_names, reason = "the names are CloudTrail's")]
        pub(super) struct $name<'a> {
            $( #[serde(borrow, rename = $key)] pub(super) $field: Raw<'a>, )*
        }

        impl $name<'_> {
            /// Whether the key is there, with a value other than null.
            #[allow(dead_code, reason = "asked of the whole event only")]
            pub(super) fn has(&self, key: &str) -> bool {
                match key {
                    $( $key => self.$field.is_some(), )*
                    _ => false,
                }
            }
        }
    };
}

object!(Event {
    event_version = "eventVersion",
    event_id = "eventID",
    shared_event_id = "sharedEventID",
    request_id = "requestID",
    event_time = "eventTime",
    recipient_account_id = "recipientAccountId",
    aws_region = "awsRegion",
    event_source = "eventSource",
    event_name = "eventName",
    event_type = "eventType",
    event_category = "eventCategory",
    read_only = "readOnly",
    user_identity = "userIdentity",
    session_credential_from_console = "sessionCredentialFromConsole",
    source_ip_address = "sourceIPAddress",
    user_agent = "userAgent",
    tls_details = "tlsDetails",
    vpc_endpoint_id = "vpcEndpointId",
    error_code = "errorCode",
    error_message = "errorMessage",
    resources = "resources",
    request_parameters = "requestParameters",
    additional_event_data = "additionalEventData",
    insight_details = "insightDetails",
    addendum = "addendum",
});

object!(UserIdentity {
    kind = "type",
    principal_id = "principalId",
    arn = "arn",
    account_id = "accountId",
    access_key_id = "accessKeyId",
    user_name = "userName",
    invoked_by = "invokedBy",
    on_behalf_of = "onBehalfOf",
    session_context = "sessionContext",
});

object!(SessionContext { session_issuer = "sessionIssuer", attributes = "attributes" });
object!(SessionIssuer { arn = "arn" });
object!(SessionAttributes { mfa_authenticated = "mfaAuthenticated" });
object!(OnBehalfOf { user_id = "userId" });

object!(TlsDetails {
    tls_version = "tlsVersion",
    client_provided_host_header = "clientProvidedHostHeader",
});

object!(RequestParameters {
    model_id = "modelId",
    guardrail_identifier = "guardrailIdentifier",
    guardrail_config = "guardrailConfig",
});
object!(GuardrailConfig { guardrail_identifier = "guardrailIdentifier" });

object!(AdditionalEventData {
    inference_region = "inferenceRegion",
    call_with_bearer_token = "callWithBearerToken",
    input_tokens = "inputTokens",
    input_token_count = "inputTokenCount",
    output_tokens = "outputTokens",
    output_token_count = "outputTokenCount",
});

object!(InsightDetails {
    event_source = "eventSource",
    event_name = "eventName",
    error_code = "errorCode",
});

object!(Addendum { reason = "reason", original_event_id = "originalEventID" });

/// The object in this field, with nothing known when it is missing or no object.
pub(super) fn nested<'a, T: Deserialize<'a> + Default>(raw: Raw<'a>) -> T {
    raw.filter(|raw| raw.get().starts_with('{'))
        .map(|raw| serde_json::from_str(raw.get()))
        .and_then(Result::ok)
        .unwrap_or_default()
}

/// A text; a number counts as the text that writes it. Null for the empty text, which says nothing.
pub(super) fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let raw = raw?.get();
    let text = match raw.as_bytes().first()? {
        b'"' => unquoted(raw)?,
        b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// True or false, or the text of it.
pub(super) fn flag(raw: Raw<'_>) -> Option<bool> {
    let written = raw?.get().trim_matches('"');
    match written {
        _ if written.eq_ignore_ascii_case("true") => Some(true),
        _ if written.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A count: a whole number from 0, or the text of it.
pub(super) fn count(raw: Raw<'_>) -> Option<i64> {
    let number: i64 = raw?.get().trim_matches('"').parse().ok()?;
    (number >= 0).then_some(number)
}

/// An object or list as JSON text without blanks between its parts; order and numbers as written.
pub(super) fn compact(raw: Raw<'_>) -> Option<String> {
    let raw = raw?.get();
    if !raw.starts_with(['{', '[']) {
        return None;
    }
    let mut compact = String::with_capacity(raw.len());
    let (mut in_text, mut escaped, mut from) = (false, false, 0);
    for (at, byte) in raw.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b' ' | b'\t' | b'\n' | b'\r' if !in_text => {
                compact.push_str(&raw[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    compact.push_str(&raw[from..]);
    Some(compact)
}

fn unquoted(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let Lossy(text) = serde_json::from_str(raw).ok()?;
    Some(Cow::Owned(text))
}

/// Text whose half surrogate pairs (`"\ud800"`, from clients that cut in the middle) are replaced.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
