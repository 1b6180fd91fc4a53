//! `report weekly`: right, self-contained, valid, safe, and the same every time.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::{AS_OF, Record, Sandbox, files_below, repository, sample_data, sample_store};
use crate::truth::Truth;

/// The weekly report on the sample data, read in one shot, written to stdout.
fn sample_report(more: &[&str]) -> String {
    one_shot(&Sandbox::new(), &sample_data(), more)
}

fn one_shot(sandbox: &Sandbox, source: &Path, more: &[&str]) -> String {
    let mut args = vec!["report", "weekly", "--source", source.to_str().expect("UTF-8"), "-o", "-"];
    args.extend(more);
    sandbox.run(args).exits(0).stdout
}

fn sample_json(more: &[&str]) -> Value {
    let mut args = vec!["--format", "json"];
    args.extend(more);
    serde_json::from_str(&sample_report(&args)).expect("one JSON value")
}

pub(crate) fn section<'a>(report: &'a Value, id: &str) -> &'a Value {
    let sections = report["sections"].as_array().expect("sections");
    sections.iter().find(|section| section["id"] == id).expect("the section")
}

/// The rows of a section's first table, the total apart.
fn rows_and_total<'a>(report: &'a Value, id: &str) -> (Vec<&'a Value>, &'a Value) {
    let table = &section(report, id)["tables"][0];
    let rows = table["rows"].as_array().expect("rows").iter();
    let roles = table["roles"].as_array().expect("roles").iter();
    let (total, parts): (Vec<_>, Vec<_>) = rows
        .zip(roles)
        .filter(|(_, role)| **role != json!("aside"))
        .partition(|(_, role)| **role == json!("total"));
    assert_eq!(total.len(), 1, "{id} has one total");
    (parts.into_iter().map(|(row, _)| row).collect(), total[0].0)
}

#[test]
fn one_command_writes_a_page_and_says_where_and_what() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run([
        OsStr::new("report"),
        OsStr::new("weekly"),
        OsStr::new("--source"),
        sample_data().as_os_str(),
    ]);
    let outcome = outcome.exits(0);
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("wrote report-weekly-2026-W46.html"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("$56.61 list cost"), "{}", outcome.stderr);
    let page = fs::read_to_string(sandbox.work().join("report-weekly-2026-W46.html"));
    assert!(page.expect("the page").trim_end().ends_with("</html>"));
    assert!(!sandbox.store().exists(), "a one-shot report makes no store");
    assert_eq!(files_below(&sandbox.temporary()), Vec::<PathBuf>::new(), "nothing is left behind");
}

#[test]
fn quiet_is_silent_and_the_target_may_be_a_file_or_a_folder() {
    let sandbox = Sandbox::new();
    let source = sample_data();
    let run = |target: &str| {
        let source = source.to_str().expect("UTF-8");
        let args = ["-q", "report", "weekly", "--source", source, "-o", target];
        let outcome = sandbox.run(args).exits(0);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    };
    run("page.html");
    fs::create_dir(sandbox.work().join("folder")).expect("a folder");
    run("folder");
    let read = |path: &str| fs::read(sandbox.work().join(path)).expect("the page");
    assert_eq!(read("page.html"), read("folder/report-weekly-2026-W46.html"));
}

#[test]
fn several_forms_are_written_beside_each_other() {
    let sandbox = Sandbox::new();
    let source = sample_data();
    let source = source.to_str().expect("UTF-8");
    sandbox.run(["report", "weekly", "--source", source, "--format", "html,text,json"]).exits(0);
    for extension in ["html", "txt", "json"] {
        let path = sandbox.work().join(format!("report-weekly-2026-W46.{extension}"));
        assert!(path.is_file(), "{}", path.display());
    }
}

