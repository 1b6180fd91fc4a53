//! The configuration file: one to begin with, what is said of one, its schema; completions and manual.

use serde_json::Value;

use crate::support::{Sandbox, repository};

#[test]
fn the_file_to_begin_with_passes_its_check_as_it_is_and_with_every_key_used() {
    let sandbox = Sandbox::new();
    sandbox.run(["config", "init"]).exits(0);
    let check = sandbox.run(["config", "check"]).exits(0);
    assert!(check.stdout.contains("`bedrock-lens.toml` can be used"), "{}", check.stdout);
    let again = sandbox.run(["config", "init"]).exits(2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    sandbox.run(["config", "init", "--force"]).exits(0);
    let text = sandbox.run(["config", "init", "-"]).exits(0).stdout;
    let uncommented = |line: &str| {
        let setting = line.strip_prefix('#');
        let setting = setting.filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
        setting.unwrap_or(line).to_owned() + "\n"
    };
    let used: String = text.lines().map(uncommented).collect();
    assert!(used.contains("\n[[recipients]]\n"), "{used}");
    sandbox.write("work/bedrock-lens.toml", &used);
    sandbox.write("work/maps.toml", "[teams]\n\"svc-chat\" = \"chat\"\n");
    sandbox.write("work/prices.toml", "");
    let book = repository().join("src/prices/bedrock-prices.json");
    std::fs::copy(book, sandbox.work().join("bedrock-prices.json")).expect("a copy");
    let check = sandbox.run(["config", "check"]);
    assert_eq!(check.code, Some(0), "{}", check.stderr);
    // A broken file stops nobody from beginning anew.
    sandbox.write("work/bedrock-lens.toml", "stoer = 1\n");
    sandbox.run(["config", "init", "other.toml"]).exits(0);
}

#[test]
fn every_misspelt_key_is_named_with_its_line_and_the_nearest_one() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "work/bedrock-lens.toml",
        "timezon = \"UTC\"\n\n[mail]\nform = \"a@example.com\"\n\n[mail.ses]\nregoin = \"x\"\n",
    );
    let outcome = sandbox.run(["config", "check"]).exits(2);
    for (key, line, nearest) in
        [("timezon", 1, "timezone"), ("form", 4, "from"), ("regoin", 7, "region")]
    {
        let told = format!("unknown key `{key}` in `bedrock-lens.toml`, line {line}");
        assert!(outcome.stderr.contains(&told), "{told}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("`{nearest}`")), "{nearest}: {}", outcome.stderr);
    }
}

#[test]
fn what_is_unused_or_can_not_work_is_said() {
    let sandbox = Sandbox::new();
    for (text, told) in [
        (
            "[mail]\nfrom = \"a@example.com\"\n",
            "`[mail]` is not used: there is no `[[recipients]]`",
        ),
        ("[[recipients]]\nname = \"a\"\nto = [\"a@example.com\"]\n", "no `from`"),
        (
            "[mail]\nfrom = \"a@example.com\"\ntransport = \"ses\"\n[mail.smtp]\nhost = \"h\"\n",
            "`[mail.smtp]` is not used",
        ),
        ("[mail]\nlink_hours = 5\n", "`link_hours` is not used"),
        (
            "[[recipients]]\nname = \"a\"\nto = [\"a@example.com\"]\nreports = [\"wekly\"]\n",
            "did you mean `weekly`?",
        ),
        ("[allocation.map.teams]\na = \"b\"\n", "mapping `teams` is not used"),
        (
            "[[budget]]\nteam = \"chta\"\namount = \"1\"\n[[allocation.rule]]\nteam = \"chat\"\n",
            "no rule gives the team `chta`",
        ),
        (
            "[[quota]]\nregion = \"us-east-1\"\nmodel = \"amazon.nova-lite-v1:1\"\nrpm = 1\n",
            "the price book has no model `amazon.nova-lite-v1:1`",
        ),
        ("[[source]]\nname = \"a\"\nurl = \"no/such/folder\"\n", "there is no folder"),
    ] {
        sandbox.write("work/bedrock-lens.toml", text);
        let outcome = sandbox.run(["config", "check"]).exits(0);
        assert!(outcome.stdout.contains(told), "{told}: {}", outcome.stdout);
        let json = sandbox.run(["config", "check", "--json"]).exits(0).json();
        let remarks = json["remarks"].as_array().expect("remarks");
        assert!(
            remarks.iter().filter_map(Value::as_str).any(|remark| remark.contains(told)),
            "{json}"
        );
    }
    sandbox.write("work/bedrock-lens.toml", "[targets]\nsuccess_rat = \"growing\"\n");
    let outcome = sandbox.run(["config", "check"]).exits(2);
    assert!(outcome.stderr.contains("success_rate"), "{}", outcome.stderr);
}

