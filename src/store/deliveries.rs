//! What was delivered to whom, so that nothing is delivered twice: a small ledger of its own beside the
//! catalogue.
//!
//! Each delivery is claimed before it is tried and settled after. Who opens the ledger holds a lock, so a
//! claim that is found unsettled is of a run that was cut off in between: whether it delivered is not
//! known, and it stays `unknown` until somebody asks for it to be sent again. A delivery that is known to
//! have failed is open to the next run.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Error, files, holds_other_things, lock};

/// What is delivered, once to each recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What kind of thing: `report weekly`, or an alert's rule.
    pub subject: String,
    /// Which one of its kind: the period, or the alert's start.
    pub instance: String,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to deliver, now.
    Ours,
    /// It was delivered before.
    Sent {
        /// When, milliseconds UTC.
        at_ms: i64,
    },
    /// A run before was cut off, or lost its connection, while it delivered.
    Unknown {
        /// When that was, milliseconds UTC.
        at_ms: i64,
        /// What is known of it.
        reason: String,
    },
}

/// How a delivery that was claimed ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Delivered; with what the other side calls it.
    Sent(String),
    /// For sure not delivered.
    Failed(String),
    /// Nobody knows.
    Unknown(String),
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS deliveries (
    subject TEXT NOT NULL,
    instance TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    said TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (subject, instance, recipient)
) WITHOUT ROWID;
";
const CUT_OFF: &str = "the run that was sending was cut off";

/// The ledger, open to one run at a time.
pub struct Deliveries {
    connection: Connection,
    path: std::path::PathBuf,
    _lock: lock::WriteLock,
}

impl Deliveries {
    /// Opens the ledger of a store's folder, making both where they aren't there. Claims that were left
    /// open become unknown.
    ///
    /// # Errors
    /// When another run is delivering, the folder holds other things, or it can't be written.
    pub fn open(root: &Path) -> Result<Self, Error> {
        if !super::Reader::exists(root) && holds_other_things(root) {
            return Err(Error::NotAStore { path: root.to_owned() });
        }
        files::create_private_folder(root)?;
        let lock = lock::deliver(root)?;
        let path = root.join(files::DELIVERIES);
        files::create_ledger_file(&path)?;
        let failed = |source| Error::Ledger { path: path.clone(), source };
        let connection = Connection::open(&path).map_err(failed)?;
        let prepare = |connection: &Connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(SCHEMA)?;
            connection.execute(
                "UPDATE deliveries SET state = 'unknown', said = ?1 WHERE state = 'claimed'",
                [CUT_OFF],
            )
        };
        prepare(&connection).map_err(failed)?;
        Ok(Self { connection, path, _lock: lock })
    }

    /// Claims a delivery to each recipient; durable when it returns. With `again`, also those that were
    /// sent before, or may have been. One answer each, in order.
    ///
    /// # Errors
    /// When the ledger can't be written.
    pub fn claim(
        &self,
        item: &Item,
        recipients: &[String],
        again: bool,
        now_ms: i64,
    ) -> Result<Vec<Claim>, Error> {
        let claim = || {
            let change = self.connection.unchecked_transaction()?;
            let claims: rusqlite::Result<Vec<Claim>> =
                recipients.iter().map(|one| claim_one(&change, item, one, again, now_ms)).collect();
            change.commit()?;
            claims
        };
        claim().map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }

    /// Says how claimed deliveries ended.
    ///
    /// # Errors
    /// When the ledger can't be written; the deliveries are unknown to the next run then.
    pub fn settle(
        &self,
        item: &Item,
        settled: &[(String, Settled)],
        now_ms: i64,
    ) -> Result<(), Error> {
        let settle = || {
            let change = self.connection.unchecked_transaction()?;
            for (recipient, how) in settled {
                let (state, said) = match how {
                    Settled::Sent(said) => ("sent", said),
                    Settled::Failed(said) => ("failed", said),
                    Settled::Unknown(said) => ("unknown", said),
                };
                change.execute(
                    "UPDATE deliveries SET state = ?4, said = ?5, at_ms = ?6
                     WHERE subject = ?1 AND instance = ?2 AND recipient = ?3",
                    params![item.subject, item.instance, key(recipient), state, said, now_ms],
                )?;
            }
            change.commit()
        };
        settle().map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }
}

