//! By an SMTP server, a real one: once, to each address for itself, cut off in between.

use std::path::Path;

use serde_json::json;

use super::{configured, mails, read, with_logs};
use crate::standins::Server;
use crate::support::Sandbox;

fn by(server: &Server) -> String {
    format!("[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"", server.port())
}

const SEND: [&str; 5] = ["report", "weekly", "--send", "-o", "out/"];

fn page(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.work().join("out/report-weekly-2026-W46.html")
}

#[test]
fn a_report_is_mailed_once_and_again_only_when_asked() {
    let (sandbox, server) = (with_logs(), Server::smtp("plain", &[]));
    configured(&sandbox, &by(&server), &["anna", "ben"]);
    let line = sandbox.run(SEND.iter().chain(&["--json"])).exits(0).json();
    assert_eq!(line["mail"], json!({"sent": 2, "sent_before": 0, "failed": 0, "unknown": 0}));
    assert_eq!((&line["exit"], &line["grade"]), (&json!(0), &json!("D")), "{line}");
    assert_eq!(line["outputs"], json!(["out/report-weekly-2026-W46.html"]));
    let first = mails(&server);
    assert_eq!(first.len(), 1, "one message for both");
    assert_eq!(first[0]["to"], json!(["anna@example.com", "ben@example.com"]));

    let message = read(&sandbox, first[0]["text"].as_str().expect("text"));
    assert_eq!(message["defects"], json!([]));
    assert_eq!(message["headers"]["to"], "weekly-business <reports@example.com>");
    assert_eq!(message["headers"]["auto-submitted"], "auto-generated");
    let types: Vec<&str> = message["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|p| p["type"].as_str())
        .collect();
    assert_eq!(
        types,
        [
            "multipart/mixed",
            "multipart/related",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "image/png",
            "text/html",
            "application/zip",
        ]
    );
    let html = message["words"]["text/html"].as_str().expect("a page");
    assert!(html.contains("cid:chart@bedrock-lens"), "{html}");
    assert_eq!(message["parts"][5]["id"], "<chart@bedrock-lens>");
    let written = std::fs::metadata(page(&sandbox)).expect("the page").len();
    assert_eq!(message["parts"][6]["size"], json!(written), "the page itself is attached");

    let again = sandbox.run(SEND).exits(0);
    assert!(again.stderr.contains("not mailed again to 2 addresses"), "{}", again.stderr);
    assert_eq!(mails(&server).len(), 1);
    sandbox.run(SEND.iter().chain(&["--resend", "--mail-to", "ben@example.com"])).exits(0);
    let all = mails(&server);
    assert_eq!((all.len(), &all[1]["to"]), (2, &json!(["ben@example.com"])));
    sandbox.run(["--quiet"].iter().chain(&SEND)).exits(0).is_silent();
}

#[test]
fn one_refused_address_keeps_no_other_from_its_mail_and_is_tried_again() {
    let (sandbox, server) = (with_logs(), Server::smtp("plain", &[]));
    configured(&sandbox, &by(&server), &["anna", "gone", "ben"]);
    server.ask(&json!({"do": "refuse", "address": "gone@example.com"}));
    for sent in [1, 1] {
        let outcome = sandbox.run(SEND).exits(3);
        assert!(outcome.stderr.contains("not mailed to `gone@example.com`"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("no such user here"), "{}", outcome.stderr);
        let mails = mails(&server);
        assert_eq!(mails.len(), sent);
        assert_eq!(mails[0]["to"], json!(["anna@example.com", "ben@example.com"]));
    }
    assert!(page(&sandbox).is_file());
}

#[test]
fn a_run_that_is_killed_while_it_sends_is_never_repeated_unasked_and_never_silent() {
    let (sandbox, server) = (with_logs(), Server::smtp("plain", &[]));
    configured(&sandbox, &by(&server), &["anna"]);
    server.ask(&json!({"do": "hang"}));
    let mut child = sandbox.spawn(SEND);
    assert_eq!(server.ask(&json!({"do": "seen"}))["seen"], true);
    let locked = sandbox.run(SEND).exits(3);
    assert!(locked.stderr.contains("another process is sending"), "{}", locked.stderr);
    child.kill().and_then(|()| child.wait()).expect("it is killed");

    let server = Server::smtp("plain", &[]);
    configured(&sandbox, &by(&server), &["anna", "ben"]);
    for _ in 0..2 {
        let outcome = sandbox.run(SEND).exits(3);
        let told = outcome.stderr.contains("not known whether `anna@example.com` has it");
        assert!(told && outcome.stderr.contains("--resend"), "{}", outcome.stderr);
    }
    let sent = mails(&server);
    assert_eq!((sent.len(), &sent[0]["to"]), (1, &json!(["ben@example.com"])));
    sandbox.run(SEND.iter().chain(&["--resend", "--mail-to", "anna@example.com"])).exits(0);
    assert_eq!(mails(&server)[1]["to"], json!(["anna@example.com"]));
    sandbox.run(SEND).exits(0);
    assert_eq!(mails(&server).len(), 2);
}

/// Access to a server with TLS and a login; the password is in a file.
fn guarded(sandbox: &Sandbox, server: &Server, security: &str, password: &str) {
    sandbox.write("work/ca.pem", server.ca.as_deref().expect("an authority"));
    sandbox.write("work/password", format!("{password}\n"));
    let mail = format!(
        "[mail.smtp]\nhost = \"localhost\"\nport = {}\nsecurity = \"{security}\"\nusername = \"lens\"\n\
         password_file = \"password\"\nca_file = \"ca.pem\"",
        server.port()
    );
    configured(sandbox, &mail, &["anna"]);
}

#[test]
fn the_server_is_spoken_to_in_private_and_logged_in_to() {
    let sandbox = with_logs();
    for security in ["starttls", "tls"] {
        let server = Server::smtp(security, &["lens", "s3cret"]);
        guarded(&sandbox, &server, security, "wrong");
        let refused = sandbox.run(SEND).exits(3);
        let told = refused.stderr.contains("could not log in to the mail server `localhost:");
        assert!(
            told && refused.stderr.contains("BEDROCK_LENS_SMTP_PASSWORD"),
            "{}",
            refused.stderr
        );
        assert!(!refused.stderr.contains("wrong\n"), "{}", refused.stderr);
        guarded(&sandbox, &server, security, "s3cret");
        sandbox.run(SEND.iter().chain(&["--resend"])).exits(0);
        assert_eq!(mails(&server).len(), 1);
        // The environment wins over the file.
        let mut command = sandbox.lens(SEND.iter().chain(&["--resend"]));
        command.env("BEDROCK_LENS_SMTP_PASSWORD", "other");
        sandbox.outcome(&mut command).exits(3);
        std::fs::remove_file(sandbox.work().join("ca.pem")).expect("removed");
        let untrusted = sandbox.run(SEND.iter().chain(&["--resend"])).exits(3);
        assert!(untrusted.stderr.contains("ca.pem"), "{}", untrusted.stderr);
    }
}

#[test]
fn when_only_the_mail_fails_the_report_is_there() {
    let sandbox = with_logs();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("its number").port();
    drop(free);
    let mail = format!("[mail.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"");
    configured(&sandbox, &mail, &["anna"]);
    let outcome = sandbox.run(SEND).exits(3);
    let told =
        outcome.stderr.contains(&format!("could not reach the mail server `127.0.0.1:{port}`"));
    assert!(told && outcome.stderr.contains("firewall"), "{}", outcome.stderr);
    assert!(page(&sandbox).is_file());
    sandbox.run(["--strict"].iter().chain(&SEND)).exits(1);
}

#[test]
fn nobody_to_send_to_or_from_is_wrong_usage_before_anything_is_made() {
    let sandbox = with_logs();
    let told = |text: &str| {
        let outcome = sandbox.run(SEND).exits(2);
        assert!(outcome.stderr.contains(text), "{}", outcome.stderr);
        assert!(!Path::new(&page(&sandbox)).exists());
    };
    told("nobody to send a weekly report to");
    sandbox.write(
        "work/bedrock-lens.toml",
        "[[recipients]]\nname = \"a\"\nto = [\"a@example.com\"]\n",
    );
    told("no sender");
    configured(&sandbox, "", &["anna"]);
    let outcome = sandbox.run(SEND.iter().chain(&["--mail-to", "weekly"])).exits(2);
    assert!(outcome.stderr.contains("(known: weekly-business)"), "{}", outcome.stderr);
}

#[test]
fn a_dry_run_writes_the_mail_and_sends_and_claims_nothing() {
    let sandbox = with_logs();
    configured(&sandbox, "", &["anna"]);
    sandbox.run(["report", "weekly", "--send", "--dry-run", "-o", "mail.eml"]).exits(0);
    let text = std::fs::read_to_string(sandbox.work().join("mail.eml")).expect("the mail");
    let message = read(&sandbox, &text);
    assert_eq!(message["headers"]["to"], "anna@example.com");
    assert_eq!(message["headers"]["from"], "Reports <reports@example.com>");
    assert!(!sandbox.store().join("deliveries.sqlite").exists());
    sandbox.run(["report", "weekly", "--send", "--dry-run", "-o", "again.eml"]).exits(0);
    let again = std::fs::read_to_string(sandbox.work().join("again.eml")).expect("the mail");
    assert_eq!(text, again, "the same report gives the same bytes");
}
