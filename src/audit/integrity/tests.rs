//! Laws of verification over the signed bucket of `tests/integrity`: nothing is changed or taken away
//! unnoticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::keys::PublicKeys;
use super::{
    DigestName, DigestObject, LogObject, Metadata, Scope, Survey, Trouble, Verdict, Verification,
};
use crate::period::Period;
use crate::records::digest::{content_hash, read};
use crate::records::key::classify;

const CAP: u64 = 1 << 20;

/// The files of the first chain of trail `lab`, and what belongs to them.
struct Bucket {
    digests: Vec<DigestObject>,
    logs: Vec<(LogObject, Vec<u8>)>,
    keys: PublicKeys,
}

impl Bucket {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integrity");
        let keys = fs::read(root.join("keys.json")).expect("readable");
        let metadata = fs::read(root.join("metadata.json")).expect("readable");
        let metadata: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_slice(&metadata).expect("JSON");
        let mut bucket = Self {
            digests: Vec::new(),
            logs: Vec::new(),
            keys: PublicKeys::parse(&keys).expect("keys"),
        };
        for file in files(&root.join("bucket")) {
            let place = file.strip_prefix(root.join("bucket")).expect("below it");
            let location = format!("s3://{}", place.to_string_lossy());
            let bytes = fs::read(&file).expect("readable");
            bucket.add(location, bytes, &metadata);
        }
        bucket
    }

    fn add(
        &mut self,
        location: String,
        bytes: Vec<u8>,
        metadata: &BTreeMap<String, BTreeMap<String, String>>,
    ) {
        if let Some(name) = DigestName::parse(&location) {
            let plain = metadata[&location].iter().map(|(name, value)| {
                (name.trim_start_matches("x-amz-meta-").to_owned(), value.clone())
            });
            let metadata: Option<Metadata> = Some(plain.collect());
            let content = read(&bytes, CAP).map_err(Trouble::Malformed);
            self.digests.push(DigestObject { location, name, content, metadata });
        } else {
            let facts = classify(&location);
            let written =
                facts.written.and_then(|at| chrono::DateTime::from_timestamp_millis(at.0));
            let log = LogObject { location, account: facts.account, region: facts.region, written };
            self.logs.push((log, bytes));
        }
    }

    /// Verifies what is left after a change, from 10:30 to 13:00.
    fn verify(&self, kept: impl Fn(usize) -> bool) -> Verification {
        let at = |clock: &str| format!("2026-03-02T{clock}:00Z").parse().expect("a time");
        let scope = Scope {
            range: Some(Period { from: at("10:30"), to: at("13:00") }),
            region: Some("us-east-1".to_owned()),
            recover_signatures: false,
        };
        let number = self.digests.len();
        let kept_of = |first: usize| move |at: usize| first + at;
        let digests: Vec<DigestObject> = (0..number)
            .filter(|at| kept(kept_of(0)(*at)))
            .map(|at| self.digests[at].clone())
            .collect();
        let logs: Vec<&(LogObject, Vec<u8>)> = (0..self.logs.len())
            .filter(|at| kept(kept_of(number)(*at)))
            .map(|at| &self.logs[at])
            .collect();
        let listed = logs.iter().map(|(log, _)| log.clone()).collect();
        let survey = Survey::new(digests, listed, &self.keys, scope);
        let hashes = survey.to_hash().into_iter().map(|check| {
            let location = &survey.log(check).location;
            let (_, bytes) = logs.iter().find(|(log, _)| log.location == *location).expect("there");
            Ok(content_hash(bytes, CAP).map_err(Trouble::Malformed)?.0)
        });
        let hashes = hashes.collect();
        survey.finish(hashes)
    }

    /// Numbers of the digests and log files that the range concerns.
    fn concerned(&self) -> Vec<usize> {
        let names: Vec<String> =
            self.verify(|_| true).files.into_iter().map(|file| file.object).collect();
        let digests = self.digests.iter().map(|digest| &digest.location);
        let all = digests.chain(self.logs.iter().map(|(log, _)| &log.location));
        all.enumerate().filter(|(_, name)| names.contains(name)).map(|(at, _)| at).collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn the_untouched_chain_is_verified() {
    let found = Bucket::read().verify(|_| true);
    assert_eq!(found.verdict, Verdict::Verified, "{:?}", found.problems);
    assert_eq!(found.files.len(), 9);
}

/// Nothing names a backfill digest, so that it leaves no trace when it goes together with the files that
/// only it names. Whatever else is missing shows.
#[test]
fn no_file_can_be_taken_away_unnoticed_but_what_nothing_names() {
    const TRACELESS: [&str; 2] = ["20260302T120500Z_backfill", "20260302T1125Z"];
    let bucket = Bucket::read();
    let concerned = bucket.concerned();
    let digests = bucket.digests.iter().map(|digest| &digest.location);
    let all: Vec<&String> =
        digests.chain(bucket.logs.iter().map(|(log, _)| &log.location)).collect();
    for chosen in 1_u32..1 << concerned.len() {
        let gone = concerned.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1);
        let gone: Vec<usize> = gone.map(|(_, at)| *at).collect();
        let found = bucket.verify(|at| !gone.contains(&at));
        let names: Vec<&str> = gone.iter().map(|at| all[*at].as_str()).collect();
        let is_traceless = names.len() == TRACELESS.len()
            && names.iter().zip(TRACELESS).all(|(name, traceless)| name.contains(traceless));
        assert_eq!(found.verdict == Verdict::Verified, is_traceless, "without {names:?}");
        assert_eq!(found.problems.is_empty(), is_traceless, "without {names:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_statement_of_a_digest_can_be_changed_unnoticed(
        which in 0_usize..4, field in 0_usize..8, text in "[0-9a-f]{1,64}"
    ) {
        let mut bucket = Bucket::read();
        let range = |digest: &&mut DigestObject| {
            digest.location.contains("us-east-1_20260302T1") && digest.location.contains("05")
        };
        let Some(digest) = bucket.digests.iter_mut().filter(range).nth(which) else {
            return Ok(());
        };
        let read = digest.content.as_mut().expect("readable");
        let (before, of) = (read.clone(), &mut read.digest);
        match field {
            0 => of.digest_s3_bucket = text,
            1 => of.digest_s3_object = text,
            2 => of.previous_digest_signature = Some(text),
            3 => of.digest_end_time = text,
            4 => of.digest_public_key_fingerprint = text,
            5 => read.hash = [7; 32],
            6 => {
                digest.metadata.as_mut().expect("kept").insert("signature".to_owned(), text);
            }
            _ => {
                digest.metadata.as_mut().expect("kept").remove("signature");
            }
        }
        let changed = field > 5 || digest.content.as_ref().expect("readable") != &before;
        let found = bucket.verify(|_| true);
        prop_assert!(!changed || found.verdict != Verdict::Verified, "{:?}", found.verdict);
    }

    #[test]
    fn no_byte_of_a_log_file_can_be_changed_unnoticed(which in 0_usize..5, at in 12_usize..60) {
        let mut bucket = Bucket::read();
        let number = bucket.digests.len();
        let concerned = bucket.concerned();
        let logs: Vec<usize> = concerned.into_iter().filter(|at| *at >= number).collect();
        let bytes = &mut bucket.logs[logs[which % logs.len()] - number].1;
        let at = at % bytes.len();
        bytes[at] ^= 0x10;
        prop_assert_eq!(bucket.verify(|_| true).verdict, Verdict::Failed);
    }
}
