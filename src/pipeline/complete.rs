//! Whether a period can be reported on for good: it is over, its late logs had their time, and the store
//! was filled after that.

use chrono::{DateTime, Duration, Utc};

use super::Error;
use crate::period::Period;
use crate::store::Reader;

/// Whether a period is complete, and what is missing if it isn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Nothing more is to be expected.
    Complete,
    /// Logs of it may still come, until then.
    TooEarly {
        /// The period's end and the time for late logs.
        until: DateTime<Utc>,
    },
    /// The store was not filled since.
    NotRead {
        /// When logs had stopped coming.
        since: DateTime<Utc>,
        /// When the store was last filled; none if never.
        last: Option<DateTime<Utc>>,
        /// The source that is furthest behind, if it is known.
        source: Option<String>,
    },
    /// The store holds no log of the period.
    NoLogs,
}

/// Judges a period at the present time; `late` is how long after its end its logs may still come.
///
/// # Errors
/// When the store can't be read.
pub fn completeness(
    store: &Reader,
    period: Period,
    late: Duration,
    now: DateTime<Utc>,
) -> Result<Completeness, Error> {
    let until = period.to + late;
    if now < until {
        return Ok(Completeness::TooEarly { until });
    }
    let read = store.read_until()?;
    let last = read.as_ref().and_then(|(at_ms, _)| DateTime::from_timestamp_millis(*at_ms));
    if last.is_none_or(|last| last < until) {
        let source = read.and_then(|(_, source)| source);
        let source = source.map(|name| name.split(';').next().unwrap_or_default().to_owned());
        return Ok(Completeness::NotRead { since: until, last, source });
    }
    Ok(match store.objects_in(period)?.read {
        0 => Completeness::NoLogs,
        _ => Completeness::Complete,
    })
}
