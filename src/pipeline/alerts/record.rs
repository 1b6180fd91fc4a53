//! Alerts between their stage and the ledger, which keeps them as JSON.

use chrono::{DateTime, Utc};

use crate::alerts::{Alert, Judged, State, Update};
use crate::pipeline::Error;
use crate::store::{AlertLedger, KeptAlert, KeptCheck};

/// Takes a check into the ledger: what is known goes through `make`, and what comes out is kept.
pub(super) fn keep(
    ledger: &mut AlertLedger,
    since_ms: i64,
    judged: Judged,
    make: impl FnOnce(Vec<Alert>) -> Update,
) -> Result<Update, Error> {
    let check = KeptCheck {
        at_ms: judged.at.timestamp_millis(),
        from_ms: judged.period.from.timestamp_millis(),
        to_ms: judged.period.to.timestamp_millis(),
    };
    ledger.change(since_ms, Some(check), |known| {
        let update = make(read(known)?);
        Ok((written(&update.alerts)?, update))
    })
}

/// Alerts that are open, or began since.
///
/// # Errors
/// When the ledger can't be read.
pub fn alerts_since(ledger: &AlertLedger, since_ms: i64) -> Result<Vec<Alert>, Error> {
    read(ledger.alerts_since(since_ms).map_err(Error::Store)?)
}

/// Says that somebody looks after an alert; gives it back, or the ids there are.
///
/// # Errors
/// When there is no open alert of this id, or the ledger can't be written.
pub fn acknowledge(
    ledger: &mut AlertLedger,
    id: &str,
    note: &str,
    now: DateTime<Utc>,
) -> Result<Alert, Error> {
    ledger.change(i64::MAX, None, |known| {
        let mut alerts = read(known)?;
        let Some(alert) = alerts.iter_mut().find(|alert| alert.id == id) else {
            let open = alerts.into_iter().map(|alert| alert.id).collect();
            return Err(Error::NoSuchAlert { id: id.to_owned(), open });
        };
        alert.acknowledged = Some(now);
        alert.note = (!note.is_empty()).then(|| note.to_owned());
        let alert = alert.clone();
        Ok((written(std::slice::from_ref(&alert))?, alert))
    })
}

fn read(kept: Vec<KeptAlert>) -> Result<Vec<Alert>, Error> {
    let read = |alert: KeptAlert| {
        serde_json::from_str(&alert.json)
            .map_err(|source| Error::KeptAlert { id: alert.id.clone(), source })
    };
    kept.into_iter().map(read).collect()
}

fn written(alerts: &[Alert]) -> Result<Vec<KeptAlert>, Error> {
    let write = |alert: &Alert| {
        let json = serde_json::to_string(alert)
            .map_err(|source| Error::KeptAlert { id: alert.id.clone(), source })?;
        Ok(KeptAlert {
            id: alert.id.clone(),
            from_ms: alert.breach.from.timestamp_millis(),
            is_open: alert.state != State::Resolved,
            json,
        })
    };
    alerts.iter().map(write).collect()
}
