//! Every kind of report, for every audience: right, whole, the same in every form, reproducible.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::report::{python_with_html5lib, section};
use crate::support::{
    AS_OF, Record, Sandbox, binary, files_below, generated, repository, sample_data, sample_store,
};
use crate::truth::Truth;

/// Kinds, with the day whose period the sample data fills best.
pub(crate) const KINDS: [(&str, &str); 9] = [
    ("daily", "2026-11-11"),
    ("weekly", "2026-11-11"),
    ("monthly", "2026-11-11"),
    ("quarterly", "2026-11-11"),
    ("annual", "2026-11-11"),
    ("cost", "2026-11-11"),
    ("security", "2026-11-11"),
    ("capacity", "2026-11-11"),
    ("performance", "2026-11-11"),
];
pub(crate) const AUDIENCES: [&str; 4] = ["technical", "management", "security", "finance"];

/// What budgets, quotas, teams and worth need.
pub(crate) const CONFIGURATION: &str = r#"
[[budget]]
name = "All"
amount = "50.00"

[[quota]]
region = "us-east-1"
model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
rpm = 12
tpm = 200000

[[allocation.rule]]
principal = "svc-chat"
team = "chat"

[[allocation.rule]]
principal = "svc-*"
team = "services"

[worth]
minutes_saved_per_request = "0.5"
hourly_cost_usd = "60"
"#;

/// A report of the sandbox's store in these forms, written into its working folder; returns the
/// texts in the order of the forms.
fn made<const N: usize>(sandbox: &Sandbox, args: &[&str], forms: [&str; N]) -> [String; N] {
    forms.map(|form| {
        let mut all = vec!["report"];
        all.extend(args);
        all.extend(["--format", form, "-o", "-"]);
        sandbox.run(all).exits(0).stdout
    })
}

fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    let [text] = made(sandbox, args, ["json"]);
    serde_json::from_str(&text).expect("one JSON value")
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list `{key}`"))
}

#[test]
fn every_kind_says_the_totals_of_its_period() {
    let truth = Truth::read(&repository().join("tests/truth/sample-data.json"));
    let store = sample_store();
    for (kind, date) in KINDS {
        let block = match kind {
            "daily" => truth.at("/weeks/2026-W46/by_day/2026-11-11"),
            "monthly" | "quarterly" | "annual" => truth.at("/overall"),
            _ => truth.at("/weeks/2026-W46"),
        };
        let report = json(&store, &[kind, "--date", date]);
        assert_eq!(report["kind"], kind);
        assert_eq!(report["totals"]["requests"], block["requests"], "{kind}");
        assert_eq!(report["totals"]["errors"], block["errors"], "{kind}");
        assert_eq!(report["totals"]["cost_usd"], block["cost_usd"], "{kind}");
        let sections = list(&report, "sections");
        assert_eq!(sections.last().expect("sections")["id"], "method", "{kind}");
        assert!(sections.iter().any(|section| !section["figure"].is_null()), "{kind} has no chart");
        for section in sections {
            let holds = |key: &str| !list(section, key).is_empty();
            let why = !section["empty"].is_null();
            assert!(why || holds("tables"), "{kind}: {} says nothing", section["id"]);
            assert!(why || holds("queries"), "{kind}: {} can't be repeated", section["id"]);
        }
    }
}

#[test]
fn parts_add_up_to_their_totals_exactly() {
    let sandbox = configured();
    let mut sums = 0;
    for (kind, date) in KINDS {
        let report = json(&sandbox, &[kind, "--date", date]);
        let sections = list(&report, "sections").iter();
        for table in sections.flat_map(|section| list(section, "tables")) {
            let roles = list(table, "roles");
            let Some(total) = roles.iter().position(|role| role == "total") else { continue };
            for column in list(table, "columns").iter().filter(|column| column["parts"] == true) {
                let key = column["key"].as_str().expect("a key");
                let rows = list(table, "rows");
                let part = |row: usize| exact(&rows[row][key]).unwrap_or(0);
                let parts = (0..rows.len()).filter(|row| {
                    ["body", "note"].contains(&roles[*row].as_str().expect("a role"))
                });
                let sum: i128 = parts.map(part).sum();
                let Some(whole) = exact(&rows[total][key]) else { continue };
                let what = format!("{kind}: {} / {key}", table["caption"]);
                // Shares are ratios: they add up as floats do.
                let most = if key.contains("share") { 100_000 } else { 0 };
                assert!((sum - whole).abs() <= most, "{what}: {sum} is not {whole}");
                sums += 1;
            }
        }
    }
    assert!(sums > 60, "only {sums} columns add up");
}