#[test]
fn mistakes_in_mail_and_upload_are_named_with_their_line() {
    let sandbox = Sandbox::new();
    for (text, told) in [
        (
            "[mail]\nfrom = \"nobody\"\n",
            "`nobody` is not a mail address in `bedrock-lens.toml`, line 2",
        ),
        (
            "\n[[recipients]]\nname = \"a\"\nto = []\n",
            "no address in `to` in `bedrock-lens.toml`, line 2",
        ),
        ("[mail]\nlink = \"https://x\"\n", "a folder in S3"),
        ("[mail]\nlink_hours = 500\n", "from 1 to 168"),
        ("[mail.smtp]\nport = 25\n", "missing field `host`"),
        ("[mail]\nattach = [\"doc\"]\n", "unknown variant `doc`"),
        ("[upload]\nkms_key = \"k\"\n", "goes with `encryption = \"kms\"`"),
        ("[ingest]\nlate_minutes = 20000\n", "`late_minutes`"),
    ] {
        sandbox.write("work/bedrock-lens.toml", text);
        let outcome = sandbox.run(["config", "check"]).exits(2);
        assert!(outcome.stderr.contains(told), "{told}: {}", outcome.stderr);
    }
}

#[test]
fn what_is_allowed_who_is_told_and_what_is_added_are_shown_and_can_be_read_again() {
    let sandbox = Sandbox::new();
    let written = r#"
        [security]
        internal_networks = ["10.0.0.0/8"]
        vpc_endpoint_required = ["vpce-1"]
        guardrail_required = true
        [security.business_hours]
        from = "08:00"
        to = "18:00"
        [audit]
        detections = ["own.yaml"]
        [alerts]
        rules = ["own.toml"]
        [[alerts.channel]]
        name = "on-call"
        kind = "sns"
        topic_arn = "arn:aws:sns:eu-west-1:111122223333:oncall"
        severity = "critical"
        quiet = { from = "22:00", to = "07:00" }
        [[alerts.channel]]
        name = "chat"
        kind = "slack"
        url = "https://hooks.example.com/secret-token"
        [[alerts.mute]]
        rule = "latency"
        until = "2027-01-01T00:00:00Z"
        reason = "known"
    "#;
    sandbox.write("work/bedrock-lens.toml", written);
    let shown = sandbox.run(["config", "show", "--json"]).exits(0).json();
    assert_eq!(shown["security"]["internal_networks"][0], "10.0.0.0/8");
    assert_eq!(shown["security"]["guardrail_required"][0], "*");
    assert_eq!(shown["security"]["business_hours"]["to"], "18:00");
    assert_eq!(shown["security"]["allowed_regions"], Value::Null);
    assert!(shown["audit"]["detections"][0].as_str().expect("a path").ends_with("own.yaml"));
    let channels = &shown["alerts"]["channels"];
    assert_eq!(
        (&channels[0]["kind"], &channels[0]["severity"]),
        (&"sns".into(), &"critical".into())
    );
    assert_eq!(channels[0]["quiet"]["from"], "22:00");
    assert_eq!(shown["alerts"]["mutes"][0]["reason"], "known");
    let text = sandbox.run(["config", "show"]).exits(0).stdout;
    assert!(!text.contains("secret-token") && !shown.to_string().contains("secret-token"));
    for heading in
        ["[security]", "[security.business_hours]", "[audit]", "[alerts]", "[[alerts.mute]]"]
    {
        assert_eq!(text.matches(&format!("\n{heading}\n")).count(), 1, "{heading}: {text}");
    }
    // What is shown says the same when it is read; but for the address, which is kept back.
    let again = text.replace("kind = \"slack\"", "kind = \"slack\"\nurl = \"https://x.example\"");
    sandbox.write("work/again.toml", &again);
    let reread =
        sandbox.run(["--config", "again.toml", "config", "show", "--json"]).exits(0).json();
    for part in ["security", "audit", "alerts"] {
        assert_eq!(reread[part], shown[part], "{part}");
    }
    // Nothing said, nothing shown.
    sandbox.write("work/bedrock-lens.toml", "");
    let plain = sandbox.run(["config", "show"]).exits(0).stdout;
    assert!(!plain.contains("security") && !plain.contains("alerts") && !plain.contains("audit"));
}

#[test]
fn shells_get_their_completions_and_every_command_its_page() {
    let sandbox = Sandbox::new();
    sandbox.write("work/bedrock-lens.toml", "broken = \n");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(["completions", shell]).exits(0).stdout;
        assert!(script.contains("if-complete"), "{shell}");
    }
    let page = sandbox.run(["man", "report", "weekly"]).exits(0).stdout;
    assert!(page.starts_with(".ie") && page.contains("\\-\\-if\\-complete"), "{page}");
    sandbox.run(["man", "reprot"]).exits(2);
    sandbox.run(["man", "-o", "man"]).exits(0);
    let pages = std::fs::read_dir(sandbox.work().join("man")).expect("pages").count();
    assert!(pages > 30, "{pages} pages");
    assert!(sandbox.work().join("man/bedrock-lens-report-weekly.1").is_file());
}
