//! From JSON documents to rows: takes records and events out of their wrappers.
//!
//! Documents are told apart by their keys, never by the name of the object they came from.
//! Wrappers may lie in each other (a subscription's base64 holds a list of messages, each of them a
//! record as text), up to [`MAX_DEPTH`].

mod salvage;
mod top;
mod trail;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) use self::salvage::open_list;
pub(super) use self::top::{Document, Top};
use super::cloudtrail::{Event, LastCaller};
use super::gunzip;
use super::invocation::{PromptHasher, ResponseBody};
use super::sensitive::Scanner;
use super::wire;
use super::{
    Bodies, Decoded, Limits, ObjectName, PromptKey, Wanted, cloudtrail, invocation, timestamp,
};
use crate::schema::TimeMs;
use crate::schema::api_event::{self, ApiEventRef};
use crate::schema::reject::{Reject, reason};

/// Wrappers within wrappers: the deepest known form has four levels.
const MAX_DEPTH: u8 = 8;

/// Rejects of one object that are kept one by one. Whatever follows is folded into the last, whose
/// size grows: a gigabyte of `{}` would otherwise become 300 million rejects in memory.
pub(super) const MAX_REJECTS: usize = 250_000;

/// `CloudWatch`'s first message in the log stream of invocation logs. Neither a record nor a reject.
const PERMISSION_MESSAGE: &str = "Permissions are correctly set for Amazon Bedrock logs.";

/// Where a document lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Offset in the uncompressed object; inside decoded text, that of the wrapper.
    pub(super) offset: usize,
    pub(super) size: usize,
    depth: u8,
    decoded: bool,
}

impl Place {
    /// A document that stands in the object itself.
    pub(super) fn at(offset: usize, size: usize) -> Self {
        Self { offset, size, depth: 0, decoded: false }
    }

    /// A part of the document `whole` that lies here.
    fn part(self, whole: &str, part: &str) -> Self {
        let within = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        let offset = if self.decoded { self.offset } else { self.offset + within };
        Self { offset, size: part.len(), depth: self.depth + 1, decoded: self.decoded }
    }

    /// Text that was decoded from a string of the document that lies here.
    fn decoded(self, size: usize) -> Self {
        Self { size, depth: self.depth + 1, decoded: true, ..self }
    }
}

/// Where reading JSON values came to a halt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halt {
    /// Offset in the text that was read.
    pub(super) at: usize,
    /// The text ends inside the value: more text might complete it.
    pub(super) incomplete: bool,
}

/// After so many rows it is estimated how many are to come, and room is made for them.
const SAMPLE: usize = 16;

/// How many rows the object still holds, if they go on like the first ones, which end at `place`.
fn rows_to_come(size_bytes: usize, place: Place) -> usize {
    const MOST: usize = 4096;
    let row_bytes = (place.offset / SAMPLE).max(1);
    (size_bytes.saturating_sub(place.offset) / row_bytes).min(MOST)
}

/// Collects the rows and rejects of one object.
pub(super) struct Reader<'r> {
    name: ObjectName<'r>,
    /// Size of the object's plain bytes.
    size_bytes: usize,
    object_time: Option<TimeMs>,
    hasher: PromptHasher,
    /// What inner gzip data may still inflate to.
    inflate_left: u64,
    record: i64,
    digest: bool,
    bodies: Option<&'r mut dyn Bodies>,
    /// Looks through bodies, where that is wanted.
    scanner: Option<Scanner>,
    decoded: Decoded,
}

impl<'r> Reader<'r> {
    /// For one object with this many plain bytes.
    pub(super) fn new(
        name: ObjectName<'r>,
        size_bytes: usize,
        limits: Limits,
        key: &PromptKey,
        wanted: Wanted<'r>,
    ) -> Self {
        Self {
            name,
            size_bytes,
            object_time: name.modified,
            hasher: PromptHasher::new(key),
            inflate_left: limits.max_object_bytes,
            record: 0,
            digest: false,
            bodies: wanted.bodies,
            scanner: wanted.sensitive.then(|| Scanner::new(key)),
            decoded: Decoded::default(),
        }
    }

