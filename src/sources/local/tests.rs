//! Folders and files as users have them: copies, links, strange names, what may not be read.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Local, portable_key};
use crate::sources::{Error, Everything, Listing, ObjectEntry, Source};

const LOG: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/a.json.gz";

fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files {
        write(&folder.path().join(file), file);
    }
    folder
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, content).expect("a file");
}

fn list(root: &Path) -> Listing {
    let listing = Local::new(root).list(&Everything).expect("a listing");
    assert!(listing.failures.is_empty(), "{:?}", listing.failures);
    listing
}

fn keys(root: &Path) -> Vec<String> {
    list(root).objects.into_iter().map(|object| object.key).collect()
}

fn only(root: &Path) -> ObjectEntry {
    let mut objects = list(root).objects;
    assert_eq!(objects.len(), 1, "{objects:?}");
    objects.remove(0)
}

#[test]
fn a_folder_is_listed_with_all_below_it_in_the_order_of_keys() {
    let folder = folder(&["b.json", "a/z.json", "a.json", "a/.hidden", ".git/config", "a/b/c.gz"]);
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    assert_eq!(keys(folder.path()), ["a.json", "a/b/c.gz", "a/z.json", "b.json"]);
}

#[test]
fn listed_objects_can_be_fetched_and_know_their_size() {
    let folder = folder(&["a/z.json"]);
    let source = Local::new(folder.path());
    let object = only(folder.path());
    assert_eq!(source.fetch(&object, u64::MAX).expect("bytes").bytes, b"a/z.json");
    assert_eq!(object.size_bytes, 8);
    assert!(object.modified.is_some());
    assert!(object.fingerprint.starts_with("8-"), "{}", object.fingerprint);
}

#[test]
fn a_changed_file_has_another_fingerprint() {
    let folder = folder(&["a.json"]);
    let before = only(folder.path()).fingerprint;
    assert_eq!(only(folder.path()).fingerprint, before);
    let file = fs::File::options().append(true).open(folder.path().join("a.json")).expect("a file");
    let later = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_000_000_001);
    file.set_modified(later).expect("a new time");
    let after = only(folder.path());
    assert_ne!(after.fingerprint, before);
    assert_eq!(after.fingerprint, "6-1000000001");
    assert_eq!(after.modified, Some(crate::schema::TimeMs(1000)));
}

#[test]
fn a_log_keeps_its_key_whichever_folder_it_is_reached_through() {
    let folder = folder(&[&format!("copies/acme/{LOG}")]);
    let mut root = folder.path().to_owned();
    for part in ["", "copies", "acme", "AWSLogs", "111122223333", "CloudTrail", "us-east-1"] {
        root = if part.is_empty() { root } else { root.join(part) };
        let object = only(&root);
        assert_eq!((object.key.as_str(), object.origin.as_str()), (LOG, ""), "{}", root.display());
    }
    let file = folder.path().join("copies/acme").join(LOG);
    assert_eq!(only(&file).key, LOG);
    let round_about = folder.path().join("copies/../copies/acme/AWSLogs/111122223333");
    assert_eq!(only(&round_about).key, LOG);
}

#[test]
fn a_file_outside_awslogs_is_called_by_its_path_below_the_source() {
    let folder = folder(&["logs/a/records.ndjson", "other/a/records.ndjson"]);
    let one = only(&folder.path().join("logs"));
    let two = only(&folder.path().join("other"));
    assert_eq!((one.key.as_str(), two.key.as_str()), ("a/records.ndjson", "a/records.ndjson"));
    assert_ne!(one.origin, two.origin, "files of different folders are different objects");
    let file = only(&folder.path().join("logs/a/records.ndjson"));
    assert_eq!(file.key, "records.ndjson");
}

#[test]
fn two_copies_of_a_bucket_below_one_folder_stay_apart() {
    let folder = folder(&[&format!("one/{LOG}"), &format!("two/{LOG}")]);
    assert_eq!(keys(folder.path()), [LOG.to_owned(), format!("two/{LOG}")]);
}

