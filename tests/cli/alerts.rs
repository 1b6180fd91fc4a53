//! `alerts`: generated weeks with incidents in them, checked as a cron job would, with real receivers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration as Wait;

use chrono::{DateTime, Duration, Timelike, Utc};
use serde_json::{Value, json};

use crate::support::{Outcome, Sandbox, gzip};

/// Monday 12 October 2026: four weeks without incidents, then one with some.
const FIRST: &str = "2026-10-12T00:00:00Z";
const DAYS: i64 = 35;
const HAIKU: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// What happens to a request at a time.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Ok { latency_ms: i64, input_tokens: u64 },
    Failed(&'static str),
}

/// The incidents of the fifth week, by day of November and hour.
fn fate(model: &str, at: DateTime<Utc>, number: i64) -> Fate {
    let within = |from: &str, to: &str| {
        (time(&format!("2026-11-{from}:00Z"))..time(&format!("2026-11-{to}:00Z"))).contains(&at)
    };
    if model == HAIKU && within("10T10:00", "10T10:20") && number % 2 == 0 {
        return Fate::Failed("ModelErrorException");
    }
    if model == NOVA && within("11T14:00", "11T14:30") {
        return Fate::Failed("ServiceUnavailableException");
    }
    let input_tokens =
        if within("12T15:00", "12T16:00") { 400_000 } else { 100 + u64::from(at.minute()) };
    let latency_ms = if model == NOVA && within("13T09:00", "13T11:00") { 4_200 } else { 700 };
    Fate::Ok { latency_ms, input_tokens }
}

fn record(id: u32, at: DateTime<Utc>, (role, model): (&str, &str), fate: Fate) -> Value {
    let mut record = json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "accountId": "111122223333",
        "region": "us-east-1",
        "requestId": format!("00000000-0000-4000-a000-{id:012}"),
        "operation": "Converse",
        "modelId": model,
        "identity": {"arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/s")},
    });
    match fate {
        Fate::Failed(code) => record["errorCode"] = json!(code),
        Fate::Ok { latency_ms, input_tokens } => {
            record["input"] = json!({"inputTokenCount": input_tokens});
            record["output"] = json!({
                "outputTokenCount": 50,
                "outputBodyJson": {"stopReason": "end_turn", "metrics": {"latencyMs": latency_ms}},
            });
        }
    }
    record
}

/// Writes a compressed object per day below a folder.
fn write_weeks(folder: &Path) {
    let first = time(FIRST);
    let mut id = 0;
    for day in 0..DAYS {
        let mut lines = String::new();
        for minute in 0..24 * 60 {
            let at = first + Duration::days(day) + Duration::minutes(minute);
            let busy = 1 + i64::from((8..20).contains(&at.hour()));
            for number in 0..busy {
                for (role, model) in [("chat", HAIKU), ("search", NOVA)] {
                    id += 1;
                    let at = at + Duration::seconds(number * 10);
                    let call = record(id, at, (role, model), fate(model, at, number));
                    writeln!(lines, "{call}").expect("a line");
                }
            }
            let intrudes = time("2026-11-14T03:00:00Z")..time("2026-11-14T03:10:00Z");
            if intrudes.contains(&at) {
                for _ in 0..3 {
                    id += 1;
                    let call = ("intruder", HAIKU);
                    let call = record(id, at, call, Fate::Failed("AccessDeniedException"));
                    writeln!(lines, "{call}").expect("a line");
                }
            }
        }
        std::fs::write(folder.join(format!("{day}.json.gz")), gzip(lines)).expect("a file");
    }
}

