//! From breaches to alerts: each with a beginning, an end and a state, and each change told once.
//!
//! A check may judge time that another check has judged before (late logs); the same breach is the same
//! alert then, however often it is found. An alert ends when time has been judged beyond it and nothing
//! was found; as long as the logs don't reach there, it stays open.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::breach::Breach;
use super::rule::{Kind, RuleSet, Silent};
use crate::period::Period;

/// After so many minutes without a breach an alert has ended, if its rule doesn't say otherwise.
const SETTLE_MINUTES: i64 = 60;

/// Alerts that begin within this of each other are told as one incident.
const TOGETHER: Duration = Duration::minutes(30);

/// Whether an alert goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Found by this check for the first time.
    New,
    /// Found before, and not ended.
    Ongoing,
    /// Ended.
    Resolved,
}

impl State {
    /// As data writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ongoing => "ongoing",
            Self::Resolved => "resolved",
        }
    }
}

/// Something that is or was wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its name: rule, start, and a number where several begin at once.
    pub id: String,
    /// Alerts that began together have this in common: the id of the first.
    pub incident: String,
    /// Whether it goes on.
    pub state: State,
    /// Figures and words: of the worst window so far.
    #[serde(flatten)]
    pub breach: Breach,
    /// The check that found it.
    pub found: DateTime<Utc>,
    /// The check that found it ended.
    pub resolved: Option<DateTime<Utc>>,
    /// Checks that found it open, the first included.
    pub checks: u32,
    /// When somebody said that they look after it.
    pub acknowledged: Option<DateTime<Utc>>,
    /// Who, and what they said.
    pub note: Option<String>,
}

/// What can happen to an alert in a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was found.
    Began,
    /// It ended.
    Ended,
}

impl Change {
    /// As data writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Ended => "ended",
        }
    }
}

/// A change of an alert in this check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The alert's id.
    pub alert: String,
    /// What happened.
    pub change: Change,
}

/// What a check could judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The time that rules over the logs were asked of.
    #[serde(flatten)]
    pub period: Period,
    /// When the check ran.
    pub at: DateTime<Utc>,
}

/// All alerts after a check, and what changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Every alert that was given, and the new ones; by start and id.
    pub alerts: Vec<Alert>,
    /// What this check changed, in the order of the alerts.
    pub changes: Vec<Changed>,
}

/// Takes the breaches of a check into the alerts known so far.
pub fn update(known: Vec<Alert>, breaches: Vec<Breach>, rules: &RuleSet, judged: Judged) -> Update {
    let mut alerts = known;
    let mut found = vec![false; alerts.len()];
    for alert in &mut alerts {
        if alert.state == State::New {
            alert.state = State::Ongoing;
        }
    }
    let mut breaches = breaches;
    breaches.sort_by_cached_key(|breach| (breach.from, breach.key()));
    let mut began = Vec::new();
    for breach in breaches {
        let settle = settle(&breach.rule, rules);
        let same = |alert: &Alert| {
            alert.breach.key() == breach.key()
                && breach.from <= alert.breach.to + settle
                && breach.to >= alert.breach.from - settle
        };
        if let Some(place) = alerts.iter().position(same) {
            alerts[place].breach.take_in(&breach);
            found[place] = true;
        } else {
            let alert = new(breach, &alerts, judged.at);
            began.push(alert.id.clone());
            alerts.push(alert);
            found.push(true);
        }
    }
    let mut ended = Vec::new();
    for (alert, found) in alerts.iter_mut().zip(&found) {
        if alert.state == State::Resolved {
            continue;
        }
        alert.checks += 1;
        let rule = rules.rule(&alert.breach.rule).filter(|rule| rule.enabled);
        let is_told_once = rule.is_some_and(|rule| rule.kind == Kind::Summary);
        // What rests on the state of now, not on the logs, has ended when it isn't found.
        let is_of_now = rule
            .is_some_and(|rule| rule.kind == Kind::Budget || rule.silent == Some(Silent::Objects));
        let judged_to = if is_of_now { judged.at } else { judged.period.to };
        let is_over = judged_to >= alert.breach.to + settle(&alert.breach.rule, rules);
        if is_told_once || rule.is_none() || (is_of_now && !found) || (!is_of_now && is_over) {
            alert.state = State::Resolved;
            alert.resolved = Some(judged.at);
            if !is_told_once {
                ended.push(alert.id.clone());
            }
        }
    }
    alerts.sort_by(|a, b| (a.breach.from, &a.id).cmp(&(b.breach.from, &b.id)));
    join_incidents(&mut alerts, &began);
    let changes = alerts.iter().flat_map(|alert| {
        let is = |ids: &[String], change| {
            ids.contains(&alert.id).then(|| Changed { alert: alert.id.clone(), change })
        };
        [is(&began, Change::Began), is(&ended, Change::Ended)].into_iter().flatten()
    });
    let changes = changes.collect();
    Update { alerts, changes }
}

fn settle(rule: &str, rules: &RuleSet) -> Duration {
    let minutes = rules.rule(rule).and_then(|rule| rule.settle_minutes);
    Duration::minutes(minutes.unwrap_or(SETTLE_MINUTES))
}

fn new(breach: Breach, known: &[Alert], at: DateTime<Utc>) -> Alert {
    let base = format!("{}-{}", breach.rule, breach.from.format("%Y%m%dT%H%MZ"));
    let is_taken = |id: &str| known.iter().any(|alert| alert.id == id);
    let numbered = (2..).map(|n: u32| format!("{base}-{n}"));
    let id = std::iter::once(base.clone()).chain(numbered).find(|id| !is_taken(id));
    let id = id.unwrap_or(base);
    Alert {
        incident: id.clone(),
        id,
        state: State::New,
        breach,
        found: at,
        resolved: None,
        checks: 0,
        acknowledged: None,
        note: None,
    }
}

/// New alerts join the incident of the earliest alert that began about when they did, or was open then.
fn join_incidents(alerts: &mut [Alert], began: &[String]) {
    for place in 0..alerts.len() {
        if !began.contains(&alerts[place].id) {
            continue;
        }
        let from = alerts[place].breach.from;
        let is_near = |other: &Alert| (other.breach.from - from).abs() <= TOGETHER;
        if let Some(first) = alerts[..place].iter().find(|other| is_near(other)) {
            let incident = first.incident.clone();
            alerts[place].incident = incident;
        }
    }
}
