//! The forms of a report and where they go: CSV, workbook, PDF, S3, standard output, and `--if-complete`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::standins::Server;
use crate::support::{Outcome, Sandbox, lines, sample_store};

const WEEKLY: [&str; 2] = ["report", "weekly"];

#[test]
fn several_forms_go_into_a_folder_by_name_and_one_to_a_file_or_standard_output() {
    let (store, sandbox) = (sample_store(), Sandbox::new());
    let folder = sandbox.path().join("new/reports");
    let out = folder.to_str().expect("UTF-8");
    let line = store
        .run(["report", "weekly", "--format", "html,text,json,csv,xlsx,email", "-o", out, "--json"])
        .exits(0)
        .json();
    let names: Vec<String> = ["html", "txt", "json", "csv.zip", "xlsx", "eml"]
        .map(|end| format!("report-weekly-2026-W46.{end}"))
        .into();
    let paths: Vec<Value> =
        names.iter().map(|name| json!(folder.join(name).to_str().expect("UTF-8"))).collect();
    assert_eq!(line["outputs"], json!(paths));
    for key in ["schema", "command", "period", "cost_usd", "requests", "log_coverage", "grade"] {
        assert!(!line[key].is_null(), "{key}: {line}");
    }
    assert_eq!(line["period"], json!(["2026-11-09T00:00Z", "2026-11-16T00:00Z"]));
    assert_eq!(line["requests"], 3592);
    let left: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().contains(".partial"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let stdout = store.run(["report", "weekly", "--format", "json", "-o", "-"]).exits(0).json();
    assert_eq!(stdout["kind"], "weekly");
    for args in [&["--format", "html,json", "-o", "-"] as &[&str], &["-o", "-", "--json"]] {
        let outcome = store.run(WEEKLY.iter().chain(args)).exits(2);
        assert!(outcome.stderr.contains("standard output holds one thing"), "{}", outcome.stderr);
    }
}

#[test]
fn the_zip_holds_every_table_with_exact_values_and_no_formulas() {
    let sandbox = with_hostile_logs();
    sandbox.run(["report", "weekly", "--format", "csv,json", "-o", "out/"]).exits(0);
    let program = r#"
import csv, io, json, sys, zipfile
zip = zipfile.ZipFile(sys.argv[1])
assert zip.testzip() is None
files = {n: list(csv.reader(io.StringIO(zip.read(n).decode(), newline=""))) for n in zip.namelist()}
print(json.dumps(files))
"#;
    let archive = sandbox.work().join("out/report-weekly-2026-W46.csv.zip");
    let files: Value = serde_json::from_str(&sandbox.python(program, [archive])).expect("JSON");
    let json = std::fs::read_to_string(sandbox.work().join("out/report-weekly-2026-W46.json"));
    let report: Value = serde_json::from_str(&json.expect("the report")).expect("JSON");
    let tables: usize = report["sections"]
        .as_array()
        .expect("sections")
        .iter()
        .map(|section| section["tables"].as_array().expect("tables").len())
        .sum();
    let files = files.as_object().expect("files");
    assert_eq!(files.len(), tables + 2, "{:?}", files.keys());
    let cells = || {
        let rows = files.values().flat_map(|rows| rows.as_array().expect("rows"));
        rows.flat_map(|row| row.as_array().expect("cells")).filter_map(Value::as_str)
    };
    let risky: Vec<&str> = cells().filter(|cell| cell.starts_with(['=', '@'])).collect();
    assert!(risky.is_empty(), "{risky:?}");
    assert!(cells().any(|cell| cell.contains("'=cmd|") || cell.contains("=cmd|")));
    let by_model = files.iter().find(|(name, _)| name.contains("-models.csv")).expect("models").1;
    assert_eq!(by_model[0][0], "model");
}

/// Requests of a caller whose name is a formula.
fn with_hostile_logs() -> Sandbox {
    let sandbox = Sandbox::new();
    let text = lines(1..=30).replace("assumed-role/app/session", "assumed-role/=cmd|'calc'!A1/s");
    let logs = sandbox.write("logs/a.json", text);
    sandbox.ingest(&logs, 0);
    sandbox
}

#[test]
fn the_workbook_has_a_sheet_per_table_native_charts_and_no_formulas() {
    let sandbox = with_hostile_logs();
    sandbox.run(["report", "weekly", "--format", "xlsx", "-o", "book.xlsx"]).exits(0);
    let program = r#"
import json, sys, zipfile
import xml.etree.ElementTree as E
zip = zipfile.ZipFile(sys.argv[1])
N = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
sheets = [s.get("name") for s in E.fromstring(zip.read("xl/workbook.xml")).find("m:sheets", N)]
pages = [n for n in zip.namelist() if n.startswith("xl/worksheets/sheet")]
roots = [E.fromstring(zip.read(n)) for n in pages]
numbers = sum(1 for r in roots for c in r.iter("{%(m)s}c" % N) if c.get("t") is None and c.find("m:v", N) is not None)
formulas = sum(1 for r in roots for _ in r.iter("{%(m)s}f" % N))
charts = [n for n in zip.namelist() if n.startswith("xl/charts/chart")]
print(json.dumps({"sheets": sheets, "numbers": numbers, "formulas": formulas, "charts": len(charts)}))
"#;
    let read = |name: &str| -> Value {
        let book = sandbox.work().join(name);
        serde_json::from_str(&sandbox.python(program, [book])).expect("JSON")
    };
    let found = read("book.xlsx");
    assert_eq!(found["formulas"], 0, "{found}");
    assert!(found["numbers"].as_u64() > Some(50), "{found}");
    // What the page draws a spreadsheet draws too, but for heat maps and strips.
    for kind in ["weekly", "monthly", "performance", "capacity"] {
        let made = |form: &str, to: &str| {
            let date = ["--date", "2026-11-10"];
            let args = [&["report", kind, "--format", form, "-o", to], date.as_slice()].concat();
            sandbox.run(args).exits(0)
        };
        made("xlsx", "kind.xlsx");
        let report = made("json", "-").json();
        let native = |section: &Value| {
            let chart = &section["figure"]["chart"];
            match chart["form"].as_str() {
                None | Some("heat_map" | "event_strip" | "chain_strip") => 0,
                Some("small_multiples") => chart["panels"].as_array().expect("panels").len(),
                Some(_) => 1,
            }
        };
        let expected: usize =
            report["sections"].as_array().expect("sections").iter().map(native).sum();
        assert!(expected > 1, "{kind}");
        assert_eq!(read("kind.xlsx")["charts"], expected, "{kind}");
    }
    let sheets: Vec<&str> =
        found["sheets"].as_array().expect("sheets").iter().filter_map(Value::as_str).collect();
    assert_eq!(sheets[..2], ["Report", "Key figures"]);
    assert!(sheets.iter().any(|name| name.contains("chart")), "{sheets:?}");
    assert!(sheets.iter().all(|name| name.chars().count() <= 31), "{sheets:?}");
}

#[test]
fn a_pdf_is_printed_by_the_browser_that_is_there_or_it_is_said_how_to_get_one() {
    let store = sample_store();
    let sandbox = Sandbox::new();
    let target = sandbox.path().join("r.pdf");
    let args = ["report", "weekly", "--format", "pdf", "-o", target.to_str().expect("UTF-8")];
    let mut command = store.lens(args);
    command.env("BEDROCK_LENS_CHROMIUM", "/no/such/chromium");
    let outcome = store.outcome(&mut command).exits(1);
    let told = outcome.stderr.contains("no Chromium found");
    assert!(told && outcome.stderr.contains("BEDROCK_LENS_CHROMIUM="), "{}", outcome.stderr);
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("chromium").is_file()) {
        return; // no browser to print with
    }
    store.run(args).exits(0);
    let bytes = std::fs::read(&target).expect("the PDF");
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 50_000, "{} bytes", bytes.len());
    let other = sandbox.path().join("both/");
    let both = ["report", "weekly", "--format", "html,pdf", "-o", other.to_str().expect("UTF-8")];
    let mut command = store.lens(both);
    command.env("BEDROCK_LENS_CHROMIUM", "/bin/false");
    let outcome = store.outcome(&mut command).exits(3);
    assert!(outcome.stderr.contains("`/bin/false` did not print the report"), "{}", outcome.stderr);
    assert!(other.join("report-weekly-2026-W46.html").is_file());
}