/// A JSON number, or decimal text, in 10⁻¹⁴.
fn exact(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("{:.14}", number.as_f64()?),
        _ => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction:0<14}");
    digits.parse().ok()
}

/// The sample data with budgets, quotas, teams and worth configured.
fn configured() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("work/bedrock-lens.toml", CONFIGURATION);
    sandbox.ingest(&sample_data(), 0);
    sandbox
}

/// The tables of a page; the page is valid.
fn read_page(page: &str) -> Value {
    let sandbox = Sandbox::new();
    let path = sandbox.write("page.html", page);
    let mut command = sandbox.command(python_with_html5lib());
    command.arg(repository().join("tests/cli/html.py")).arg(path);
    sandbox.outcome(&mut command).exits(0).json()
}

#[test]
fn every_figure_of_the_page_is_the_one_of_the_json() {
    let sandbox = configured();
    let mut figures = 0;
    let audiences =
        AUDIENCES.iter().map(|who| vec!["weekly", "--date", "2026-11-11", "--audience", who]);
    let kinds = KINDS.iter().map(|(kind, date)| vec![*kind, "--date", date]);
    for args in kinds.chain(audiences) {
        let [page, json] = made(&sandbox, &args, ["html", "json"]);
        assert!(page.len() < 1_500_000, "{args:?}: {} bytes", page.len());
        let report: Value = serde_json::from_str(&json).expect("JSON");
        let read = read_page(&page);
        let mut printed = list(&read, "tables").iter();
        let sections = list(&report, "sections").iter();
        for table in sections.flat_map(|section| list(section, "tables")) {
            let twin = printed
                .by_ref()
                .find(|one| one["caption"] == table["caption"])
                .unwrap_or_else(|| panic!("{args:?}: the page lacks {}", table["caption"]));
            figures += agree(table, twin, &args);
        }
        let total = report["totals"]["requests"].to_string();
        let shown = read["text"].as_str().expect("text").replace(',', "");
        assert!(shown.contains(&total), "{args:?}: {total} is not on the page");
    }
    assert!(figures > 2_000, "only {figures} figures were compared");
}

/// Compares the cells of a table with those printed; returns how many figures it compared.
fn agree(table: &Value, printed: &Value, args: &[&str]) -> usize {
    let mut compared = 0;
    for (index, row) in list(table, "rows").iter().enumerate() {
        for (place, column) in list(table, "columns").iter().enumerate() {
            let value = &row[column["key"].as_str().expect("a key")];
            let cell = printed["rows"][index + 1][place].as_str().expect("a printed cell");
            let what = || {
                format!("{args:?} {} / {}: {value} as {cell:?}", table["caption"], column["key"])
            };
            let Some(number) = number(value) else {
                assert!(!value.is_number(), "{}", what());
                continue;
            };
            let known = readings(cell);
            let near = known.iter().any(|(read, step)| (read - number).abs() <= step * 1.01);
            assert!(near, "{}: {known:?}", what());
            compared += 1;
        }
    }
    compared
}

/// A JSON figure; `None` for texts, days and nulls.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.contains('.') || text.parse::<i64>().is_ok() => {
            // Ids of accounts are digits too.
            text.parse().ok().filter(|_| text.len() != 12 || text.contains('.'))
        }
        _ => None,
    }
}

