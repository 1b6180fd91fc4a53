//! `anomalies`: five generated weeks with events in them, and what the command makes of them.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use serde_json::{Value, json};

use crate::support::{Outcome, Sandbox, gzip, sample_store};

/// Monday 12 October 2026: four weeks of history, one judged.
const FIRST: &str = "2026-10-12T00:00:00Z";
const HISTORY_DAYS: i64 = 28;
const DAYS: i64 = 35;
const RANGE: [&str; 4] = ["--from", "2026-11-09", "--to", "2026-11-16"];

/// A role, what it calls, and how much in its busiest hour.
struct Caller {
    role: &'static str,
    team: &'static str,
    model: &'static str,
    region: &'static str,
    peak: f64,
}

const CALLERS: [Caller; 3] = [
    Caller { role: "chat", team: "support", model: HAIKU, region: "us-east-1", peak: 60.0 },
    Caller {
        role: "search",
        team: "web",
        model: "amazon.nova-lite-v1:0",
        region: "eu-west-1",
        peak: 45.0,
    },
    Caller { role: "etl", team: "data", model: HAIKU, region: "eu-west-1", peak: 30.0 },
];
const HAIKU: &str = "anthropic.claude-3-haiku-20240307-v1:0";

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.uniform();
        (self.0 >> 33) % limit
    }

    fn poisson(&mut self, mean: f64) -> u32 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

/// Five weeks of records, and what was put into them.
struct Weeks {
    random: Random,
    next_id: u32,
    /// Throttled requests of `chat` in the storm.
    throttled: u32,
    /// Requests of `search` in the spike.
    spike: u32,
}

impl Weeks {
    /// Writes a compressed object per day below a folder.
    fn write(folder: &Path) -> Self {
        let mut weeks = Self { random: Random(7), next_id: 0, throttled: 0, spike: 0 };
        let first: DateTime<Utc> = FIRST.parse().expect("a time");
        for day in 0..DAYS {
            let mut lines = String::new();
            for hour in 0..24 {
                let at = first + Duration::hours(day * 24 + hour);
                for caller in &CALLERS {
                    weeks.hour(&mut lines, caller, at);
                }
            }
            std::fs::write(folder.join(format!("{day}.json.gz")), gzip(lines)).expect("a file");
        }
        weeks
    }

    fn hour(&mut self, lines: &mut String, caller: &Caller, at: DateTime<Utc>) {
        let day = (at - FIRST.parse::<DateTime<Utc>>().expect("a time")).num_days() - HISTORY_DAYS;
        let is_weekend = at.weekday().num_days_from_monday() >= 5;
        let off_peak = (f64::from(at.hour()) - 13.0) / 5.0;
        let swing = 0.25 + 0.75 * (-off_peak * off_peak).exp();
        let mut rate = caller.peak * swing * if is_weekend { 0.6 } else { 1.0 };
        let is = |role: &str, days: i64, hours: std::ops::Range<u32>| {
            caller.role == role && day == days && hours.contains(&at.hour())
        };
        let (in_storm, in_spike) = (is("chat", 1, 10..12), is("search", 3, 15..16));
        if in_spike {
            rate *= 7.0;
        }
        if is("etl", 2, 9..15) {
            rate = 0.0;
        }
        let requests = self.random.poisson(rate);
        if in_spike {
            self.spike += requests;
        }
        for number in 0..requests {
            let is_throttled = in_storm && self.random.uniform() < 0.5;
            self.throttled += u32::from(is_throttled);
            let role =
                if day == 4 && at.hour() == 12 && number == 0 { "newcomer" } else { caller.role };
            let time = at + Duration::seconds(i64::from(number * 3600 / requests.max(1)));
            self.record(lines, caller, role, time, is_throttled);
        }
    }

    fn record(
        &mut self,
        lines: &mut String,
        caller: &Caller,
        role: &str,
        at: DateTime<Utc>,
        is_throttled: bool,
    ) {
        self.next_id += 1;
        let tokens = 200 + self.random.below(400);
        let mut record = json!({
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
            "timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "accountId": "111122223333",
            "region": caller.region,
            "requestId": format!("00000000-0000-4000-a000-{:012}", self.next_id),
            "operation": "InvokeModel",
            "modelId": caller.model,
            "identity": {"arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/session")},
            "requestMetadata": {"team": caller.team},
            "input": {"inputContentType": "application/json", "inputTokenCount": tokens},
        });
        if is_throttled {
            record["errorCode"] = "ThrottlingException".into();
            record["input"].as_object_mut().expect("an object").remove("inputTokenCount");
        } else {
            record["output"] =
                json!({"outputContentType": "application/json", "outputTokenCount": 50});
        }
        writeln!(lines, "{record}").expect("a line");
    }
}

