//! Words: help, every message that a user can cause, colour, pipes.

use crate::support::{Outcome, Record, Sandbox, binary, lines, sample_store};

#[track_caller]
fn snapshot(name: &str, outcome: &Outcome) {
    insta::assert_snapshot!(name, outcome.shown());
}

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    for (name, args) in [
        ("help", &[] as &[&str]),
        ("help_ingest", &["ingest"]),
        ("help_report", &["report"]),
        ("help_report_weekly", &["report", "weekly"]),
        ("help_query", &["query"]),
        ("help_allocation", &["allocation"]),
        ("help_budgets", &["budgets"]),
        ("help_savings", &["savings"]),
        ("help_capacity", &["capacity"]),
        ("help_drivers", &["drivers"]),
        ("help_trends", &["trends"]),
        ("help_forecast", &["forecast"]),
        ("help_anomalies", &["anomalies"]),
        ("help_store", &["store"]),
        ("help_store_info", &["store", "info"]),
        ("help_store_verify", &["store", "verify"]),
        ("help_store_files", &["store", "files"]),
        ("help_config", &["config"]),
        ("help_config_init", &["config", "init"]),
        ("help_config_show", &["config", "show"]),
        ("help_config_check", &["config", "check"]),
        ("help_completions", &["completions"]),
        ("help_man", &["man"]),
        ("help_prices", &["prices"]),
        ("help_prices_list", &["prices", "list"]),
        ("help_prices_show", &["prices", "show"]),
        ("help_prices_explain", &["prices", "explain"]),
        ("help_prices_check", &["prices", "check"]),
        ("help_prices_diff", &["prices", "diff"]),
        ("help_prices_import", &["prices", "import"]),
        ("help_prices_sync_profiles", &["prices", "sync-profiles"]),
        ("help_prices_provisioned", &["prices", "provisioned"]),
        ("help_setup", &["setup"]),
        ("help_setup_doctor", &["setup", "doctor"]),
        ("help_setup_logging", &["setup", "logging"]),
        ("help_setup_template", &["setup", "template"]),
        ("help_metrics", &["metrics"]),
        ("help_metrics_publish", &["metrics", "publish"]),
        ("help_metrics_dashboards", &["metrics", "dashboards"]),
    ] {
        let outcome = sandbox.bare(args.iter().copied().chain(["--help"])).exits(0);
        assert!(outcome.stderr.is_empty());
        snapshot(name, &outcome);
    }
}

#[test]
fn every_command_that_does_something_shows_examples() {
    let sandbox = Sandbox::new();
    for args in [
        &["ingest"] as &[&str],
        &["report", "weekly"],
        &["query"],
        &["allocation"],
        &["budgets"],
        &["savings"],
        &["capacity"],
        &["drivers"],
        &["trends"],
        &["forecast"],
        &["store", "info"],
        &["store", "verify"],
        &["store", "files"],
        &["report"],
        &["store"],
        &["prices"],
        &["config"],
        &["config", "init"],
        &["config", "show"],
        &["completions"],
        &["man"],
        &["config", "check"],
        &["setup"],
        &["setup", "doctor"],
        &["setup", "logging"],
        &["setup", "template"],
        &["metrics"],
        &["metrics", "publish"],
        &["metrics", "dashboards"],
        &[],
    ] {
        let help = sandbox.bare(args.iter().copied().chain(["--help"])).exits(0).stdout;
        assert!(help.contains("Examples:\n"), "{args:?}");
    }
}

#[test]
fn version_is_on_stdout() {
    let outcome = Sandbox::new().bare(["--version"]).exits(0);
    assert_eq!(outcome.stdout, format!("bedrock-lens {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_ends_with_two() {
    let sandbox = Sandbox::new();
    for (name, args) in [
        ("usage_no_command", &[] as &[&str]),
        ("usage_unknown_command", &["reprot"]),
        ("usage_unknown_option", &["query", "--metric", "requests"]),
        ("usage_no_source", &["ingest"]),
        ("usage_bad_format", &["query", "--format", "xml"]),
        ("usage_from_without_to", &["query", "--from", "2026-11-09"]),
    ] {
        snapshot(name, &sandbox.bare(args).exits(2));
    }
}

#[test]
fn sources_without_logs_are_named_with_what_to_do() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("empty")).expect("a folder");
    sandbox.write("other/notes.md", "no logs here");
    sandbox.write("other/picture.png", "none here either");
    for (name, source) in [
        ("source_missing", "../missing"),
        ("source_empty", "../empty"),
        ("source_without_logs", "../other"),
    ] {
        snapshot(name, &sandbox.run(["ingest", source]).exits(1));
        sandbox.run(["report", "weekly", "--source", source]).exits(1);
    }
}

