//! From uses to principals: sums, hints and denials.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::read::Uses;
use super::{
    AccessReview, Denial, HintKind, Outcome, PrincipalAccess, Source, Spend, UnusedHint, Use, Used,
    Who, Windows,
};

/// The review of all principals; `spend` is that of the review's period.
pub(super) fn review(read: Uses, spend: &BTreeMap<Who, Spend>, windows: Windows) -> AccessReview {
    let held_from = read.uses.iter().filter_map(|one| one.first).min();
    let mut by_who: BTreeMap<Who, Vec<Use>> = BTreeMap::new();
    for one in read.uses {
        by_who.entry(one.who.clone()).or_default().push(one);
    }
    let principals = by_who.into_iter().map(|(who, uses)| {
        let spend = spend.get(&who).copied().unwrap_or_default();
        let active_days = read.active_days.get(&who).copied().unwrap_or_default();
        principal(who, &uses, active_days, spend, windows)
    });
    let policy_from = held_from.map_or(windows.policy.to, |from| from.max(windows.policy.from));
    AccessReview {
        period: windows.review,
        policy_period: windows.policy,
        held_from,
        policy_days_held: (windows.policy.to - policy_from).num_days().max(0),
        unused_since: windows.unused_since,
        principals: principals.collect(),
    }
}

fn principal(
    who: Who,
    uses: &[Use],
    active_days: u64,
    spend: Spend,
    windows: Windows,
) -> PrincipalAccess {
    let counted = |wanted: &dyn Fn(&Use) -> bool| -> u64 {
        uses.iter().filter(|one| wanted(one)).map(|one| one.in_review).sum()
    };
    let events = |one: &Use| one.source == Source::CloudTrail;
    let denied = |one: &Use| one.outcome == Outcome::Denied;
    let distinct = |name: &dyn Fn(&Use) -> Option<String>| -> Vec<String> {
        let seen = uses.iter().filter(|one| one.in_review > 0).filter_map(name);
        seen.collect::<BTreeSet<_>>().into_iter().collect()
    };
    PrincipalAccess {
        principal_types: distinct(&|one| one.principal_type.clone()),
        credential_classes: distinct(&|one| one.credential_class.clone()),
        first_seen: uses.iter().filter_map(|one| one.first).min(),
        last_seen: uses.iter().filter_map(|one| one.last).max(),
        active_days,
        calls: counted(&events),
        denied_calls: counted(&|one| events(one) && denied(one)),
        admin_actions: counted(&|one| events(one) && one.read_only == Some(false)),
        requests: counted(&|one| !events(one)),
        denied_requests: counted(&|one| !events(one) && denied(one)),
        cost_usd: spend.cost_usd,
        unpriced_requests: spend.unpriced_requests,
        actions: used(uses, |one| one.action.as_deref()),
        models: used(uses, |one| one.model_id.as_deref()),
        regions: used(uses, |one| one.region.as_deref()),
        unused: unused(&who, uses, windows),
        denials: denials(uses),
        who,
    }
}

/// What was used in the review, by name. First and last use are of all time up to its end.
fn used<'u>(uses: &'u [Use], name: impl Fn(&'u Use) -> Option<&'u str>) -> Vec<Used> {
    let mut found: BTreeMap<&str, Used> = BTreeMap::new();
    for one in uses {
        let Some(name) = name(one) else { continue };
        let entry = found.entry(name).or_insert_with(|| Used {
            name: name.to_owned(),
            first_seen: None,
            last_seen: None,
            calls: 0,
            requests: 0,
            denied: 0,
        });
        entry.first_seen = earlier(entry.first_seen, one.first);
        entry.last_seen = entry.last_seen.max(one.last);
        match one.source {
            Source::CloudTrail => entry.calls += one.in_review,
            Source::Log => entry.requests += one.in_review,
        }
        entry.denied += if one.outcome == Outcome::Denied { one.in_review } else { 0 };
    }
    found.into_values().filter(|one| one.calls + one.requests > 0).collect()
}

/// A part of a use that has a name.
type NameOf = fn(&Use) -> Option<&str>;

/// Everything that was allowed once and not used since; only the principal, where it is itself idle.
fn unused(who: &Who, uses: &[Use], windows: Windows) -> Vec<UnusedHint> {
    let hint = |kind, name: &str, last_seen: DateTime<Utc>| UnusedHint {
        kind,
        name: name.to_owned(),
        last_seen,
        days_unused: (windows.policy.to - last_seen).num_days(),
    };
    let is_old = |last: &DateTime<Utc>| *last < windows.unused_since;
    if let Some(last) = uses.iter().filter_map(|one| one.last).max().filter(is_old) {
        return vec![hint(HintKind::Principal, who.principal.as_deref().unwrap_or_default(), last)];
    }
    let named: [(HintKind, NameOf); 3] = [
        (HintKind::Action, |one| one.action.as_deref()),
        (HintKind::Model, |one| one.model_id.as_deref()),
        (HintKind::Region, |one| one.region.as_deref()),
    ];
    let mut hints = Vec::new();
    for (kind, name) in named {
        let mut last: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for one in uses.iter().filter(|one| one.outcome == Outcome::Allowed) {
            if let (Some(name), Some(seen)) = (name(one), one.last) {
                last.entry(name).and_modify(|last| *last = seen.max(*last)).or_insert(seen);
            }
        }
        let old = last.into_iter().filter(|(_, last)| is_old(last));
        hints.extend(old.map(|(name, last)| hint(kind, name, last)));
    }
    hints
}

fn denials(uses: &[Use]) -> Vec<Denial> {
    let mut found: BTreeMap<(String, Option<String>, Option<String>), Denial> = BTreeMap::new();
    let denied = |one: &&Use| one.outcome == Outcome::Denied && one.in_review > 0;
    for one in uses.iter().filter(denied) {
        let action = one.action.clone().unwrap_or_default();
        let key = (action.clone(), one.model_id.clone(), one.region.clone());
        let denial = found.entry(key).or_insert_with(|| Denial {
            action,
            model_id: one.model_id.clone(),
            region: one.region.clone(),
            calls: 0,
            requests: 0,
            last_seen: None,
        });
        match one.source {
            Source::CloudTrail => denial.calls += one.in_review,
            Source::Log => denial.requests += one.in_review,
        }
        denial.last_seen = denial.last_seen.max(one.last);
    }
    found.into_values().collect()
}

/// The earlier of two times that may be unknown.
fn earlier(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    a.into_iter().chain(b).min()
}
