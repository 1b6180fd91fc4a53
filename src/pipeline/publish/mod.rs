//! The journey of figures to `CloudWatch`: compute per hour, leave out what is there, send, note.
//!
//! ```text
//! figures  what the store's hours and the present come to
//! pending  what of it is new or has changed since it was sent
//! ```

mod figures;
mod pending;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::{Basis, Error};
use crate::aws::{self, Access, Connection};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::allocation::Allocation;
use crate::schema::budget::Budget;
use crate::setup::doctor::identity;
use crate::setup::metrics::{Datum, batches, put};
use crate::store::{FigureKey, PublishedFigure, Writer};
use pending::Pending;

/// How far back `CloudWatch` takes figures.
const WINDOW: TimeDelta = TimeDelta::days(14);

/// What to publish, and where to.
#[derive(Debug, Clone)]
pub struct PublishRequest {
    /// How `CloudWatch` is reached.
    pub access: Access,
    /// The namespace.
    pub namespace: String,
    /// The hours; none is the last two weeks.
    pub period: Option<Period>,
    /// Most principals, teams, addresses and the like that get series of their own.
    pub top: usize,
    /// Send again what a run before may or may not have sent.
    pub resend: bool,
    /// The zone of months and days.
    pub timezone: Tz,
    /// The present time.
    pub now: DateTime<Utc>,
}

/// What was published, or would be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PublishSummary {
    /// Account, Region and namespace; null for a dry run without credentials.
    pub place: Option<String>,
    /// From the first hour that was looked at.
    pub from: DateTime<Utc>,
    /// To past the last.
    pub to: DateTime<Utc>,
    /// Figures of these hours.
    pub figures: usize,
    /// Figures sent.
    pub sent: usize,
    /// Of these, corrections of figures that were sent before.
    pub corrections: usize,
    /// Figures that are there as they are.
    pub unchanged: usize,
    /// Figures of which it is unknown whether they arrived; not sent again without `--resend`.
    pub unknown: usize,
    /// Figures that `CloudWatch` would refuse, by why.
    pub refused: BTreeMap<&'static str, usize>,
    /// Different metrics among the figures; `CloudWatch` charges for each one every month.
    pub metrics: usize,
    /// Requests made.
    pub requests: usize,
    /// Figures that could not be sent.
    pub failed: usize,
    /// What `CloudWatch` said of the first that could not be sent.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl PublishRequest {
    /// The complete hours to look at.
    fn hours(&self) -> Period {
        let whole = |at: DateTime<Utc>| {
            let seconds = at.timestamp();
            DateTime::from_timestamp(seconds - seconds.rem_euclid(3600), 0).unwrap_or(at)
        };
        let up = |at: DateTime<Utc>| {
            if whole(at) == at { at } else { whole(at) + TimeDelta::hours(1) }
        };
        let earliest = up(self.now - WINDOW);
        let wanted = self.period.unwrap_or(Period { from: earliest, to: self.now });
        let from = up(wanted.from);
        Period { from, to: whole(wanted.to.min(self.now)).max(from) }
    }
}

/// What would be published, datum by datum, without asking `CloudWatch`; the ledger of `place`, if one
/// is given, tells what is there.
///
/// # Errors
/// When the store can't be read.
pub fn publish_dry_run(
    basis: Basis<'_>,
    budgets: &[Budget],
    request: &PublishRequest,
) -> Result<(PublishSummary, Vec<Datum>), Error> {
    let place = Connection::open(&request.access).and_then(|aws| place(&aws, &request.namespace));
    let place = place.ok();
    let pending = pending(basis, budgets, request, place.as_deref())?;
    let mut summary = pending.summary;
    summary.place = place;
    Ok((summary, pending.datums.into_iter().map(|(datum, ..)| datum).collect()))
}

/// Publishes the figures of complete hours that are new or have changed.
///
/// # Errors
/// When there are no credentials or no Region, or the store can't be read or written. A batch that
/// `CloudWatch` refuses is told in the summary.
pub fn publish(
    writer: &mut Writer,
    (book, rules): (&PriceBook, &Allocation),
    budgets: &[Budget],
    request: &PublishRequest,
) -> Result<PublishSummary, Error> {
    let aws = Connection::open(&request.access).map_err(Error::Aws)?;
    aws.region().ok_or(Error::NoRegion)?;
    let place = place(&aws, &request.namespace).map_err(Error::Aws)?;
    let basis = Basis { store: writer.reader(), book, rules };
    let pending = pending(basis, budgets, request, Some(&place))?;
    let mut summary = pending.summary;
    summary.sent = 0;
    summary.corrections = 0;
    let datums: Vec<Datum> = pending.datums.iter().map(|(datum, ..)| datum.clone()).collect();
    let mut rest = pending.datums.as_slice();
    for batch in batches(&datums) {
        let (notes, later) = rest.split_at(batch.len());
        rest = later;
        let noted_as = |is_confirmed: bool| -> Vec<(FigureKey, PublishedFigure)> {
            let figure = |value: f64| PublishedFigure { value, is_confirmed };
            notes.iter().map(|(_, key, value, _)| (key.clone(), figure(*value))).collect()
        };
        writer.note_published(&place, &noted_as(false))?;
        summary.requests += 1;
        match put(&aws, &request.namespace, batch) {
            Ok(()) => {
                writer.note_published(&place, &noted_as(true))?;
                summary.sent += batch.len();
                summary.corrections += notes.iter().filter(|(.., old)| old.is_some()).count();
            }
            Err(error) => {
                if !may_have_arrived(&error) {
                    take_back(writer, &place, notes)?;
                }
                summary.failed += batch.len();
                if summary.error.is_none() {
                    (summary.error, summary.hint) = (Some(error.to_string()), error.hint());
                }
                if error.is_lasting() || matches!(error.problem, aws::Problem::AccessDenied(_)) {
                    summary.failed += rest.len();
                    break;
                }
            }
        }
    }
    writer.forget_published_before((request.now - WINDOW - WINDOW).timestamp_millis())?;
    summary.place = Some(place);
    Ok(summary)
}

/// Puts the ledger back to what it was before figures that have not arrived.
fn take_back(writer: &mut Writer, place: &str, notes: &[pending::Note]) -> Result<(), Error> {
    let before: Vec<(FigureKey, PublishedFigure)> =
        notes.iter().filter_map(|(_, key, _, old)| Some((key.clone(), (*old)?))).collect();
    let never: Vec<FigureKey> =
        notes.iter().filter(|(.., old)| old.is_none()).map(|(_, key, ..)| key.clone()).collect();
    writer.note_published(place, &before)?;
    Ok(writer.forget_published(place, &never)?)
}

/// Whether a request that failed may have been carried out all the same.
fn may_have_arrived(error: &aws::Error) -> bool {
    matches!(error.problem, aws::Problem::Unreachable | aws::Problem::Server)
}

/// Whom the figures belong to: the account, Region and namespace they are sent to.
fn place(aws: &Connection, namespace: &str) -> Result<String, aws::Error> {
    let caller = identity(aws)?;
    Ok(format!("{}/{}/{namespace}", caller.account, aws.region().unwrap_or_default()))
}

fn pending(
    basis: Basis<'_>,
    budgets: &[Budget],
    request: &PublishRequest,
    place: Option<&str>,
) -> Result<Pending, Error> {
    let hours = request.hours();
    let figures = figures::figures(basis, budgets, request, hours)?;
    let published = match place {
        Some(place) => basis.store.published(place, hours.from.timestamp_millis())?,
        None => BTreeMap::new(),
    };
    Ok(Pending::of(figures, &published, request, hours))
}
