//! The keys by which a document is recognised.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess};
use serde_json::value::RawValue;

use crate::records::cloudtrail;
use crate::records::invocation::Record;
use crate::records::wire::{Object, Text, first_value, object, read_object};

/// Keys of which only the presence is looked at.
const MARKS: [&str; 12] = [
    "eventVersion",
    "eventID",
    "eventTime",
    "eventType",
    "eventSource",
    "eventName",
    "insightDetails",
    "digestStartTime",
    "digestEndTime",
    "digestS3Object",
    "detail-type",
    "ingestionTime",
];

/// What a JSON value is, with the part of it that matters.
#[derive(Debug)]
pub(in crate::records) enum Document<'a> {
    /// An invocation record.
    Invocation(Box<Record<'a>>),
    /// A `CloudTrail` event.
    Event,
    /// An array of documents, bare or as the content of a wrapper.
    List(&'a RawValue),
    /// A document inside an envelope.
    Inner(&'a RawValue),
    /// A document as JSON text in a string.
    Message(&'a RawValue),
    /// Base64 of gzip of a document.
    Packed(Text<'a>),
    /// A `CloudTrail` digest.
    Digest,
    /// A wrapper that says it holds nothing.
    Nothing,
    /// JSON, but none of these.
    Unknown,
}

/// An object's top level: the record's own keys, and those of the wrappers.
#[derive(Debug, Default)]
struct Top<'a> {
    record: Record<'a>,
    wrapper: Wrapper<'a>,
    marks: [bool; MARKS.len()],
    list: Option<&'a RawValue>,
}

object! {
    struct Wrapper<'a> {
        "messageType" => message_type: Text<'a>,
        "awslogs" => subscription: Subscription<'a>,
        "detail" => detail: Option<&'a RawValue>,
        "CloudTrailEvent" => lookup_event: Option<&'a RawValue>,
        "@message" => insights_message: Option<&'a RawValue>,
        "message" => message: Option<&'a RawValue>,
        "field" => field: Text<'a>,
        "value" => value: Option<&'a RawValue>,
    }
}

object! {
    struct Subscription<'a> {
        "data" => data: Text<'a>,
    }
}

impl<'de> Object<'de> for Top<'de> {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        if let Some(mark) = MARKS.iter().position(|mark| *mark == key) {
            self.marks[mark] = true;
            return Ok(false);
        }
        if is_list_key(key) {
            self.list = map.next_value()?;
            return Ok(true);
        }
        Ok(self.record.entry(key, map)? || self.wrapper.entry(key, map)?)
    }
}

impl<'de> Deserialize<'de> for Top<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        read_object(input)
    }
}

/// Keys under which wrappers list their documents: `CloudTrail` files, `CloudWatch`
/// Logs, Insights queries, subscriptions, `LookupEvents`.
pub(super) fn is_list_key(key: &str) -> bool {
    matches!(key, "Records" | "events" | "results" | "logEvents" | "Events")
}

impl<'a> Document<'a> {
    /// Reads the first JSON value of `json`: what it is, and where it ends.
    ///
    /// `nested` tells that the value lies in a wrapper's list, where rows and log events are
    /// understood that would be anything on their own.
    pub(in crate::records) fn first(
        json: &'a str,
        nested: bool,
    ) -> Result<(Self, usize), serde_json::Error> {
        match json.as_bytes().first() {
            Some(b'{') => {
                let (top, len) = first_value::<Top<'a>>(json)?;
                Ok((top.into_document(nested), len))
            }
            Some(b'[') => {
                let (list, len) = first_value(json)?;
                Ok((Self::List(list), len))
            }
            _ => scalar_len(json).map(|len| (Self::Unknown, len)),
        }
    }
}

/// Length of a number, string or word that stands by itself: `2026-03-02` starts with none.
fn scalar_len(json: &str) -> Result<usize, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Err(error)) => Err(error),
        Some(Ok(IgnoredAny)) | None => Ok(values.byte_offset()),
    }
}

impl<'a> Top<'a> {
    fn into_document(self, nested: bool) -> Document<'a> {
        let has = |key: &str| MARKS.iter().zip(self.marks).any(|(mark, seen)| seen && *mark == key);
        if self.record.is_invocation() {
            return Document::Invocation(Box::new(self.record));
        }
        if cloudtrail::is_event(has) {
            return Document::Event;
        }
        let wrapper = self.wrapper;
        if wrapper.message_type.get() == Some("CONTROL_MESSAGE") {
            return Document::Nothing;
        }
        if let Some(list) = self.list.filter(|list| list.get().starts_with('[')) {
            return Document::List(list);
        }
        if wrapper.subscription.data.get().is_some() {
            return Document::Packed(wrapper.subscription.data);
        }
        if let Some(detail) = wrapper.detail.filter(|_| has("detail-type")) {
            return Document::Inner(detail);
        }
        if let Some(message) = wrapper.lookup_event.or(wrapper.insights_message) {
            return message_or_inner(message);
        }
        match (wrapper.field.get(), wrapper.value, wrapper.message) {
            (Some("@message"), Some(message), _) if nested => message_or_inner(message),
            (Some(_), _, _) if nested => Document::Nothing,
            (_, _, Some(message)) if nested || has("ingestionTime") => message_or_inner(message),
            _ if cloudtrail::is_digest(has) => Document::Digest,
            _ => Document::Unknown,
        }
    }
}

/// Some exports turn the message's text into JSON.
fn message_or_inner(message: &RawValue) -> Document<'_> {
    if message.get().starts_with('"') {
        Document::Message(message)
    } else {
        Document::Inner(message)
    }
}