fn weeks() -> (Sandbox, Weeks) {
    let sandbox = Sandbox::new();
    let logs = sandbox.path().join("logs");
    std::fs::create_dir(&logs).expect("a folder");
    let weeks = Weeks::write(&logs);
    sandbox.ingest(&logs, 0);
    (sandbox, weeks)
}

fn anomalies(sandbox: &Sandbox, more: &[&str]) -> Value {
    let mut args = vec!["anomalies", "--json"];
    args.extend(more);
    sandbox.run(args).exits(0).json()
}

fn incidents(found: &Value) -> Vec<&Value> {
    found["incidents"].as_array().expect("incidents").iter().collect()
}

#[track_caller]
fn incident<'a>(found: &'a Value, kind: &str) -> &'a Value {
    let of_kind: Vec<&Value> = incidents(found).into_iter().filter(|i| i["kind"] == kind).collect();
    assert_eq!(of_kind.len(), 1, "{kind}: {found:#}");
    of_kind[0]
}

/// The sum of a metric over the rows that the incident's own query gives for its hours.
fn shown_by_query(sandbox: &Sandbox, incident: &Value, metric: &str) -> u64 {
    let command = incident["query"].as_str().expect("a command");
    let words = sandbox
        .python("import json, shlex, sys; print(json.dumps(shlex.split(sys.argv[1])))", [command]);
    let words: Vec<String> = serde_json::from_str(&words).expect("words");
    assert_eq!(words[0], "bedrock-lens");
    let mut args = words[1..].to_vec();
    args.extend(["--format".to_owned(), "json".to_owned()]);
    let rows = sandbox.run(args).exits(0).json();
    let (from, to) =
        (incident["from"].as_str().expect("a time"), incident["to"].as_str().expect("a time"));
    let rows = rows.as_array().expect("rows").iter();
    let within = rows.filter(|row| (from..to).contains(&row["hour"].as_str().expect("an hour")));
    within.map(|row| row[metric].as_u64().expect("a count")).sum()
}

#[test]
fn events_are_named_with_their_figures_and_a_query_that_shows_them() {
    let (sandbox, weeks) = weeks();
    let found = anomalies(&sandbox, &RANGE);
    assert_eq!(found["history"]["days"], HISTORY_DAYS);

    let storm = incident(&found, "throttling");
    assert_eq!(storm["from"], "2026-11-10T10:00:00Z");
    assert_eq!(storm["to"], "2026-11-10T12:00:00Z");
    assert_eq!(shown_by_query(&sandbox, storm, "throttled"), u64::from(weeks.throttled));
    assert!(
        series(storm, "throttled").iter().all(|s| s["observed"] == weeks.throttled),
        "{storm:#}"
    );
    let drivers = storm["drivers"].as_array().expect("drivers");
    let driver = drivers.iter().find(|driver| driver["dimension"] == "principal");
    assert_eq!(driver.expect("a principal")["value"], "chat");
    assert_eq!(driver.expect("a principal")["change"], weeks.throttled);

    let spike = incident(&found, "spike");
    assert_eq!(spike["from"], "2026-11-12T15:00:00Z");
    assert_eq!(spike["to"], "2026-11-12T16:00:00Z");
    let of_search = series(spike, "requests").into_iter().find(|s| s["scope"]["value"] == "search");
    assert_eq!(of_search.expect("requests of search")["observed"], weeks.spike);

    let outage = incident(&found, "outage");
    assert_eq!(outage["from"], "2026-11-11T09:00:00Z");
    assert_eq!(outage["to"], "2026-11-11T15:00:00Z");

    let new: Vec<&Value> = found["first_seen"].as_array().expect("events").iter().collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert_eq!((&new[0]["kind"], &new[0]["principal"]), (&json!("principal"), &json!("newcomer")));
    assert_eq!(incidents(&found).len(), 3, "{found:#}");
}

fn series<'a>(incident: &'a Value, metric: &str) -> Vec<&'a Value> {
    let series = incident["metrics"].as_array().expect("series").iter();
    series.filter(|series| series["metric"] == metric).collect()
}