#[test]
fn an_empty_folder_is_an_empty_listing() {
    assert!(list(folder(&[]).path()).objects.is_empty());
}

#[test]
fn a_missing_place_is_named_with_a_hint() {
    let folder = folder(&[]);
    let error =
        Local::new(folder.path().join("nowhere")).list(&Everything).expect_err("nothing there");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn a_file_gone_since_the_listing_is_an_error_of_that_file() {
    let folder = folder(&["a.json", "b.json"]);
    let source = Local::new(folder.path());
    let objects = list(folder.path()).objects;
    fs::remove_file(folder.path().join("a.json")).expect("removed");
    let error = source.fetch(&objects[0], u64::MAX).expect_err("gone");
    assert!(matches!(&error, Error::Read { location, .. } if location.ends_with("a.json")));
    assert!(source.fetch(&objects[1], u64::MAX).is_ok());
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_and_loops_end() {
        let folder = folder(&["a/x.json", "outside/y.json"]);
        symlink(folder.path(), folder.path().join("a/loop")).expect("a link");
        symlink(folder.path().join("outside"), folder.path().join("a/out")).expect("a link");
        assert_eq!(keys(folder.path()), ["a/out/y.json", "a/x.json", "outside/y.json"]);
    }

    #[test]
    fn a_link_named_awslogs_counts_as_the_folder() {
        let folder = folder(&["volume/111122223333/a.json"]);
        symlink(folder.path().join("volume"), folder.path().join("AWSLogs")).expect("a link");
        let root = folder.path().join("AWSLogs/111122223333");
        assert_eq!(only(&root).key, "AWSLogs/111122223333/a.json");
    }

    #[test]
    fn what_cannot_be_listed_is_told_and_the_rest_goes_on() {
        let folder = folder(&["a.json"]);
        symlink(folder.path().join("gone"), folder.path().join("broken")).expect("a link");
        symlink(folder.path().join("gone"), folder.path().join(".hidden")).expect("a link");
        write(&folder.path().join(OsStr::from_bytes(b"caf\xe9.json")), "");
        let listing = Local::new(folder.path()).list(&Everything).expect("a listing");
        assert_eq!(listing.objects.len(), 1);
        let told: Vec<String> = listing.failures.iter().map(Error::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("could not list `") && told[0].contains("broken"), "{told:?}");
        assert!(told[1].ends_with("is not UTF-8"), "{told:?}");
    }

    #[test]
    fn denied_folders_and_files_are_named_with_the_missing_permission() {
        let folder = folder(&["a.json", "b/c.json"]);
        let lock = |path: &str, mode| {
            let path = folder.path().join(path);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
        };
        let objects = list(folder.path()).objects;
        lock("a.json", 0o000);
        lock("b", 0o000);
        if fs::read(folder.path().join("a.json")).is_err() {
            let source = Local::new(folder.path());
            let error = source.fetch(&objects[0], u64::MAX).expect_err("denied");
            assert!(error.hint().is_some_and(|hint| hint.contains("read permission")));
            let listing = source.list(&Everything).expect("a listing");
            assert_eq!(listing.objects.len(), 1);
            assert!(matches!(&listing.failures[..], [Error::List { .. }]));
            assert!(Local::new(folder.path().join("b")).list(&Everything).is_err());
        } // The super-user is denied nothing, so there is nothing to see.
        lock("b", 0o700);
    }
}

#[test]
fn the_portable_key_starts_at_the_last_awslogs_folder() {
    for (path, expected) in [
        (LOG, Some(LOG)),
        ("p/AWSLogs/1/x", Some("AWSLogs/1/x")),
        ("AWSLogs/old/AWSLogs/1/x", Some("AWSLogs/1/x")),
        ("myAWSLogs/1/x", None),
        ("AWSLogs/", None),
        ("AWSLogs", None),
        ("", None),
    ] {
        assert_eq!(portable_key(path), expected, "{path}");
    }
}