/// A store of its own that holds the weeks.
fn weeks() -> Sandbox {
    static HELD: OnceLock<Sandbox> = OnceLock::new();
    let held = HELD.get_or_init(|| {
        let sandbox = Sandbox::new();
        let logs = sandbox.path().join("logs");
        std::fs::create_dir(&logs).expect("a folder");
        write_weeks(&logs);
        sandbox.ingest(&logs, 0);
        sandbox
    });
    let sandbox = Sandbox::new();
    copy_folder(&held.store(), &sandbox.store());
    sandbox
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A receiver of web hooks that notes what it gets.
struct Receiver {
    port: u16,
    bodies: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    /// Answers with a status; `None` never answers.
    fn answering(status: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&bodies);
        std::thread::spawn(move || {
            let mut unanswered = Vec::new();
            for stream in listener.incoming().flatten() {
                let (head, body) = request(&stream);
                noted.lock().expect("the notes").push((head, body));
                match status {
                    Some(status) => {
                        let answer = format!(
                            "HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
                        );
                        (&stream).write_all(answer.as_bytes()).ok();
                    }
                    None => unanswered.push(stream),
                }
            }
        });
        Self { port, bodies }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?token=secret", self.port)
    }

    fn bodies(&self) -> Vec<(String, String)> {
        self.bodies.lock().expect("the notes").clone()
    }

    /// Every change that was told: alert id and change, with how often.
    fn told(&self) -> BTreeMap<(String, String), usize> {
        let mut told = BTreeMap::new();
        for (_, body) in self.bodies() {
            let body: Value = serde_json::from_str(&body).expect("JSON");
            for item in body["items"].as_array().expect("items") {
                let name = |value: &Value| value.as_str().expect("a text").to_owned();
                *told.entry((name(&item["alert"]["id"]), name(&item["change"]))).or_default() += 1;
            }
        }
        told
    }
}

fn request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).expect("a line") > 2 {}
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned))
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    (head, String::from_utf8(body).expect("UTF-8"))
}

fn check(sandbox: &Sandbox, at: &str, more: &[&str]) -> Outcome {
    let mut args = vec!["--as-of", at, "alerts", "check", "--json"];
    args.extend(more);
    let mut command = sandbox.command(crate::support::binary());
    command.arg("--store").arg(sandbox.store()).args(args);
    sandbox.outcome(&mut command)
}

fn configured(sandbox: &Sandbox, text: &str) {
    sandbox.write("work/bedrock-lens.toml", text);
}

fn webhook(receiver: &Receiver, more: &str) -> String {
    format!(
        "[[alerts.channel]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n{more}\n",
        receiver.url()
    )
}

/// Checks every six hours.
fn checked(sandbox: &Sandbox, from: &str, to: &str) {
    let mut at = time(from);
    while at <= time(to) {
        let text = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        check(sandbox, &text, &[]).exits(0);
        at += Duration::hours(6);
    }
}

#[test]
fn every_incident_is_told_once_and_ends_once_and_clean_weeks_tell_nothing() {
    let sandbox = weeks();
    let receiver = Receiver::answering(Some(200));
    configured(&sandbox, &webhook(&receiver, ""));
    checked(&sandbox, "2026-11-02T00:20:00Z", "2026-11-09T00:20:00Z");
    assert!(receiver.told().is_empty(), "a clean week: {:?}", receiver.told());
    checked(&sandbox, "2026-11-09T06:20:00Z", "2026-11-15T18:20:00Z");
    let told = receiver.told();
    for (rule, start) in [
        ("error-rate", "20261110T1000Z"),
        ("no-success", "20261111T1400Z"),
        ("latency", "20261113T0900Z"),
        ("access-denied", "20261114T0300Z"),
        ("spend", "20261112T1500Z"),
    ] {
        // Begun and ended between two checks is one piece of news.
        let id = format!("{rule}-{start}");
        let times = told.get(&(id.clone(), "ended".to_owned()));
        assert_eq!(times, Some(&1), "{id}: {told:#?}");
    }
    assert!(told.values().all(|times| *times == 1), "{told:#?}");
    let before = receiver.bodies().len();
    check(&sandbox, "2026-11-15T18:20:00Z", &[]).exits(0);
    check(&sandbox, "2026-11-15T18:25:00Z", &[]).exits(0);
    assert_eq!(receiver.bodies().len(), before, "a check again tells nothing new");
}

