//! `allocation` and `budgets`: who pays what, against figures computed from the log files in Python.

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, gzip, repository, sample_store};

/// The configuration of the golden figures.
pub(crate) fn golden_config() -> String {
    repository().join("tests/savings/lens.toml").display().to_string()
}

/// What `tests/savings/golden.py` computed.
pub(crate) fn golden() -> Value {
    let path = repository().join("tests/savings/golden.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the golden file")).expect("JSON")
}

fn statement(args: &[&str]) -> Value {
    let config = golden_config();
    let mut all = vec!["--config", &config, "allocation", "--json"];
    all.extend(args);
    sample_store().run(all).exits(0).json()
}

/// A decimal as units of 10⁻¹⁴.
fn units(value: &Value) -> i128 {
    let text = value.as_str().expect("decimal text");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<14}").parse::<i128>().expect("digits")
}

fn sum(statement: &Value, key: &str) -> i128 {
    let lines = statement["lines"].as_array().expect("lines");
    lines.iter().filter(|line| !line[key].is_null()).map(|line| units(&line[key])).sum()
}

#[test]
fn the_statement_by_team_equals_the_golden_one_to_the_last_digit() {
    let (found, golden) = (statement(&[]), golden());
    let expected = golden["teams"].as_object().expect("teams");
    let lines = found["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), expected.len());
    for line in lines {
        let name = line["name"].as_str().unwrap_or("unattributed");
        for key in ["requests", "direct_cost_usd", "shared_cost_usd", "total_cost_usd"] {
            assert_eq!(line[key], expected[name][key], "{name} {key}");
        }
    }
    assert_eq!(found["total"]["total_cost_usd"], golden["cost_usd"]);
    assert_eq!(found["total"]["shared_cost_usd"], "0");
    assert_eq!(found["total"]["requests"], 6500);
    assert_eq!(found["split"], "proportional");
}

#[test]
fn cost_centers_equal_the_golden_ones() {
    let found = statement(&["--by", "cost_center"]);
    let golden = golden();
    let expected = golden["cost_centers"].as_object().expect("cost centres");
    for line in found["lines"].as_array().expect("lines") {
        let name = line["name"].as_str().unwrap_or("unattributed");
        assert_eq!(line["requests"], expected[name]["requests"], "{name}");
        let direct = match &line["direct_cost_usd"] {
            Value::Null => json!("0"), // nothing priced: the golden sum of nothing is 0
            direct => direct.clone(),
        };
        assert_eq!(direct, expected[name]["direct_cost_usd"], "{name}");
    }
}

#[test]
fn rounded_lines_still_add_up_in_every_column() {
    for decimals in ["0", "2", "5", "14"] {
        let found = statement(&["--decimals", decimals]);
        for key in ["direct_cost_usd", "shared_cost_usd", "total_cost_usd"] {
            assert_eq!(sum(&found, key), units(&found["total"][key]), "{decimals} {key}");
        }
    }
    assert_eq!(statement(&["--decimals", "2"])["total"]["total_cost_usd"], "72.44");
}

#[test]
fn csv_holds_the_same_lines_and_the_total_last() {
    let config = golden_config();
    let csv = sample_store().run(["--config", &config, "allocation", "--format", "csv"]).exits(0);
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "line,team,requests,total_tokens,unpriced_requests,direct_cost_usd,shared_cost_usd,total_cost_usd"
    );
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[7], "total,,6500,25026577,235,72.440244666,0,72.440244666");
    assert!(lines[6].starts_with("unattributed,,344,"), "{}", lines[6]);
}

#[test]
fn the_table_names_the_unattributed_rest() {
    let config = golden_config();
    let sandbox = sample_store();
    let table = sandbox.run(["--config", &config, "allocation"]).exits(0);
    insta::assert_snapshot!("allocation_table", table.shown());
    let table = sandbox.run(["allocation"]).exits(0);
    insta::assert_snapshot!("allocation_without_rules", table.shown());
}

