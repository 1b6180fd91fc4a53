//! `audit controls`: verdicts over the sample data, the reasons for them, and what is never claimed.

use std::fs;

use serde_json::Value;

use crate::support::{Sandbox, repository, sample_store};

const FRAMEWORKS: [&str; 7] =
    ["soc2", "pci-dss-4", "hipaa", "gdpr", "fedramp-moderate", "iso-27001", "iso-42001"];

fn control<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let controls = answer["controls"].as_array().expect("controls");
    controls.iter().find(|control| control["id"] == id).expect("the control")
}

#[test]
fn every_control_has_a_verdict_and_every_verdict_its_reason() {
    let sandbox = sample_store();
    let all = FRAMEWORKS.join(",");
    let answers = sandbox.run(["audit", "controls", "--framework", &all, "--json"]).exits(0).json();
    let answers = answers.as_array().expect("one answer for each framework");
    assert_eq!(answers.len(), FRAMEWORKS.len());
    for (answer, framework) in answers.iter().zip(FRAMEWORKS) {
        assert_eq!(answer["framework"], framework);
        assert!(answer["statement"].as_str().is_some_and(|s| s.contains("not an attestation")));
        let controls = answer["controls"].as_array().expect("controls");
        for verdict in ["pass", "fail", "not_evaluated"] {
            let count = controls.iter().filter(|one| one["verdict"] == verdict).count();
            assert_eq!(answer["counts"][verdict], count, "{framework} {verdict}");
        }
        for one in controls {
            assert_eq!(one["reason"].is_null(), one["verdict"] == "pass", "{one}");
            assert!(one["tests"].as_array().is_some_and(|tests| !tests.is_empty()), "{one}");
        }
    }
}

#[test]
fn what_the_logs_show_decides() {
    let sandbox = sample_store();
    let answer =
        sandbox.run(["audit", "controls", "--framework", "soc2", "--json"]).exits(0).json();
    // Logging was deleted for some hours in the sample data, and long-term keys call models.
    assert_eq!(control(&answer, "CC7.1")["verdict"], "fail");
    assert_eq!(control(&answer, "CC6.1")["verdict"], "fail");
    let weakened = &control(&answer, "CC7.1")["tests"][0];
    assert!(weakened["queries"][0].as_str().is_some_and(|q| q.starts_with("bedrock-lens query ")));
    assert!(weakened["evidence"][0]["id"].is_string(), "{weakened}");
    assert_eq!(control(&answer, "CC6.6")["verdict"], "not_evaluated");
    assert_eq!(control(&answer, "CC6.4")["verdict"], "not_evaluated");
    let coverage = sandbox
        .run(["audit", "coverage", "--from", "2026-11-02", "--to", "2026-11-16", "--json"])
        .exits(0)
        .json();
    let because = control(&answer, "CC7.2")["tests"][0]["because"].as_str().expect("words");
    let expected = format!("{} of {} calls", coverage["logged"], coverage["called"]);
    assert!(because.starts_with(&expected), "{because} / {expected}");
}

#[test]
fn a_verification_is_taken_for_the_period_it_spans() {
    let sandbox = sample_store();
    let run = |from: &str| {
        let verified = serde_json::json!({
            "verdict": "verified", "from": from, "to": "2026-11-16T00:00:00Z",
            "hours": {"expected": 336, "proven": 336},
        });
        let file = sandbox.write("verified.json", verified.to_string());
        let args = ["audit", "controls", "--framework", "hipaa", "--json", "--verification"];
        let args = args.iter().map(AsRef::as_ref).chain([file.as_os_str()]);
        sandbox.run(args.collect::<Vec<&std::ffi::OsStr>>()).exits(0).json()
    };
    let id = "164.312(c)(1)";
    assert_eq!(control(&run("2026-11-02T00:00:00Z"), id)["verdict"], "pass");
    assert_eq!(control(&run("2026-11-03T00:00:00Z"), id)["verdict"], "not_evaluated");
}

#[test]
fn failed_controls_end_in_4_when_asked_and_slips_in_2() {
    let sandbox = sample_store();
    let run = |args: &[&str]| sandbox.run(["audit", "controls"].iter().chain(args));
    run(&["--framework", "soc2", "--fail"]).exits(4);
    let people = run(&["--framework", "soc2"]).exits(0).stdout;
    assert!(people.contains("not an attestation"), "{people}");
    let unknown = run(&["--framework", "soc3"]).exits(2).stderr;
    assert!(unknown.contains("frameworks: soc2, pci-dss-4"), "{unknown}");
    run(&[]).exits(2);
    sandbox
        .write("mine.yaml", "framework: mine\ntitle: Mine\ncontrols:\n  - id: M1\n    titel: x\n");
    let config = sandbox.write("controls.toml", "[audit]\ncontrols = [\"mine.yaml\"]\n");
    let config = config.to_str().expect("UTF-8");
    let broken = run(&["--framework", "mine", "--config", config]).exits(2).stderr;
    assert!(broken.contains("mine.yaml`, line ") && broken.contains("titel"), "{broken}");
    let not_one = sandbox.write("no.json", "{}");
    let not_one = not_one.to_str().expect("UTF-8");
    run(&["--framework", "soc2", "--verification", not_one]).exits(2);
}

#[test]
fn the_page_on_controls_lists_every_control_as_it_is() {
    let page = fs::read_to_string(repository().join("docs/controls.md")).expect("the page");
    let page = page.split("<!-- from the data -->").nth(1).expect("tables");
    let sandbox = Sandbox::new();
    let all = FRAMEWORKS.join(",");
    let listed = sandbox.run(["audit", "controls", "--list", "--json", "--framework", &all]);
    let listed = listed.exits(0).json();
    let controls = listed.as_array().expect("controls");
    for one in controls {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let tests: Vec<&str> =
            one["tests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let row = format!("| {} | {} | {} |", text("id"), text("title"), tests.join("; "));
        assert!(page.contains(&row), "docs/controls.md lacks:\n{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    assert_eq!(rows.count(), controls.len() + FRAMEWORKS.len(), "docs/controls.md has other rows");
}
