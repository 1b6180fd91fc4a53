//! Manifests, sums and signatures, with what a forger would try.

use super::{
    Check, Found, KeyError, Manifest, PackFile, PackProblemKind, PublicKey, SignatureState,
    SigningKey, check, sha256, sums,
};
use crate::period::Period;

/// Made for these tests by `openssl genpkey -algorithm ed25519`.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHfhwiCID5Se1VJvjxidM2VxhRZ33xH6IFDDRrIaRO1P
-----END PRIVATE KEY-----
";

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::of(&key.signer()).expect("a key")
}

fn packed(key: Option<&SigningKey>) -> Found {
    let file = |path: &str, content: &str| PackFile {
        path: path.to_owned(),
        size_bytes: content.len() as u64,
        sha256: sha256(content.as_bytes()),
        rows: None,
    };
    let files = vec![file("report.html", "<p>"), file("evidence/a.csv", "a\n1\n")];
    let at = chrono::DateTime::from_timestamp_millis(0).expect("a time");
    let period = Period { from: at, to: at };
    let manifest = Manifest::new(files, "id".to_owned(), "1", period, at, key);
    let bytes = serde_json::to_vec(&manifest).expect("JSON");
    let names = manifest.files.iter();
    Found {
        sums: Some(sums(&manifest.files).into_bytes()),
        signature: key.map(|key| key.sign(&bytes)),
        manifest: Some(bytes),
        files: names.map(|f| (f.path.clone(), (f.size_bytes, f.sha256.clone()))).collect(),
        problems: Vec::new(),
    }
}

fn kinds(check: &Check) -> Vec<(PackProblemKind, &str)> {
    check.problems.iter().map(|problem| (problem.kind, problem.path.as_str())).collect()
}

#[test]
fn a_pack_as_it_was_made_is_valid() {
    let found = check(&packed(None), None);
    assert!(found.valid, "{found:?}");
    assert_eq!((found.files, found.unchanged), (2, 2));
    assert_eq!(found.signature, SignatureState::Unsigned);
}

#[test]
fn changed_missing_and_added_files_are_named() {
    let mut pack = packed(None);
    pack.files.remove("report.html");
    pack.files.insert("evidence/a.csv".to_owned(), (4, sha256(b"a\n2\n")));
    pack.files.insert("evidence/b.csv".to_owned(), (0, sha256(b"")));
    let found = check(&pack, None);
    assert_eq!(
        kinds(&found),
        [
            (PackProblemKind::Changed, "evidence/a.csv"),
            (PackProblemKind::Missing, "report.html"),
            (PackProblemKind::Added, "evidence/b.csv"),
        ]
    );
    assert_eq!((found.valid, found.unchanged), (false, 0));
}

#[test]
fn a_manifest_made_to_fit_a_changed_file_no_longer_fits_its_signature() {
    let key = SigningKey::from_pem(KEY).expect("a key");
    let mut pack = packed(Some(&key));
    assert_eq!(check(&pack, Some(&public(&key))).signature, SignatureState::Valid);
    assert_eq!(check(&pack, None).signature, SignatureState::OwnKeyOnly);
    let mut manifest: Manifest =
        serde_json::from_slice(pack.manifest.as_ref().expect("bytes")).expect("a manifest");
    manifest.files[0].sha256 = sha256(b"a\n2\n");
    manifest.whole_sha256 = sha256(sums(&manifest.files).as_bytes());
    pack.sums = Some(sums(&manifest.files).into_bytes());
    pack.files.insert("evidence/a.csv".to_owned(), (4, sha256(b"a\n2\n")));
    pack.manifest = Some(serde_json::to_vec(&manifest).expect("JSON"));
    let found = check(&pack, Some(&public(&key)));
    assert_eq!(kinds(&found), [(PackProblemKind::SignatureInvalid, "manifest.sig")]);
}

#[test]
fn a_signature_that_was_taken_away_is_missed() {
    let key = SigningKey::from_pem(KEY).expect("a key");
    let mut pack = packed(Some(&key));
    pack.signature = None;
    for given in [None, Some(public(&key))] {
        let found = check(&pack, given.as_ref());
        assert_eq!(found.signature, SignatureState::Missing);
        assert!(!found.valid);
    }
    assert!(!check(&packed(None), Some(&public(&key))).valid);
}

#[test]
fn a_signature_nobody_announced_is_not_trusted() {
    let key = SigningKey::from_pem(KEY).expect("a key");
    let mut pack = packed(None);
    pack.signature = Some(key.sign(b"something else"));
    let found = check(&pack, None);
    assert_eq!((found.valid, found.signature), (false, SignatureState::Invalid));
}

#[test]
fn keys_of_another_kind_are_refused() {
    let refused = |text: &str| SigningKey::from_pem(text).err();
    assert_eq!(refused("nothing"), Some(KeyError::NotPem { wanted: "PRIVATE KEY" }));
    let block =
        |body: &str| format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----");
    assert_eq!(refused(&block("!")), Some(KeyError::NotBase64));
    assert_eq!(refused(&block("AAAA")), Some(KeyError::OtherKind));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    assert_eq!(refused(encrypted), Some(KeyError::Encrypted));
    let public = PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----");
    assert_eq!(public, Err(KeyError::OtherKind));
}

#[test]
fn without_a_manifest_nothing_is_valid() {
    let found = check(&Found::default(), None);
    assert!(!found.valid);
    assert_eq!(kinds(&found), [(PackProblemKind::NoManifest, "manifest.json")]);
}
