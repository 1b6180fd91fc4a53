//! Two periods side by side: groups matched by label, and differences with the right meaning.

use super::parts::{Missing, TableCell, Tone, Value};
use super::read::Usage;
use crate::metrics::metric::Metric;
use crate::units::Usd;

/// A group in this period and in the one before; either may be absent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) key: Option<String>,
    pub(super) current: Option<Usage>,
    pub(super) previous: Option<Usage>,
}

impl Pair {
    pub(super) fn count(&self, metric: Metric) -> u64 {
        self.current.as_ref().map_or(0, |usage| usage.count(metric))
    }

    pub(super) fn usd(&self, metric: Metric) -> Option<Usd> {
        self.current.as_ref().and_then(|usage| usage.usd(metric))
    }

    pub(super) fn cost(&self) -> Usd {
        self.current.as_ref().map(Usage::cost).unwrap_or_default()
    }

    pub(super) fn previous_cost(&self) -> Usd {
        self.previous.as_ref().map(Usage::cost).unwrap_or_default()
    }

    pub(super) fn cost_change(&self) -> Usd {
        self.cost() - self.previous_cost()
    }

    /// Whether this period has requests and nothing of them is priced.
    pub(super) fn is_unpriced(&self) -> bool {
        self.count(Metric::Requests) > 0 && self.usd(Metric::CostUsd).is_none()
    }
}

/// Matches groups by their first label: most expensive first, then most requests, then by label.
pub(super) fn pairs(current: Vec<Usage>, previous: Vec<Usage>) -> Vec<Pair> {
    let mut earlier = previous;
    let mut pairs: Vec<Pair> = current
        .into_iter()
        .map(|usage| {
            let twin = earlier.iter().position(|other| other.keys == usage.keys);
            let key = usage.key().map(str::to_owned);
            Pair { key, current: Some(usage), previous: twin.map(|index| earlier.remove(index)) }
        })
        .collect();
    pairs.extend(earlier.into_iter().map(|usage| Pair {
        key: usage.key().map(str::to_owned),
        current: None,
        previous: Some(usage),
    }));
    pairs.sort_by(|a, b| {
        let size = |pair: &Pair| (pair.cost(), pair.count(Metric::Requests), pair.previous_cost());
        size(b).cmp(&size(a)).then_with(|| a.key.cmp(&b.key))
    });
    pairs
}

/// Base below which a relative change says nothing (DESIGN: no % change from under 30 events).
const SMALLEST_BASE: u64 = 30;

/// `+7.8%`, or `new` where there is no base to speak of.
pub(super) fn relative(current: f64, previous: f64, base_events: u64) -> Value {
    if base_events < SMALLEST_BASE || previous <= 0.0 {
        Value::Missing(Missing::New)
    } else {
        Value::RelativeChange(current / previous - 1.0)
    }
}

/// A change of money; what the earlier period had no requests of grew from nothing.
pub(super) fn cost_change(pair: &Pair) -> Value {
    if pair.is_unpriced() {
        Value::Missing(Missing::NotApplicable)
    } else {
        Value::UsdChange(pair.cost_change())
    }
}

/// A difference of two known values in the form that `form` gives it, else why there is none.
pub(super) fn difference(
    current: Option<f64>,
    previous: Option<f64>,
    form: impl FnOnce(f64) -> Value,
) -> Value {
    match (current, previous) {
        (Some(current), Some(previous)) => form(current - previous),
        (Some(_), None) => Value::Missing(Missing::New),
        (None, _) => Value::Missing(Missing::NotApplicable),
    }
}

/// The judgement of a change where more is worse: errors, latency, cost per request.
pub(super) fn tone_where_more_is_worse(change: f64, noise: f64) -> Tone {
    if change > noise {
        Tone::Bad
    } else if change < -noise {
        Tone::Good
    } else {
        Tone::Neutral
    }
}

/// Whether two shares `(part, whole)` differ by more than chance explains: a difference of two
/// standard errors of the pooled share, as in the two-proportion z-test.
#[expect(clippy::cast_precision_loss, reason = "counts compared as shares")]
pub(super) fn beyond_chance(now: (u64, u64), before: (u64, u64)) -> bool {
    if now.1 == 0 || before.1 == 0 {
        return false;
    }
    let (n, m) = (now.1 as f64, before.1 as f64);
    let (p, q) = (now.0 as f64 / n, before.0 as f64 / m);
    let pooled = (now.0 + before.0) as f64 / (n + m);
    let standard_error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    (p - q).abs() > 2.0 * standard_error
}

/// A cell with a judgement.
pub(super) fn judged(value: Value, tone: Tone) -> TableCell {
    TableCell { value, tone }
}

/// A cell said quietly.
pub(super) fn quiet(missing: Missing) -> TableCell {
    TableCell { value: Value::Missing(missing), tone: Tone::Mute }
}

/// `value` where it is known, else the given word.
pub(super) fn or_missing<T>(
    value: Option<T>,
    form: impl FnOnce(T) -> Value,
    missing: Missing,
) -> TableCell {
    value.map_or_else(|| quiet(missing), |known| form(known).into())
}

/// `part ÷ whole` as a float; `None` over zero.
#[expect(clippy::cast_precision_loss, reason = "a ratio for people, far below 2⁵³")]
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::beyond_chance;

    #[test]
    fn a_few_failures_more_or_less_are_chance() {
        assert!(!beyond_chance((2, 3_592), (5, 2_908)));
        assert!(!beyond_chance((28, 3_592), (15, 2_908)));
        assert!(beyond_chance((134, 3_592), (4, 2_908)));
        assert!(!beyond_chance((0, 100), (0, 100)));
        assert!(!beyond_chance((1, 1), (0, 0)));
    }
}
