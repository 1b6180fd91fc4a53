//! Laws over random requests: parts sum to totals, order never shows, ranks are exact.

use chrono_tz::Tz;
use polars::prelude::IntoLazy;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::{Priced, rows, text};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::usage::{UsageQuery, usage};
use crate::schema::TimeMs;
use crate::schema::cost::status::{NOT_BILLED, PARTLY_PRICED, PRICED, UNPRICED};
use crate::schema::invocation::{Invocation, status};

/// Metrics whose groups add up to the total.
const ADDITIVE: [Metric; 12] = [
    Metric::Requests,
    Metric::Ok,
    Metric::Errors,
    Metric::Throttled,
    Metric::InputTokens,
    Metric::OutputTokens,
    Metric::TotalTokens,
    Metric::CostUsd,
    Metric::UnpricedRequests,
    Metric::LatencyKnown,
    Metric::InputBytes,
    Metric::GuardrailInterventions,
];

const RANKS: [Metric; 4] =
    [Metric::LatencyP50Ms, Metric::LatencyP90Ms, Metric::LatencyP95Ms, Metric::LatencyP99Ms];

fn requests() -> impl Strategy<Value = Vec<Priced>> {
    let invocation = (
        option::of(select(&["a", "b", "c"][..])),
        select(&status::ALL[..]),
        // Around the change of clocks in Europe, autumn 2026.
        1_792_800_000_000_i64..1_793_000_000_000,
        option::of(0_i64..1_000_000),
        option::of(0_i64..50),
    );
    let price =
        (select(&[PRICED, PARTLY_PRICED, UNPRICED, NOT_BILLED][..]), option::of(0_i64..i64::MAX));
    vec((invocation, price), 0..60).prop_map(|rows| rows.into_iter().map(request).collect())
}

type Facts = (
    (Option<&'static str>, &'static str, i64, Option<i64>, Option<i64>),
    (&'static str, Option<i64>),
);

fn request(((model, status, time, tokens, latency), (cost_status, units)): Facts) -> Priced {
    let invocation = Invocation {
        model: model.map(str::to_owned),
        status: text(status),
        event_time: Some(TimeMs(time)),
        input_tokens: tokens,
        output_tokens: tokens.map(|tokens| tokens / 2),
        input_bytes: tokens,
        latency_ms: latency,
        ..Default::default()
    };
    let cost_units = units.map(|units| i128::from(units) * 1_000_000_000);
    Priced { invocation, cost_units, cost_status, total_tokens: tokens, ..Default::default() }
}

fn ask(requests: &[Priced], by: &[Dimension], metrics: &[Metric]) -> Vec<String> {
    let timezone = Tz::Europe__Berlin;
    let query = UsageQuery { by: by.to_vec(), metrics: metrics.to_vec(), timezone };
    rows(usage(Priced::frame(requests).lazy(), &query).unwrap())
}

/// The figures of printed rows, after the label; null is none.
fn numbers(row: &str, labels: usize) -> Vec<Option<i128>> {
    row.split(" | ").skip(labels).map(|cell| cell.parse().ok()).collect()
}

/// Sums of each column over the groups; null where no group has a number.
fn column_sums(groups: &[String]) -> Vec<Option<i128>> {
    let mut sums = vec![None; ADDITIVE.len()];
    for group in groups {
        for (sum, number) in sums.iter_mut().zip(numbers(group, 1)) {
            *sum = match (*sum, number) {
                (Some(sum), Some(number)) => Some(sum + number),
                (sum, number) => sum.or(number),
            };
        }
    }
    sums
}

/// Smallest value with at least the share at or below it, by looking at every value.
fn naive_percentile(values: &[i64], percent: usize) -> Option<i64> {
    let at_or_below = |limit: i64| values.iter().filter(|value| **value <= limit).count();
    let reaches = |limit: &i64| at_or_below(*limit) * 100 >= percent * values.len();
    values.iter().copied().filter(reaches).min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn groups_of_any_dimension_sum_to_the_total(requests in requests()) {
        let total = ask(&requests, &[], &ADDITIVE);
        prop_assert_eq!(total.len(), 1);
        for dimension in Dimension::NAMED {
            let groups = ask(&requests, std::slice::from_ref(&dimension), &ADDITIVE);
            if !groups.is_empty() {
                prop_assert_eq!(column_sums(&groups), numbers(&total[0], 0), "{}", dimension);
            }
        }
    }

    #[test]
    fn input_order_never_shows(requests in requests(), turn in any::<usize>()) {
        let by = [Dimension::Model, Dimension::Hour];
        let straight = ask(&requests, &by, &Metric::ALL);
        let mut turned = requests;
        let length = turned.len().max(1);
        turned.rotate_left(turn % length);
        turned.reverse();
        prop_assert_eq!(ask(&turned, &by, &Metric::ALL), straight);
    }

    #[test]
    fn percentiles_are_exact_and_rise(requests in requests()) {
        let mut known: Vec<i64> = Vec::new();
        known.extend(requests.iter().filter_map(|request| request.invocation.latency_ms));
        let expected = [50, 90, 95, 99].map(|percent| naive_percentile(&known, percent));
        let found = ask(&requests, &[], &RANKS);
        let found: Vec<Option<i64>> = found[0].split(" | ").map(|cell| cell.parse().ok()).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert!(found.is_sorted());
    }

    #[test]
    fn percentiles_of_groups_are_those_of_their_requests(requests in requests()) {
        for row in ask(&requests, &[Dimension::Model], &RANKS) {
            let (label, ranks) = row.split_once(" | ").unwrap();
            let model = (label != "-").then(|| label.to_owned());
            let of_group: Vec<Priced> = requests
                .iter()
                .filter(|request| request.invocation.model == model)
                .cloned()
                .collect();
            prop_assert_eq!(&ask(&of_group, &[], &RANKS), &[ranks.to_owned()]);
        }
    }

    #[test]
    fn shares_stay_between_none_and_all(requests in requests()) {
        use Metric::{ErrorRate, PricedShare, SuccessRate, ThrottleRate};
        for row in ask(&requests, &[Dimension::Model], &[ErrorRate, SuccessRate, ThrottleRate, PricedShare]) {
            for share in row.split(" | ").skip(1).filter(|cell| *cell != "-") {
                prop_assert!((0.0..=1.0).contains(&share.parse::<f64>().unwrap()), "{}", row);
            }
        }
    }
}
