//! Principals, models, Regions and pairs of them that had not called before.
//!
//! Against everything the store holds before the range. A pair is told only where both its principal
//! and its model are known: a new principal is new once, not once per model.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::findings::{FirstSeen, FirstSeenKind};
use super::question::Question;
use crate::period::Period;
use crate::schema::usage::{dimension, metric};

/// When a combination first called, over the whole store until the end of the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstCall {
    /// Account.
    pub account: Option<String>,
    /// Region that received the calls.
    pub region: Option<String>,
    /// Base model.
    pub model: Option<String>,
    /// Role or user.
    pub principal: Option<String>,
    /// The first request, milliseconds since the epoch.
    pub first_ms: i64,
    /// Requests in the range.
    pub requests: i64,
}

/// What is new: kind, and the values it is about.
type Key<'a> = (FirstSeenKind, Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// First seen per key, so far.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    first_ms: i64,
    account: Option<&'a str>,
    requests: i64,
}

/// The first-seen events of the range, by time.
pub(super) fn first_seen(
    calls: &[FirstCall],
    range: Period,
    timezone: &str,
    filter: Option<&str>,
) -> Vec<FirstSeen> {
    let mut seen: BTreeMap<Key<'_>, Seen<'_>> = BTreeMap::new();
    for call in calls {
        for key in keys(call) {
            let new = Seen {
                first_ms: call.first_ms,
                account: call.account.as_deref(),
                requests: call.requests,
            };
            seen.entry(key).and_modify(|known| known.add(new)).or_insert(new);
        }
    }
    let from = range.from.timestamp_millis();
    let is_new = |key: &Key<'_>| seen.get(key).is_some_and(|seen| seen.first_ms >= from);
    let mut told = BTreeSet::new();
    let mut found: Vec<FirstSeen> = Vec::new();
    for (key, seen) in seen.iter().filter(|(_, seen)| seen.first_ms >= from) {
        let (kind, account, one, other) = *key;
        let follows_from_another = kind == FirstSeenKind::PrincipalModel
            && (is_new(&(FirstSeenKind::Principal, account, one, None))
                || is_new(&(FirstSeenKind::Model, None, other, None)));
        if !follows_from_another && told.insert(*key) {
            found.extend(event(*key, *seen, range, timezone, filter));
        }
    }
    found.sort_by(|a, b| {
        let key =
            |e: &FirstSeen| (e.at, e.kind, e.principal.clone(), e.model.clone(), e.region.clone());
        key(a).cmp(&key(b))
    });
    found
}

/// What a call may be the first of; unknown values are never new.
fn keys(call: &FirstCall) -> Vec<Key<'_>> {
    let account = call.account.as_deref();
    let (principal, model) = (call.principal.as_deref(), call.model.as_deref());
    let mut keys: Vec<Key<'_>> = Vec::with_capacity(4);
    if principal.is_some() {
        keys.push((FirstSeenKind::Principal, account, principal, None));
    }
    if model.is_some() {
        keys.push((FirstSeenKind::Model, None, model, None));
    }
    if let Some(region) = call.region.as_deref() {
        keys.push((FirstSeenKind::Region, None, Some(region), None));
    }
    if principal.is_some() && model.is_some() {
        keys.push((FirstSeenKind::PrincipalModel, account, principal, model));
    }
    keys
}

impl<'a> Seen<'a> {
    fn add(&mut self, other: Seen<'a>) {
        self.requests += other.requests;
        if (other.first_ms, other.account) < (self.first_ms, self.account) {
            (self.first_ms, self.account) = (other.first_ms, other.account);
        }
    }
}

