//! The `prices` commands, run as a user runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

#[path = "prices/bedrock_stub.rs"]
mod bedrock_stub;
#[path = "prices/importing.rs"]
mod importing;
#[path = "prices/syncing.rs"]
mod syncing;
#[path = "prices/units.rs"]
mod units;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A folder with a configuration that names a prices file.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(prices: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
        };
        write("lens.toml", "[prices]\nfile = \"prices.toml\"\n");
        write("prices.toml", prices);
        Self(folder)
    }

    fn golden() -> Self {
        Self::new(include_str!("prices/prices.toml"))
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("lens.toml")
    }
}

/// The program, in an empty environment and on a fixed day; its store isn't there.
fn lens(config: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-lens"));
    command.env_clear().current_dir(std::env::temp_dir());
    command.args(["--store", "/no/store/is/here"]);
    command.args(["--as-of", "2026-11-22T12:00:00Z"]);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    command.arg("prices");
    command
}

fn run(config: Option<&Path>, args: &[&str]) -> Output {
    lens(config).args(args).output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(config: Option<&Path>, args: &[&str]) -> Value {
    let output = run(config, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("one JSON value")
}

/// Options of `prices explain`, in the order of the golden tables' columns.
const FLAGS: [&str; 9] = [
    "--model-id",
    "--region",
    "--tier",
    "--at",
    "--input-tokens",
    "--output-tokens",
    "--cache-read-tokens",
    "--cache-write-tokens",
    "--cache-write-1h-tokens",
];

/// What both tables say of an answer.
const ANSWERS: [&str; 5] = ["status", "reason", "resolved_model", "routing", "cost_usd"];

/// A line of the golden table against the program.
fn golden_line(line: &str, config: &Path) -> Result<(), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    assert_eq!(fields.len(), 16, "{line}");
    let mut args = vec!["explain", "--json"];
    for (flag, value) in FLAGS.iter().zip(&fields[1..10]) {
        if *value != "-" {
            args.extend([*flag, *value]);
        }
    }
    if fields[10] == "true" {
        args.push("--as-logged");
    }
    let found = json(Some(config).filter(|_| fields[0] == "true"), &args);
    let found = ANSWERS.map(|key| found[key].as_str().unwrap_or("-").to_owned());
    if found == fields[11..] { Ok(()) } else { Err(format!("{line}\n  found {found:?}")) }
}

#[test]
fn every_line_of_the_golden_table_is_reproduced_to_the_last_digit() {
    let folder = Folder::golden();
    let lines: Vec<&str> =
        include_str!("prices/golden.tsv").lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 150, "{} lines", lines.len());
    let config = folder.config();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let check = |lines: &[&str]| -> Vec<String> {
            lines.iter().filter_map(|line| golden_line(line, &config).err()).collect()
        };
        let threads: Vec<_> = lines
            .chunks(lines.len().div_ceil(4))
            .map(|part| scope.spawn(move || check(part)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{} lines differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_was_worked_out_by_hand_is_what_the_program_says() {
    let lines = include_str!("prices/by_hand.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), 15, "{line}");
        let mut args = vec!["explain", "--json"];
        for (flag, value) in FLAGS.iter().zip(&fields).filter(|(_, value)| **value != "-") {
            args.extend([*flag, *value]);
        }
        let found = json(None, &args);
        let found = ANSWERS.map(|key| found[key].as_str().unwrap_or("-").to_owned());
        assert_eq!(found, fields[9..14], "{line}");
        count += 1;
    }
    assert!(count >= 40, "{count} lines");
}

#[test]
fn explain_shows_the_arithmetic_line_by_line() {
    let output = run(
        None,
        &[
            "explain",
            "--model-id",
            &format!("us.{SONNET}"),
            "--region",
            "us-east-1",
            "--input-tokens",
            "1200",
            "--output-tokens",
            "300",
            "--cache-write-tokens",
            "100",
            "--cache-write-1h-tokens",
            "40",
        ],
    );
    let text = stdout(&output);
    for line in [
        "input            1,200  ×         3.3  =  0.00396",
        "output             300  ×        16.5  =  0.00495",
        "cache write         60  ×       4.125  =  0.0002475",
        "cache write 1h      40  ×         6.6  =  0.000264",
        "total                                  =  0.0094215",
        "status        priced",
        "routing       regional",
        "price book    newest fact 2026-10-09, 44 days ago",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in\n{text}");
    }
}

#[test]
fn both_ways_to_charge_cached_tokens_are_shown_where_they_differ() {
    let args = |extra: &[&str]| -> Vec<String> {
        let args = [
            "explain",
            "--model-id",
            "openai.gpt-5.6-luna",
            "--region",
            "us-east-1",
            "--at",
            "2026-10-09",
            "--input-tokens",
            "5000",
        ];
        args.iter().chain(extra).map(|arg| (*arg).to_owned()).collect()
    };
    let text = |extra: &[&str]| {
        let args = args(extra);
        stdout(&run(None, &args.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    // 0.22 input, 0.022 cache read, per million.
    let both = text(&["--cache-read-tokens", "3000"]);
    assert!(both.contains("out of the input: 0.000506 USD, used here"), "{both}");
    assert!(both.contains("the input charged whole: 0.001166 USD\n"), "{both}");
    let as_logged = text(&["--cache-read-tokens", "3000", "--as-logged"]);
    assert!(as_logged.contains("charged whole: 0.001166 USD, used here"), "{as_logged}");
    assert!(!text(&[]).contains("as logged"), "nothing to choose without cached tokens");
}

#[test]
fn a_call_without_counts_is_unpriced_and_a_failed_one_not_billed() {
    let ask = |extra: &[&str]| {
        let mut args = vec!["explain", "--model-id", SONNET, "--region", "us-east-1", "--json"];
        args.extend(extra);
        let found = json(None, &args);
        assert_eq!(found["cost_usd"], Value::Null);
        format!("{} {}", found["status"], found["reason"])
    };
    assert_eq!(ask(&[]), r#""unpriced" "no_token_counts""#);
    assert_eq!(ask(&["--failed"]), r#""not_billed" "error_without_counts""#);
}

#[test]
fn explain_refuses_what_is_no_count_or_time() {
    for args in [["--input-tokens", "-1"], ["--input-tokens", "1.5"], ["--at", "yesterday"]] {
        let mut all = vec!["explain", "--model-id", SONNET];
        all.extend(args);
        let output = run(None, &all);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_cost_says_that_it_comes_from_the_prices_file() {
    let folder = Folder::golden();
    let ask = |at: &str| {
        json(
            Some(&folder.config()),
            &[
                "explain",
                "--model-id",
                SONNET,
                "--region",
                "us-east-1",
                "--at",
                at,
                "--input-tokens",
                "1000",
                "--json",
            ],
        )
    };
    let own = ask("2026-07-01");
    assert_eq!(own["source"]["origin"], "prices_file");
    assert_eq!(own["source"]["sources"][0]["id"], "prices file");
    assert_eq!(
        own["price_row"],
        format!("{SONNET} * standard from 2026-07-01 to 2026-10-01 (prices file)")
    );
    let discounted = ask("2026-10-01");
    assert_eq!(discounted["source"]["origin"], "discount");
    assert_eq!(discounted["source"]["discount_percent"], "12.5");
    assert_eq!(discounted["unit_prices"]["input"], "2.8875");
    assert_eq!(ask("2026-05-31")["source"]["origin"], "catalogue");
}

#[test]
fn provisioned_throughput_is_named_with_its_rate_and_not_costed() {
    let folder = Folder::golden();
    let arn = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abc";
    let args =
        ["explain", "--model-id", arn, "--region", "us-east-1", "--input-tokens", "5", "--json"];
    let found = json(Some(&folder.config()), &args);
    assert_eq!(found["reason"], "provisioned");
    assert_eq!(found["provisioned_usd_per_hour"], "79.2");
    assert_eq!(found["provisioned_model"], "amazon.nova-pro-v1:0");
    assert_eq!(found["provisioned_model_units"], 2);
    assert_eq!(found["cost_usd"], Value::Null);
}

#[test]
fn a_broken_prices_file_stops_every_command_that_costs() {
    let folder = Folder::new("\n[[discount]]\nprovider = \"Anthropic\"\npercnt = \"10\"\n");
    let config = folder.config();
    let output = run(Some(&config), &["explain", "--model-id", SONNET]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "the catalogue isn't used in its place");
    let text = stderr(&output);
    let expected = "prices.toml`, line 4, discount 1: `percnt` is not known here, did you mean `percent`? (allowed: ";
    assert!(text.contains(expected), "{text}");
    let check = run(Some(&config), &["check", "--json"]);
    assert_eq!(check.status.code(), Some(4));
    let found: Value = serde_json::from_slice(&check.stdout).expect("JSON");
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"][0]["line"], 4);
    assert_eq!(found["problems"][0]["key"], "percnt");
    assert_eq!(found["problems"][1]["key"], "percent", "which is missing");
}

#[test]
fn a_prices_file_that_is_not_there_is_an_error() {
    let folder = Folder::golden();
    std::fs::remove_file(folder.0.path().join("prices.toml")).expect("removed");
    let output = run(Some(&folder.config()), &["list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("could not read the prices file"), "{}", stderr(&output));
}

#[test]
fn check_finds_nothing_wrong_with_what_is_sound() {
    let embedded = run(None, &["check"]);
    assert_eq!(embedded.status.code(), Some(0), "{}", stdout(&embedded));
    assert!(stdout(&embedded).contains("168 models, 2607 rows"), "{}", stdout(&embedded));
    let folder = Folder::golden();
    let own = json(Some(&folder.config()), &["check", "--json"]);
    assert_eq!(own["ok"], true);
    assert_eq!(own["prices_file"]["rows"], 4);
    assert_eq!(own["prices_file"]["profiles"], 3);
}

#[test]
fn check_names_a_gap_and_a_price_per_thousand() {
    let row = |dates: &str, input: &str| {
        format!(
            "[[price]]\nmodel_id = \"{SONNET}\"\nrouting = \"regional\"\nregion = \"us-east-1\"\n\
             tier = \"standard\"\n{dates}\ninput = \"{input}\"\n"
        )
    };
    let text = row("effective_to = 2026-01-01", "3") + &row("effective_from = 2026-02-01", "3");
    let output = run(Some(&Folder::new(&text).config()), &["check"]);
    assert_eq!(output.status.code(), Some(4));
    let found = stdout(&output);
    assert!(found.contains("no price from 2026-01-01 to 2026-02-01"), "{found}");
    let every = row("", "0.0033").replace("us-east-1", "*");
    let output = run(Some(&Folder::new(&every).config()), &["check"]);
    assert_eq!(output.status.code(), Some(4));
    let found = stdout(&output);
    assert!(found.contains("`input` is 0.0033, far from the catalogue's 3.3"), "{found}");
}

#[test]
fn list_filters_and_its_forms_agree() {
    let model = format!("us.{SONNET}");
    let args = ["list", "--model", &model, "--tier", "standard", "--region", "us-east-1"];
    let form = |form: &'static str| [&args[..], &["--format", form]].concat();
    let rows = json(None, &form("json"));
    let rows = rows.as_array().expect("an array");
    assert_eq!(rows.len(), 2, "regional and global");
    assert_eq!(rows[0]["input"], "3.3");
    assert_eq!(rows[1]["routing"], "global");
    let csv = stdout(&run(None, &form("csv")));
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.starts_with("model_id,provider,routing,region,tier,"), "{csv}");
    assert_eq!(stdout(&run(None, &form("table"))).lines().count(), 3);
    let of = |args: &[&str]| json(None, args).as_array().expect("an array").clone();
    let anthropic =
        of(&["list", "--provider", "anthropic", "--region", "us-gov-west-1", "--format", "json"]);
    assert!(anthropic.iter().all(|row| row["region"] == "us-gov-west-1"), "`*` isn't for GovCloud");
    let luna = |at| {
        let args = [
            "list",
            "--model",
            "openai.gpt-5.6-luna",
            "--routing",
            "regional",
            "--tier",
            "standard",
            "--region",
            "us-east-1",
            "--format",
            "json",
            "--at",
            at,
        ];
        of(&args).iter().map(|row| row["input"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(luna("2026-07-30"), ["0.22"]);
    assert_ne!(luna("2026-07-29"), ["0.22"]);
    let none = run(None, &["list", "--model", "no such model", "--format", "json"]);
    assert_eq!((stdout(&none).as_str(), none.status.code()), ("[]\n", Some(0)));
    assert!(stderr(&none).contains("no price rows match"));
}

#[test]
fn show_tells_all_about_a_model_in_any_form_of_its_id() {
    let text = stdout(&run(None, &["show", &format!("eu.{SONNET}:200k")]));
    assert!(
        text.contains(&format!("model          {SONNET} (Claude Sonnet 4.5, Anthropic)")),
        "{text}"
    );
    assert!(text.contains("outside the logged input tokens"), "{text}");
    let folder = Folder::golden();
    let nova = json(Some(&folder.config()), &["show", "amazon.nova-pro-v1:0", "--json"]);
    assert_eq!(nova["application_profiles"][0], "team2");
    assert_eq!(nova["provisioned"][0]["usd_per_hour"], "39.6");
    let unknown = run(None, &["show", "anthropic.claude-sonnet-4-5-20250929-v2:0"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        stderr(&unknown).contains(&format!("did you mean `{SONNET}`?")),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn diff_names_what_changes_a_cost() {
    let book = |model: &str, rows: &str| {
        format!(
            r#"{{"schema_version":1,"newest_source_date":"2026-10-09","models":[{{"model_id":"{model}",
            "provider":"Acme","display_name":"One","modality":"text"}}],"prices":[{rows}]}}"#
        )
    };
    let row = |model: &str, fields: &str| {
        format!(
            r#"{{"model_id":"{model}","routing":"regional","region":"*","tier":"standard",{fields}}}"#
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let old = write("old.json", &book("acme.one", &row("acme.one", r#""input":"1""#)));
    let closed = row("acme.one", r#""input":"1","effective_to":"2026-11-01""#);
    let next = row("acme.one", r#""input":"2","effective_from":"2026-11-01""#);
    let new = write("new.json", &book("acme.one", &format!("{closed},{next}")));
    assert_eq!(
        stdout(&run(None, &["diff", &old, &new])),
        "+ acme.one * standard from 2026-11-01: input 2\n\
         ~ acme.one * standard: effective_to none → 2026-11-01\n"
    );
    let other = write("other.json", &book("acme.two", &row("acme.two", r#""input":"1""#)));
    let found = json(None, &["diff", &old, &other, "--json"]);
    assert_eq!(found["models_added"][0], "acme.two");
    assert_eq!(found["rows_removed"][0]["price_row"], "acme.one * standard");
    assert_eq!(stdout(&run(None, &["diff", &old, &old])), "no difference that changes a cost\n");
    let broken = write("broken.json", "{");
    assert_eq!(run(None, &["diff", &old, &broken]).status.code(), Some(2));
    assert_eq!(
        stdout(&run(None, &["diff", "embedded", "embedded"])),
        "no difference that changes a cost\n"
    );
}
