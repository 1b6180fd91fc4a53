//! Corrections, replacements and repeats over whole commits.

use std::path::Path;

use polars::prelude::{SortMultipleOptions, col};

use super::{ObjectEntry, OnLocked, ReadObject, Reader, Writer};
use crate::period::Period;
use crate::records::Decoded;
use crate::schema::api_event::{self, ApiEvent};
use crate::schema::invocation::{self, Invocation};
use crate::schema::{Table, TimeMs};

const DAY_MS: i64 = 86_400_000;

fn writer(root: &Path) -> Writer {
    Writer::open(root, OnLocked::Fail).expect("a store")
}

fn entry(object: &str) -> ObjectEntry {
    ObjectEntry {
        object: object.to_owned(),
        fingerprint: "1".to_owned(),
        size_bytes: 1,
        modified_ms: None,
        kind: None,
        account: None,
        region: None,
        skipped: None,
        bytes_uncompressed: 1,
        sha256: None,
    }
}

fn calls(object: &str, ids: &[&str]) -> ReadObject {
    let row = |(record, id): (i64, &&str)| Invocation {
        request_id: Some((*id).to_owned()),
        event_time: Some(TimeMs(0)),
        object: Some(object.to_owned()),
        record: Some(record),
        ..Invocation::default()
    };
    let invocations = (1..).zip(ids).map(row).collect();
    ReadObject { entry: entry(object), decoded: Decoded { invocations, ..Decoded::default() } }
}

/// Events as (id, day, id of the corrected event).
fn events(object: &str, events: &[(&str, i64, Option<&str>)]) -> ReadObject {
    let row = |(record, (id, day, corrects)): (i64, &(&str, i64, Option<&str>))| ApiEvent {
        event_id: Some((*id).to_owned()),
        event_time: Some(TimeMs(day * DAY_MS)),
        original_event_id: corrects.map(str::to_owned),
        object: Some(object.to_owned()),
        record: Some(record),
        ..ApiEvent::default()
    };
    let api_events = (1..).zip(events).map(row).collect();
    ReadObject { entry: entry(object), decoded: Decoded { api_events, ..Decoded::default() } }
}

fn commit(store: &mut Writer, objects: Vec<ReadObject>) {
    store.commit(objects, 0).expect("committed");
}

fn check(store: &Reader, table: Table, id: &str, expected: &[&str]) {
    let rows = store
        .scan(table, None)
        .expect("a scan")
        .select([col(id)])
        .sort([id], SortMultipleOptions::default())
        .collect()
        .expect("rows");
    let found: Vec<_> = rows.column(id).expect("ids").str().expect("text").iter().collect();
    assert_eq!(found, expected.iter().map(|id| Some(*id)).collect::<Vec<_>>());
    assert_eq!(store.verify().expect("verified").problems, []);
}

#[test]
fn a_correction_replaces_an_event_of_another_day_whichever_comes_first() {
    let original = || events("a", &[("first", 1, None), ("other", 1, None)]);
    let correction = || events("b", &[("second", 2, Some("first"))]);
    for order in [
        vec![vec![original()], vec![correction()]],
        vec![vec![correction()], vec![original()]],
        vec![vec![original(), correction()]],
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = writer(folder.path());
        for batch in order {
            commit(&mut store, batch);
        }
        let check = |expected: &[&str]| {
            check(store.reader(), Table::ApiEvents, api_event::EVENT_ID, expected);
        };
        check(&["other", "second"]);
    }
}

#[test]
fn an_event_counts_again_when_its_correction_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    commit(&mut store, vec![events("a", &[("first", 1, None)])]);
    commit(&mut store, vec![events("b", &[("second", 2, Some("first"))])]);
    commit(&mut store, vec![events("b", &[("third", 2, None)])]);
    check(store.reader(), Table::ApiEvents, api_event::EVENT_ID, &["first", "third"]);
}

#[test]
fn a_correction_under_the_same_id_counts_instead_of_the_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    let mut fuller = events("a", &[("first", 1, None)]);
    let describe = |event: ApiEvent| ApiEvent {
        user_agent: Some("aws-cli".into()),
        error_code: Some("Throttled".into()),
        ..event
    };
    fuller.decoded.api_events = fuller.decoded.api_events.rows().map(describe).collect();
    commit(&mut store, vec![fuller, events("b", &[("first", 1, Some("first"))])]);
    let kept = store.reader().scan(Table::ApiEvents, None).expect("a scan").collect();
    let objects = kept.expect("rows").column(api_event::OBJECT).expect("objects").clone();
    assert_eq!(objects.str().expect("text").iter().collect::<Vec<_>>(), [Some("b")]);
}

