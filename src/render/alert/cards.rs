//! Messages as chat programs take them: Slack blocks, and adaptive cards for Teams.
//!
//! Text from logs stands in places where neither program reads markup, or is escaped for it.

use serde_json::{Value, json};

use super::words;
use crate::alerts::{Item, Message, Severity};

/// Most alerts that one message shows; the rest is counted.
const SHOWN: usize = 15;
/// Longest text of a block of Slack.
/// Source: <https://api.slack.com/reference/block-kit/blocks#section>.
const LONGEST_BLOCK: usize = 2900;

/// For an incoming webhook of Slack.
pub fn slack(message: &Message) -> String {
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": clipped(&message.subject, 150), "emoji": false},
    })];
    for item in message.items.iter().take(SHOWN) {
        let mut text = format!("*{}: {}*", words::state(item), escaped(&words::title(item)));
        for (name, value) in words::facts(item) {
            let value = escaped(&value);
            let value =
                if name == "query" { format!("`{}`", value.replace('`', "'")) } else { value };
            text.extend(["\n", name, ": ", &value]);
        }
        blocks.push(json!({
            "type": "section",
            "text": {"type": "mrkdwn", "text": clipped(&text, LONGEST_BLOCK), "verbatim": true},
        }));
    }
    let rest = rest(message);
    blocks.push(json!({
        "type": "context",
        "elements": [{"type": "plain_text", "text": format!("{rest}{}", message.footer)}],
    }));
    json!({"text": escaped(&message.subject), "blocks": blocks}).to_string()
}

/// For an incoming webhook of Teams (Workflows).
pub fn teams(message: &Message) -> String {
    let mut body = vec![json!({
        "type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true,
        "text": unmarked(&message.subject), "color": color(message.severity),
    })];
    for item in message.items.iter().take(SHOWN) {
        body.push(json!({
            "type": "TextBlock", "weight": "Bolder", "wrap": true, "separator": true,
            "text": unmarked(&format!("{}: {}", words::state(item), words::title(item))),
        }));
        body.push(json!({"type": "FactSet", "facts": facts(item)}));
    }
    body.push(json!({
        "type": "TextBlock", "isSubtle": true, "wrap": true, "separator": true,
        "text": format!("{}{}", rest(message), message.footer),
    }));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard", "version": "1.4", "body": body,
            },
        }],
    })
    .to_string()
}

fn facts(item: &Item) -> Vec<Value> {
    let facts = words::facts(item);
    facts
        .into_iter()
        .map(|(name, value)| json!({"title": name, "value": unmarked(&value)}))
        .collect()
}

fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Attention",
        Severity::Warning => "Warning",
        Severity::Info => "Default",
    }
}

fn rest(message: &Message) -> String {
    match message.items.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!("{n} more alerts: bedrock-lens alerts list. "),
    }
}

/// The characters that Slack reads as control characters.
/// Source: <https://api.slack.com/reference/surfaces/formatting#escaping>.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text that adaptive cards would read as Markdown, so that they don't.
fn unmarked(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        if "\\`*_[]()#<>|~".contains(c) {
            safe.push('\\');
        }
        safe.push(c);
        safe
    })
}

fn clipped(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['\u{2026}']).collect()
}
