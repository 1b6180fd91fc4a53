//! Hands changes of alerts to the channels, each change once to each.
//!
//! A channel that fails doesn't keep the others from being told, and is tried again by the next check.

use chrono::{DateTime, Utc};

use crate::alerts::{Alert, Channel, Due, Message, Mute, RuleSet, due, message};
use crate::deliver::mail::{Mail, Mailer, Outcome, Shown, bare};
use crate::deliver::sns::Topic;
use crate::deliver::webhook::Webhook;
use crate::pipeline::{Delivery, Error, Fate};
use crate::render::alert;
use crate::store::{Claim, Deliveries, Item, Settled};

/// How a channel reaches somebody.
#[expect(clippy::large_enum_variant, reason = "there are as many as channels")]
pub enum Way<'w> {
    /// Mail to these addresses.
    Mail {
        /// Sends it.
        mailer: &'w dyn Mailer,
        /// Who it is from.
        from: &'w str,
        /// Where answers go.
        reply_to: &'w [String],
        /// Addresses.
        to: &'w [String],
    },
    /// A topic of SNS.
    Topic(Topic),
    /// Slack.
    Slack(Webhook<'w>),
    /// Teams.
    Teams(Webhook<'w>),
    /// Any receiver of JSON.
    Json(Webhook<'w>),
}

/// A channel, and how it reaches somebody; `Err` says why it can't, with what to do.
pub struct Destination<'w> {
    /// The channel.
    pub channel: Channel,
    /// The way.
    pub way: Result<Way<'w>, (String, Option<String>)>,
}

/// What a channel was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The channel's name.
    pub channel: String,
    /// How many changes were due to it and not told before.
    pub changes: usize,
    /// What became of the message, for each address of it; empty when nothing was to be told.
    pub deliveries: Vec<Delivery>,
}

/// Tells every channel what it hasn't been told yet. What nobody knows to have been told is said once:
/// when it is from no earlier than `previous`, the check before.
///
/// # Errors
/// When the ledger can't be written.
pub fn tell(
    ledger: &Deliveries,
    destinations: &[Destination<'_>],
    alerts: &[Alert],
    mutes: &[Mute],
    rules: &RuleSet,
    (previous, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Result<Vec<Told>, Error> {
    let is_news = |delivery: &Delivery| match delivery.fate {
        Fate::Unknown { at_ms, .. } => {
            previous.is_none_or(|previous| at_ms >= previous.timestamp_millis())
        }
        _ => true,
    };
    let one = |destination: &Destination<'_>| {
        let due = due(&destination.channel, alerts, mutes, now);
        let recipients = destination.recipients();
        let mut told =
            Told { channel: destination.channel.name.clone(), changes: 0, deliveries: Vec::new() };
        for recipient in recipients {
            told.add(ledger, destination, &due, &recipient, rules, now)?;
        }
        told.deliveries.retain(is_news);
        Ok(told)
    };
    destinations.iter().map(one).collect()
}

impl Destination<'_> {
    /// What the ledger knows who is told by: the addresses of a mail, else the channel.
    fn recipients(&self) -> Vec<String> {
        match &self.way {
            Ok(Way::Mail { to, .. }) => {
                to.iter().map(|to| format!("{} {}", self.channel.name, bare(to))).collect()
            }
            _ => vec![self.channel.name.clone()],
        }
    }
}

impl Told {
    /// Claims what is due to one address, sends it in one message, and settles.
    fn add(
        &mut self,
        ledger: &Deliveries,
        destination: &Destination<'_>,
        due: &[Due<'_>],
        recipient: &str,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let now_ms = now.timestamp_millis();
        let name = [recipient.to_owned()];
        let mut ours = Vec::new();
        for one in due {
            let claims = ledger.claim(&item(one), &name, false, now_ms).map_err(Error::Store)?;
            match claims.into_iter().next() {
                Some(Claim::Ours) => ours.push(*one),
                Some(Claim::Unknown { at_ms, reason }) => self.deliveries.push(Delivery {
                    recipient: format!("{recipient}: {}", one.alert.id),
                    fate: Fate::Unknown { at_ms, reason },
                }),
                Some(Claim::Sent { .. }) | None => {}
            }
        }
        let Some(message) = message(&ours, rules, now) else { return Ok(()) };
        let outcome = match &destination.way {
            Ok(way) => way.send(&message, recipient, now),
            Err((reason, hint)) => Outcome::Refused { reason: reason.clone(), hint: hint.clone() },
        };
        let settled = settled(&outcome);
        for one in &ours {
            let ended = [(recipient.to_owned(), settled.clone())];
            ledger.settle(&item(one), &ended, now_ms).map_err(Error::Store)?;
        }
        self.changes += ours.len();
        let fate = match outcome {
            Outcome::Sent { .. } => Fate::Sent,
            Outcome::Refused { reason, hint } => Fate::Failed { reason, hint },
            Outcome::Unknown { reason } => Fate::Unknown { at_ms: now_ms, reason },
        };
        self.deliveries.push(Delivery { recipient: recipient.to_owned(), fate });
        Ok(())
    }
}

fn item(due: &Due<'_>) -> Item {
    Item { subject: format!("alert {}", due.change.as_str()), instance: due.alert.id.clone() }
}

fn settled(outcome: &Outcome) -> Settled {
    match outcome {
        Outcome::Sent { reference } => Settled::Sent(reference.clone()),
        Outcome::Refused { reason, .. } => Settled::Failed(reason.clone()),
        Outcome::Unknown { reason } => Settled::Unknown(reason.clone()),
    }
}

impl Way<'_> {
    fn send(&self, message: &Message, recipient: &str, now: DateTime<Utc>) -> Outcome {
        let refused = |reason: String| Outcome::Refused { reason, hint: None };
        match self {
            Self::Mail { mailer, from, reply_to, to } => {
                let is_meant = |to: &&String| recipient.ends_with(&format!(" {}", bare(to)));
                let Some(address) = to.iter().find(is_meant) else {
                    return refused("the address is not in the channel".to_owned());
                };
                match mail(message, from, reply_to, address, now) {
                    Ok(ready) => {
                        let address = [bare(address)];
                        let outcomes = mailer.send(&ready, &address);
                        let silent =
                            || Outcome::Unknown { reason: "the sender did not say".to_owned() };
                        outcomes.into_iter().next().unwrap_or_else(silent)
                    }
                    Err(error) => refused(error.to_string()),
                }
            }
            Self::Topic(topic) => topic.publish(&message.subject, &alert::text(message)),
            Self::Slack(hook) => hook.send(&alert::slack(message), now.timestamp()),
            Self::Teams(hook) => hook.send(&alert::teams(message), now.timestamp()),
            Self::Json(hook) => match alert::json(message) {
                Ok(body) => hook.send(&body, now.timestamp()),
                Err(error) => refused(error.to_string()),
            },
        }
    }
}

fn mail(
    message: &Message,
    from: &str,
    reply_to: &[String],
    to: &str,
    now: DateTime<Utc>,
) -> Result<crate::deliver::mail::Message, Error> {
    let html = alert::html(message).map_err(Error::Render)?;
    let text = alert::text(message);
    let about: Vec<&str> = message.items.iter().map(|item| item.alert.id.as_str()).collect();
    let mail = Mail {
        from,
        to: Shown::Address(to),
        reply_to,
        subject: &message.subject,
        text: &text,
        html: &html,
        images: Vec::new(),
        attachments: Vec::new(),
        date: now,
        about: &about.join(" "),
    };
    Ok(mail.message()?)
}
