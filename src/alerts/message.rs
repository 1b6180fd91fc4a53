//! What a channel is told, in words: one message for all that is due to it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ledger::{Alert, Change};
use super::routing::Due;
use super::rule::{RuleSet, Severity};

/// A message for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// `[critical] Error rate over 5% … and 2 more`.
    pub subject: String,
    /// The gravest of its alerts.
    pub severity: Severity,
    /// When the check ran.
    pub at: DateTime<Utc>,
    /// One entry per alert, gravest first.
    pub items: Vec<Item>,
    /// What this is and is not.
    pub footer: String,
}

/// An alert in a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// What happened to it.
    pub change: Change,
    /// The alert with all its figures.
    pub alert: Alert,
    /// What to do about it; may be empty.
    pub advice: String,
}

const FOOTER: &str =
    "bedrock-lens reads archived logs: it sees what has been delivered, and stops nothing.";

/// The message for what is due; none when nothing is.
pub fn message(due: &[Due<'_>], rules: &RuleSet, at: DateTime<Utc>) -> Option<Message> {
    let mut items: Vec<Item> = Vec::new();
    for due in due {
        let advice = rules.rule(&due.alert.breach.rule).map(|rule| rule.advice.clone());
        let item = Item {
            change: due.change,
            alert: due.alert.clone(),
            advice: advice.unwrap_or_default(),
        };
        // Begun and ended between two checks is one piece of news.
        match items.iter_mut().find(|known| known.alert.id == item.alert.id) {
            Some(known) => known.change = known.change.max(item.change),
            None => items.push(item),
        }
    }
    items.sort_by(|a, b| {
        let key = |item: &Item| {
            (std::cmp::Reverse(item.alert.breach.severity), item.change, item.alert.breach.from)
        };
        key(a).cmp(&key(b)).then_with(|| a.alert.id.cmp(&b.alert.id))
    });
    let first = items.first()?;
    let severity = first.alert.breach.severity;
    let ended = if first.change == Change::Ended { "ended: " } else { "" };
    let more = match items.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(Message {
        subject: format!("[{}] {ended}{}{more}", severity.as_str(), first.alert.breach.title),
        severity,
        at,
        footer: FOOTER.to_owned(),
        items,
    })
}