#[test]
fn bad_settings_are_named_with_a_suggestion() {
    let sandbox = Sandbox::new();
    snapshot("bad_as_of", &sandbox.bare(["--as-of", "tomorrow", "query"]).exits(2));
    snapshot("bad_timezone", &sandbox.bare(["--timezone", "Europe/Berln", "query"]).exits(2));
    snapshot("bad_date", &sandbox.run(["report", "weekly", "--date", "9.11.2026"]).exits(2));
    snapshot(
        "bad_range",
        &sandbox.run(["query", "--from", "2026-11-16", "--to", "2026-11-09"]).exits(2),
    );
    sandbox.write("typo.toml", "store = \"x\"\ntimezon = \"UTC\"\n");
    snapshot("bad_config_key", &sandbox.bare(["--config", "../typo.toml", "query"]).exits(2));
    sandbox.write("wrong.toml", "[ingest]\nmax_object_bytes = \"1 GiB\"\n");
    snapshot("bad_config_value", &sandbox.bare(["--config", "../wrong.toml", "query"]).exits(2));
    snapshot("no_config", &sandbox.bare(["--config", "../none.toml", "query"]).exits(2));
}

#[test]
fn mistakes_in_a_query_are_named_with_the_known_names() {
    let sandbox = sample_store();
    snapshot("unknown_dimension", &sandbox.run(["query", "--by", "modle"]).exits(2));
    snapshot("unknown_metric", &sandbox.run(["query", "--metrics", "latency_p95"]).exits(2));
    snapshot("no_such_table", &sandbox.run(["query", "--sql", "select * from calls"]).exits(2));
}

#[test]
fn a_store_that_is_not_there_is_named() {
    let sandbox = Sandbox::new();
    snapshot("no_store", &sandbox.run(["query"]).exits(1));
    sandbox.write("store/thesis.txt", "years of work");
    snapshot("not_a_store", &sandbox.run(["query"]).exits(1));
}

#[test]
fn rejects_are_told_with_where_and_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1]) + "not json\n{\"a\":1}\n" + &lines([4]));
    let outcome = sandbox.run(["ingest", "../logs"]).exits(3);
    snapshot("ingest_with_rejects", &outcome);
    let outcome = sandbox.run(["ingest", "../logs"]).exits(0);
    snapshot("ingest_again", &outcome);
}

#[test]
fn strict_turns_partial_into_failed() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1]) + "not json\n");
    sandbox.run(["--strict", "ingest", "../logs"]).exits(1);
}

#[test]
fn quiet_says_nothing_on_success() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1]));
    for args in [&["-q", "ingest", "../logs"] as &[&str], &["-q", "store", "verify"]] {
        let outcome = sandbox.run(args).exits(0);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""), "{args:?}");
    }
}

#[test]
fn json_is_alone_on_stdout() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1]) + "not json\n");
    for args in [
        &["-v", "ingest", "../logs", "--json"] as &[&str],
        &["-v", "ingest", "../logs", "--json", "--dry-run"],
        &["-v", "store", "info", "--json"],
        &["-v", "store", "verify", "--json"],
        &["-v", "store", "files", "--json"],
        &["-v", "query", "--format", "json"],
        &["-v", "report", "weekly", "--date", "2026-11-10", "--format", "json", "-o", "-"],
    ] {
        sandbox.run(args).json();
    }
}

