//! The event's fields as they lie in the text: borrowed, unread, each told apart only when asked.
//!
//! Every leaf is a raw value, so that a field of an unexpected type can be null by itself and the
//! parts that no row needs (`responseElements` above all) cost a scan and no memory.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::records::json::{Cursor, Fault};
use crate::records::wire::{Object, Raw, Read, fill_object, find};

/// A value of any kind; nothing for null.
type Leaf<'a> = Option<Raw<'a>>;

/// Declares an object of the event: each field is read under its own key. Fields stand in the order in
/// which AWS writes them, which is where they are looked for first.
macro_rules! object {
    ($name:ident { $($field:ident = $key:literal: $type:ty),* $(,)? }) => {
        #[derive(Debug, Default)]
        #[allow(clippy::struct_field_names, reason = "the names are CloudTrail's")]
        pub(in crate::records) struct $name<'a> {
            $( pub(super) $field: $type, )*
            keys: Keys,
        }

        impl $name<'_> {
            const KEYS: &'static [&'static str] = &[$($key),*];

            /// Whether the key is there, whatever its value.
            #[allow(dead_code, reason = "asked of the whole event only")]
            pub(in crate::records) fn names(&self, key: &str) -> bool {
                Self::bit(key).is_some_and(|bit| self.keys.seen & bit != 0)
            }

            /// Whether the key is there, with a value other than null.
            #[allow(dead_code, reason = "asked of the whole event only")]
            pub(super) fn has(&self, key: &str) -> bool {
                Self::bit(key).is_some_and(|bit| self.keys.known & bit != 0)
            }

            /// Whether a key is there twice: which value holds is anyone's guess.
            pub(super) fn is_ambiguous(&self) -> bool {
                self.keys.twice
            }

            /// The field's place in [`Keys`].
            #[allow(dead_code, reason = "asked of the whole event only")]
            fn bit(key: &str) -> Option<u32> {
                Self::KEYS.iter().position(|known| *known == key).map(|place| 1 << place)
            }
        }

        impl<'a> Object<'a> for $name<'a> {
            fn entry(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
                #[allow(non_camel_case_types, reason = "numbers the fields")]
                enum Field { $($field),* }
                let Some(place) = find(Self::KEYS, self.keys.next, key) else { return Ok(false) };
                self.keys.next = place + 1;
                self.keys.note(1 << place, cursor.peek()? == b'n');
                match place {
                    $( _ if place == Field::$field as usize => self.$field.read_into(cursor)?, )*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl<'a> Read<'a> for $name<'a> {
            /// Nothing is known of an ambiguous object, but that it is one.
            fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
                *self = Self::default();
                fill_object(self, cursor)?;
                if self.is_ambiguous() {
                    let keys = std::mem::take(&mut self.keys);
                    *self = Self { keys, ..Self::default() };
                }
                Ok(())
            }
        }
    };
}

/// Which fields of an object were there, a bit each.
#[derive(Debug, Default)]
struct Keys {
    seen: u32,
    known: u32,
    twice: bool,
    /// The place after that of the last field.
    next: usize,
}

impl Keys {
    fn note(&mut self, bit: u32, is_null: bool) {
        self.twice |= self.seen & bit != 0;
        self.seen |= bit;
        self.known |= if is_null { 0 } else { bit };
    }
}

object!(Event {
    event_version = "eventVersion": Leaf<'a>,
    user_identity = "userIdentity": UserIdentity<'a>,
    event_time = "eventTime": Leaf<'a>,
    event_source = "eventSource": Leaf<'a>,
    event_name = "eventName": Leaf<'a>,
    aws_region = "awsRegion": Leaf<'a>,
    source_ip_address = "sourceIPAddress": Leaf<'a>,
    user_agent = "userAgent": Leaf<'a>,
    error_code = "errorCode": Leaf<'a>,
    error_message = "errorMessage": Leaf<'a>,
    request_parameters = "requestParameters": Whole<'a, RequestParameters<'a>>,
    additional_event_data = "additionalEventData": Whole<'a, AdditionalEventData<'a>>,
    request_id = "requestID": Leaf<'a>,
    event_id = "eventID": Leaf<'a>,
    read_only = "readOnly": Leaf<'a>,
    resources = "resources": Whole<'a, Crossed>,
    event_type = "eventType": Leaf<'a>,
    recipient_account_id = "recipientAccountId": Leaf<'a>,
    shared_event_id = "sharedEventID": Leaf<'a>,
    insight_details = "insightDetails": Whole<'a, InsightDetails<'a>>,
    vpc_endpoint_id = "vpcEndpointId": Leaf<'a>,
    addendum = "addendum": Addendum<'a>,
    event_category = "eventCategory": Leaf<'a>,
    tls_details = "tlsDetails": TlsDetails<'a>,
    session_credential_from_console = "sessionCredentialFromConsole": Leaf<'a>,
});

