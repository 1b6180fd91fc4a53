//! A CloudTrail file read in one go: its events are taken as they are crossed.
//!
//! Other wrappers are crossed first, to know what they are and that they are whole, and their parts
//! are read after that; the text is crossed twice. Here it is once, and if anything turns out not to
//! be as in the files that CloudTrail writes, all of it is forgotten and read in the other way.
//!
//! An event is mostly what an earlier one was: it is read as a change of that, where it can be.

use super::{Document, MAX_REJECTS, Place, Reader, Top};
use crate::records::cloudtrail::{Event, LastCaller};
use crate::records::json::{Cursor, Last};
use crate::schema::api_event::Memo;

/// How a file begins.
const START: &str = "{\"Records\":[";

impl Reader<'_> {
    /// Takes the events of a file that `text` starts with; returns where it ends. `None` if there is
    /// none, or anything in it needs a closer look.
    pub(super) fn trail(&mut self, text: &str, place: Place) -> Option<usize> {
        if !text.starts_with(START) || place.depth > 0 {
            return None;
        }
        let before = (self.record, self.decoded.api_events.len(), self.decoded.rejects.len());
        let end = self.events(text, place);
        if end.is_none() {
            self.record = before.0;
            self.decoded.api_events.truncate(before.1);
            self.decoded.rejects.truncate(before.2);
        }
        end
    }

    fn events(&mut self, text: &str, place: Place) -> Option<usize> {
        let mut kinds = Kinds::default();
        let mut at = START.len();
        loop {
            if self.decoded.rejects.len() >= MAX_REJECTS {
                return None;
            }
            let start = at;
            if let Some((kind, end)) = kinds.read_again(text, start) {
                at = end;
                let event = text.get(start..end)?;
                let Kind { event: fields, caller, memo, .. } = kind;
                self.event(fields, caller, place.part(text, event), |columns, row| {
                    columns.push_again(&row, memo);
                });
            } else {
                let rest = text.get(start..)?;
                let mut top = Top::default();
                let (document, len) = Document::first(rest, true, &mut top).ok()?;
                if !matches!(document, Document::Event(_)) {
                    return None;
                }
                let event = rest.get(..len)?;
                self.take(&document, event, place.part(text, event));
                at += len;
                kinds.learn(text, start, top);
            }
            match text.as_bytes().get(at)? {
                b',' => at += 1,
                b']' => break,
                _ => return None,
            }
        }
        text.get(at..)?.starts_with("]}").then_some(at + 2)
    }
}

/// Kinds of events that are kept at once.
const KINDS: usize = 16;
/// Kinds that an event is compared with at most.
const TRIED: usize = 4;
/// Events of unknown kinds, more than of known ones, after which no more kinds are learnt.
const UNKNOWN: usize = 64;

/// The kinds of events that came by, by the keys they have.
#[derive(Default)]
struct Kinds<'a> {
    known: Vec<Kind<'a>>,
    /// Their places, that of the last one met first.
    recent: Vec<usize>,
    /// Events of unknown kinds less those of known ones.
    unknown: usize,
}

/// A kind of event.
struct Kind<'a> {
    /// The last one of it.
    event: Event<'a>,
    last: Last,
    /// Who made it.
    caller: LastCaller<'a>,
    /// Its row.
    memo: Memo<'a>,
}

impl<'a> Kinds<'a> {
    /// Reads the event at `start` as one of a known kind; with where it ends.
    fn read_again(&mut self, text: &'a str, start: usize) -> Option<(&mut Kind<'a>, usize)> {
        let mut cursor = Cursor::from(text, start);
        let mut recent = self.recent.iter().take(TRIED);
        let met = recent.position(|place| {
            self.known
                .get_mut(*place)
                .is_some_and(|kind| kind.last.read_again(&mut kind.event, &mut cursor))
        })?;
        self.recent[..=met].rotate_right(1);
        self.unknown = self.unknown.saturating_sub(1);
        Some((self.known.get_mut(*self.recent.first()?)?, cursor.at()))
    }