/// The tool with the sample data and S3 on loopback.
fn to_s3(store: &Sandbox, server: &Server, args: &[&str]) -> Outcome {
    let mut command = store.lens(WEEKLY.iter().chain(args));
    command
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    store.outcome(&mut command)
}

fn with_logs() -> Sandbox {
    let sandbox = Sandbox::new();
    let logs = sandbox.write("logs/a.json", lines(1..=30));
    sandbox.ingest(&logs, 0);
    sandbox
}

#[test]
fn reports_are_written_to_s3_with_their_type_and_encryption() {
    let (sandbox, server) = (with_logs(), Server::moto());
    server.ask(&json!({"do": "put", "bucket": "acme-reports", "objects": []}));
    let args = ["--format", "html,csv", "-o", "s3://acme-reports/w/", "--encryption", "kms"];
    let line = to_s3(&sandbox, &server, &[&args[..], &["--kms-key", "alias/r", "--json"]].concat());
    let line = line.exits(0).json();
    let html = "s3://acme-reports/w/report-weekly-2026-W46.html";
    assert_eq!(line["outputs"][0], html);
    let object =
        |key: &str| server.ask(&json!({"do": "object", "bucket": "acme-reports", "key": key}));
    let page = object("w/report-weekly-2026-W46.html");
    assert!(page["text"].as_str().is_some_and(|text| text.starts_with("<!doctype html>")));
    let headers = page["headers"].to_string();
    for value in ["text/html; charset=utf-8", "aws:kms", "alias/r"] {
        assert!(headers.contains(value), "{value}: {headers}");
    }
    sandbox.write("work/bedrock-lens.toml", "[upload]\nencryption = \"aes256\"\n");
    to_s3(&sandbox, &server, &["--format", "json", "-o", "s3://acme-reports/latest.json"]).exits(0);
    let latest = object("latest.json")["headers"].to_string();
    assert!(latest.contains("AES256") && latest.contains("application/json"), "{latest}");
}