#[test]
fn a_range_and_a_condition_narrow_the_statement() {
    let week = statement(&["--from", "2026-11-09", "--to", "2026-11-16"]);
    assert_eq!(week["total"]["requests"], 3592);
    assert_eq!(week["from"], "2026-11-09T00:00:00Z");
    let legal = statement(&["--where", "team = legal"]);
    assert_eq!(legal["total"]["requests"], 517);
    assert_eq!(legal["total"]["direct_cost_usd"], golden()["teams"]["legal"]["direct_cost_usd"]);
}

#[test]
fn query_knows_teams_and_cost_centers() {
    let config = golden_config();
    let rows = sample_store().query(
        "team,cost_center",
        "requests,cost_usd",
        &["--config", &config, "--where", "cost_center = CC-000"],
    );
    let row = json!({"team": "platform", "cost_center": "CC-000", "requests": 487,
                     "cost_usd": golden()["cost_centers"]["CC-000"]["direct_cost_usd"]});
    assert_eq!(rows, [row]);
    let rows = sample_store().query("team", "requests", &["--config", &config]);
    assert_eq!(rows.last(), Some(&json!({"team": null, "requests": 344})));
    let args = ["--config", &config, "query", "--by", "team", "--metrics", "requests"];
    let table = sample_store().run(args).exits(0).stdout;
    assert!(table.lines().any(|line| line.starts_with("unattributed ")), "{table}");
    // Without rules nobody is charged for anything.
    let rows = sample_store().query("team", "requests", &[]);
    assert_eq!(rows, [json!({"team": null, "requests": 6500})]);
}

/// A sandbox whose configuration holds this text, and whose store a request per tag value.
fn tagged(config: &str, values: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("work/bedrock-lens.toml", config);
    let records = values
        .iter()
        .zip(1..)
        .map(|(value, id)| Record { tags: json!({"team": value}), ..Record::numbered(id) });
    let text: String = records.map(|record| record.line()).collect();
    let source = sandbox.write("logs/records.json.gz", gzip(text));
    sandbox.ingest(&source, 0);
    sandbox
}

const BY_TAG: &str = "[[allocation.rule]]\nteam = { from = \"tag:team\" }\n";

#[test]
fn hostile_names_are_inert() {
    let long = "x".repeat(5000);
    let names =
        ["=1+cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u{1b}[31mred", "a\nb", &long];
    let sandbox = tagged(BY_TAG, &names);
    let csv = sandbox.run(["allocation", "--format", "csv"]).exits(0).stdout;
    assert!(csv.contains("attributed,'=1+cmd|' /C calc'!A0,"), "{csv}");
    assert!(csv.contains(&long), "programs get names in full");
    let table = sandbox.run(["allocation"]).exits(0).stdout;
    assert!(!table.contains('\u{1b}') && table.contains("[31mred"), "{table}");
    assert_eq!(table.lines().count(), 8, "no name breaks its line");
    assert!(table.lines().all(|line| line.chars().count() < 250), "long names are capped");
    let json = sandbox.run(["allocation", "--json"]).exits(0).json();
    let has = |name: &str| {
        json["lines"].as_array().is_some_and(|lines| lines.iter().any(|line| line["name"] == name))
    };
    assert!(names.iter().all(|name| has(name)), "JSON keeps names as they are");
}

#[test]
fn a_fixed_split_gives_by_its_percentages_and_names_those_without_requests() {
    let shared = "[allocation.shared]\nsplit = \"fixed\"\nteams = [\"ops\"]\n\
                  team_percent = { chat = \"33.3\", new = \"66.7\" }\n";
    let sandbox = tagged(&format!("{BY_TAG}{shared}"), &["chat", "ops", "other"]);
    let found = sandbox.run(["allocation", "--json"]).exits(0).json();
    let line = |name: &str| {
        let lines = found["lines"].as_array().expect("lines");
        lines.iter().find(|line| line["name"] == name).expect("a line").clone()
    };
    // A request costs 100 × 0.25 + 20 × 1.25 USD per million tokens.
    assert_eq!(line("chat")["shared_cost_usd"], "0.00001665");
    assert_eq!(line("new")["shared_cost_usd"], "0.00003335");
    assert_eq!(
        (&line("new")["requests"], &line("other")["shared_cost_usd"]),
        (&json!(0), &json!("0"))
    );
    assert_eq!(line("ops")["total_cost_usd"], "0");
    assert_eq!(found["total"]["total_cost_usd"], "0.00015");
    let outcome = sandbox.run(["allocation", "--by", "cost_center"]).exits(2);
    assert!(outcome.stderr.contains("`cost_center_percent`"), "{}", outcome.stderr);
}