#[test]
fn a_dry_run_counts_and_reads_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1]));
    sandbox.write("logs/b.json", lines([2]));
    let planned = |to_read: u64| {
        let plan = sandbox.run(["ingest", "../logs", "--dry-run", "--json"]).exits(0).json();
        assert_eq!(
            (&plan["objects_listed"], &plan["objects_to_read"]),
            (&2.into(), &to_read.into())
        );
    };
    planned(2);
    planned(2);
    sandbox.run(["ingest", "../logs/a.json"]).exits(0);
    sandbox.run(["ingest", "../logs"]).exits(0);
    planned(0);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = Sandbox::new();
    let records: String = (0..20_000)
        .map(|id| Record {
            time: format!("2026-11-{:02}T12:00:00Z", 1 + id % 20),
            ..Record::numbered(id)
        })
        .map(|record| record.line())
        .collect();
    let source = sandbox.write("logs/many.json", records);
    sandbox.ingest(&source, 0);
    for command in [
        "query --format csv --sql 'select * from invocations'",
        "query --format ndjson --sql 'select * from invocations'",
        "query --sql 'select * from invocations'",
    ] {
        // The first member's exit code, without a shell that knows `pipefail`.
        let script = format!(
            "{{ \"$1\" --store \"$2\" {command}; echo $? >\"$3\"; }} | head -n 1 >/dev/null"
        );
        let code = sandbox.path().join("code");
        let mut shell = sandbox.command("sh");
        shell.args(["-c", &script, "sh"]).arg(binary()).arg(sandbox.store()).arg(&code);
        let outcome = sandbox.outcome(&mut shell).exits(0);
        assert_eq!(outcome.stderr, "", "{command}");
        assert_eq!(std::fs::read_to_string(code).expect("the code").trim(), "0", "{command}");
    }
}

#[test]
fn colour_is_for_terminals_unless_wished() {
    let sandbox = Sandbox::new();
    let stderr = |color: &str| sandbox.bare(["--color", color, "query", "--by", "modle"]).stderr;
    assert!(!stderr("auto").contains('\u{1b}'), "a pipe is no terminal");
    assert!(!stderr("never").contains('\u{1b}'));
    assert!(stderr("always").contains("\u{1b}[1;31merror:\u{1b}[0m"), "{}", stderr("always"));
    let mut command = sandbox.lens(["--color", "always", "query"]);
    let outcome = sandbox.outcome(command.env("NO_COLOR", "1"));
    assert!(outcome.stderr.contains('\u{1b}'), "a flag is stronger than the environment");
}

#[test]
fn no_color_and_dumb_terminals_are_obeyed_on_a_terminal() {
    // `script` and the like differ by system; Python's pty is everywhere.
    const ON_A_TERMINAL: &str = "
import os, pty, sys
out = []
def read(fd):
    data = os.read(fd, 65536)
    out.append(data)
    return b''
status = pty.spawn(sys.argv[1:], read, lambda fd: b'')
sys.stdout.write('colour' if b'\\x1b[1;31m' in b''.join(out) else 'plain')
";
    let sandbox = Sandbox::new();
    let answer = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command("python3");
        command.args(["-c", ON_A_TERMINAL]).arg(binary()).args(["query", "--by", "modle"]);
        command.env("TERM", "xterm").envs(variables.iter().copied());
        sandbox.outcome(&mut command).exits(0).stdout
    };
    assert_eq!(answer(&[]), "colour");
    assert_eq!(answer(&[("NO_COLOR", "1")]), "plain");
    assert_eq!(answer(&[("NO_COLOR", "")]), "colour");
    assert_eq!(answer(&[("TERM", "dumb")]), "plain");
}

#[test]
fn settings_come_from_flag_then_environment_then_file() {
    let sandbox = Sandbox::new();
    let record = Record { time: "2026-11-10T23:30:00Z".to_owned(), ..Record::default() };
    let source = sandbox.write("logs/a.json", record.line());
    sandbox.ingest(&source, 0);
    let store = sandbox.store();
    let store = store.to_str().expect("UTF-8");
    sandbox
        .write("work/bedrock-lens.toml", format!("store = {store:?}\ntimezone = \"Asia/Tokyo\"\n"));
    let hour = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = sandbox.command(binary());
        command.args(flags).args([
            "query",
            "--by",
            "hour",
            "--metrics",
            "requests",
            "--format",
            "csv",
        ]);
        let outcome = sandbox.outcome(command.envs(variables.iter().copied())).exits(0);
        outcome.stdout.lines().nth(1).expect("a row").to_owned()
    };
    assert_eq!(hour(&[], &[]), "2026-11-11T08:00:00+09:00,1");
    let berlin = [("BEDROCK_LENS_TIMEZONE", "Europe/Berlin")];
    assert_eq!(hour(&[], &berlin), "2026-11-11T00:00:00+01:00,1");
    assert_eq!(hour(&["--timezone", "UTC"], &berlin), "2026-11-10T23:00:00Z,1");
}
