//! By Amazon SES, as moto serves it: the raw message, who may send, who gets it.

use serde_json::json;

use super::{configured, mails, read, with_logs};
use crate::standins::Server;
use crate::support::{Outcome, Sandbox};

fn send(sandbox: &Sandbox, server: &Server, more: &[&str]) -> Outcome {
    let args = ["report", "weekly", "--send"];
    let mut command = sandbox.lens(args.iter().chain(more));
    command
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    sandbox.outcome(&mut command)
}

#[test]
fn ses_takes_the_message_with_its_parts_once() {
    let (sandbox, server) = (with_logs(), Server::moto());
    let many: Vec<String> = (0..60).map(|number| format!("p{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    configured(
        &sandbox,
        "attach = [\"html\", \"xlsx\"]\n[mail.ses]\nconfiguration_set = \"r\"",
        &many,
    );

    let refused = send(&sandbox, &server, &[]).exits(3);
    let told = refused.stderr.contains("not mailed to `p0@example.com`");
    assert!(told && refused.stderr.contains("create-email-identity"), "{}", refused.stderr);
    assert!(sandbox.work().join("report-weekly-2026-W46.html").is_file());

    server.ask(&json!({"do": "sender", "address": "reports@example.com"}));
    let line = send(&sandbox, &server, &["--json"]).exits(0).json();
    assert_eq!(line["mail"]["sent"], 60);
    let sent = mails(&server);
    assert_eq!(sent.len(), 2, "so many addresses take two messages");
    let everybody: Vec<&str> = sent
        .iter()
        .flat_map(|mail| mail["to"].as_array().expect("addresses"))
        .filter_map(|to| to.as_str())
        .filter(|to| to.starts_with('p'))
        .collect();
    assert_eq!(everybody.len(), 60);
    let message = read(&sandbox, sent[0]["text"].as_str().expect("text"));
    assert_eq!(message["defects"], json!([]));
    let names: Vec<&str> = message["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|p| p["name"].as_str())
        .collect();
    assert_eq!(names, ["chart.png", "report-weekly-2026-W46.html", "report-weekly-2026-W46.xlsx"]);
    let text = message["words"]["text/plain"].as_str().expect("a text");
    assert!(text.contains("Sent to the list weekly-business"), "{text}");
    assert!(!text.contains("p0@example.com"), "addresses are nobody else's business");

    send(&sandbox, &server, &[]).exits(0);
    assert_eq!(mails(&server).len(), 2, "nothing is sent again");
}

#[test]
fn a_link_leads_to_the_whole_report_in_s3() {
    let (sandbox, server) = (with_logs(), Server::moto());
    server.ask(&json!({"do": "put", "bucket": "acme-reports", "objects": []}));
    server.ask(&json!({"do": "sender", "address": "reports@example.com"}));
    configured(&sandbox, "link = \"s3://acme-reports/bedrock\"\nlink_hours = 24", &["anna"]);
    let line = send(&sandbox, &server, &["--json"]).exits(0).json();
    let object = "s3://acme-reports/bedrock/report-weekly-2026-W46.html";
    assert_eq!(line["outputs"], json!(["report-weekly-2026-W46.html", object]));
    let message = read(&sandbox, mails(&server)[0]["text"].as_str().expect("text"));
    let text = message["words"]["text/plain"].as_str().expect("a text");
    let address = text.lines().find(|line| line.starts_with("http")).expect("a link");
    assert!(address.contains("X-Amz-Expires=86400"), "{address}");
    assert!(text.contains("until 2026-11-18 06:00 UTC"), "{text}");
    let html = message["words"]["text/html"].as_str().expect("a page");
    assert!(html.contains(&address.replace('&', "&amp;")), "{html}");
    let fetch =
        "import sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[1]).read().decode())";
    let page = sandbox.python(fetch, [address]);
    assert!(page.contains("<title>Weekly business report"), "{}", &page[..200]);
    let files =
        message["parts"].as_array().expect("parts").iter().filter(|p| p["name"] != json!(null));
    assert_eq!(files.count(), 1, "the chart; a link needs no file beside it");
}

#[test]
fn an_endpoint_that_is_not_there_leaves_the_mail_for_the_next_run() {
    let (sandbox, server) = (with_logs(), Server::moto());
    server.ask(&json!({"do": "sender", "address": "reports@example.com"}));
    let elsewhere = "[mail.ses]\nendpoint_url = \"http://127.0.0.1:9\"";
    configured(&sandbox, elsewhere, &["anna"]);
    let outcome = send(&sandbox, &server, &[]).exits(3);
    let told = outcome.stderr.contains("not mailed to `anna@example.com`: AWS can't be reached");
    assert!(told, "{}", outcome.stderr);
    configured(&sandbox, "", &["anna"]);
    send(&sandbox, &server, &[]).exits(0);
    assert_eq!(mails(&server).len(), 1);
}