#[test]
fn the_figures_of_both_weeks_equal_the_truth() {
    let truth = Truth::read(&repository().join("tests/truth/sample-data.json"));
    for (week, date) in [("2026-W45", "2026-11-02"), ("2026-W46", "2026-11-15")] {
        let report = sample_json(&["--date", date]);
        assert_eq!(report["period_name"], week);
        let block = truth.at(&format!("/weeks/{week}"));
        assert_eq!(report["headline"]["value"], block["cost_usd"]);
        for id in ["daily", "models", "principals"] {
            let (_, total) = rows_and_total(&report, id);
            assert_eq!(total["cost_usd"], block["cost_usd"], "{week} {id}");
            assert_eq!(total["requests"], block["requests"], "{week} {id}");
        }
        let (days, _) = rows_and_total(&report, "daily");
        let of_days: Vec<&Value> = block["by_day"].as_object().expect("days").values().collect();
        assert_eq!(days.len(), of_days.len());
        for (row, figures) in days.into_iter().zip(of_days) {
            assert_eq!(row["cost_usd"], figures["cost_usd"], "{week} {row}");
            assert_eq!(row["requests"], figures["requests"], "{week} {row}");
        }
        for (id, split, key) in
            [("models", "by_model", "model"), ("principals", "by_principal", "principal")]
        {
            let (rows, _) = rows_and_total(&report, id);
            assert_eq!(rows.len(), block[split].as_object().expect("groups").len(), "{week} {id}");
            for row in rows {
                let figures = &block[split][row[key].as_str().expect("a name")];
                assert_eq!(row["requests"], figures["requests"], "{week} {row}");
                if !figures["cost_usd"].is_null() {
                    assert_eq!(row["cost_usd"], figures["cost_usd"], "{week} {row}");
                }
            }
        }
        let kpi = |key: &str| {
            let kpis = report["kpis"].as_array().expect("tiles");
            kpis.iter().find(|kpi| kpi["key"] == key).expect("the tile")["value"].clone()
        };
        let of = |part: &Value, whole: &Value| {
            part.as_f64().expect("a number") / whole.as_f64().expect("a number")
        };
        let close = |found: &Value, truth: f64| {
            let found = found.as_f64().expect("a number");
            assert!((found - truth).abs() <= 1e-12 * truth, "{week}: {found} is not {truth}");
        };
        close(&kpi("success_rate"), of(&block["ok"], &block["requests"]));
        close(
            &kpi("response_time_mean_ms"),
            of(&block["latency"]["sum_ms"], &block["latency"]["known"]),
        );
        assert_eq!(kpi("active_principals"), block["principals"]);
        let (_, failed) = rows_and_total(&report, "errors");
        assert_eq!(failed["requests"], block["errors"]);
        let (_, measured) = rows_and_total(&report, "latency");
        assert_eq!(measured["latency_known"], block["latency"]["known"]);
        close(&measured["p99_s"], of(&block["latency"]["p99_ms"], &json!(1000)));
        let (_, guarded) = rows_and_total(&report, "guardrails");
        assert_eq!(guarded["intervened"], block["guardrail_interventions"]);
    }
}

/// Runs `html.py`: the page is valid; returns its tables and texts.
pub(crate) fn read_page(page: &str) -> Value {
    let sandbox = Sandbox::new();
    let path = sandbox.write("page.html", page);
    let mut command = sandbox.command(python_with_html5lib());
    command.arg(repository().join("tests/cli/html.py")).arg(path);
    sandbox.outcome(&mut command).exits(0).json()
}

/// A Python that has html5lib, in a virtual environment that later runs find again. Making it is the
/// only step of the tests that needs the network.
pub(crate) fn python_with_html5lib() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("html5lib-1.1");
        let python = folder.join("bin/python");
        let has_html5lib = || {
            let mut check = Command::new(&python);
            check.args(["-c", "import html5lib"]).output().is_ok_and(|run| run.status.success())
        };
        if !has_html5lib() {
            let run = |command: &mut Command| {
                let output = command.output().expect("python3 starts");
                let complaint = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "html5lib can't be installed: {complaint}");
            };
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
            let packages = ["-m", "pip", "install", "--quiet", "html5lib==1.1"];
            run(Command::new(&python).args(packages));
        }
        python
    })
}

