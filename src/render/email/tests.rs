//! The mail of the realistic report: both parts, the chart, hostile text.

use super::{About, Email, Link, email};
use crate::render::Look;
use crate::render::fixture::report;
use crate::report::parts::{Report, Value};

fn about() -> About {
    About {
        attached: vec![("report-weekly-2026-W46.html".to_owned(), "the whole report")],
        link: None,
        list: Some("weekly-business".to_owned()),
        owner: Some("lens.toml".to_owned()),
        version: "1.0.0",
    }
}

fn mail_of(report: &Report) -> Email {
    email(report, &Look::default(), &about()).expect("a mail")
}

#[test]
fn the_page_is_small_styled_in_place_and_loads_nothing() {
    let mail = mail_of(&report());
    assert!(mail.html.len() < 100_000, "{} bytes", mail.html.len());
    for absent in ["<script", "<link", "src=\"http", "data:", "<svg", "url(", "{{", "{%"] {
        assert!(!mail.html.contains(absent), "{absent}");
    }
    for present in [
        "<!DOCTYPE html>",
        "prefers-color-scheme:dark",
        "name=\"color-scheme\"",
        "<!--[if mso]>",
        "cid:chart@bedrock-lens",
        "display:none;max-height:0;overflow:hidden;mso-hide:all",
        "<h1 class=\"ink\" style=\"",
        "Weekly business report",
    ] {
        assert!(mail.html.contains(present), "{present}: {}", &mail.html[..3000]);
    }
    assert_eq!(mail.html.matches("<style").count(), 1, "only the queries stay a style sheet");
    let chart = &mail.images[0].png;
    assert!(chart.starts_with(b"\x89PNG") && chart.len() < 60_000, "{} bytes", chart.len());
}

#[test]
fn the_text_is_ascii_in_72_columns_with_the_same_figures() {
    let mail = mail_of(&report());
    assert!(mail.text.is_ascii());
    let wide: Vec<&str> = mail.text.lines().filter(|line| line.len() > 72).collect();
    assert!(wide.is_empty(), "{wide:?}");
    insta::assert_snapshot!(mail.text);
}

#[test]
fn the_subject_says_figure_change_and_what_is_worst() {
    let mail = mail_of(&report());
    insta::assert_snapshot!(mail.subject);
    assert!(mail.subject.chars().count() <= 120);
}

#[test]
fn the_lines_of_the_table_add_up_to_its_total() {
    let mail = mail_of(&report());
    let start = mail.text.rfind("SPEND BY MODEL\n").expect("the table");
    let amounts: Vec<i64> = mail.text[start..]
        .lines()
        .skip(3)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.split_whitespace().rev().nth(2)?.replace([',', '.'], "").parse().ok()
        })
        .collect();
    let (total, lines) = amounts.split_last().expect("lines");
    assert!(lines.len() >= 5, "{}", &mail.text[start..]);
    assert_eq!(lines.iter().sum::<i64>(), *total, "{}", &mail.text[start..]);
}

#[test]
fn hostile_text_is_inert() {
    let mut hostile = report();
    let text = "<script>alert(1)</script>\u{202e}\"'=1+1\r\nBcc: x@example.com";
    hostile.title = text.to_owned();
    hostile.attention[0]
        .title
        .0
        .push(crate::report::parts::Span::Value(Value::Id(text.repeat(400))));
    let mail = mail_of(&hostile);
    assert!(!mail.html.contains("<script") && !mail.html.contains('\u{202e}'));
    assert!(!mail.subject.contains(['\r', '\n', '\u{202e}']), "{:?}", mail.subject);
    assert!(mail.text.is_ascii() && mail.html.len() < 100_000);
}

#[test]
fn a_report_without_figures_still_makes_a_mail() {
    let mut bare = report();
    bare.sections.clear();
    bare.kpis.clear();
    bare.attention.clear();
    bare.headline.value = Value::Missing(crate::report::parts::Missing::Unknown);
    let link =
        Link { url: "https://example.com/x?y=1&z=2".to_owned(), until: "until noon".to_owned() };
    let about = About { link: Some(link), ..About::default() };
    let mail = email(&bare, &Look::default(), &about).expect("a mail");
    assert!(mail.images.is_empty() && mail.text.contains("Nothing in this period."));
    assert!(mail.html.contains("https://example.com/x?y=1&amp;z=2"));
    assert!(mail.text.contains("https://example.com/x?y=1&z=2"));
}