object!(UserIdentity {
    kind = "type": Leaf<'a>,
    principal_id = "principalId": Leaf<'a>,
    arn = "arn": Leaf<'a>,
    account_id = "accountId": Leaf<'a>,
    access_key_id = "accessKeyId": Leaf<'a>,
    user_name = "userName": Leaf<'a>,
    session_context = "sessionContext": SessionContext<'a>,
    invoked_by = "invokedBy": Leaf<'a>,
    on_behalf_of = "onBehalfOf": OnBehalfOf<'a>,
});

object!(SessionContext { session_issuer = "sessionIssuer": SessionIssuer<'a>, attributes = "attributes": SessionAttributes<'a> });
object!(SessionIssuer { arn = "arn": Leaf<'a> });
object!(SessionAttributes { mfa_authenticated = "mfaAuthenticated": Leaf<'a> });
object!(OnBehalfOf { user_id = "userId": Leaf<'a> });

object!(TlsDetails {
    tls_version = "tlsVersion": Leaf<'a>,
    client_provided_host_header = "clientProvidedHostHeader": Leaf<'a>,
});

object!(RequestParameters {
    model_id = "modelId": Leaf<'a>,
    guardrail_identifier = "guardrailIdentifier": Leaf<'a>,
    guardrail_config = "guardrailConfig": GuardrailConfig<'a>,
});
object!(GuardrailConfig { guardrail_identifier = "guardrailIdentifier": Leaf<'a> });

object!(AdditionalEventData {
    inference_region = "inferenceRegion": Leaf<'a>,
    call_with_bearer_token = "callWithBearerToken": Leaf<'a>,
    input_tokens = "inputTokens": Leaf<'a>,
    input_token_count = "inputTokenCount": Leaf<'a>,
    output_tokens = "outputTokens": Leaf<'a>,
    output_token_count = "outputTokenCount": Leaf<'a>,
});

object!(InsightDetails {
    event_source = "eventSource": Leaf<'a>,
    event_name = "eventName": Leaf<'a>,
    error_code = "errorCode": Leaf<'a>,
});

object!(Addendum { reason = "reason": Leaf<'a>, original_event_id = "originalEventID": Leaf<'a> });

/// A text; a number counts as the text that writes it. Null for the empty text, which says nothing.
pub(super) fn text(raw: Leaf<'_>) -> Option<Cow<'_, str>> {
    let raw = raw?;
    if let Some(text) = raw.plain_text() {
        return (!text.is_empty()).then_some(Cow::Borrowed(text));
    }
    let raw = raw.get();
    let text = match raw.as_bytes().first()? {
        b'"' => unquoted(raw)?,
        b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// True or false, or the text of it.
pub(super) fn flag(raw: Leaf<'_>) -> Option<bool> {
    let written = raw?.get().trim_matches('"');
    match written {
        _ if written.eq_ignore_ascii_case("true") => Some(true),
        _ if written.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A count: a whole number from 0, or the text of it.
pub(super) fn count(raw: Leaf<'_>) -> Option<i64> {
    let number: i64 = raw?.get().trim_matches('"').parse().ok()?;
    (number >= 0).then_some(number)
}

/// An object or list of which the text is wanted too.
#[derive(Debug, Default)]
pub(super) struct Whole<'a, T> {
    pub(super) value: T,
    json: &'a str,
    /// Blanks stand between its parts.
    blanks: bool,
}

impl<'a, T: Read<'a>> Read<'a> for Whole<'a, T> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        cursor.peek()?;
        let (from, outside) = (cursor.at(), cursor.forget_blanks());
        self.value.read_into(cursor)?;
        self.json = cursor.since(from);
        self.blanks = cursor.forget_blanks();
        cursor.note_blanks(outside || self.blanks);
        Ok(())
    }
}

/// A part that is not looked into.
#[derive(Debug, Default)]
pub(super) struct Crossed;

impl<'a> Read<'a> for Crossed {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        cursor.skip()
    }
}

impl<'a, T> Whole<'a, T> {
    /// An object or list as JSON text without blanks between its parts; order and numbers as written.
    pub(super) fn compact(&self) -> Option<Cow<'a, str>> {
        let has_parts = self.json.starts_with(['{', '[']);
        has_parts.then(|| if self.blanks { compact(self.json).into() } else { self.json.into() })
    }
}

fn compact(raw: &str) -> String {
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
    compact
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