fn claim_one(
    change: &Connection,
    item: &Item,
    recipient: &str,
    again: bool,
    now_ms: i64,
) -> rusqlite::Result<Claim> {
    let found = change
        .prepare_cached(
            "SELECT state, at_ms, said FROM deliveries
             WHERE subject = ?1 AND instance = ?2 AND recipient = ?3",
        )?
        .query_row(params![item.subject, item.instance, key(recipient)], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    match found {
        Some((state, at_ms, _)) if state == "sent" && !again => return Ok(Claim::Sent { at_ms }),
        Some((state, at_ms, reason)) if state == "unknown" && !again => {
            return Ok(Claim::Unknown { at_ms, reason });
        }
        _ => {}
    }
    change.execute(
        "INSERT INTO deliveries VALUES (?1, ?2, ?3, 'claimed', ?4, '', 1)
         ON CONFLICT DO UPDATE SET state = 'claimed', at_ms = ?4, said = '', attempts = attempts + 1",
        params![item.subject, item.instance, key(recipient), now_ms],
    )?;
    Ok(Claim::Ours)
}

/// Addresses that differ in capitals only are one recipient.
fn key(recipient: &str) -> String {
    recipient.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{Claim, Deliveries, Item, Settled};
    use crate::store::Error;

    fn item(instance: &str) -> Item {
        Item { subject: "report weekly".to_owned(), instance: instance.to_owned() }
    }

    fn to(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("{name}@example.com")).collect()
    }

    #[test]
    fn what_was_sent_is_not_sent_again_and_what_failed_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("store");
        let ledger = Deliveries::open(&root).expect("a ledger");
        let both = to(&["a", "b"]);
        let claims = ledger.claim(&item("W46"), &both, false, 1).expect("claimed");
        assert_eq!(claims, [Claim::Ours, Claim::Ours]);
        let ended = [
            (both[0].clone(), Settled::Sent("id-1".to_owned())),
            (both[1].clone(), Settled::Failed("no such user".to_owned())),
        ];
        ledger.settle(&item("W46"), &ended, 2).expect("settled");
        let names = to(&["A", "b"]);
        let claims = ledger.claim(&item("W46"), &names, false, 3).expect("claimed");
        assert_eq!(claims, [Claim::Sent { at_ms: 2 }, Claim::Ours]);
        let other = ledger.claim(&item("W47"), &both, false, 3).expect("claimed");
        assert_eq!(other, [Claim::Ours, Claim::Ours], "another period is another delivery");
        let again = ledger.claim(&item("W46"), &both[..1], true, 4).expect("claimed");
        assert_eq!(again, [Claim::Ours]);
    }

    #[test]
    fn a_claim_that_a_run_left_behind_is_unknown_until_asked_for_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = to(&["a"]);
        let ledger = Deliveries::open(folder.path()).expect("a ledger");
        ledger.claim(&item("W46"), &one, false, 7).expect("claimed");
        drop(ledger);
        for _ in 0..2 {
            let ledger = Deliveries::open(folder.path()).expect("a ledger");
            let claims = ledger.claim(&item("W46"), &one, false, 8).expect("an answer");
            assert!(matches!(claims[0], Claim::Unknown { at_ms: 7, .. }), "{claims:?}");
        }
        let ledger = Deliveries::open(folder.path()).expect("a ledger");
        assert_eq!(ledger.claim(&item("W46"), &one, true, 9).expect("claimed"), [Claim::Ours]);
    }

    #[test]
    fn one_run_delivers_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = Deliveries::open(folder.path()).expect("a ledger");
        assert!(matches!(Deliveries::open(folder.path()), Err(Error::Delivering { .. })));
        drop(held);
        Deliveries::open(folder.path()).expect("free again");
    }
}
