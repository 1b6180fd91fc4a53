//! `audit pack` and `audit verify-pack`: what is in a pack, and every way to spoil one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;

use crate::report::read_page;
use crate::support::{Sandbox, files_below, repository, sample_data, sample_store};

const RANGE: [&str; 4] = ["--from", "2026-11-02", "--to", "2026-11-16"];

/// A private key in PKCS #8 and its public key, made by openssl for this test.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHfhwiCID5Se1VJvjxidM2VxhRZ33xH6IFDDRrIaRO1P
-----END PRIVATE KEY-----
";

/// The sample store, with a folder that packs of one test go to.
struct Packing {
    store: Arc<Sandbox>,
    folder: Sandbox,
}

impl Packing {
    fn new() -> Self {
        Self { store: sample_store(), folder: Sandbox::new() }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pack(&self, name: &str, more: &[&str]) -> PathBuf {
        let path = self.place(name);
        let place = path.to_string_lossy();
        let args = ["audit", "pack", "-o", &place].into_iter().chain(RANGE);
        self.store.run(args.chain(more.iter().copied())).exits(0);
        path
    }

    fn verify(&self, path: &Path, more: &[&str], code: i32) -> Value {
        let path = path.to_string_lossy();
        let args = ["audit", "verify-pack", &path, "--json"];
        self.store.run(args.iter().chain(more)).exits(code).json()
    }

    /// A signing key and its public key, by openssl where it is there.
    fn keys(&self, name: &str) -> Option<(String, String)> {
        let (key, public) =
            (self.place(&format!("{name}.pem")), self.place(&format!("{name}.pub")));
        let openssl = |args: &[&str]| {
            Command::new("openssl").args(args).output().is_ok_and(|run| run.status.success())
        };
        let (key, public) =
            (key.to_string_lossy().into_owned(), public.to_string_lossy().into_owned());
        let made = openssl(&["genpkey", "-algorithm", "ed25519", "-out", &key])
            && openssl(&["pkey", "-in", &key, "-pubout", "-out", &public]);
        made.then_some((key, public))
    }
}

fn problems(check: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = check["problems"].as_array().expect("problems").iter();
    all.map(|problem| (text(&problem["kind"]), text(&problem["path"]))).collect()
}

fn problem(kind: &str, path: &str) -> (String, String) {
    (kind.to_owned(), path.to_owned())
}

#[test]
fn a_pack_made_twice_has_the_same_bytes() {
    let packing = Packing::new();
    let first = fs::read(packing.pack("a.zip", &[])).expect("a zip");
    assert_eq!(first, fs::read(packing.pack("b.zip", &[])).expect("a zip"));
    // A zip file and a folder hold the same.
    let folder = packing.pack("folder", &[]);
    let in_zip = packing.store.python(
        "import sys,zipfile,hashlib\n\
         z=zipfile.ZipFile(sys.argv[1])\n\
         assert z.testzip() is None\n\
         for n in sorted(z.namelist()): print(n, hashlib.sha256(z.read(n)).hexdigest())",
        [packing.place("a.zip")],
    );
    let in_folder = packing.store.python(
        "import sys,os,hashlib\n\
         r=sys.argv[1]\n\
         l=[os.path.relpath(os.path.join(d,f),r) for d,_,fs in os.walk(r) for f in fs]\n\
         for n in sorted(l): print(n, hashlib.sha256(open(os.path.join(r,n),'rb').read()).hexdigest())",
        [&folder],
    );
    assert_eq!(in_zip, in_folder);
    assert_eq!(packing.verify(&folder, &[], 0)["valid"], true);
}

#[test]
fn the_sums_are_those_that_other_tools_compute() {
    let packing = Packing::new();
    let folder = packing.pack("folder", &[]);
    let check = "import sys,os,hashlib,json\n\
        r=sys.argv[1]; h=lambda b: hashlib.sha256(b).hexdigest(); p=lambda n: open(os.path.join(r,n),'rb').read()\n\
        sums=p('SHA256SUMS').decode(); m=json.loads(p('manifest.json'))\n\
        assert m['whole_sha256']==h(sums.encode())\n\
        named=dict(reversed(l.split('  ',1)) for l in sums.splitlines())\n\
        assert named=={f['path']:f['sha256'] for f in m['files']}\n\
        for f in m['files']: assert h(p(f['path']))==f['sha256'] and len(p(f['path']))==f['size_bytes'], f\n\
        import csv\n\
        for f in m['files']:\n\
            \x20if f['path'].endswith('.csv'): assert len(list(csv.reader(open(os.path.join(r,f['path']),newline=''))))-1==f['rows'], f\n\
        print(len(m['files']))";
    let number: usize = packing.store.python(check, [&folder]).trim().parse().expect("a number");
    assert_eq!(files_below(&folder).len(), number + 2);
}

#[test]
fn each_changed_missing_and_added_file_is_named() {
    let packing = Packing::new();
    let folder = packing.pack("folder", &[]);
    let file = |name: &str| folder.join(name);
    let mut report = fs::read_to_string(file("report.html")).expect("a page");
    report.push(' ');
    fs::write(file("report.html"), report).expect("written");
    fs::remove_file(file("evidence/access-review.csv")).expect("removed");
    fs::write(file("evidence/more.csv"), "x\n").expect("written");
    let check = packing.verify(&folder, &[], 4);
    assert_eq!(
        problems(&check),
        [
            problem("changed", "report.html"),
            problem("missing", "evidence/access-review.csv"),
            problem("added", "evidence/more.csv"),
        ]
    );
    assert_eq!(check["valid"], false);
    let path = folder.to_string_lossy();
    let told = packing.store.run(["audit", "verify-pack", &path]).exits(4).stdout;
    assert!(told.contains("missing            evidence/access-review.csv"), "{told}");
}

#[test]
fn a_signature_is_checked_against_the_key_given() {
    let packing = Packing::new();
    let key = packing.folder.write("fixed.pem", KEY).to_string_lossy().into_owned();
    let signed = packing.pack("signed.zip", &["--sign-key", &key]);
    assert_eq!(packing.verify(&signed, &[], 0)["signature"], "own_key_only");
    assert_eq!(packing.verify(&packing.pack("plain.zip", &[]), &[], 0)["signature"], "unsigned");
    let Some((key, public)) = packing.keys("ours") else { return };
    let Some((_, other)) = packing.keys("other") else { return };
    let signed = packing.pack("ours.zip", &["--sign-key", &key]);
    assert_eq!(packing.verify(&signed, &["--public-key", &public], 0)["signature"], "valid");
    let refused = packing.verify(&signed, &["--public-key", &other], 4);
    assert_eq!(refused["signature"], "invalid");
    assert_eq!(problems(&refused), [problem("signature_invalid", "manifest.sig")]);
    // Openssl agrees, and the signature is the manifest's.
    let folder = packing.pack("ours", &["--sign-key", &key]);
    let agreed = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-inkey", &public, "-rawin", "-in", "manifest.json"])
        .args(["-sigfile", "manifest.sig"])
        .current_dir(&folder)
        .output()
        .expect("openssl starts");
    assert!(agreed.status.success(), "{}", String::from_utf8_lossy(&agreed.stdout));
    fs::remove_file(folder.join("manifest.sig")).expect("removed");
    let missing = packing.verify(&folder, &["--public-key", &public], 4);
    assert_eq!(missing["signature"], "missing");
}

/// Zip files that somebody made to do harm, each with what must be said of it.
const HOSTILE: &str = r#"
import sys, zipfile, stat, json, hashlib
kind, path = sys.argv[1], sys.argv[2]
manifest = {"schema": 1, "tool": "bedrock-lens", "version": "1", "pack_id": "x", "from": "2026-01-01T00:00:00Z",
            "to": "2026-02-01T00:00:00Z", "created": "2026-02-01T00:00:00Z", "files": [], "whole_sha256": "", "signed_by": None}
import warnings; warnings.simplefilter("ignore")
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
    if kind == "bomb":
        big = b"\0" * (64 << 20)
        manifest["files"] = [{"path": "a.csv", "size_bytes": 10, "sha256": hashlib.sha256(big).hexdigest(), "rows": None}]
        z.writestr("a.csv", big)
    if kind == "traversal":
        z.writestr("../../evil", "x"); z.writestr("/etc/evil", "x"); z.writestr("a\\b", "x")
    if kind == "twice":
        z.writestr("a.csv", "1"); z.writestr("a.csv", "2")
    if kind == "link":
        info = zipfile.ZipInfo("a.csv"); info.external_attr = (stat.S_IFLNK | 0o777) << 16
        z.writestr(info, "/etc/passwd")
    sums = "".join(f"{f['sha256']}  {f['path']}\n" for f in manifest["files"])
    manifest["whole_sha256"] = hashlib.sha256(sums.encode()).hexdigest()
    z.writestr("SHA256SUMS", sums)
    z.writestr("manifest.json", json.dumps(manifest))
"#;

#[test]
fn hostile_zip_files_are_told_and_never_unpacked() {
    let packing = Packing::new();
    for (kind, expected) in [
        ("bomb", vec![problem("changed", "a.csv")]),
        (
            "traversal",
            vec![
                problem("unsafe_path", "../../evil"),
                problem("unsafe_path", "/etc/evil"),
                problem("unsafe_path", "a\\b"),
            ],
        ),
        ("twice", vec![problem("added", "a.csv"), problem("duplicate", "")]),
        ("link", vec![problem("not_a_file", "a.csv")]),
    ] {
        let path = packing.place(&format!("{kind}.zip"));
        packing.store.python(HOSTILE, [Path::new(kind), &path]);
        assert_eq!(problems(&packing.verify(&path, &[], 4)), expected, "{kind}");
    }
    let no_zip = packing.folder.write("no.zip", "not a zip file");
    let no_zip = no_zip.to_string_lossy();
    let outcome = packing.store.run(["audit", "verify-pack", &no_zip]).exits(1);
    assert!(outcome.stderr.contains("neither a folder nor a zip file"), "{}", outcome.stderr);
}

#[test]
fn an_empty_quarter_ends_with_what_the_store_holds() {
    let packing = Packing::new();
    let path = packing.place("none.zip");
    let place = path.to_string_lossy();
    let args = ["audit", "pack", "--quarter", "2025-Q1", "-o", &place];
    let outcome = packing.store.run(args).exits(1);
    assert!(outcome.stderr.contains("holds no logs from 2025-01-01"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("it holds 2026-11-02 to 2026-11-15"), "{}", outcome.stderr);
    assert!(!path.exists());
    packing.store.run(["audit", "pack", "--quarter", "2025Q1", "-o", &place]).exits(2);
}

#[test]
fn nothing_is_written_over_and_keys_that_are_none_are_refused() {
    let packing = Packing::new();
    let taken = packing.folder.write("taken/file", "mine");
    let place = taken.parent().expect("a folder").to_string_lossy();
    let mut args = vec!["audit", "pack", "-o", &place];
    args.extend(RANGE);
    let outcome = packing.store.run(&args).exits(2);
    assert!(outcome.stderr.contains("is there already and not empty"), "{}", outcome.stderr);
    assert_eq!(fs::read_to_string(&taken).expect("still there"), "mine");
    let bad = packing.folder.write("bad.pem", "secret words");
    let (bad, place) = (bad.to_string_lossy(), packing.place("x.zip"));
    let place = place.to_string_lossy();
    let mut args = vec!["audit", "pack", "--sign-key", &bad, "-o", &place];
    args.extend(RANGE);
    let outcome = packing.store.run(&args).exits(2);
    assert!(outcome.stderr.contains("bad.pem"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("secret words"), "{}", outcome.stderr);
}

#[test]
fn the_page_is_valid_and_says_what_was_not_evaluated() {
    let packing = Packing::new();
    let folder = packing.pack("folder", &[]);
    let page = fs::read_to_string(folder.join("report.html")).expect("a page");
    let read = read_page(&page);
    let text = read["text"].as_str().expect("a text");
    for words in ["Compliance audit pack", "Not evaluated", "Sign-off", "Evidence manifest"] {
        assert!(text.contains(words), "{words}");
    }
    let report: Value =
        serde_json::from_slice(&fs::read(folder.join("report.json")).expect("a file"))
            .expect("JSON");
    assert_eq!(report["kind"], "audit_pack");
    assert_eq!(report["verdict"]["word"], "Not evaluated");
    let sheets = report["sheets"].as_array().expect("sheets").len();
    assert_eq!(sheets, 7);
    assert!(!page.contains("<script"), "no script in a report");
}

#[test]
fn the_digests_are_checked_where_a_source_is_named() {
    let (sandbox, integrity) = (Sandbox::new(), repository().join("tests/integrity"));
    let bucket = integrity.join("bucket");
    sandbox.ingest(&bucket, 0);
    let path = |name: &str| integrity.join(name).to_string_lossy().into_owned();
    let place = sandbox.path().join("pack");
    let place = place.to_string_lossy();
    let (bucket, keys, metadata) = (path("bucket"), path("keys.json"), path("metadata.json"));
    let verify = ["--verify", &bucket, "--keys", &keys, "--metadata", &metadata];
    let range = ["--from", "2026-03-02T10:00:00Z", "--to", "2026-03-02T18:00:00Z"];
    let args = ["audit", "pack", "--json", "-o", &place];
    let answer = sandbox.run(args.iter().chain(&range).chain(&verify)).exits(0).json();
    let alone = ["audit", "verify", &bucket, "--json", "--keys", &keys, "--metadata", &metadata];
    let alone = sandbox.run(alone.iter().chain(&range)).json();
    assert_eq!(answer["integrity"], alone["verdict"]);
    let rows = fs::read_to_string(Path::new(&*place).join("integrity/files.csv")).expect("a file");
    assert_eq!(rows.lines().count() - 1, alone["files"].as_array().expect("files").len());
    read_page(&fs::read_to_string(Path::new(&*place).join("report.html")).expect("a page"));
}

#[test]
fn inputs_have_hashes_where_the_ingest_computed_them() {
    let sandbox = Sandbox::new();
    sandbox.run(["ingest", "--hash", &sample_data().to_string_lossy()]).exits(0);
    let place = sandbox.path().join("pack");
    let place = place.to_string_lossy();
    sandbox.run(["audit", "pack", "-o", &place].into_iter().chain(RANGE)).exits(0);
    let check = "import sys,csv,hashlib\n\
        rows=list(csv.DictReader(open(sys.argv[1]+'/inputs/objects.csv')))\n\
        for r in rows: assert hashlib.sha256(open(sys.argv[2]+'/'+r['object'],'rb').read()).hexdigest()==r['sha256'], r\n\
        print(len(rows))";
    let number = sandbox.python(check, [Path::new(&*place), &sample_data()]);
    assert!(number.trim().parse::<u32>().expect("a number") > 100, "{number}");
}

#[test]
fn secrets_of_the_configuration_stay_out() {
    let packing = Packing::new();
    let config = packing.folder.write(
        "lens.toml",
        "[[source]]\nname = \"a\"\nurl = \"s3://logs/x\"\nrole_arn = \"arn:aws:iam::111122223333:role/r\"\nexternal_id = \"hush-4711\"\n",
    );
    let config = config.to_string_lossy();
    let folder = packing.pack("folder", &["--config", &config]);
    for file in files_below(&folder) {
        let bytes = fs::read(&file).expect("a file");
        let held = bytes.windows(9).any(|part| part == b"hush-4711");
        assert!(!held, "{}", file.display());
    }
    let configuration =
        fs::read_to_string(folder.join("method/configuration.json")).expect("a file");
    assert!(configuration.contains("s3://logs/x"), "{configuration}");
}