#[test]
fn each_query_runs_and_filters_and_zones_are_kept() {
    let (sandbox, _) = weeks();
    let filter = "region = 'us-east-1'";
    let zone = ["--timezone", "Asia/Kolkata"];
    let range = ["--from", "2026-11-09T00:00:00Z", "--to", "2026-11-16T00:00:00Z"];
    let found = anomalies(&sandbox, &[&range[..], &zone, &["--where", filter]].concat());
    assert!(!incidents(&found).is_empty());
    for incident in incidents(&found) {
        let query = incident["query"].as_str().expect("a command");
        assert!(query.contains("region = ") && query.contains("Asia/Kolkata"), "{query}");
        let words = sandbox.python(
            "import json, shlex, sys; print(json.dumps(shlex.split(sys.argv[1])))",
            [query],
        );
        let words: Vec<String> = serde_json::from_str(&words).expect("words");
        let shown = sandbox.run(&words[1..]).exits(0).stdout;
        assert!(shown.lines().count() > 2, "{shown}");
    }
    assert!(incidents(&found).iter().all(|incident| incident["kind"] != "outage"), "{found:#}");
}

#[test]
fn people_get_a_table_and_the_reasons_for_what_was_not_judged() {
    let (sandbox, _) = weeks();
    let mut args = vec!["anomalies"];
    args.extend(RANGE);
    let outcome = sandbox.run(args).exits(0);
    for part in [
        "3 incidents in",
        "Throttled requests",
        "bedrock-lens query --from 2026-11-10T",
        "First seen",
        "newcomer",
        "Not judged",
        "1 value of principal: fewer than 300 requests",
    ] {
        assert!(outcome.stdout.contains(part), "no `{part}` in\n{}", outcome.stdout);
    }
    assert_eq!(outcome.stderr, "");
}

#[test]
fn the_same_week_judged_with_later_data_in_the_store_says_the_same() {
    let (sandbox, _) = weeks();
    let range = ["--from", "2026-11-09", "--to", "2026-11-11"];
    let with_later = anomalies(&sandbox, &range);
    let earlier = Sandbox::new();
    let logs = earlier.path().join("logs");
    std::fs::create_dir(&logs).expect("a folder");
    Weeks::write(&logs);
    for day in HISTORY_DAYS + 2..DAYS {
        std::fs::remove_file(logs.join(format!("{day}.json.gz"))).expect("a file");
    }
    earlier.ingest(&logs, 0);
    assert_eq!(anomalies(&earlier, &range), with_later);
}

#[test]
fn too_little_history_is_said() {
    let sandbox = sample_store();
    let outcome = sandbox.run(["anomalies", "--json"].iter().chain(&RANGE)).exits(0);
    let found = outcome.json();
    assert_eq!(found["series_tested"], 0);
    assert_eq!(found["incidents"], json!([]));
    let skipped = found["skipped"].as_array().expect("skipped");
    for series in ["everything", "first seen"] {
        let reason = skipped.iter().find(|skipped| skipped["series"] == series);
        let reason = reason.expect("a reason")["reason"].as_str().expect("text");
        assert!(reason.starts_with("insufficient history: "), "{reason}");
    }
}

#[test]
fn a_range_without_data_is_an_error_with_what_to_do() {
    let sandbox = sample_store();
    let outcome: Outcome =
        sandbox.run(["anomalies", "--from", "2020-01-01", "--to", "2020-02-01"]).exits(1);
    assert!(outcome.stderr.contains("the store holds no invocations"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("store info"), "{}", outcome.stderr);
}

#[test]
fn thresholds_come_from_a_file_and_a_broken_one_is_named_with_its_line() {
    let sandbox = Sandbox::new();
    let printed = sandbox.run(["anomalies", "--print-rules"]).exits(0).stdout;
    let config = sandbox.write("lens.toml", "[anomalies]\nrules = \"own.json\"\n");
    let config = config.to_str().expect("text");
    let run = |rules: &str| {
        sandbox.write("own.json", rules);
        sample_store().run(["--config", config, "anomalies", "--json"].iter().chain(&RANGE))
    };
    run(&printed).exits(0);
    let wrong = run(&printed.replace("\"share_left\"", "\"share_let\"")).exits(2);
    let line = printed.lines().position(|line| line.contains("share_left")).expect("there") + 1;
    for said in ["own.json", &format!("line {line}: unknown field `share_let`"), "--print-rules"] {
        assert!(wrong.stderr.contains(said), "{said} in {}", wrong.stderr);
    }
}
