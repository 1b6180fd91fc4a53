//! Whether silence is an outage or a hole in the logs: missing is not zero.
//!
//! Bedrock delivers logs per account and Region. Where the same place logged other requests in the
//! silent hours, the log was alive and nobody called. Where it logged nothing, CloudTrail tells:
//! calls without logs are a logging gap; no calls, though CloudTrail had them before and was
//! delivering, are an outage. Without either, nobody can tell, and the incident says so.

use std::collections::BTreeMap;
use std::ops::Range;

use super::findings::IncidentKind;
use super::hourly::{Hourly, Place, Scope, whole};
use crate::schema::usage::dimension::{ACCOUNT, REGION};

/// Hours before the silence over which a scope's places are looked up.
const BEFORE: usize = 28 * 24;

/// What the silence of a scope is.
pub(super) fn verdict(hourly: &Hourly, scope: Scope, hours: &Range<usize>) -> IncidentKind {
    let places = places_of(hourly, scope, hours);
    let all: f64 = places.iter().map(|(_, share)| share).sum();
    let share = |is: &dyn Fn(&Place) -> bool| -> f64 {
        places.iter().filter(|(place, _)| is(place)).map(|(_, share)| share).sum()
    };
    let any = |counts: &[i64]| counts[hours.clone()].iter().any(|count| *count > 0);
    let before = hours.start.saturating_sub(BEFORE)..hours.start;
    let had_calls = |place: &Place| place.called[before.clone()].iter().any(|count| *count > 0);
    if 2.0 * share(&|place| any(&place.logged)) >= all && all > 0.0 {
        IncidentKind::Outage
    } else if share(&|place| any(&place.called)) > 0.0 {
        IncidentKind::LoggingGap
    } else if 2.0 * share(&|place| any(&place.events) && had_calls(place)) > all {
        IncidentKind::Outage
    } else {
        IncidentKind::NoLogs
    }
}

/// The places that a scope's requests of the weeks before came from, with their requests.
fn places_of<'a>(hourly: &'a Hourly, scope: Scope, hours: &Range<usize>) -> Vec<(&'a Place, f64)> {
    let (Some(account), Some(region)) = (hourly.dimension(ACCOUNT), hourly.dimension(REGION))
    else {
        return Vec::new();
    };
    let mut requests: BTreeMap<(Option<&str>, Option<&str>), f64> = BTreeMap::new();
    let before = hours.start.saturating_sub(BEFORE)..hours.start;
    for cell in hourly.cells_in(&before).filter(|cell| hourly.is_in(scope, *cell)) {
        let value = |dimension: usize| {
            let code = hourly.cells.codes[dimension][cell];
            hourly.name(Scope::Value { dimension, code }).and_then(|name| name.1)
        };
        *requests.entry((value(account), value(region))).or_default() +=
            whole(hourly.cells.requests[cell]);
    }
    let of =
        |place: &Place| requests.get(&(place.account.as_deref(), place.region.as_deref())).copied();
    hourly.places.iter().filter_map(|place| of(place).map(|share| (place, share))).collect()
}