#[test]
fn the_page_is_valid_html_in_every_theme() {
    for theme in ["auto", "light", "dark"] {
        let page = sample_report(&["--theme", theme]);
        let read = read_page(&page);
        let elements: Vec<&str> =
            read["elements"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
        for active in ["script", "iframe", "object", "embed", "link", "img", "form", "base"] {
            assert!(!elements.contains(&active), "{theme}: <{active}>");
        }
    }
}

#[test]
fn a_page_with_little_in_it_is_valid_too() {
    let sandbox = Sandbox::new();
    let source = sandbox.write("logs/a.json", Record::default().line());
    let page = one_shot(&sandbox, &source, &["--date", "2026-11-10"]);
    read_page(&page);
}

#[test]
fn the_page_needs_nothing_from_anywhere() {
    let page = sample_report(&[]);
    let lower = page.to_lowercase();
    for reference in
        ["http:", "https:", "src=", "<link", "@import", "url(", "javascript:", "<script"]
    {
        assert!(!lower.contains(reference), "{reference}");
    }
    assert!(page.contains(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:\">"
    ));
    let handler = lower.split('<').skip(1).find(|tag| {
        let tag = tag.split('>').next().unwrap_or_default();
        tag.split_whitespace().any(|part| part.starts_with("on") && part.contains('='))
    });
    assert_eq!(handler, None, "an event handler");
}

/// A printed number in hundredths; words, dashes and "less than a cent" are nothing.
fn hundredths(cell: &str) -> i64 {
    if cell.contains('<') {
        return 0;
    }
    let negative = cell.starts_with(['-', '\u{2212}']);
    let digits: String = cell.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    assert!(fraction.len() <= 2, "{cell} has more than two decimals");
    let text = format!("{whole}{fraction:0<2}");
    let value: i64 = text.parse().unwrap_or(0);
    if negative { -value } else { value }
}

#[test]
fn printed_parts_add_up_to_the_printed_total() {
    let report = sample_json(&[]);
    let page = read_page(&sample_report(&[]));
    let mut sums = 0;
    let sections = report["sections"].as_array().expect("sections").iter();
    for table in sections.flat_map(|section| section["tables"].as_array().expect("tables")) {
        let roles = table["roles"].as_array().expect("roles");
        let Some(total) = roles.iter().position(|role| role == "total") else { continue };
        let printed = page["tables"].as_array().expect("tables").iter();
        let printed = printed
            .clone()
            .find(|printed| printed["caption"] == table["caption"])
            .unwrap_or_else(|| panic!("the page lacks `{}`", table["caption"]));
        let cell = |row: usize, column: usize| {
            // The first row is the head.
            printed["rows"][row + 1][column].as_str().expect("a printed cell")
        };
        for (index, column) in table["columns"].as_array().expect("columns").iter().enumerate() {
            if column["parts"] == false {
                continue;
            }
            let sum: i64 = (0..total).map(|row| hundredths(cell(row, index))).sum();
            let what = format!("{} / {}", table["caption"], column["label"]);
            assert_eq!(sum, hundredths(cell(total, index)), "{what}");
            sums += 1;
        }
    }
    assert!(sums >= 12, "only {sums} columns add up");
}

#[test]
fn text_and_json_say_the_same_and_text_fits_a_mail() {
    let text = sample_report(&["--format", "text"]);
    for figure in ["Weekly business report", "$56.61 list cost", "98.4%", "3,589 of 3,646"] {
        assert!(text.contains(figure), "no `{figure}`");
    }
    assert!(text.is_ascii(), "text is plain ASCII");
    let wide: Vec<&str> = text
        .lines()
        .filter(|line| line.len() > 100 && !line.starts_with("$ ") && !line.contains("--"))
        .collect();
    assert_eq!(wide, Vec::<&str>::new());
    let report = sample_json(&[]);
    assert_eq!(report["kind"], "weekly");
    assert_eq!(report["generated"], AS_OF);
    assert_eq!(report["trust"]["grade"], "B");
}

#[test]
fn the_week_is_the_one_that_holds_the_date_in_the_zone() {
    let name = |more: &[&str]| sample_json(more)["period"].clone();
    assert_eq!(
        name(&["--date", "2026-11-08"]),
        json!({"from": "2026-11-02T00:00:00Z", "to": "2026-11-09T00:00:00Z"})
    );
    assert_eq!(
        name(&["--date", "2026-11-09", "--timezone", "Europe/Berlin"]),
        json!({"from": "2026-11-08T23:00:00Z", "to": "2026-11-15T23:00:00Z"})
    );
    assert_eq!(
        name(&["--from", "2026-11-10", "--to", "2026-11-12"]),
        json!({"from": "2026-11-10T00:00:00Z", "to": "2026-11-12T00:00:00Z"})
    );
    let berlin = sample_json(&["--date", "2026-11-09", "--timezone", "Europe/Berlin"]);
    let range = ["--from", "2026-11-09", "--to", "2026-11-16", "--timezone", "Europe/Berlin"];
    let row = &sample_store().query("", "requests,cost_usd", &range)[0];
    let (days, total) = rows_and_total(&berlin, "daily");
    assert_eq!(days.len(), 7);
    assert_eq!((&total["requests"], &total["cost_usd"]), (&row["requests"], &row["cost_usd"]));
}

#[test]
fn a_week_without_logs_is_an_error_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let source = sample_data();
    let source = source.to_str().expect("UTF-8");
    let args = ["report", "weekly", "--source", source, "--date", "2025-01-01"];
    let outcome = sandbox.run(args).exits(1);
    assert!(
        outcome.stderr.contains("holds no invocation logs from 2024-12-30"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("hint: it holds 2026-11-02 to 2026-11-15"),
        "{}",
        outcome.stderr
    );
    assert_eq!(files_below(&sandbox.work()), Vec::<PathBuf>::new());
}

#[test]
fn a_target_that_cant_be_written_is_named() {
    let sandbox = Sandbox::new();
    let source = sample_data();
    let source = source.to_str().expect("UTF-8");
    for target in ["no/such/folder/page.html", "/dev/full"] {
        let outcome = sandbox.run(["report", "weekly", "--source", source, "-o", target]).exits(1);
        let named = format!("could not write `{target}`");
        assert!(outcome.stderr.contains(&named), "{}", outcome.stderr);
    }
}

#[test]
fn the_same_logs_in_any_order_give_the_same_page() {
    let logs = sample_data().join("AWSLogs");
    let accounts = ["111122223333", "222233334444", "333344445555", "o-exampleorgid"];
    let page = |order: &[&str]| {
        let sandbox = Sandbox::new();
        for account in order {
            sandbox.ingest(&logs.join(account), 0);
        }
        let form = |form| {
            let args = ["report", "weekly", "--date", "2026-11-11", "--format", form, "-o", "-"];
            sandbox.run(args).exits(0).stdout
        };
        [form("html"), form("text"), form("json")]
    };
    let forwards = page(&accounts);
    let mut reversed = accounts;
    reversed.reverse();
    assert!(forwards == page(&reversed), "the order of ingest shows in the report");
    let at_once = Sandbox::new();
    at_once.ingest(&sample_data(), 0);
    let args = ["report", "weekly", "--date", "2026-11-11", "-o", "-"];
    assert!(at_once.run(args).exits(0).stdout == forwards[0], "pieces and whole differ");
}

#[test]
fn one_shot_and_store_give_the_same_figures() {
    let args = ["report", "weekly", "--date", "2026-11-11", "--format", "json", "-o", "-"];
    let mut stored = sample_store().run(args).exits(0).json();
    let mut one_shot = sample_json(&["--date", "2026-11-11"]);
    for report in [&mut stored, &mut one_shot] {
        report.as_object_mut().expect("an object").remove("reproduce");
        // Only reports from a store are compared with earlier ones.
        let sections = report["sections"].as_array_mut().expect("sections");
        sections.retain(|section| section["id"] != "changes");
    }
    assert_eq!(stored, one_shot);
}

#[test]
fn hostile_names_stay_text() {
    const HOSTILE: [&str; 4] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; drop table x; --{{ 7*7 }}{% raw %}",
        "abc\u{202e}gpj.exe\u{2066}\u{200f}",
    ];
    let sandbox = Sandbox::new();
    let records: String = HOSTILE
        .iter()
        .enumerate()
        .map(|(index, hostile)| {
            let id = u32::try_from(index).expect("few");
            Record {
                model: (*hostile).to_owned(),
                identity: format!("arn:aws:iam::111122223333:user/{hostile}"),
                region: (*hostile).to_owned(),
                tags: json!({*hostile: hostile}),
                ..Record::numbered(id)
            }
            .line()
        })
        .collect();
    let source = sandbox.write("logs/hostile.json", records);
    let page = one_shot(&sandbox, &source, &["--date", "2026-11-10"]);
    for raw in ["<script", "<img", "\u{202e}", "\u{2066}", "\u{200f}"] {
        assert!(!page.contains(raw), "{raw:?} reached the page");
    }
    let read = read_page(&page);
    let shown = read["text"].as_str().expect("text");
    assert!(shown.contains("<script>alert(1)</script>"), "escaped, it is shown as it was logged");
    assert!(shown.contains("{{ 7*7 }}"), "log text is no template");
    let text = one_shot(&sandbox, &source, &["--date", "2026-11-10", "--format", "text"]);
    for raw in ["\u{202e}", "\u{2066}", "\u{200f}", "\u{1b}"] {
        assert!(!text.contains(raw), "{raw:?} reached the text");
    }
    sandbox.ingest(&source, 0);
    let table = sandbox.run(["query", "--by", "model,principal,region"]).exits(0).stdout;
    assert!(!table.contains('\u{202e}'), "a terminal would show the line backwards: {table}");
}

#[test]
fn a_principal_whose_requests_have_no_price_is_not_shown_at_zero() {
    let truth = Truth::read(&repository().join("tests/truth/sample-data.json"));
    let principals = truth.at("/weeks/2026-W46/by_principal").as_object().expect("principals");
    let unpriced: Vec<&String> = principals
        .iter()
        .filter(|(_, figures)| figures["cost_usd"].is_null())
        .map(|p| p.0)
        .collect();
    assert!(!unpriced.is_empty(), "the sample has a caller without any price");
    let report = sample_json(&["--date", "2026-11-11"]);
    let (rows, _) = rows_and_total(&report, "principals");
    for name in unpriced {
        let row = rows.iter().find(|row| row["principal"] == *name).expect("the principal");
        assert_eq!(row["cost_usd"], Value::Null, "{row}");
        assert_eq!(row["share"], Value::Null, "{row}");
    }
}

#[test]
fn the_head_of_the_text_says_each_thing_once() {
    let text = sample_report(&["--format", "text"]);
    let head: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    let mut distinct = head.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), head.len(), "{head:#?}");
}
