//! The files in `deploy/`, as far as this machine can judge them. That their commands are commands of
//! the tool is tested beside its command line (`src/cli/tests.rs`).

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::standins;
use crate::support::repository;

fn text(path: &str) -> String {
    fs::read_to_string(repository().join("deploy").join(path)).expect("a file of deploy/")
}

/// The documents of a YAML file.
fn documents(path: &str) -> Vec<Value> {
    let output = Command::new(standins::program("python"))
        .args(["-c", "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))"])
        .arg(repository().join("deploy").join(path))
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("documents")
}

#[test]
fn the_image_holds_the_binary_and_runs_as_nobody() {
    let text = text("Dockerfile");
    let instructions: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with(' ') && !line.trim().is_empty())
        .collect();
    let from: Vec<&&str> = instructions.iter().filter(|line| line.starts_with("FROM ")).collect();
    assert_eq!(from.len(), 2, "two stages");
    assert!(from[1].contains("distroless") && from[1].ends_with(":nonroot"), "{}", from[1]);
    assert!(instructions.contains(&"USER 65532:65532"), "not root, by number");
    let last = instructions.iter().rposition(|line| line.starts_with("FROM ")).expect("a stage");
    assert!(!instructions[last..].iter().any(|line| line.starts_with("RUN ")), "no shell there");
    for line in
        instructions.iter().filter(|line| line.starts_with("COPY ") && !line.contains("--from"))
    {
        let sources: Vec<&str> = line.split_whitespace().skip(1).collect();
        for source in &sources[..sources.len() - 1] {
            assert!(repository().join(source).exists(), "{source}");
        }
    }
    let pinned = fs::read_to_string(repository().join("Cargo.toml")).expect("Cargo.toml");
    let version = pinned.lines().find_map(|line| line.strip_prefix("rust-version = "));
    let version = version.expect("a version").trim_matches('"');
    assert!(from[0].starts_with(&format!("FROM rust:{version}-")), "{}", from[0]);
}

#[test]
fn systemd_takes_service_and_timer() {
    let folder = repository().join("deploy/systemd");
    let Ok(output) = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args([folder.join("bedrock-lens.service"), folder.join("bedrock-lens.timer")])
        .output()
    else {
        return; // a machine without systemd can't say
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // The binary is not installed here.
    let about_us = said.lines().filter(|line| line.contains("bedrock-lens"));
    let wrong: Vec<&str> = about_us.filter(|line| !line.contains("is not executable")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_cron_job_is_closed_and_never_runs_twice_at_once() {
    let all = documents("kubernetes/cronjob.yaml");
    let kinds: Vec<&str> = all.iter().map(|one| one["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["ServiceAccount", "ConfigMap", "PersistentVolumeClaim", "CronJob"]);
    let job = &all[3]["spec"];
    assert_eq!(job["concurrencyPolicy"], "Forbid");
    let pod = &job["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let volumes: Vec<&Value> =
        pod["volumes"].as_array().expect("volumes").iter().map(|one| &one["name"]).collect();
    let containers = ["initContainers", "containers"].map(|key| pod[key].as_array().expect("some"));
    for container in containers.into_iter().flatten() {
        let closed = &container["securityContext"];
        assert_eq!(closed["readOnlyRootFilesystem"], true);
        assert_eq!(closed["allowPrivilegeEscalation"], false);
        for mount in container["volumeMounts"].as_array().expect("mounts") {
            assert!(volumes.contains(&&mount["name"]), "{mount}");
        }
    }
    let configuration = all[1]["data"]["bedrock-lens.toml"].as_str().expect("a configuration");
    let sandbox = crate::support::Sandbox::new();
    sandbox.write("work/bedrock-lens.toml", configuration);
    sandbox.run(["config", "check"]).exits(0);
}

#[test]
fn every_line_of_the_crontab_has_a_time_and_a_command() {
    for line in text("crontab").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if line.contains('=') && !line.contains('*') {
            continue; // a variable
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_time =
            |field: &&str| field.bytes().all(|b| b.is_ascii_digit() || b"*,-/".contains(&b));
        assert!(fields[..5].iter().all(is_time) && fields[5].starts_with('/'), "{line}");
        assert!(!line.contains('%'), "cron takes % for a line break: {line}");
    }
}