#[test]
fn a_message_carries_figures_drivers_and_a_query_that_shows_them() {
    let sandbox = weeks();
    let receiver = Receiver::answering(Some(200));
    let secret = sandbox.write("work/secret", "s3cret\n");
    configured(&sandbox, &webhook(&receiver, &format!("secret_file = \"{}\"", secret.display())));
    let answer = check(&sandbox, "2026-11-10T10:40:00Z", &["--fail-on", "critical"]).exits(4);
    let answer = answer.json();
    let (head, body) = receiver.bodies().into_iter().next().expect("a message");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    let alert = &told["items"][0]["alert"];
    assert_eq!(alert["rule"], "error-rate");
    assert_eq!(alert["value"], json!({"unit": "share", "value": 0.25}));
    assert_eq!(alert["from"], "2026-11-10T10:00:00Z");
    assert_eq!(alert["to"], "2026-11-10T10:20:00Z");
    let driver = alert["drivers"][0].as_str().expect("a driver");
    assert!(driver.starts_with(&format!("ModelErrorException, {HAIKU}, chat: 20 ")), "{driver}");
    let query = alert["query"].as_str().expect("a query");
    let words: Vec<&str> = query.split_whitespace().skip(1).collect();
    let rows = sandbox.run(words.into_iter().chain(["--format", "json"])).exits(0).json();
    let failed: i64 =
        rows.as_array().expect("rows").iter().filter_map(|row| row["errors"].as_i64()).sum();
    assert_eq!(failed, 20);
    let open = answer["alerts"].as_array().expect("alerts");
    assert!(open.iter().any(|alert| alert["id"] == "error-rate-20261110T1000Z"));
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(name));
        line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.trim().to_owned())
    };
    let at = header("x-bedrock-lens-timestamp").expect("a time");
    let signed = header("x-bedrock-lens-signature").expect("a signature");
    let program = "import hmac,sys;print('sha256='+hmac.new(b's3cret',sys.stdin.buffer.read() or \
                   open(sys.argv[1],'rb').read(),'sha256').hexdigest())";
    let text = sandbox.write("body", format!("{at}.{body}"));
    assert_eq!(sandbox.python(program, [text]).trim(), signed);
}

#[test]
fn a_channel_that_fails_keeps_no_other_from_being_told_and_is_tried_again() {
    let sandbox = weeks();
    let (good, bad) = (Receiver::answering(Some(200)), Receiver::answering(Some(503)));
    let channels = |bad: &str| {
        format!(
            "{}\n[[alerts.channel]]\nname = \"chat\"\nkind = \"slack\"\nurl = \"{bad}\"\n",
            webhook(&good, "")
        )
    };
    configured(&sandbox, &channels(&bad.url()));
    let first = check(&sandbox, "2026-11-10T10:40:00Z", &[]).exits(3);
    assert!(first.stderr.contains("could not tell `chat`"), "{}", first.stderr);
    assert!(!first.stderr.contains("secret"), "the address holds a token: {}", first.stderr);
    assert_eq!(good.bodies().len(), 1);
    let mended = Receiver::answering(Some(200));
    configured(&sandbox, &channels(&mended.url()));
    check(&sandbox, "2026-11-10T10:45:00Z", &[]).exits(0);
    assert_eq!((good.bodies().len(), mended.bodies().len()), (1, 1));
    let body = &mended.bodies()[0].1;
    assert!(body.contains("Error rate over 5%"), "{body}");
}

/// Waits until a receiver has something.
fn await_message(receiver: &Receiver, child: &mut Child) {
    for _ in 0..600 {
        if !receiver.bodies().is_empty() {
            return;
        }
        std::thread::sleep(Wait::from_millis(50));
        assert!(child.try_wait().expect("a state").is_none(), "ended without a message");
    }
    panic!("no message");
}