#[test]
fn a_broken_configuration_is_named_and_nothing_is_computed() {
    for (text, message) in [
        (
            "[[allocation.rule]]\nteem = \"x\"\n",
            "unknown key `teem` in `bedrock-lens.toml`, line 2",
        ),
        ("\n[[budget]]\namount = \"lots\"\n", "`bedrock-lens.toml`, line 3"),
        ("[allocation.shared]\nsplit = \"thirds\"\n", "`none`, `proportional` or `fixed`"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("work/bedrock-lens.toml", text);
        for command in ["allocation", "budgets", "query"] {
            let outcome = sandbox.run([command]).exits(2);
            assert_eq!(outcome.stdout, "");
            assert!(outcome.stderr.contains(message), "{text}: {}", outcome.stderr);
        }
    }
}

const BUDGETS: &str = "
[[allocation.rule]]
team = { from = \"tag:team\" }
[[budget]]
name = \"everything\"
amount = \"100\"
[[budget]]
team = \"support\"
amount = \"50\"
[[budget]]
account = \"333344445555\"
amount = \"1000\"
[[budget]]
model = \"amazon.nova-pro-v1:0\"
amount = \"1.5\"
";

#[test]
fn budgets_are_spent_by_day_and_last_or_not() {
    let (sandbox, sample) = (Sandbox::new(), sample_store());
    let config = sandbox.write("budgets.toml", BUDGETS).display().to_string();
    let ask = |more: &[&str]| {
        let mut args = vec!["--config", config.as_str(), "budgets"];
        args.extend(more);
        sample.run(args)
    };
    let found = ask(&["--json"]).exits(0).json();
    let [everything, support, account, model] =
        found["budgets"].as_array().expect("budgets").as_slice()
    else {
        panic!("four budgets: {found}")
    };
    assert_eq!(found["month"], "2026-11");
    assert_eq!(everything["spent_usd"], golden()["cost_usd"]);
    assert_eq!(everything["standing"], "projected_over");
    assert_eq!(support["spent_usd"], golden()["teams"]["Support"]["direct_cost_usd"]);
    assert_eq!(support["standing"], "exhausted");
    assert_eq!(support["exhaustion_date"], golden()["support_spends_50_usd_on"]);
    assert_eq!(account["standing"], "within");
    assert!(account["partial"].as_array().is_some_and(|why| why.len() == 3), "{account}");
    let nova = &sample.query("", "cost_usd", &["--where", "model = 'amazon.nova-pro-v1:0'"])[0];
    assert_eq!(model["spent_usd"], nova["cost_usd"]);
    ask(&["--fail-on", "exhausted"]).exits(4);
    ask(&["--fail-on", "projected", "--month", "2026-12"]).exits(0);
    let december = ask(&["--json", "--month", "2026-12"]).exits(0).json();
    assert_eq!(december["budgets"][0]["spent_usd"], Value::Null);
    insta::assert_snapshot!("budgets_table", ask(&[]).exits(0).shown());
    let csv = ask(&["--format", "csv"]).exits(0).stdout;
    assert_eq!(csv.lines().count(), 5);
    assert!(
        csv.lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("2026-11,everything,total,,100,72.440244666,"))
    );
}

#[test]
fn without_budgets_there_is_nothing_to_show() {
    let outcome = sample_store().run(["budgets"]).exits(2);
    assert!(outcome.stderr.contains("`[[budget]]`"), "{}", outcome.stderr);
}
