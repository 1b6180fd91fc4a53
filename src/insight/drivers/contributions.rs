//! The same change by who and what: teams, models, principals, accounts. Sums are exact.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::units::Usd;

/// Spend of one group in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSpend {
    /// The group's label; `None` for requests without one.
    pub name: Option<String>,
    /// Requests, failed and unpriced ones included.
    pub requests: u64,
    /// Cost of what is priced: 0 when nothing is billed, `None` when something is and has no price.
    pub cost: Option<Usd>,
}

/// A change in spend by the groups of one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contributions {
    /// The groups with the largest changes, up or down, the largest first.
    pub groups: Vec<Contribution>,
    /// All other groups together; null when there are none.
    pub other: Option<Contribution>,
}

/// What one group, or several, added to the change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contribution {
    /// The group's label; null for requests without one, and for several groups.
    pub name: Option<String>,
    /// How many groups this is.
    pub groups: usize,
    /// Requests in the earlier period.
    pub requests_before: u64,
    /// Requests in the later period.
    pub requests_after: u64,
    /// Spend of the earlier period; null when nothing of it has a price.
    pub before_usd: Option<Usd>,
    /// Spend of the later period; null when nothing of it has a price.
    pub after_usd: Option<Usd>,
    /// Its part of the change: of what is priced; null when nothing of it has a price in either
    /// period, where the change is unknown and part of no sum.
    pub change_usd: Option<Usd>,
}

/// Known amounts added up; unknown only when none is known.
fn total(one: Option<Usd>, other: Option<Usd>) -> Option<Usd> {
    one.zip(other).map(|(one, other)| one + other).or(one).or(other)
}

impl Contribution {
    fn add(&mut self, other: &Self) {
        self.groups += other.groups;
        self.requests_before += other.requests_before;
        self.requests_after += other.requests_after;
        self.before_usd = total(self.before_usd, other.before_usd);
        self.after_usd = total(self.after_usd, other.after_usd);
        self.change_usd = total(self.change_usd, other.change_usd);
    }
}

/// The `most` groups with the largest changes, and the rest as one. Input order doesn't matter.
pub fn contributions(before: &[GroupSpend], after: &[GroupSpend], most: usize) -> Contributions {
    let mut by_name: BTreeMap<Option<&str>, Contribution> = BTreeMap::new();
    for (groups, is_after) in [(before, false), (after, true)] {
        for group in groups {
            let sum = by_name.entry(group.name.as_deref()).or_default();
            if is_after {
                sum.requests_after += group.requests;
                sum.after_usd = total(sum.after_usd, group.cost);
            } else {
                sum.requests_before += group.requests;
                sum.before_usd = total(sum.before_usd, group.cost);
            }
        }
    }
    let mut groups: Vec<Contribution> = by_name
        .into_iter()
        .map(|(name, sum)| Contribution {
            name: name.map(str::to_owned),
            groups: 1,
            // A group that isn't there in a period spent nothing; what has no price is unknown.
            before_usd: sum.before_usd.or((sum.requests_before == 0).then_some(Usd(0))),
            after_usd: sum.after_usd.or((sum.requests_after == 0).then_some(Usd(0))),
            change_usd: total(sum.after_usd, sum.before_usd.map(|before| -before)),
            ..sum
        })
        .collect();
    groups.sort_by(|a, b| {
        let size = |group: &Contribution| {
            (group.change_usd.map(|change| change.0.abs()), group.after_usd, group.requests_after)
        };
        size(b).cmp(&size(a)).then_with(|| a.name.cmp(&b.name))
    });
    let rest = groups.split_off(most.min(groups.len()));
    let other = (!rest.is_empty()).then(|| {
        rest.iter().fold(Contribution::default(), |mut sum, group| {
            sum.add(group);
            sum
        })
    });
    Contributions { groups, other }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Contribution, GroupSpend, contributions};
    use crate::units::Usd;

    fn spend(rows: &[(u8, i64)]) -> Vec<GroupSpend> {
        let group = |(name, cost): &(u8, i64)| GroupSpend {
            name: (*name > 0).then(|| format!("team-{name}")),
            requests: 1,
            cost: Some(Usd((*cost).into())),
        };
        rows.iter().map(group).collect()
    }

    fn change(group: &Contribution) -> i128 {
        group.change_usd.expect("a price").0
    }

    #[test]
    fn the_largest_moves_are_named_and_the_rest_is_one_row() {
        let found = contributions(
            &spend(&[(1, 100), (2, 50), (3, 10)]),
            &spend(&[(1, 90), (2, 150), (4, 30), (0, 5)]),
            2,
        );
        let named: Vec<(Option<&str>, i128)> =
            found.groups.iter().map(|g| (g.name.as_deref(), change(g))).collect();
        assert_eq!(named, [(Some("team-2"), 100), (Some("team-4"), 30)]);
        let other = found.other.expect("three groups are left");
        assert_eq!((other.groups, change(&other)), (3, -15));
        assert_eq!((other.requests_before, other.requests_after), (2, 2));
    }

    #[test]
    fn what_has_no_price_is_unknown_and_not_free() {
        let group = |name: &str, cost: Option<i128>| GroupSpend {
            name: Some(name.to_owned()),
            requests: 3,
            cost: cost.map(Usd),
        };
        let found = contributions(
            &[group("new model", None), group("gone", Some(5))],
            &[
                group("new model", None),
                group("free", Some(0)),
                group("gone", None),
                group("unpriced newcomer", None),
            ],
            5,
        );
        let of = |name: &str| {
            let group = found.groups.iter().find(|group| group.name.as_deref() == Some(name));
            group.map(|group| (group.before_usd, group.after_usd, group.change_usd))
        };
        assert_eq!(of("new model"), Some((None, None, None)));
        assert_eq!(of("free"), Some((Some(Usd(0)), Some(Usd(0)), Some(Usd(0)))));
        assert_eq!(of("gone"), Some((Some(Usd(5)), None, Some(Usd(-5)))));
        assert_eq!(of("unpriced newcomer"), Some((Some(Usd(0)), None, None)));
    }

    proptest! {
        #[test]
        fn groups_and_the_rest_add_up_to_the_change_in_any_order(
            before in prop::collection::vec((0_u8..12, 0_i64..1_000_000), 0..40),
            after in prop::collection::vec((0_u8..12, 0_i64..1_000_000), 0..40),
            most in 0_usize..8,
        ) {
            let found = contributions(&spend(&before), &spend(&after), most);
            let sum: Usd = found.groups.iter().chain(&found.other).filter_map(|g| g.change_usd).sum();
            let total = |rows: &[(u8, i64)]| rows.iter().map(|row| i128::from(row.1)).sum::<i128>();
            prop_assert_eq!(sum.0, total(&after) - total(&before));
            let reversed = |rows: &[(u8, i64)]| rows.iter().rev().copied().collect::<Vec<_>>();
            let again = contributions(&spend(&reversed(&before)), &spend(&reversed(&after)), most);
            prop_assert_eq!(found, again);
        }
    }
}
