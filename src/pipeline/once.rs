//! Delivering once: claim in the store's ledger, hand over, settle. For reports and for alerts.

use super::Error;
use crate::deliver::mail::{MOST_RECIPIENTS, Outcome};
use crate::store::{Claim, Deliveries, Item, Settled};

/// A delivery to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The address.
    pub recipient: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Delivered now.
    Sent,
    /// Delivered by a run before; not again.
    SentBefore {
        /// When, milliseconds UTC.
        at_ms: i64,
    },
    /// For sure not delivered; the next run tries it again.
    Failed {
        /// Why.
        reason: String,
        /// What the user can do next.
        hint: Option<String>,
    },
    /// Delivered or not: nobody knows, so it isn't tried again unless asked.
    Unknown {
        /// When it was tried, milliseconds UTC.
        at_ms: i64,
        /// What is known.
        reason: String,
    },
}

/// Delivers an item to those who don't have it yet, at most [`MOST_RECIPIENTS`] at a time. `again` delivers to all.
/// `send` is given the addresses and answers for each, in their order.
///
/// Killed at any moment, no recipient gets it twice by the next run: what was claimed and not settled is
/// unknown from then on.
///
/// # Errors
/// When the ledger can't be written. What was sent until then stays sent.
pub fn deliver_once(
    ledger: &Deliveries,
    item: &Item,
    recipients: &[String],
    again: bool,
    now_ms: i64,
    mut send: impl FnMut(&[String]) -> Vec<Outcome>,
) -> Result<Vec<Delivery>, Error> {
    let mut deliveries = Vec::with_capacity(recipients.len());
    for some in recipients.chunks(MOST_RECIPIENTS) {
        let claims = ledger.claim(item, some, again, now_ms)?;
        let ours: Vec<String> = some
            .iter()
            .zip(&claims)
            .filter(|(_, claim)| **claim == Claim::Ours)
            .map(|(recipient, _)| recipient.clone())
            .collect();
        let outcomes = if ours.is_empty() { Vec::new() } else { send(&ours) };
        let ended: Vec<(String, Settled)> =
            ours.iter().cloned().zip(outcomes.iter().map(settled)).collect();
        ledger.settle(item, &ended, now_ms)?;
        let mut outcomes = outcomes.into_iter();
        deliveries.extend(some.iter().zip(claims).map(|(recipient, claim)| Delivery {
            recipient: recipient.clone(),
            fate: match claim {
                Claim::Sent { at_ms } => Fate::SentBefore { at_ms },
                Claim::Unknown { at_ms, reason } => Fate::Unknown { at_ms, reason },
                Claim::Ours => fate(outcomes.next(), now_ms),
            },
        }));
    }
    Ok(deliveries)
}

fn settled(outcome: &Outcome) -> Settled {
    match outcome {
        Outcome::Sent { reference } => Settled::Sent(reference.clone()),
        Outcome::Refused { reason, .. } => Settled::Failed(reason.clone()),
        Outcome::Unknown { reason } => Settled::Unknown(reason.clone()),
    }
}

fn fate(outcome: Option<Outcome>, at_ms: i64) -> Fate {
    match outcome {
        Some(Outcome::Sent { .. }) => Fate::Sent,
        Some(Outcome::Refused { reason, hint }) => Fate::Failed { reason, hint },
        Some(Outcome::Unknown { reason }) => Fate::Unknown { at_ms, reason },
        // A sender that answers for fewer than it was given leaves the rest open.
        None => Fate::Unknown { at_ms, reason: "the sender did not say".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, deliver_once};
    use crate::deliver::mail::Outcome;
    use crate::store::{Deliveries, Item};

    fn item() -> Item {
        Item { subject: "report weekly".to_owned(), instance: "W46".to_owned() }
    }

    fn sent() -> Outcome {
        Outcome::Sent { reference: "id".to_owned() }
    }

    #[test]
    fn only_those_that_failed_are_tried_again_and_few_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Deliveries::open(folder.path()).expect("a ledger");
        let all: Vec<String> = (0..120).map(|n| format!("p{n}@example.com")).collect();
        let mut batches = Vec::new();
        let bad = "p60@example.com";
        let first = deliver_once(&ledger, &item(), &all, false, 1, |some| {
            batches.push(some.len());
            let refused = || Outcome::Refused { reason: "no".to_owned(), hint: None };
            some.iter().map(|one| if one == bad { refused() } else { sent() }).collect()
        });
        let first = first.expect("delivered");
        assert_eq!(batches, [49, 49, 22]);
        let failed = first.iter().filter(|one| matches!(one.fate, Fate::Failed { .. }));
        assert_eq!(failed.count(), 1);
        let mut tried = Vec::new();
        let second = deliver_once(&ledger, &item(), &all, false, 2, |some| {
            tried.extend_from_slice(some);
            some.iter().map(|_| sent()).collect()
        });
        assert_eq!(tried, [bad]);
        let before = second.expect("delivered");
        let before = before.iter().filter(|one| one.fate == Fate::SentBefore { at_ms: 1 });
        assert_eq!(before.count(), 119);
    }

    #[test]
    fn what_is_unknown_is_said_and_not_sent_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Deliveries::open(folder.path()).expect("a ledger");
        let one = ["a@example.com".to_owned()];
        let lost = |_: &[String]| vec![Outcome::Unknown { reason: "cut".to_owned() }];
        deliver_once(&ledger, &item(), &one, false, 1, lost).expect("tried");
        let never = |_: &[String]| panic!("sent again");
        let found = deliver_once(&ledger, &item(), &one, false, 2, never).expect("an answer");
        assert_eq!(found[0].fate, Fate::Unknown { at_ms: 1, reason: "cut".to_owned() });
        let again = deliver_once(&ledger, &item(), &one, true, 3, |_| vec![sent()]);
        assert_eq!(again.expect("sent")[0].fate, Fate::Sent);
    }
}