/// What a printed cell may stand for, each with its last digit's worth.
fn readings(cell: &str) -> Vec<(f64, f64)> {
    let plain = cell.replace(['$', ',', '+', '\u{a0}'], "").replace('\u{2212}', "-");
    if let Some(least) = plain.strip_prefix("-<").or_else(|| plain.strip_prefix('<')) {
        let digits: String = least.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let most: f64 = digits.parse().unwrap_or(0.0);
        return vec![(0.0, most), (0.0, most / 100.0)];
    }
    let digits: String =
        plain.chars().take_while(|c| c.is_ascii_digit() || ".-".contains(*c)).collect();
    let Ok(read) = digits.parse::<f64>() else { return Vec::new() };
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let step = 0.1_f64.powi(i32::try_from(decimals).expect("few"));
    let unit = plain[digits.len()..].trim_start().split(' ').next().unwrap_or_default();
    let times = |factor: f64| (read * factor, step * factor);
    match unit {
        "" => vec![times(1.0), times(1_000.0)],
        "%" | "pp" => vec![times(0.01)],
        "k" | "kB" | "s" => vec![times(1e3)],
        "M" | "MB" => vec![times(1e6)],
        "B" | "GB" => vec![times(1.0), times(1e9)],
        "min" => vec![(read * 60e3, 60e3)],
        "h" => vec![(read * 3_600e3, 3_600e3)],
        "ms" | "to" | "days" => vec![times(1.0)],
        _ => vec![times(1.0), times(0.01)],
    }
}

#[test]
fn commands_of_reports_run_and_give_the_figures_they_stand_by() {
    let sandbox = configured();
    let folder = sandbox.path().join("bin");
    std::fs::create_dir(&folder).expect("a folder");
    std::os::unix::fs::symlink(binary(), folder.join("bedrock-lens")).expect("a link");
    let run = |command: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut shell = sandbox.command("sh");
        shell
            .args(["-c", command])
            .env("PATH", format!("{}:{}", folder.display(), path.display()))
            .env("BEDROCK_LENS_STORE", sandbox.store());
        sandbox.outcome(&mut shell)
    };
    let mut commands = BTreeSet::new();
    let mut compared = 0;
    for kind in ["daily", "weekly", "monthly", "quarterly", "security"] {
        let report = json(&sandbox, &[kind, "--date", "2026-11-11"]);
        for section in list(&report, "sections") {
            let of = |list: &[Value]| -> Vec<String> {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            };
            let queries = of(list(section, "queries"));
            let table = &list(section, "tables").first().cloned().unwrap_or(Value::Null);
            for query in &queries {
                compared += usize::from(repeats(table, query, &run));
            }
            commands.extend(queries);
            let findings = list(section, "findings");
            commands
                .extend(of(&findings.iter().map(|one| one["query"].clone()).collect::<Vec<_>>()));
            commands.extend(section["empty"]["check"].as_str().map(str::to_owned));
        }
    }
    assert!(compared >= 8, "only {compared} tables were computed again");
    assert!(commands.len() > 30, "only {} commands", commands.len());
    let others: Vec<&String> =
        commands.iter().filter(|command| !command.contains("lens query")).collect();
    for command in others.iter().chain(commands.iter().collect::<Vec<_>>().iter().take(12)) {
        let outcome = run(command);
        assert_eq!(outcome.code, Some(0), "{command}: {}", outcome.stderr);
    }
}

/// Runs a query over one dimension that the table has as its first column, and compares requests and
/// costs; false where the query is another.
fn repeats(table: &Value, query: &str, run: &impl Fn(&str) -> crate::support::Outcome) -> bool {
    let by = query.split(" --by ").nth(1).and_then(|rest| rest.split(' ').next());
    let (Some(by), true) = (by, query.contains("requests,cost_usd")) else { return false };
    let Some(columns) = table["columns"].as_array() else { return false };
    if columns[0]["key"] != by || !["model", "principal", "team"].contains(&by) {
        return false;
    }
    let rows = run(&format!("{query} --format json")).exits(0).json();
    for (row, role) in list(table, "rows").iter().zip(list(table, "roles")) {
        let name = &row[by];
        let twin = rows.as_array().expect("rows").iter().find(|found| found[by] == *name);
        if let (Some(twin), "body") = (twin, role.as_str().expect("a role")) {
            assert_eq!(row["requests"], twin["requests"], "{query}: {name}");
            assert_eq!(row["cost_usd"], twin["cost_usd"], "{query}: {name}");
        }
    }
    true
}