#[test]
fn killed_between_two_channels_each_is_told_once_or_said_to_be_unknown() {
    let sandbox = weeks();
    let (first, second) = (Receiver::answering(Some(200)), Receiver::answering(None));
    let text = format!(
        "{}\n[[alerts.channel]]\nname = \"slow\"\nkind = \"webhook\"\nurl = \"{}\"\n",
        webhook(&first, ""),
        second.url()
    );
    configured(&sandbox, &text);
    let mut command = sandbox.command(crate::support::binary());
    command.arg("--store").arg(sandbox.store());
    command.args(["--as-of", "2026-11-10T10:40:00Z", "alerts", "check", "--json"]);
    let mut child = command.spawn().expect("it starts");
    await_message(&second, &mut child);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let again = check(&sandbox, "2026-11-10T10:45:00Z", &[]).exits(3);
    assert!(again.stderr.contains("not known whether `slow"), "{}", again.stderr);
    check(&sandbox, "2026-11-10T10:50:00Z", &[]).exits(0);
    assert_eq!((first.bodies().len(), second.bodies().len()), (1, 1));
}

#[test]
fn an_alert_is_listed_acknowledged_and_kept_as_history() {
    let sandbox = weeks();
    check(&sandbox, "2026-11-10T10:40:00Z", &[]).exits(0);
    let list = sandbox.run(["alerts", "list", "--json"]).exits(0).json();
    let ids: Vec<&str> =
        list.as_array().expect("alerts").iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(ids.contains(&"error-rate-20261110T1000Z"), "{ids:?}");
    let missing = sandbox.run(["alerts", "ack", "nothing"]).exits(2);
    assert!(missing.stderr.contains("error-rate-20261110T1000Z"), "{}", missing.stderr);
    sandbox.run(["alerts", "ack", "error-rate-20261110T1000Z", "--note", "known to AWS"]).exits(0);
    let list = sandbox.run(["alerts", "list", "--json"]).exits(0).json();
    let acknowledged = list.as_array().expect("alerts").iter();
    assert!(acknowledged.clone().any(|one| one["note"] == "known to AWS"), "{list}");
    check(&sandbox, "2026-11-10T14:40:00Z", &[]).exits(0);
    let history = ["alerts", "history", "--from", "2026-11-10", "--to", "2026-11-11", "--json"];
    let history = sandbox.run(history).exits(0).json();
    assert_eq!(history[0]["state"], "resolved", "{history}");
}