    /// The text of a response body that lies outside of the record, where it is asked for and there.
    fn offloaded(&mut self, record: &invocation::Record<'_>) -> Option<String> {
        let path = invocation::offloaded_response(record)?;
        let bytes = self.bodies.as_mut()?.fetch(path)?;
        let plain = gunzip::inflate(&bytes, self.inflate_left).bytes.to_vec();
        String::from_utf8(plain).ok()
    }

    /// The rows, and whether the object was a digest.
    pub(super) fn finish(self) -> (Decoded, bool) {
        (self.decoded, self.digest)
    }

    /// Takes the JSON values that follow each other in `text`, which lies at `place`.
    pub(super) fn values(&mut self, text: &str, place: Place) -> Result<(), Halt> {
        let mut at = 0;
        let mut top = Top::default();
        loop {
            let rest = text[at..].trim_ascii_start();
            at = text.len() - rest.len();
            if rest.is_empty() {
                return Ok(());
            }
            let depth = place.depth;
            if let Some(len) = self.trail(rest, Place { depth, ..place.part(text, rest) }) {
                at += len;
                continue;
            }
            let (document, len) = Document::first(rest, place.depth > 0, &mut top)
                .map_err(|fault| Halt { at, incomplete: fault.incomplete })?;
            let value = &rest[..len];
            self.take(&document, value, Place { depth, ..place.part(text, value) });
            at += len;
        }
    }