#[test]
fn audiences_choose_and_order_sections() {
    let store = sample_store();
    let ids = |args: &[&str]| -> Vec<String> {
        let report = json(&store, args);
        let sections = list(&report, "sections").iter();
        sections.map(|section| section["id"].as_str().expect("an id").to_owned()).collect()
    };
    let first = |who: &str| ids(&["weekly", "--date", "2026-11-11", "--audience", who]);
    assert_eq!(first("technical")[..3], ["requests", "latency", "tokens"]);
    assert_eq!(first("finance")[..3], ["daily", "tokens", "models"]);
    assert_eq!(first("security")[..2], ["security", "access"]);
    assert_eq!(first("management")[..3], ["daily", "drivers", "forecast"]);
    let same = ids(&["monthly", "--date", "2026-11-11", "--audience", "finance"]);
    assert_eq!(same, first("finance"), "the kind chooses the period, the audience the sections");
}

#[test]
fn a_report_about_a_part_says_so_and_counts_only_it() {
    let sandbox = configured();
    let range = ["--from", "2026-11-09", "--to", "2026-11-16"];
    for (option, value, condition) in [
        ("--account", "222233334444", "account = '222233334444'"),
        ("--region", "eu-west-1", "region = 'eu-west-1'"),
        ("--team", "services", "team = 'services'"),
        ("--where", "status != 'ok'", "status != 'ok'"),
    ] {
        let report = json(&sandbox, &["weekly", "--date", "2026-11-11", option, value]);
        let mut more = range.to_vec();
        more.extend(["--where", condition]);
        let row = &sandbox.query("", "requests,cost_usd", &more)[0];
        assert_eq!(report["totals"]["requests"], row["requests"], "{option}");
        assert_eq!(report["totals"]["cost_usd"], row["cost_usd"], "{option}");
        let meta = report["meta"].to_string();
        assert!(meta.contains("Only ") && meta.contains(value), "{meta}");
        let queries = section(&report, "principals")["queries"][0].as_str().expect("a query");
        assert!(queries.contains("--where"), "{queries}");
        let knows = ["--account", "--region"].contains(&option);
        assert_eq!(report["totals"]["log_coverage"].is_null(), !knows, "{option}");
        let again = report["reproduce"].as_str().expect("a command");
        assert!(again.contains(option), "{again}");
    }
    let none = Sandbox::new();
    none.ingest(&sample_data(), 0);
    let outcome = none.run(["report", "weekly", "--date", "2026-11-11", "--team", "chat"]).exits(2);
    assert!(outcome.stderr.contains("[[allocation.rule]]"), "{}", outcome.stderr);
}

#[test]
fn periods_and_comparisons_are_chosen() {
    let store = sample_store();
    let periods = |args: &[&str]| {
        let report = json(&store, args);
        let of = |key: &str| {
            let day = |end: &str| report[key][end].as_str().expect("a time")[..10].to_owned();
            (day("from"), day("to"))
        };
        (
            report["period_name"].as_str().expect("a name").to_owned(),
            of("period"),
            of("previous_period"),
        )
    };
    let days = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let check = |args: &[&str], name: &str, now: (&str, &str), before: (&str, &str)| {
        let expected = (name.to_owned(), days(now.0, now.1), days(before.0, before.1));
        assert_eq!(periods(args), expected, "{args:?}");
    };
    let (week, before) = (("2026-11-09", "2026-11-16"), ("2026-11-02", "2026-11-09"));
    check(&["weekly"], "2026-W46", week, before);
    check(&["cost"], "2026-W46", week, before);
    let year = ("2025-11-10", "2025-11-17");
    check(&["weekly", "--compare", "year"], "2026-W46", week, year);
    let own = ["weekly", "--compare-from", "2026-11-03", "--compare-to", "2026-11-05"];
    check(&own, "2026-W46", week, ("2026-11-03", "2026-11-05"));
    let day = ["daily", "--date", "2026-11-11"];
    check(&day, "2026-11-11", ("2026-11-11", "2026-11-12"), ("2026-11-10", "2026-11-11"));
    let month = ["monthly", "--date", "2026-11-11"];
    check(&month, "2026-11", ("2026-11-01", "2026-12-01"), ("2026-10-01", "2026-11-01"));
    let quarter = ["quarterly", "--date", "2026-11-11"];
    check(&quarter, "2026-Q4", ("2026-10-01", "2027-01-01"), ("2026-07-01", "2026-10-01"));
    let range = ["performance", "--from", "2026-11-03", "--to", "2026-11-06"];
    let three = ("2026-11-03", "2026-11-06");
    check(&range, "2026-11-03_2026-11-05", three, ("2026-10-31", "2026-11-03"));
}

