//! Shapley's shares in whole units: what each factor changes, averaged over all orders of moving.

use super::EFFECTS;

/// Which factors have moved to their later value; the bit of a factor is its place among the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved(u32);

impl Moved {
    const ALL: u32 = (1 << EFFECTS) - 1;

    pub(super) fn has(self, factor: usize) -> bool {
        self.0 & (1 << factor) != 0
    }
}

/// Factors beside one.
const EFFECTS_AFTER_ONE: i128 = 6;

/// 7!, the number of orders.
const ORDERS: i128 = 5040;

/// The change from `before` to `after` split among the factors; the parts add up to it exactly.
///
/// `value` gives the spend with some factors moved, in units; it is asked for neither none nor all.
/// Each part times 5040 is a whole number and these sum to 5040 times the change; the parts are
/// rounded down, and the missing units go to the largest remainders, among equals to the first.
pub(super) fn parts(before: i128, after: i128, value: impl Fn(Moved) -> i128) -> [i128; EFFECTS] {
    let values: Vec<i128> = (0..=Moved::ALL)
        .map(|moved| match moved {
            0 => before,
            Moved::ALL => after,
            some => value(Moved(some)),
        })
        .collect();
    let mut shares = [0_i128; EFFECTS];
    for (index, of_some) in (0..=Moved::ALL).zip(&values) {
        for (factor, share) in shares.iter_mut().enumerate() {
            if Moved(index).has(factor) {
                continue;
            }
            let with = (index | 1 << factor) as usize;
            *share += weight(index.count_ones()) * (values[with] - of_some);
        }
    }
    whole(shares, after - before)
}

/// Orders in which exactly these `already` factors come before one: already! × (6 − already)!.
fn weight(already: u32) -> i128 {
    let up_to = |factors: std::ops::RangeInclusive<i128>| factors.product::<i128>();
    let last = EFFECTS_AFTER_ONE - i128::from(already);
    up_to(1..=i128::from(already)) * up_to(1..=last)
}

fn whole(shares: [i128; EFFECTS], change: i128) -> [i128; EFFECTS] {
    let mut parts = shares.map(|share| share.div_euclid(ORDERS));
    let mut order: Vec<usize> = (0..EFFECTS).collect();
    order.sort_by_key(|factor| std::cmp::Reverse(shares[*factor].rem_euclid(ORDERS)));
    let mut missing = change - parts.iter().sum::<i128>();
    for factor in order {
        if missing == 0 {
            break;
        }
        parts[factor] += 1;
        missing -= 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{EFFECTS, Moved, parts};

    #[test]
    fn of_two_factors_each_takes_half_of_what_they_do_together() {
        // 2 × 3 becomes 4 × 5: 14 = (2 × 3 + 2 × 5)/2 for the first, (2 × 2 + 4 × 2)/2 for the other.
        let value = |moved: Moved| {
            let first = if moved.has(1) { 4 } else { 2 };
            first * if moved.has(4) { 5 } else { 3 }
        };
        assert_eq!(parts(6, 20, value), [0, 8, 0, 0, 6, 0, 0]);
    }

    #[test]
    fn what_cannot_be_divided_goes_to_the_first() {
        let all_or_nothing = |_: Moved| 0;
        assert_eq!(parts(0, 10, all_or_nothing), [2, 2, 2, 1, 1, 1, 1]);
        assert_eq!(parts(0, -10, |_| 0), [-1, -1, -1, -1, -2, -2, -2]);
    }

    proptest! {
        #[test]
        fn the_parts_add_up_whatever_the_values(
            values in prop::collection::vec(-(10_i128.pow(26))..10_i128.pow(26), 128),
        ) {
            let split = parts(values[0], values[127], |moved| values[moved.0 as usize]);
            prop_assert_eq!(split.len(), EFFECTS);
            prop_assert_eq!(split.iter().sum::<i128>(), values[127] - values[0]);
        }
    }
}
