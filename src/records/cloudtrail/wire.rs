//! The event's fields, borrowed from the text.
//!
//! A field of an unexpected type is null by itself, and the parts that no row needs (`responseElements`
//! above all) cost a scan and no memory. Each field can be read again by itself, where an event is
//! read as a change of an earlier one.

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::records::json::{Cursor, Fault, Fields, Located, Way};
use crate::records::wire::{Object, Read, fill_object, find};

use super::value::{Count, Crossed, Flag, Whole, Word};

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