    /// Learns the kind of the event that starts here and was read into `top`.
    fn learn(&mut self, text: &'a str, start: usize, top: Top<'a>) {
        self.unknown += 1;
        if self.unknown > UNKNOWN {
            self.recent.clear();
            return;
        }
        let Some(event) = top.pure_event() else { return };
        if let Some(last) = Last::of::<Event<'_>>(&mut Cursor::from(text, start)) {
            let (caller, memo) = (LastCaller::default(), Memo::default());
            let kind = Kind { event, last, caller, memo };
            let place = match self.recent.pop_if(|_| self.known.len() == KINDS) {
                Some(oldest) => oldest,
                None => self.known.len(),
            };
            match self.known.get_mut(place) {
                Some(oldest) => *oldest = kind,
                None => self.known.push(kind),
            }
            self.recent.insert(0, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use crate::records::{Decoded, Limits, ObjectName, PromptKey, decode};

    fn read(object: &str) -> Decoded {
        let name = ObjectName { object: "x", modified: None };
        let limits = Limits { max_object_bytes: 1 << 20 };
        decode(&name, object.as_bytes(), &limits, &PromptKey([7; 32]))
    }

    /// Reads events in one go, and in the way of other wrappers; what they are must be the same.
    fn check(events: &[String]) {
        let list = events.join(",");
        let mut in_one_go = read(&format!("{{\"Records\":[{list}]}}"));
        let mut otherwise = read(&format!("{{\"Records\": [{list}]}}"));
        for decoded in [&mut in_one_go, &mut otherwise] {
            decoded.bytes_uncompressed = 0;
            for reject in &mut decoded.rejects {
                (reject.byte_offset, reject.size_bytes) = (None, None); // a blank further
            }
        }
        assert!(in_one_go == otherwise, "{list}");
    }

    /// A value of any kind, mostly a text.
    fn value() -> impl Strategy<Value = String> {
        const ODD: [&str; 17] = [
            "null",
            "true",
            "7",
            "-0.5",
            "\"\"",
            "[]",
            "{}",
            "\"a\\\"b\"",
            "\"\\ud800\"",
            "{\"a\":1}",
            "[{\"b\": \"c\"}]",
            " \"x\"",
            "\"x\" ",
            "01",
            "nul",
            "\"\\x\"",
            "",
        ];
        prop_oneof![
            8 => "[a-c]{0,3}".prop_map(|text| format!("\"{text}\"")),
            2 => select(&ODD[..12]).prop_map(str::to_owned),
            1 => select(&ODD[..]).prop_map(str::to_owned),
        ]
    }

    fn event() -> impl Strategy<Value = String> {
        let arn = select(vec!["assumed-role/a/b", "assumed-role/a/c", "assumed-role/b/b", "a", ""]);
        let identity = (value(), arn, value(), value(), value());
        let identity = identity.prop_map(|(kind, arn, key, issuer, more)| {
            format!(
                "{{\"type\":{kind},\"arn\":\"arn:aws:sts::1:{arn}\",\"accessKeyId\":{key},\
                 \"sessionContext\":{{\"sessionIssuer\":{{\"arn\":{issuer}}},\"x\":{more}}}}}"
            )
        });
        let identity = prop_oneof![4 => identity, 1 => value()];
        let parameters = prop_oneof![
            2 => value().prop_map(|id| format!("{{\"modelId\":{id}}}")),
            1 => value(),
        ];
        let name = select(vec!["Converse", "ListBuckets"]);
        let time = select(vec!["2026-11-09T08:00:07Z", "2026-11-10T08:00:07Z", "never"]);
        let key = select(vec!["errorCode", "x", "eventName", "requestId", "schemaType", "message"]);
        let parts = (identity, parameters, name, time, value(), key, value(), any::<bool>());
        parts.prop_map(|(identity, parameters, name, time, id, key, more, blank)| {
            let blank = if blank { " " } else { "" };
            format!(
                "{{\"eventVersion\":\"1\",\"userIdentity\":{identity},\"eventTime\":\"{time}\",\
                 \"eventSource\":\"bedrock.amazonaws.com\",\"eventName\":\"{name}\",\
                 \"requestParameters\":{parameters},\"eventID\":{id},{blank}\"{key}\":{more},\
                 \"readOnly\":{id}}}"
            )
        })
    }

    proptest! {
        #[test]
        fn reading_as_a_change_of_an_earlier_event_is_reading(
            events in prop::collection::vec(event(), 1..12),
        ) {
            check(&events);
        }

        #[test]
        fn events_of_which_one_byte_differs_are_read_as_they_are(
            event in event(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        ) {
            let change = |(at, byte): (prop::sample::Index, u8)| {
                let mut changed = event.clone().into_bytes();
                let at = at.index(changed.len());
                changed[at] = byte % 0x5f + 0x20;
                String::from_utf8(changed).unwrap_or_default()
            };
            let mut events: Vec<String> = changes.into_iter().map(change).collect();
            events.insert(0, event.clone());
            events.push(event.clone());
            check(&events);
        }
    }

    #[test]
    fn a_value_may_grow_shrink_vanish_and_come_back() {
        let event = |id: &str, model: &str| {
            format!(
                "{{\"eventID\":{id},\"eventTime\":\"2026-11-09T08:00:07Z\",\"eventSource\":\"s\",\
                 \"eventName\":\"n\",\"requestParameters\":{model}}}"
            )
        };
        let values =
            ["\"a\"", "\"ab\"", "\"a\"", "null", "12", "123", "1", "\"\\u0061\"", "{}", "null"];
        let events: Vec<String> =
            values.iter().flat_map(|id| values.iter().map(move |model| event(id, model))).collect();
        check(&events);
        assert_eq!(read(&format!("{{\"Records\":[{}]}}", events.join(","))).api_events.len(), 100);
    }
}