/// None where the time is out of the calendar's range, which no log's is.
fn event(
    key: Key<'_>,
    seen: Seen<'_>,
    range: Period,
    timezone: &str,
    filter: Option<&str>,
) -> Option<FirstSeen> {
    let (kind, account, one, other) = key;
    let owned = |value: Option<&str>| value.map(str::to_owned);
    let (principal, model, region) = match kind {
        FirstSeenKind::Principal => (owned(one), None, None),
        FirstSeenKind::Model => (None, owned(one), None),
        FirstSeenKind::Region => (None, None, owned(one)),
        FirstSeenKind::PrincipalModel => (owned(one), owned(other), None),
    };
    let named = [
        (dimension::ACCOUNT, owned(account)),
        (dimension::PRINCIPAL, principal.clone()),
        (dimension::MODEL, model.clone()),
        (dimension::REGION, region.clone()),
    ];
    let wheres: Vec<(String, Option<String>)> = named
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .map(|(dimension, value)| (dimension.to_owned(), value))
        .collect();
    let others = [dimension::PRINCIPAL, dimension::MODEL, dimension::REGION];
    let is_free = |name: &&str| !wheres.iter().any(|(known, _)| known == name);
    let by = std::iter::once(dimension::DAY).chain(others.into_iter().filter(is_free));
    let query = Question {
        from: range.from,
        to: range.to,
        by: by.map(str::to_owned).collect(),
        metrics: [metric::REQUESTS, metric::TOTAL_TOKENS, metric::COST_USD]
            .map(str::to_owned)
            .into(),
        wheres,
        timezone: timezone.to_owned(),
        filter: owned(filter),
    };
    Some(FirstSeen {
        kind,
        at: DateTime::from_timestamp_millis(seen.first_ms)?,
        account: owned(seen.account),
        principal,
        model,
        region,
        requests: seen.requests,
        query: query.command(),
    })
}

#[cfg(test)]
mod tests {
    use super::{FirstCall, first_seen};
    use crate::insight::anomaly::findings::FirstSeenKind;
    use crate::period::Period;

    fn call(principal: &str, model: &str, region: &str, day: &str) -> FirstCall {
        let at: chrono::DateTime<chrono::Utc> = format!("{day}T10:00:00Z").parse().expect("a time");
        let text = |value: &str| Some(value.to_owned());
        FirstCall {
            account: text("111122223333"),
            region: text(region),
            model: text(model),
            principal: text(principal),
            first_ms: at.timestamp_millis(),
            requests: 3,
        }
    }

    fn kinds(calls: &[FirstCall]) -> Vec<FirstSeenKind> {
        let at = |text: &str| text.parse().expect("a time");
        let range = Period { from: at("2026-11-09T00:00:00Z"), to: at("2026-11-16T00:00:00Z") };
        first_seen(calls, range, "UTC", None).iter().map(|event| event.kind).collect()
    }

    #[test]
    fn what_called_before_the_range_is_not_new() {
        assert_eq!(kinds(&[call("app", "haiku", "us-east-1", "2026-11-01")]), []);
    }

    #[test]
    fn a_new_principal_is_told_once_and_not_per_model() {
        let calls = [
            call("app", "haiku", "us-east-1", "2026-11-01"),
            call("app", "opus", "us-east-1", "2026-11-01"),
            call("eve", "haiku", "us-east-1", "2026-11-10"),
            call("eve", "opus", "us-east-1", "2026-11-11"),
        ];
        assert_eq!(kinds(&calls), [FirstSeenKind::Principal]);
    }

    #[test]
    fn a_known_principal_with_a_known_model_for_the_first_time_is_a_pair() {
        let calls = [
            call("app", "haiku", "us-east-1", "2026-11-01"),
            call("job", "opus", "us-east-1", "2026-11-01"),
            call("app", "opus", "us-east-1", "2026-11-12"),
            call("job", "opus", "eu-west-1", "2026-11-13"),
        ];
        assert_eq!(kinds(&calls), [FirstSeenKind::PrincipalModel, FirstSeenKind::Region]);
    }

    #[test]
    fn unknown_values_are_never_new() {
        let mut nobody = call("app", "haiku", "us-east-1", "2026-11-12");
        (nobody.principal, nobody.model, nobody.region) = (None, None, None);
        assert_eq!(kinds(&[nobody]), []);
    }
}