#[test]
fn what_s3_does_not_take_is_kept_in_the_folder() {
    let (sandbox, server) = (with_logs(), Server::moto());
    let outcome = to_s3(&sandbox, &server, &["-o", "s3://no-such-bucket/w/"]).exits(3);
    let told = outcome
        .stderr
        .contains("could not write `s3://no-such-bucket/w/report-weekly-2026-W46.html`");
    assert!(told && outcome.stderr.contains("no such bucket"), "{}", outcome.stderr);
    assert!(sandbox.work().join("report-weekly-2026-W46.html").is_file());
    for (target, told) in [("s3://a b/", "not a place in S3"), ("s3://acme/x", "end it with `/`")] {
        let outcome = to_s3(&sandbox, &server, &["--format", "html,json", "-o", target]);
        assert!(outcome.stderr.contains(told), "{target}: {}", outcome.stderr);
        assert!(outcome.code.is_some_and(|code| code == 1 || code == 2));
    }
}

#[test]
fn a_report_waits_for_its_period_to_be_complete_when_asked() {
    let sandbox = Sandbox::new();
    let logs = sandbox.write("logs/a.json", lines(1..=30));
    let at = |as_of: &str, args: &[&str]| {
        let store = sandbox.store();
        let global = ["--store", store.to_str().expect("UTF-8"), "--as-of", as_of];
        sandbox.bare(global.iter().chain(args))
    };
    let report = ["report", "weekly", "--if-complete", "--date", "2026-11-10"];
    let logs = logs.to_str().expect("UTF-8");
    at("2026-11-16T00:10:00Z", &["ingest", logs]).exits(0);
    let early = at("2026-11-16T00:20:00Z", &report).exits(4);
    assert!(early.stderr.contains("may come until 2026-11-16T01:00:00Z"), "{}", early.stderr);
    let unread = at("2026-11-16T06:00:00Z", &report).exits(4);
    assert!(unread.stderr.contains("last filled at 2026-11-16T00:10:00Z"), "{}", unread.stderr);
    let quiet = at("2026-11-16T06:00:00Z", &[&["-q"], &report[..]].concat()).exits(4);
    quiet.is_silent();
    let line = at("2026-11-16T06:00:00Z", &[&report[..], &["--json"]].concat()).exits(4).json();
    assert_eq!((&line["complete"], &line["exit"]), (&json!(false), &json!(4)), "{line}");
    let more = sandbox.write("logs/b.json", lines(31..=32));
    at("2026-11-16T05:00:00Z", &["ingest", more.to_str().expect("UTF-8")]).exits(0);
    at("2026-11-16T06:00:00Z", &report).exits(0);
    sandbox.write("work/bedrock-lens.toml", "[ingest]\nlate_minutes = 600\n");
    at("2026-11-16T06:00:00Z", &report).exits(4);
    let empty = ["report", "weekly", "--if-complete", "--date", "2026-10-10"];
    sandbox.write("work/bedrock-lens.toml", "");
    let none = at("2026-11-16T06:00:00Z", &empty).exits(4);
    assert!(none.stderr.contains("holds no log of it"), "{}", none.stderr);
}
