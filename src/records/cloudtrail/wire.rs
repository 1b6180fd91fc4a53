//! The event's fields, borrowed from the text.
//!
//! A field of an unexpected type is null by itself, and the
//! parts that no row needs (`responseElements` above all) cost a scan and no memory.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::records::json::{Cursor, Fault, Fields, Located, Way};
use crate::records::wire::{Object, Raw, Read, fill_object, find};

/// A text; a number counts as the text that writes it. Null for the empty text, which says nothing.
#[derive(Debug, Default)]
pub(super) struct Word<'a>(Option<Cow<'a, str>>);

impl<'a> Word<'a> {
    /// The text, if there is one.
    #[inline]
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        self.0.clone()
    }

    /// The same, only to be looked at.
    #[inline]
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'a> Read<'a> for Word<'a> {
    #[inline]
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = text(Raw::read(cursor)?);
        Ok(())
    }
}

/// True or false, or the text of it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Flag(pub(super) Option<bool>);

impl<'a> Read<'a> for Flag {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = flag(Raw::read(cursor)?);
        Ok(())
    }
}

/// A count: a whole number from 0, or the text of it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count(pub(super) Option<i64>);

impl<'a> Read<'a> for Count {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = count(Raw::read(cursor)?);
        Ok(())
    }
}