#[test]
fn the_next_report_says_what_changed_since_the_last() {
    let sandbox = Sandbox::new();
    sandbox.ingest(&sample_data(), 0);
    let changes = |report: &Value| section(report, "changes").clone();
    let first = json(&sandbox, &["weekly", "--date", "2026-11-02"]);
    let why = changes(&first)["empty"]["why"].to_string();
    assert!(why.contains("no earlier report"), "{why}");
    let second = json(&sandbox, &["weekly", "--date", "2026-11-11"]);
    assert_eq!(second["sections"][0]["id"], "changes");
    let table = &changes(&second)["tables"][0];
    let row = |key: &str| {
        let rows = list(table, "rows").iter();
        rows.clone().find(|row| row["figure"] == key).cloned().expect("the figure")
    };
    assert_eq!(row("Requests")["then"], first["totals"]["requests"]);
    assert_eq!(row("Requests")["now"], second["totals"]["requests"]);
    assert_eq!(row("Spend")["then"], first["totals"]["cost_usd"]);
    let new = list(&changes(&second), "findings").len();
    let again = json(&sandbox, &["weekly", "--date", "2026-11-11"]);
    assert_eq!(again, second, "a report that is made again says the same");
    assert!(new > 0, "the second week has findings that the first had not");
    let other = json(&sandbox, &["weekly", "--date", "2026-11-11", "--audience", "finance"]);
    assert!(!changes(&other)["empty"].is_null(), "another audience has a history of its own");
    let one_shot = Sandbox::new();
    let source = sample_data();
    let args = ["weekly", "--source", source.to_str().expect("UTF-8")];
    let why = changes(&json(&one_shot, &args))["empty"]["why"].to_string();
    assert!(why.contains("without a store"), "{why}");
}

#[test]
fn a_store_that_cant_be_written_still_gives_a_report() {
    let sandbox = Sandbox::new();
    sandbox.ingest(&sample_data(), 0);
    // A file in the place of the folder, which no user may write into.
    sandbox.write("store/reports", "");
    let outcome = sandbox.run(["report", "daily", "--date", "2026-11-11"]).exits(0);
    assert!(outcome.stderr.contains("can’t say what changed"), "{}", outcome.stderr);
    assert!(sandbox.work().join("report-daily-2026-11-11.html").is_file());
}

#[test]
fn an_empty_period_ends_with_one_and_says_what_the_store_holds() {
    let store = sample_store();
    for (kind, _) in KINDS {
        let outcome = store.run(["report", kind, "--date", "2024-02-03"]).exits(1);
        let hint = "hint: it holds 2026-11-02 to 2026-11-15";
        assert!(outcome.stderr.contains(hint), "{kind}: {}", outcome.stderr);
    }
    let empty = Sandbox::new();
    let outcome = empty.run(["report", "daily"]).exits(1);
    assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
}

