//! Which channel is told which change, and when: by severity and team, muted, quiet, or not yet.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::ledger::{Alert, Change, State};
use super::rule::Severity;

/// A way to somebody, as far as routing goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name: what the ledger of deliveries knows it by.
    pub name: String,
    /// Alerts at least so grave.
    pub severity: Severity,
    /// Alerts of these teams, and those that are of no team; empty: all.
    pub teams: Vec<String>,
    /// Only alerts that nobody acknowledged for more checks than this; 0: at once.
    pub after_checks: u32,
    /// Whether it is told when an alert ended.
    pub resolved: bool,
    /// When it is told only what is critical; the rest waits.
    pub quiet: Option<Quiet>,
}

/// Hours of the day that are quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From this local time.
    pub from: NaiveTime,
    /// To this; earlier than `from` when the hours span midnight.
    pub to: NaiveTime,
    /// The zone of both.
    pub timezone: Tz,
}

impl Quiet {
    fn holds(self, at: DateTime<Utc>) -> bool {
        let time = at.with_timezone(&self.timezone).time();
        if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

/// Alerts that nobody is to be told of, for a while and for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// The rule; none for all.
    pub rule: Option<String>,
    /// A dimension's value that the alert must be about; none for all.
    pub group: Option<(String, String)>,
    /// Until then.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl Mute {
    /// Whether it is about an alert, and still holds.
    pub fn covers(&self, alert: &Alert, now: DateTime<Utc>) -> bool {
        let is_group = |(name, value): &(String, String)| {
            let mut group = alert.breach.group.iter();
            group.any(|(key, found)| key == name && found.as_ref() == Some(value))
        };
        now < self.until
            && self.rule.as_ref().is_none_or(|rule| *rule == alert.breach.rule)
            && self.group.as_ref().is_none_or(is_group)
    }
}

/// A change that a channel is to be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Due<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// What happened to it.
    pub change: Change,
}

/// What a channel is to be told now of the alerts known. Whether it was told before is the ledger's to
/// know: what is due stays due.
pub fn due<'a>(
    channel: &Channel,
    alerts: &'a [Alert],
    mutes: &[Mute],
    now: DateTime<Utc>,
) -> Vec<Due<'a>> {
    let is_quiet = channel.quiet.is_some_and(|quiet| quiet.holds(now));
    let mut found = Vec::new();
    for alert in alerts {
        let severity = alert.breach.severity;
        let is_for_it = severity >= channel.severity && is_of_team(channel, alert);
        let waits = is_quiet && severity < Severity::Critical;
        let is_muted = mutes.iter().any(|mute| mute.covers(alert, now));
        if !is_for_it || waits || is_muted || !has_escalated(channel, alert) {
            continue;
        }
        found.push(Due { alert, change: Change::Began });
        let is_over = alert.state == State::Resolved && alert.breach.severity > Severity::Info;
        if channel.resolved && is_over {
            found.push(Due { alert, change: Change::Ended });
        }
    }
    found
}

fn is_of_team(channel: &Channel, alert: &Alert) -> bool {
    let team = alert.breach.group.iter().find(|(name, _)| name == "team");
    match team {
        Some((_, Some(team))) if !channel.teams.is_empty() => channel.teams.contains(team),
        _ => true,
    }
}

/// Whether nobody looked after it for as long as the channel waits.
fn has_escalated(channel: &Channel, alert: &Alert) -> bool {
    channel.after_checks == 0
        || (alert.acknowledged.is_none() && alert.checks > channel.after_checks)
}