/// Declares an object of the event: each field is read under its own key. Fields stand in the order in
/// which AWS writes them, which is where they are looked for first.
macro_rules! object {
    ($name:ident { $($field:ident = $key:literal: $type:ty),* $(,)? }) => {
        #[derive(Debug, Default)]
        #[allow(clippy::struct_field_names, reason = "the names are CloudTrail's")]
        pub(in crate::records) struct $name<'a> {
            $( pub(super) $field: $type, )*
            keys: Keys,
            /// Not every object borrows.
            text: PhantomData<&'a str>,
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

        impl<'a> Fields<'a> for $name<'a> {
            fn locate(keys: &[Cow<'a, str>]) -> Located {
                #[allow(non_camel_case_types, reason = "numbers the fields")]
                enum Field { $($field),* }
                let Some((key, keys)) = keys.split_first() else { return Located::Object(WHOLE) };
                let Some(place) = find(Self::KEYS, 0, key) else { return Located::Unwanted };
                match place {
                    $( _ if place == Field::$field as usize => {
                        <$type as Fields>::locate(keys).under(place)
                    } )*
                    _ => Located::Unwanted,
                }
            }

            fn read_at(&mut self, way: Way, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
                #[allow(non_camel_case_types, reason = "numbers the fields")]
                enum Field { $($field),* }
                let (place, way) = split(way);
                match place {
                    None => self.read_into(cursor),
                    $( Some(place) if place == Field::$field as usize => {
                        self.$field.read_at(way, cursor)
                    } )*
                    Some(_) => cursor.skip(),
                }
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

/// The way to an object itself.
const WHOLE: Way = 0;
/// Bits of a [`Way`] for the field of one object: its place and one, or nothing for [`WHOLE`].
const STEP: u32 = 5;

/// The place of a field in an object, and the way on from there.
fn split(way: Way) -> (Option<usize>, Way) {
    let place = (way & ((1 << STEP) - 1)).checked_sub(1);
    (place.map(|place| place as usize), way >> STEP)
}

impl Located {
    /// The same as seen from the object that has the field at this place.
    fn under(self, place: usize) -> Self {
        let step = u32::try_from(place + 1).unwrap_or_default();
        match self {
            Self::Unwanted => Self::Unwanted,
            Self::Value(way) => Self::Value(way << STEP | step),
            Self::Object(way) => Self::Object(way << STEP | step),
        }
    }
}

/// Declares what is read as a whole.
macro_rules! whole {
    ($type:ty $(, $bound:ident)?) => {
        impl<'a $(, $bound: Read<'a>)?> Fields<'a> for $type {
            fn locate(keys: &[Cow<'a, str>]) -> Located {
                if keys.is_empty() { Located::Value(WHOLE) } else { Located::Unwanted }
            }

            fn read_at(&mut self, _way: Way, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
                self.read_into(cursor)
            }
        }
    };
}
whole!(Word<'a>);
whole!(Flag);
whole!(Count);
whole!(Whole<'a, T>, T);

object!(Event {
    event_version = "eventVersion": Word<'a>,
    user_identity = "userIdentity": UserIdentity<'a>,
    event_time = "eventTime": Word<'a>,
    event_source = "eventSource": Word<'a>,
    event_name = "eventName": Word<'a>,
    aws_region = "awsRegion": Word<'a>,
    source_ip_address = "sourceIPAddress": Word<'a>,
    user_agent = "userAgent": Word<'a>,
    error_code = "errorCode": Word<'a>,
    error_message = "errorMessage": Word<'a>,
    request_parameters = "requestParameters": Whole<'a, RequestParameters<'a>>,
    additional_event_data = "additionalEventData": Whole<'a, AdditionalEventData<'a>>,
    request_id = "requestID": Word<'a>,
    event_id = "eventID": Word<'a>,
    read_only = "readOnly": Flag,
    resources = "resources": Whole<'a, Crossed>,
    event_type = "eventType": Word<'a>,
    recipient_account_id = "recipientAccountId": Word<'a>,
    shared_event_id = "sharedEventID": Word<'a>,
    insight_details = "insightDetails": Whole<'a, InsightDetails<'a>>,
    vpc_endpoint_id = "vpcEndpointId": Word<'a>,
    addendum = "addendum": Addendum<'a>,
    event_category = "eventCategory": Word<'a>,
    tls_details = "tlsDetails": TlsDetails<'a>,
    session_credential_from_console = "sessionCredentialFromConsole": Flag,
});

object!(UserIdentity {
    kind = "type": Word<'a>,
    principal_id = "principalId": Word<'a>,
    arn = "arn": Word<'a>,
    account_id = "accountId": Word<'a>,
    access_key_id = "accessKeyId": Word<'a>,
    user_name = "userName": Word<'a>,
    session_context = "sessionContext": SessionContext<'a>,
    invoked_by = "invokedBy": Word<'a>,
    on_behalf_of = "onBehalfOf": OnBehalfOf<'a>,
});

object!(SessionContext { session_issuer = "sessionIssuer": SessionIssuer<'a>, attributes = "attributes": SessionAttributes<'a> });
object!(SessionIssuer { arn = "arn": Word<'a> });
object!(SessionAttributes { mfa_authenticated = "mfaAuthenticated": Flag });
object!(OnBehalfOf { user_id = "userId": Word<'a> });

object!(TlsDetails {
    tls_version = "tlsVersion": Word<'a>,
    client_provided_host_header = "clientProvidedHostHeader": Word<'a>,
});

object!(RequestParameters {
    model_id = "modelId": Word<'a>,
    guardrail_identifier = "guardrailIdentifier": Word<'a>,
    guardrail_config = "guardrailConfig": GuardrailConfig<'a>,
});
object!(GuardrailConfig { guardrail_identifier = "guardrailIdentifier": Word<'a> });

object!(AdditionalEventData {
    inference_region = "inferenceRegion": Word<'a>,
    call_with_bearer_token = "callWithBearerToken": Flag,
    input_tokens = "inputTokens": Count,
    input_token_count = "inputTokenCount": Count,
    output_tokens = "outputTokens": Count,
    output_token_count = "outputTokenCount": Count,
});

object!(InsightDetails {
    event_source = "eventSource": Word<'a>,
    event_name = "eventName": Word<'a>,
    error_code = "errorCode": Word<'a>,
});

object!(Addendum { reason = "reason": Word<'a>, original_event_id = "originalEventID": Word<'a> });

#[inline]
fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
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

fn flag(raw: Raw<'_>) -> Option<bool> {
    let written = raw.get().trim_matches('"');
    match written {
        _ if written.eq_ignore_ascii_case("true") => Some(true),
        _ if written.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn count(raw: Raw<'_>) -> Option<i64> {
    let number: i64 = raw.get().trim_matches('"').parse().ok()?;
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
