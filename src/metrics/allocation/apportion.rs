//! Splitting an amount by weights so that the parts add up to it to the last unit.

/// The parts of `amount`, one per weight, by largest remainder: every part is rounded down to a
/// whole unit, and the units left over go one each to the largest remainders, among equals to the
/// first. The parts add up to the amount exactly. Negative weights count as 0.
///
/// `None` when no weight is above 0, or they add up to more than 127 bits: then nothing can be split.
pub fn apportion(amount: i128, weights: &[i128]) -> Option<Vec<i128>> {
    let weights: Vec<u128> =
        weights.iter().map(|weight| u128::try_from(*weight).unwrap_or(0)).collect();
    let sum = weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight))?;
    if sum == 0 || sum > i128::MAX.unsigned_abs() {
        return None;
    }
    let shares: Vec<(u128, u128)> =
        weights.iter().map(|weight| mul_div(amount.unsigned_abs(), *weight, sum)).collect();
    let mut parts: Vec<u128> = shares.iter().map(|(whole, _)| *whole).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|part| std::cmp::Reverse(shares[*part].1));
    let mut left = amount.unsigned_abs() - parts.iter().sum::<u128>();
    for part in order {
        if left == 0 {
            break;
        }
        parts[part] += 1;
        left -= 1;
    }
    let signed = |part: u128| i128::try_from(part).map(|part| part * amount.signum()).ok();
    parts.into_iter().map(signed).collect()
}

/// `a × b ÷ by`, whole part and remainder, without a product of more than 128 bits; `b` is at most
/// `by`, which has at most 127 bits.
fn mul_div(a: u128, b: u128, by: u128) -> (u128, u128) {
    let (turns, rest) = (a / by, a % by);
    let (mut whole, mut remainder) = (0_u128, 0_u128);
    for bit in (0..u128::BITS).rev() {
        (whole, remainder) = (whole * 2, remainder * 2);
        if remainder >= by {
            (whole, remainder) = (whole + 1, remainder - by);
        }
        if b >> bit & 1 == 1 {
            remainder += rest;
            if remainder >= by {
                (whole, remainder) = (whole + 1, remainder - by);
            }
        }
    }
    (turns * b + whole, remainder)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{apportion, mul_div};

    #[test]
    fn units_left_over_go_to_the_largest_remainders_and_then_to_the_first() {
        assert_eq!(apportion(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(apportion(10, &[55, 25, 20]), Some(vec![6, 2, 2]));
        assert_eq!(apportion(-10, &[1, 2]), Some(vec![-3, -7]));
        assert_eq!(apportion(7, &[0, 5, -3]), Some(vec![0, 7, 0]));
        assert_eq!(apportion(0, &[1, 2]), Some(vec![0, 0]));
    }

    #[test]
    fn nothing_can_be_split_by_nothing() {
        assert_eq!(apportion(10, &[]), None);
        assert_eq!(apportion(10, &[0, 0]), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_within_a_unit_of_the_exact_share(
            amount in -(1_i128 << 100)..(1_i128 << 100),
            weights in vec(0_i128..(1 << 90), 1..20),
        ) {
            let sum: i128 = weights.iter().sum();
            let Some(parts) = apportion(amount, &weights) else {
                prop_assert_eq!(sum, 0);
                return Ok(());
            };
            prop_assert_eq!(parts.iter().sum::<i128>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                let (floor, _) = mul_div(amount.unsigned_abs(), weight.unsigned_abs(), sum.unsigned_abs());
                prop_assert!(part.unsigned_abs() == floor || part.unsigned_abs() == floor + 1);
            }
        }

        #[test]
        fn long_division_agrees_with_the_plain_one_where_that_fits(
            a in 0_u128..(1 << 60), b in 0_u128..(1 << 60), more in 1_u128..(1 << 60),
        ) {
            let by = b + more;
            prop_assert_eq!(mul_div(a, b, by), (a * b / by, a * b % by));
        }
    }
}
