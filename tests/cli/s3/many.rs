//! Ten thousand objects over three accounts and Regions: read, read again, completed, changed.

use std::fs;

use serde_json::{Value, json};

use super::bucket::{Bucket, invocation_key};
use crate::support::{Record, gzip};

const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-2"];
const OBJECTS: u32 = 10_000;

/// Where the object with this number lies: four days, all hours.
fn key(number: u32) -> String {
    let account = ACCOUNTS[number as usize % 3];
    let region = REGIONS[number as usize / 3 % 3];
    let day = format!("2026/11/{:02}", 13 + number / 9 % 4);
    invocation_key(account, region, &day, number / 36 % 24, number.into())
}

fn content(number: u32, records: u32) -> Vec<u8> {
    let lines: String = (0..records).map(|n| Record::numbered(number * 10 + n).line()).collect();
    gzip(lines)
}

fn fill(bucket: &Bucket) {
    let folder = bucket.sandbox.path().join("objects");
    fs::create_dir(&folder).expect("a folder");
    let objects: Vec<Value> = (0..OBJECTS)
        .map(|number| {
            let file = folder.join(number.to_string());
            fs::write(&file, content(number, 1)).expect("a file");
            json!({"key": key(number), "file": file})
        })
        .collect();
    bucket.put_all(&objects);
}

fn requests_in_store(bucket: &Bucket) -> Value {
    bucket.sandbox.query("", "requests", &[])[0]["requests"].clone()
}

#[test]
fn ten_thousand_objects_are_read_once_and_late_and_changed_ones_found() {
    let bucket = Bucket::new();
    fill(&bucket);
    let first = bucket.ingest("", &[], 0);
    assert_eq!(first["objects_ingested"], OBJECTS);
    assert_eq!(first["requests"]["get"], OBJECTS);
    assert_eq!(requests_in_store(&bucket), OBJECTS);

    // The same range again, whole: nothing is fetched, and knowing so takes no time worth naming.
    let range = ["--from", "2026-11-13", "--to", "2026-11-17"];
    bucket.asked();
    let again = bucket.ingest("", &range, 0);
    let asked = bucket.asked();
    assert_eq!(
        (&again["objects_skipped"], &again["requests"]["get"]),
        (&json!(OBJECTS), &json!(0))
    );
    let time = |request: Option<&Value>| request.and_then(|request| request["time"].as_f64());
    let listing = time(asked.last()).zip(time(asked.first())).map(|(last, first)| last - first);
    let beyond = again["seconds"].as_f64().zip(listing).map(|(all, listing)| all - listing);
    assert!(beyond < Some(2.0), "{beyond:?} of {} beyond listing", again["seconds"]);

    // A day: its own folders and the hour after, of three accounts and Regions.
    let day = ["--from", "2026-11-14", "--to", "2026-11-15"];
    bucket.ingest("", &day, 0);
    let seen = bucket.requests();
    let walked = 1 + 1 + 3 + 3; // the bucket, AWSLogs, accounts, kinds
    assert_eq!(seen.listed.len(), walked + 9 * 2, "{:?}", seen.listed);

    // Late, new and changed objects.
    bucket.put(&key(27).replace(".json", "0.json"), content(20_000, 1));
    let replaced = key(OBJECTS - 1);
    bucket.put(&replaced, content(OBJECTS - 1, 3));
    let later = bucket.ingest("", &[], 0);
    assert_eq!((&later["objects_ingested"], &later["invocations"]), (&json!(2), &json!(1 + 3)));
    let mut fetched = bucket.requests().fetched;
    fetched.retain(|key| *key != replaced);
    assert_eq!(fetched.len(), 1, "{fetched:?}");
    assert_eq!(requests_in_store(&bucket), OBJECTS + 3);
}
