//! The confidence grade: each check by its stated rule, the weakest decides.

use crate::report::facts::Facts;
use crate::report::parts::{Grade, Missing, Value};

/// One check: what was measured, which grade it gives, and what grade A needs.
pub(in crate::report) struct Check {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) value: Value,
    pub(in crate::report) needed: &'static str,
    pub(in crate::report) grade: Grade,
}

const LOG_COVERAGE: &str = "Log coverage";
const PRICE_COVERAGE: &str = "Price coverage";
const LONGEST_GAP: &str = "Longest logging gap";

impl Check {
    /// Whether it fails for calls without a log.
    pub(in crate::report) fn is_about_logs(&self) -> bool {
        [LOG_COVERAGE, LONGEST_GAP].contains(&self.name)
    }

    /// Whether it fails for requests without a price.
    pub(in crate::report) fn is_about_prices(&self) -> bool {
        self.name == PRICE_COVERAGE
    }
}

/// The grade of the whole report.
pub(in crate::report) fn grade(facts: &Facts<'_>) -> Grade {
    checks(facts).iter().map(|check| check.grade).max().unwrap_or(Grade::D)
}

/// All checks, in the order they are shown.
pub(in crate::report) fn checks(facts: &Facts<'_>) -> Vec<Check> {
    vec![
        log_coverage(facts),
        price_coverage(facts),
        longest_gap(facts),
        days(facts),
        rejects(facts),
    ]
}

fn log_coverage(facts: &Facts<'_>) -> Check {
    let share = facts.coverage.share();
    Check {
        name: LOG_COVERAGE,
        value: share.map_or(Value::Missing(Missing::Unknown), Value::Share),
        needed: "99.5% or more",
        grade: share.map_or(Grade::C, by_share),
    }
}

fn price_coverage(facts: &Facts<'_>) -> Check {
    let share = facts.pricing.share();
    Check {
        name: PRICE_COVERAGE,
        value: share.map_or(Value::Missing(Missing::NotApplicable), Value::Share),
        needed: "99.5% or more",
        grade: share.map_or(Grade::A, by_share),
    }
}

fn by_share(share: f64) -> Grade {
    if share >= 0.995 {
        Grade::A
    } else if share >= 0.98 {
        Grade::B
    } else if share >= 0.9 {
        Grade::C
    } else {
        Grade::D
    }
}

fn longest_gap(facts: &Facts<'_>) -> Check {
    let longest = facts.coverage.known_gaps().first();
    let hours = longest.map_or(0, |gap| gap.length().num_hours());
    #[expect(clippy::cast_precision_loss, reason = "a duration, far below 2⁵³")]
    let ms = |hours: i64| Value::DurationMs(hours as f64 * 3_600_000.0);
    Check {
        name: LONGEST_GAP,
        value: match (facts.coverage.share(), longest) {
            (None, _) => Value::Missing(Missing::Unknown),
            (Some(_), None) => Value::Text("none".to_owned()),
            (Some(_), Some(_)) => ms(hours),
        },
        needed: "1 h or less",
        grade: match hours {
            ..=1 => Grade::A,
            2..=6 => Grade::B,
            7..=24 => Grade::C,
            _ => Grade::D,
        },
    }
}

fn days(facts: &Facts<'_>) -> Check {
    let missing = facts.reading.days.saturating_sub(facts.reading.days_with_logs);
    Check {
        name: "Days without any log",
        value: Value::Count(missing),
        needed: "none",
        grade: match missing {
            0 if facts.reading.is_complete => Grade::A,
            0 | 1 => Grade::C,
            _ => Grade::D,
        },
    }
}

fn rejects(facts: &Facts<'_>) -> Check {
    let rejected = facts.reading.rejected();
    let requests = facts.current.count(crate::metrics::metric::Metric::Requests);
    let share = crate::report::compare::share(rejected, rejected + requests).unwrap_or(0.0);
    Check {
        name: "Rejected records and objects",
        value: Value::Count(rejected),
        needed: "none",
        grade: if rejected == 0 {
            Grade::A
        } else if share <= 0.01 {
            Grade::B
        } else if share <= 0.05 {
            Grade::C
        } else {
            Grade::D
        },
    }
}
