//! That objects are fetched while others are read, and that an ingest that fails ends.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration as Wait;

use chrono::{DateTime, Utc};

use super::{History, Plan, Progress, ReadOptions, Selection, Silent, SourceRequest, Summary};
use crate::pipeline;
use crate::records::Limits;
use crate::schema::TimeMs;
use crate::sources::{Bounds, Error, Fetched, Listing, ObjectEntry, Source, Wanted};
use crate::store::{OnLocked, Writer};

/// How many objects were read; a fetch can wait for it.
#[derive(Default)]
struct Read(Mutex<u64>, Condvar);

impl Read {
    /// Waits until so many objects were read; false when they are not read for a long time.
    fn wait_for(&self, objects: u64) -> bool {
        let read = self.0.lock().expect("no panic");
        let waited = self
            .1
            .wait_timeout_while(read, Wait::from_mins(1), |read| *read < objects)
            .expect("no panic");
        !waited.1.timed_out()
    }
}

impl Progress for Arc<Read> {
    fn plan(&self, _objects: u64, _bytes: u64) {}

    fn advance(&self, objects: u64, _bytes: u64, _records: u64) {
        *self.0.lock().expect("no panic") += objects;
        self.1.notify_all();
    }
}

const RECORD: &str = r#"{"schemaType":"ModelInvocationLog","timestamp":"2026-11-10T00:00:00Z"}"#;

fn listing(objects: u64) -> Listing {
    let entry = |number| ObjectEntry {
        origin: "place".to_owned(),
        key: format!("{number:03}.json"),
        location: format!("place/{number:03}.json"),
        size_bytes: 100,
        modified: Some(TimeMs(0)),
        fingerprint: "1".to_owned(),
        is_named: false,
    };
    Listing { objects: (0..objects).map(entry).collect(), ..Listing::default() }
}

/// A far place whose last object arrives only after all others were read.
struct Slow {
    objects: u64,
    read: Arc<Read>,
}

impl Source for Slow {
    fn name(&self) -> String {
        "slow".to_owned()
    }

    fn list(&self, _wanted: &dyn Wanted) -> Result<Listing, Error> {
        Ok(listing(self.objects))
    }

    fn fetch(&self, object: &ObjectEntry, _most: u64) -> Result<Fetched, Error> {
        let last = format!("{:03}.json", self.objects - 1);
        if object.key == last {
            assert!(self.read.wait_for(self.objects - 1), "nothing is read while this is fetched");
        }
        Ok(Fetched { bytes: RECORD.into(), changed: None })
    }

    fn is_far(&self) -> bool {
        true
    }
}

#[test]
fn objects_are_read_while_later_ones_are_on_their_way() {
    let read = Arc::new(Read::default());
    let source = Slow { objects: 20, read: Arc::clone(&read) };
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path(), OnLocked::Fail).expect("a store");
    let summary = ingest(source, &mut writer, &read).expect("read");
    assert_eq!((summary.objects_ingested, summary.invocations), (20, 20));
}

fn ingest(
    source: impl Source + 'static,
    writer: &mut Writer,
    progress: &dyn Progress,
) -> Result<Summary, pipeline::Error> {
    let requests = [SourceRequest { source: Box::new(source), selection: Selection::default() }];
    let plan = Plan::list(&requests, History::none(DateTime::<Utc>::UNIX_EPOCH)).expect("a plan");
    let options = ReadOptions {
        limits: Limits { max_object_bytes: 100 << 20 },
        bounds: Bounds { bytes: 1000, requests: 4 },
        with_bodies: false,
        with_hashes: false,
        scan_bodies: false,
    };
    plan.carry_out(writer, options, progress)
}

/// A place of large objects, of which the one with this key can't be read without a panic.
struct Large {
    is_far: bool,
    bad: &'static str,
}

impl Source for Large {
    fn name(&self) -> String {
        "large".to_owned()
    }

    fn list(&self, _wanted: &dyn Wanted) -> Result<Listing, Error> {
        Ok(listing(8))
    }

    fn fetch(&self, object: &ObjectEntry, _most: u64) -> Result<Fetched, Error> {
        assert!(object.key != self.bad, "a bad object");
        Ok(Fetched { bytes: format!("{RECORD}\n").repeat(60_000).into(), changed: None })
    }

    fn is_far(&self) -> bool {
        self.is_far
    }
}

/// Readers and fetches wait for room by then.
#[test]
fn an_ingest_whose_first_commit_fails_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path(), OnLocked::Fail).expect("a store");
    std::fs::write(folder.path().join("invocations"), "no folder").expect("a file");
    ingest(Large { is_far: true, bad: "" }, &mut writer, &Silent).expect_err("no place for rows");
}

#[test]
fn an_ingest_whose_reader_or_fetch_panics_ends() {
    for is_far in [false, true] {
        let ended = std::thread::spawn(move || {
            let folder = tempfile::tempdir().expect("a folder");
            let mut writer = Writer::open(folder.path(), OnLocked::Fail).expect("a store");
            ingest(Large { is_far, bad: "005.json" }, &mut writer, &Silent).map(drop)
        });
        assert!(ended.join().is_err());
    }
}