    /// Takes the rows of `document`, whose text is `json`.
    pub(super) fn take(&mut self, document: &Document<'_, '_>, json: &str, place: Place) {
        match document {
            Document::Invocation(record) => {
                let text = self.offloaded(record);
                let body =
                    text.as_deref().and_then(|text| wire::parse::<ResponseBody<'_>>(text).ok());
                match invocation::row(record, body.as_ref(), &mut self.hasher) {
                    Ok(mut row) => {
                        self.record += 1;
                        (row.object, row.record) =
                            (Some(self.name.object.into()), Some(self.record));
                        if let Some(scanner) = &mut self.scanner {
                            let found = scanner.rows(json, text.as_deref(), &row);
                            self.decoded.sensitive.extend(found);
                        }
                        let columns = &mut self.decoded.invocations;
                        columns.make_room(SAMPLE, || rows_to_come(self.size_bytes, place));
                        columns.push(row);
                    }
                    Err(reason) => self.reject(reason, Some("invocations"), place),
                }
            }
            Document::Event(event) => {
                let mut unknown = LastCaller::default();
                self.event(event, &mut unknown, place, |columns, row| columns.push(row));
            }
            Document::List(list) => {
                salvage::elements(list, |element| {
                    self.element(element, place.part(json, element));
                });
            }
            Document::Inner(inner) => self.element(inner, place.part(json, inner)),
            Document::Message(message) => self.message(message, place),
            Document::Packed(data) => self.packed(data, place),
            Document::Digest if place.depth == 0 => self.digest = true,
            Document::Nothing => {}
            Document::Digest | Document::Unknown => {
                self.reject(reason::UNKNOWN_SCHEMA, None, place);
            }
        }
    }

    /// Takes the row of an event, which `push` puts into the columns.
    fn event<'a>(
        &mut self,
        event: &Event<'a>,
        last: &mut LastCaller<'a>,
        place: Place,
        push: impl FnOnce(&mut api_event::Columns, ApiEventRef<'a>),
    ) where
        'r: 'a,
    {
        match cloudtrail::row(event, last) {
            Ok(mut row) => {
                self.record += 1;
                (row.object, row.record) = (Some(self.name.object.into()), Some(self.record));
                let columns = &mut self.decoded.api_events;
                columns.make_room(SAMPLE, || rows_to_come(self.size_bytes, place));
                push(columns, row);
            }
            Err(reason) => self.reject(reason, Some("cloudtrail"), place),
        }
    }

    /// The complete elements of a list whose document is cut.
    pub(super) fn salvage(&mut self, cut: &str, place: Place) {
        salvage::elements(cut, |element| self.element(element, place.part(cut, element)));
    }

    /// A line that is no JSON: `CloudWatch`'s permission message, or a line of an export task
    /// (`<time> <message>`). False when it is neither.
    pub(super) fn plain_line(&mut self, line: &str, place: Place) -> bool {
        if line == PERMISSION_MESSAGE {
            return true;
        }
        let Some((time, message)) = line.split_once(' ') else { return false };
        if timestamp::parse(time).is_none() {
            return false;
        }
        let message = message.trim_ascii();
        if message != PERMISSION_MESSAGE {
            let place = place.part(line, message);
            if let Err(halt) = self.values(message, Place { depth: 0, ..place }) {
                self.salvage(&message[halt.at..], place);
                self.reject(reason::INVALID_JSON, None, place);
            }
        }
        true
    }

    /// Counts a reject; it takes a record number like a row.
    pub(super) fn reject(&mut self, reason: &str, kind: Option<&str>, place: Place) {
        if self.decoded.rejects.len() >= MAX_REJECTS {
            self.record += 1;
            let last = self.decoded.rejects.last_mut();
            if let Some(size) = last.and_then(|last| last.size_bytes.as_mut()) {
                *size = size.saturating_add(i64::try_from(place.size).unwrap_or(i64::MAX));
            }
            return;
        }
        let (object, record) = self.lineage();
        let reject = Reject { object, record, ..self.reject_at(reason, kind, place) };
        self.decoded.rejects.push(reject);
    }

    /// Counts a reject that is about the object and not about one record.
    pub(super) fn reject_object(&mut self, reason: &str, place: Place) {
        let reject = self.reject_at(reason, None, place);
        self.decoded.rejects.push(reject);
    }

    fn reject_at(&self, reason: &str, kind: Option<&str>, place: Place) -> Reject {
        Reject {
            object: Some(self.name.object.to_owned()),
            object_time: self.object_time,
            record: None,
            byte_offset: i64::try_from(place.offset).ok(),
            reason: Some(reason.to_owned()),
            size_bytes: i64::try_from(place.size).ok(),
            kind: kind.map(str::to_owned),
        }
    }

    fn lineage(&mut self) -> (Option<String>, Option<i64>) {
        self.record += 1;
        (Some(self.name.object.to_owned()), Some(self.record))
    }

    /// One JSON value out of a wrapper.
    fn element(&mut self, json: &str, place: Place) {
        let mut top = Top::default();
        match Document::first(json, true, &mut top) {
            Ok((document, _)) if place.depth <= MAX_DEPTH => self.take(&document, json, place),
            Ok(_) | Err(_) => self.reject(reason::BAD_ENVELOPE, None, place),
        }
    }

    /// A string that holds a document as JSON text.
    fn message(&mut self, message: &str, place: Place) {
        let Some(text) = wire::text(message) else {
            return self.reject(reason::BAD_ENVELOPE, None, place);
        };
        let text = text.trim_ascii();
        if text == PERMISSION_MESSAGE {
            return;
        }
        self.unpacked(text, place.decoded(text.len()));
    }

    /// `awslogs.data`: base64 of gzip.
    fn packed(&mut self, base64: &str, place: Place) {
        let Ok(gzip) = STANDARD.decode(base64) else {
            return self.reject(reason::BAD_ENVELOPE, None, place);
        };
        let inflated = gunzip::inflate(&gzip, self.inflate_left);
        let len = u64::try_from(inflated.bytes.len()).unwrap_or(u64::MAX);
        self.inflate_left = self.inflate_left.saturating_sub(len);
        match (std::str::from_utf8(&inflated.bytes), inflated.damage) {
            (Ok(text), None) => self.unpacked(text, place.decoded(text.len())),
            (Ok(text), Some(damage)) => {
                let inner = place.decoded(text.len());
                if let Err(halt) = self.values(text, inner) {
                    self.salvage(&text[halt.at..], inner);
                }
                self.reject(damage, None, place);
            }
            (Err(_), damage) => self.reject(damage.unwrap_or(reason::BAD_ENVELOPE), None, place),
        }
    }

    fn unpacked(&mut self, text: &str, place: Place) {
        let read = place.depth <= MAX_DEPTH && self.values(text, place).is_ok();
        if !read {
            self.reject(reason::BAD_ENVELOPE, None, place);
        }
    }
}