#[test]
fn brand_and_templates_are_the_users() {
    let sandbox = Sandbox::new();
    sandbox.ingest(&sample_data(), 0);
    let page = |sandbox: &Sandbox, more: &[&str]| {
        let mut args = vec!["report", "weekly", "--date", "2026-11-11", "-o", "-"];
        args.extend(more);
        sandbox.run(args)
    };
    let brand = |text: &str| sandbox.write("work/bedrock-lens.toml", format!("[brand]\n{text}"));
    sandbox.write("work/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    brand("title = \"Acme & Sons\"\nlogo = \"logo.svg\"\naccent = \"#7a1f5f\"");
    let branded = page(&sandbox, &[]).exits(0).stdout;
    assert!(branded.contains("Acme &amp; Sons") && branded.contains("--c1:#7A1F5F"));
    assert!(branded.contains("data:image/svg+xml;base64,"));
    read_page(&branded);
    for (text, said) in [
        ("logo = \"none.png\"", "could not read the logo"),
        ("accent = \"#ffee00\"", "contrast of 1.2 to 1 with the light page"),
        ("accent = \"blue\"", "must be a colour like"),
        ("titel = \"x\"", "unknown key `titel`"),
    ] {
        brand(text);
        let outcome = page(&sandbox, &[]).exits(2);
        assert!(outcome.stderr.contains(said), "{text}: {}", outcome.stderr);
    }
    brand("");
    sandbox.write("work/own/report.html.j2", "<!doctype html><title>{{ title }}</title>");
    let own = page(&sandbox, &["--templates", "own"]).exits(0).stdout;
    assert_eq!(own, "<!doctype html><title>Weekly business report</title>");
    sandbox.write("work/own/report.html.j2", "{{ no_such_thing }}");
    let outcome = page(&sandbox, &["--templates", "own"]).exits(1);
    assert!(outcome.stderr.contains("`report.html.j2`"), "{}", outcome.stderr);
    for (folder, said) in
        [("missing", "could not read the templates"), ("own/none", "holds no template")]
    {
        sandbox.write("work/own/none/readme.txt", "");
        let outcome = page(&sandbox, &["--templates", folder]).exits(2);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
}

#[test]
fn hostile_names_stay_text_in_every_kind() {
    let sandbox = Sandbox::new();
    let hostile = "\"><img src=x onerror=alert(1)><script>alert(1)</script>{{ 7*7 }}\u{202e}=1+1";
    let long = "x".repeat(10_000);
    let records: String = [hostile, long.as_str()]
        .iter()
        .zip(1_u32..)
        .map(|(name, id)| {
            let record = Record {
                model: (*name).to_owned(),
                identity: format!("arn:aws:iam::111122223333:user/{name}"),
                region: (*name).to_owned(),
                ..Record::numbered(id)
            };
            record.line()
        })
        .collect();
    let source = sandbox.write("logs/hostile.json", records);
    sandbox.ingest(&source, 0);
    for (kind, _) in KINDS {
        let [page, text] = made(&sandbox, &[kind, "--date", "2026-11-10"], ["html", "text"]);
        for raw in ["<script", "<img", "\u{202e}"] {
            assert!(!page.contains(raw), "{kind}: {raw} reached the page");
        }
        assert!(!page.contains(&"x".repeat(200)), "{kind}: a long name is whole on the page");
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{kind}");
        read_page(&page);
    }
}

#[test]
fn a_long_history_brings_forecast_and_anomalies() {
    let logs = generated(&[
        "--profile",
        "week",
        "--records",
        "3000",
        "--days",
        "45",
        "--start",
        "2026-09-18",
    ]);
    let sandbox = Sandbox::new();
    sandbox.write("work/bedrock-lens.toml", CONFIGURATION);
    sandbox.ingest(&logs.path(), 0);
    let report = json(&sandbox, &["monthly", "--date", "2026-10-15"]);
    assert_eq!(section(&report, "forecast")["figure"]["chart"]["form"], "forecast_line");
    let takeaway = section(&report, "forecast")["takeaway"].to_string();
    assert!(takeaway.contains("November 2026 is heading for about"), "{takeaway}");
    assert_eq!(section(&report, "budgets")["tables"][0]["rows"][0]["budget"], "All");
    let week = json(&sandbox, &["weekly", "--date", "2026-10-21"]);
    let anomalies = section(&week, "anomalies");
    assert!(anomalies["empty"].is_null(), "{}", anomalies["empty"]);
    let chart = &anomalies["figure"]["chart"];
    assert_eq!(chart["form"], "marked_line");
    assert_eq!(list(chart, "points").len(), 168);
    assert!(list(chart, "band").iter().any(|band| !band.is_null()), "no hour has a usual range");
}

#[test]
fn nothing_is_left_behind_by_a_report_of_a_source() {
    let sandbox = Sandbox::new();
    let source = sample_data();
    let args = ["report", "daily", "--source", source.to_str().expect("UTF-8"), "-o", "-"];
    let mut command = Command::new(binary());
    command.args(["--as-of", AS_OF]).args(args).current_dir(sandbox.work());
    command.env("TMPDIR", sandbox.temporary()).env("HOME", sandbox.path().join("home"));
    sandbox.outcome(command.stdout(std::process::Stdio::piped())).exits(0);
    assert_eq!(files_below(&sandbox.temporary()), Vec::<std::path::PathBuf>::new());
}
