//! Every kind of report in a real browser: accessible in light and dark, no wider than the window or
//! the paper, asking for nothing. Needs Chromium, Node and npm; two packages of npm are installed once,
//! into a folder of the user's cache.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::report_kinds::{AUDIENCES, CONFIGURATION, KINDS};
use crate::support::{Sandbox, repository, sample_data};

fn folder() -> PathBuf {
    repository().join("tests/browser")
}

/// The packages that `check.mjs` needs, installed where later runs find them again.
fn modules() -> PathBuf {
    let pinned = fs::read(folder().join("package.json")).expect("the list of packages");
    let hash = hex::encode(&Sha256::digest(&pinned)[..6]);
    let named = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty());
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache");
    let cache = named.map_or_else(home, PathBuf::from).join("bedrock-lens");
    let place = cache.join(format!("browser-{hash}"));
    fs::create_dir_all(&place).expect("a cache folder");
    // Several test processes may want it at the same time; the lock ends with the process.
    let lock = fs::File::create(place.join("lock")).expect("a lock");
    lock.lock().expect("the lock");
    if !place.join("complete").exists() {
        fs::write(place.join("package.json"), pinned).expect("the list of packages");
        let npm = ["install", "--silent", "--no-fund", "--no-audit", "--no-package-lock"];
        let output =
            Command::new("npm").args(npm).current_dir(&place).output().expect("npm starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "axe-core and playwright-core can't be installed: {complaint}"
        );
        fs::write(place.join("complete"), "").expect("the mark of a complete folder");
    }
    place
}

fn chromium() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
    found.find(|file| file.is_file()).expect("Chromium").into_os_string()
}

/// What `check.mjs` says of the pages, one object each.
fn looked_at(sandbox: &Sandbox, pages: &[PathBuf]) -> Vec<Value> {
    let mut command = sandbox.command("node");
    command.arg(folder().join("check.mjs")).arg(modules()).arg(chromium()).args(pages);
    let outcome = sandbox.outcome(&mut command);
    let found: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(found.len(), pages.len(), "{}", outcome.stderr);
    found
}

fn problems(found: &[Value]) -> Vec<String> {
    let of = |one: &Value| {
        let name = Path::new(one["page"].as_str().expect("a path")).file_name();
        let name = name.expect("a name").to_string_lossy().into_owned();
        let list = one["problems"].as_array().expect("a list").clone();
        list.into_iter().map(move |problem| format!("{name}: {problem}")).collect::<Vec<_>>()
    };
    found.iter().flat_map(of).collect()
}

#[test]
#[cfg_attr(not(has_browser), ignore = "Chromium, Node or npm is not installed")]
fn every_kind_is_accessible_and_fits_screens_and_paper() {
    let sandbox = Sandbox::new();
    sandbox.write("work/bedrock-lens.toml", CONFIGURATION);
    sandbox.ingest(&sample_data(), 0);
    for (kind, date) in KINDS {
        sandbox.run(["-q", "report", kind, "--date", date]).exits(0);
    }
    for who in AUDIENCES {
        let args = ["-q", "report", "weekly", "--date", "2026-11-02", "--audience", who];
        sandbox.run(args).exits(0);
    }
    let pages: Vec<PathBuf> = crate::support::files_below(&sandbox.work())
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "html"))
        .collect();
    assert_eq!(pages.len(), KINDS.len() + AUDIENCES.len());
    let found = looked_at(&sandbox, &pages);
    assert_eq!(problems(&found), Vec::<String>::new());
    for one in &found {
        for paper in ["A4", "Letter"] {
            let printed = one["printed"][paper].as_u64().expect("a number of pages");
            assert!((2..=20).contains(&printed), "{}: {printed} pages", one["page"]);
        }
    }
}

#[test]
#[cfg_attr(not(has_browser), ignore = "Chromium, Node or npm is not installed")]
fn a_page_that_is_not_accessible_is_told_from_one_that_is() {
    let sandbox = Sandbox::new();
    let page = "<!doctype html><html><head><title>x</title></head><body>\
                <p style=\"color:#bbb;width:500px\">pale</p>\
                <img src=\"https://127.0.0.1:9/x.png\"></body></html>";
    let path = sandbox.write("bad.html", page);
    let found = problems(&looked_at(&sandbox, &[path])).join("\n");
    for expected in
        ["color-contrast", "image-alt", "html-has-lang", "360 px wide", "asks for https"]
    {
        assert!(found.contains(expected), "{expected}: {found}");
    }
}