#[test]
fn the_other_row_counts_when_the_object_of_the_winner_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    commit(&mut store, vec![calls("a", &["one"]), calls("b", &["one"])]);
    check(store.reader(), Table::Invocations, invocation::REQUEST_ID, &["one"]);
    commit(&mut store, vec![calls("a", &["two"])]);
    check(store.reader(), Table::Invocations, invocation::REQUEST_ID, &["one", "two"]);
}

#[test]
fn thousands_of_replaced_objects_leave_one_row_each() {
    let objects = || (0..5000).map(|n| calls(&format!("{n}"), &[])).chain([calls("x", &["one"])]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    for _ in 0..2 {
        commit(&mut store, objects().collect());
    }
    check(store.reader(), Table::Invocations, invocation::REQUEST_ID, &["one"]);
}

#[test]
fn a_reader_stays_on_the_state_it_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    commit(&mut store, vec![calls("a", &["one"])]);
    let reader = Reader::open(folder.path()).expect("a store");
    commit(&mut store, vec![calls("a", &["two"]), calls("b", &["three"])]);
    check(&reader, Table::Invocations, invocation::REQUEST_ID, &["one"]);
    drop(store);
    drop(writer(folder.path())); // would sweep what the reader still needs
    check(&reader, Table::Invocations, invocation::REQUEST_ID, &["one"]);
    let later = Reader::open(folder.path()).expect("a store");
    check(&later, Table::Invocations, invocation::REQUEST_ID, &["three", "two"]);
}

#[test]
fn files_of_others_in_the_store_are_not_swept_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    commit(&mut store, vec![calls("a", &["one"])]);
    drop(store);
    let foreign = folder.path().join("invocations/NOTES.txt");
    let leftover = folder.path().join("invocations/000000000099.tmp");
    std::fs::write(&foreign, "mine").expect("written");
    std::fs::write(&leftover, "half").expect("written");
    drop(writer(folder.path()));
    assert!(foreign.exists());
    assert!(!leftover.exists());
}

#[test]
fn a_file_is_not_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "text").expect("written");
    let not_a_store = super::Error::NotAStore { path: file.clone() }.to_string();
    let reading = Reader::open(&file).err().map(|error| error.to_string());
    let writing = Writer::open(&file, OnLocked::Fail).err().map(|error| error.to_string());
    assert_eq!([reading, writing], [Some(not_a_store.clone()), Some(not_a_store)]);
}

#[cfg(unix)]
#[test]
fn every_file_and_folder_of_a_store_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("store");
    let mut store = writer(&root);
    commit(&mut store, vec![calls("a", &["one"]), calls("b", &["one"])]);
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry.expect("listed");
        let mode = entry.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
}

#[test]
fn a_period_holds_the_rows_whose_time_is_in_it_wherever_it_begins_and_ends() {
    let times = [None, Some(-1), Some(0), Some(1), Some(DAY_MS - 1), Some(DAY_MS)];
    let times = times.into_iter().chain([Some(DAY_MS + 5), Some(2 * DAY_MS)]).collect::<Vec<_>>();
    let row = |(record, time): (i64, &Option<i64>)| Invocation {
        event_time: time.map(TimeMs),
        object: Some("a".to_owned()),
        record: Some(record),
        ..Invocation::default()
    };
    let invocations = (1..).zip(&times).map(row).collect();
    let decoded = Decoded { invocations, ..Decoded::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = writer(folder.path());
    commit(&mut store, vec![ReadObject { entry: entry("a"), decoded }]);
    let ends = [-DAY_MS, -1, 0, 1, DAY_MS - 1, DAY_MS, DAY_MS + 5, 2 * DAY_MS, 3 * DAY_MS];
    let instant = |ms| chrono::DateTime::from_timestamp_millis(ms).expect("a time");
    for (from, to) in ends.into_iter().flat_map(|from| ends.map(|to| (from, to))) {
        let period = Period { from: instant(from), to: instant(to) };
        let rows = store.reader().scan(Table::Invocations, Some(period)).expect("a scan");
        let found = rows.collect().expect("rows").height();
        let expected = times.iter().flatten().filter(|time| (from..to).contains(time)).count();
        assert_eq!(found, expected, "{from} to {to}");
    }
}
