//! The keys by which a document is recognised.

use crate::records::cloudtrail::{self, Event};
use crate::records::invocation::Record;
use crate::records::json::{Cursor, Fault, Scan};
use crate::records::wire::{Object, Raw, Text, fill_object, object};

/// Keys of which only the presence is looked at.
const MARKS: [&str; 5] =
    ["digestStartTime", "digestEndTime", "digestS3Object", "detail-type", "ingestionTime"];

/// What a JSON value is, with the part of it that matters.
#[derive(Debug)]
pub(in crate::records) enum Document<'t, 'a> {
    /// An invocation record.
    Invocation(&'t Record<'a>),
    /// A `CloudTrail` event.
    Event(&'t Event<'a>),
    /// An array of documents, bare or as the content of a wrapper.
    List(&'a str),
    /// A document inside an envelope.
    Inner(&'a str),
    /// A document as JSON text in a string.
    Message(&'a str),
    /// Base64 of gzip of a document.
    Packed(&'t str),
    /// A `CloudTrail` digest.
    Digest,
    /// A wrapper that says it holds nothing.
    Nothing,
    /// JSON, but none of these.
    Unknown,
}

/// An object's top level: the record's own keys, and those of the wrappers.
#[derive(Debug, Default)]
pub(in crate::records) struct Top<'a> {
    record: Record<'a>,
    /// An event's key was met.
    is_event: bool,
    /// A key was met that is a record's and no event's.
    is_mixed: bool,
    event: Event<'a>,
    wrapper: Wrapper<'a>,
    marks: [bool; MARKS.len()],
    /// What stands under the key of a list.
    list: &'a str,
}

object! {
    struct Wrapper<'a> {
        "messageType" => message_type: Text<'a>,
        "awslogs" => subscription: Subscription<'a>,
        "detail" => detail: Option<Raw<'a>>,
        "CloudTrailEvent" => lookup_event: Option<Raw<'a>>,
        "@message" => insights_message: Option<Raw<'a>>,
        "message" => message: Option<Raw<'a>>,
        "field" => field: Text<'a>,
        "value" => value: Option<Raw<'a>>,
    }
}

object! {
    struct Subscription<'a> {
        "data" => data: Text<'a>,
    }
}

impl<'a> Object<'a> for Top<'a> {
    fn entry(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        if key == ERROR_CODE {
            return self.error_code(cursor);
        }
        // Whose keys came so far is asked first: they share none.
        if self.is_event && self.event.entry(key, cursor)? {
            return Ok(true);
        }
        if self.record.entry(key, cursor)? {
            self.is_mixed = true;
            return Ok(true);
        }
        if !self.is_event && self.event.entry(key, cursor)? {
            self.is_event = true;
            return Ok(true);
        }
        if is_list_key(key) {
            self.list = cursor.raw()?.0;
            return Ok(true);
        }
        if let Some(mark) = MARKS.iter().position(|mark| *mark == key) {
            self.marks[mark] = true;
            return Ok(false);
        }
        self.wrapper.entry(key, cursor)
    }
}

/// The one key that both records and events have.
const ERROR_CODE: &str = "errorCode";

impl<'a> Top<'a> {
    fn error_code(&mut self, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        cursor.peek()?;
        let from = cursor.at();
        self.event.entry(ERROR_CODE, cursor)?;
        self.record.entry(ERROR_CODE, &mut Cursor::new(cursor.since(from)))
    }
}

/// Keys under which wrappers list their documents: `CloudTrail` files, `CloudWatch`
/// Logs, Insights queries, subscriptions, `LookupEvents`.
pub(super) fn is_list_key(key: &str) -> bool {
    matches!(key, "Records" | "events" | "results" | "logEvents" | "Events")
}

impl<'t, 'a> Document<'t, 'a> {
    /// Reads the first JSON value of `json`: what it is, and where it ends. `top` keeps what was
    /// read.
    ///
    /// `nested` tells that the value lies in a wrapper's list, where rows and log events are
    /// understood that would be anything on their own.
    pub(in crate::records) fn first(
        json: &'a str,
        nested: bool,
        top: &'t mut Top<'a>,
    ) -> Result<(Self, usize), Fault> {
        let mut cursor = Cursor::new(json);
        match json.as_bytes().first() {
            Some(b'{') => {
                *top = Top::default();
                fill_object(top, &mut cursor)?;
                Ok((top.document(nested), cursor.at()))
            }
            Some(b'[') => {
                let (list, _) = cursor.raw()?;
                Ok((Self::List(list), cursor.at()))
            }
            _ => scalar_len(json).map(|len| (Self::Unknown, len)),
        }
    }
}

/// Length of a number, string or word that stands by itself: `2026-03-02` starts with none.
fn scalar_len(json: &str) -> Result<usize, Fault> {
    let mut scan = Scan::new(json.as_bytes());
    scan.skip()?;
    let end = scan.at();
    let next = json.as_bytes().get(end).copied();
    let stands_alone = next.is_none_or(|byte| b" \t\n\r\"[]{},:".contains(&byte));
    if json.starts_with('"') || stands_alone {
        return Ok(end);
    }
    Err(Fault { at: end, incomplete: false })
}

impl<'a> Top<'a> {
    /// The event, if there is nothing but that to it: a document like it is an event too.
    pub(super) fn pure_event(self) -> Option<Event<'a>> {
        let is_event = cloudtrail::is_event(|key| self.event.names(key));
        (is_event && !self.is_mixed).then_some(self.event)
    }

    fn document<'t>(&'t self, nested: bool) -> Document<'t, 'a> {
        let marked =
            |key: &str| MARKS.iter().zip(self.marks).any(|(mark, seen)| seen && *mark == key);
        if self.record.is_invocation() {
            return Document::Invocation(&self.record);
        }
        if cloudtrail::is_event(|key| self.event.names(key)) {
            return Document::Event(&self.event);
        }
        let wrapper = &self.wrapper;
        if wrapper.message_type.get() == Some("CONTROL_MESSAGE") {
            return Document::Nothing;
        }
        if self.list.starts_with('[') {
            return Document::List(self.list);
        }
        if let Some(data) = wrapper.subscription.data.get() {
            return Document::Packed(data);
        }
        if let Some(detail) = wrapper.detail.filter(|_| marked("detail-type")) {
            return Document::Inner(detail.get());
        }
        if let Some(message) = wrapper.lookup_event.or(wrapper.insights_message) {
            return message_or_inner(message);
        }
        match (wrapper.field.get(), wrapper.value, wrapper.message) {
            (Some("@message"), Some(message), _) if nested => message_or_inner(message),
            (Some(_), _, _) if nested => Document::Nothing,
            (_, _, Some(message)) if nested || marked("ingestionTime") => message_or_inner(message),
            _ if cloudtrail::is_digest(marked) => Document::Digest,
            _ => Document::Unknown,
        }
    }
}

/// Some exports turn the message's text into JSON.
fn message_or_inner<'t>(message: Raw<'_>) -> Document<'t, '_> {
    let json = message.get();
    if json.starts_with('"') { Document::Message(json) } else { Document::Inner(json) }
}