#[test]
fn mutes_and_rules_of_the_user_hold_and_a_dry_run_keeps_nothing() {
    let sandbox = weeks();
    let receiver = Receiver::answering(Some(200));
    sandbox.write(
        "work/rules.toml",
        "[[rule]]\nid = \"haiku\"\ntitle = \"Haiku fails\"\nseverity = \"warning\"\nkind = \"window\"\n\
         metric = \"error_rate\"\nminutes = 5\nabove = 0.9\nleast_requests = 5\nby = [\"model\"]\n\
         [[rule.override]]\nmodel = \"anthropic.claude-3-haiku-20240307-v1:0\"\nabove = 0.4\n",
    );
    configured(&sandbox, "[alerts]\nrules = [\"rules.toml\"]\n");
    let dry = check(&sandbox, "2026-11-10T10:40:00Z", &["--dry-run"]).exits(0).json();
    let rules: Vec<&str> = dry["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter_map(|change| change["alert"].as_str())
        .collect();
    assert!(rules.contains(&"haiku-20261110T1000Z"), "{rules:?}");
    assert!(sandbox.run(["alerts", "list"]).exits(0).stdout.is_empty());
    let text = format!(
        "[alerts]\nrules = [\"rules.toml\"]\n[[alerts.mute]]\nrule = \"error-rate\"\n\
         until = \"2026-11-12T00:00:00Z\"\nreason = \"load test\"\n{}",
        webhook(&receiver, "")
    );
    configured(&sandbox, &text);
    check(&sandbox, "2026-11-10T10:40:00Z", &[]).exits(0);
    let told = receiver.told();
    assert!(
        told.contains_key(&("haiku-20261110T1000Z".to_owned(), "began".to_owned())),
        "{told:?}"
    );
    assert!(told.keys().all(|(id, _)| !id.starts_with("error-rate-2")), "{told:?}");
}

#[test]
fn a_broken_rule_file_is_wrong_configuration_and_names_line_and_rule() {
    let sandbox = weeks();
    sandbox.write(
        "work/rules.toml",
        "[[rule]]\nid = \"mine\"\ntitle = \"t\"\nseverity = \"warning\"\nkind = \"window\"\n\
         metric = \"eror_rate\"\nminutes = 5\nabove = 0.5\n",
    );
    configured(&sandbox, "[alerts]\nrules = [\"rules.toml\"]\n");
    let outcome = check(&sandbox, "2026-11-10T10:40:00Z", &[]).exits(2);
    assert!(
        outcome.stderr.contains("unknown metric `eror_rate` of rule `mine`"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("line 1"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("did you mean `error_rate`?"), "{}", outcome.stderr);
}

#[test]
fn logs_that_stop_coming_are_told_until_they_come_again() {
    let sandbox = weeks();
    check(&sandbox, "2026-11-15T23:00:00Z", &[]).exits(0);
    let silent = check(&sandbox, "2026-11-16T06:00:00Z", &[]).exits(0).json();
    let alerts = silent["alerts"].as_array().expect("alerts");
    let alert = alerts.iter().find(|alert| alert["rule"] == "log-delivery");
    let alert = alert.unwrap_or_else(|| panic!("{silent}"));
    assert_eq!(alert["group"], json!({"account": "111122223333", "region": "us-east-1"}));
    assert_eq!(alert["from"], "2026-11-16T00:00:00Z");
}

#[test]
fn the_weekly_summary_counts_the_controls_of_frameworks_that_its_rule_names() {
    let sandbox = weeks();
    let summary = |frameworks: &str| {
        let rule = "[[rule]]\nid = \"weekly-summary\"\ntitle = \"The last week\"\n\
                    severity = \"info\"\nkind = \"summary\"\n";
        sandbox.write("work/rules.toml", format!("{rule}frameworks = {frameworks}\n"));
        configured(&sandbox, "[alerts]\nrules = [\"rules.toml\"]\n");
        check(&sandbox, "2026-11-09T06:20:00Z", &["--dry-run"])
    };
    let detail = |frameworks: &str| {
        let answer = summary(frameworks).exits(0).json();
        let alerts = answer["alerts"].as_array().expect("alerts").clone();
        let alert = alerts.into_iter().find(|alert| alert["rule"] == "weekly-summary");
        alert.expect("a summary")["detail"].as_str().expect("a text").to_owned()
    };
    let plain = detail("[]");
    assert!(!plain.contains("controls"), "{plain}");
    let controls = sandbox.run([
        "audit",
        "controls",
        "--framework",
        "soc2",
        "--from",
        "2026-11-02",
        "--to",
        "2026-11-09",
        "--json",
        "--as-of",
        "2026-11-09T06:20:00Z",
    ]);
    let counts = controls.exits(0).json()["counts"].clone();
    let [pass, fail, rest] = ["pass", "fail", "not_evaluated"].map(|name| &counts[name]);
    let counted = format!(": {pass} controls pass, {fail} fail, {rest} not evaluated");
    let with_controls = detail("[\"soc2\"]");
    assert!(with_controls.starts_with(&plain), "{with_controls}");
    assert!(with_controls.ends_with(&counted), "{with_controls} ends not with {counted}");
    let unknown = summary("[\"soc3\"]").exits(2);
    assert!(unknown.stderr.contains("soc3"), "{}", unknown.stderr);
}
