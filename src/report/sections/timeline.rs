//! A period cut into hours or days, for charts over time.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use polars::prelude::PolarsResult;

use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::{Period, midnight};
use crate::report::facts::Facts;
use crate::report::read::{Usage, figures};

/// Periods of more days are cut into days: hours would be thinner than a hair.
const MOST_DAYS_BY_HOUR: i64 = 16;
/// Periods of more days name months only.
const MOST_DAYS_NAMED: usize = 62;

/// What a period is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Hour,
    Day,
}

impl Step {
    pub(super) fn of(period: Period) -> Self {
        if period.hours() <= MOST_DAYS_BY_HOUR * 24 { Self::Hour } else { Self::Day }
    }

    /// `hour` or `day`: the word, and the dimension's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn dimension(self) -> Dimension {
        match self {
            Self::Hour => Dimension::Hour,
            Self::Day => Dimension::Day,
        }
    }
}

/// The slots of a period in order, those without requests too.
pub(super) struct Timeline {
    pub(super) step: Step,
    pub(super) slots: Vec<Slot>,
}

/// One hour or day.
pub(super) struct Slot {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    /// Whether the log holds anything of its day; else its figures are unknown.
    pub(super) is_logged: bool,
    /// Its figures; empty without requests.
    pub(super) usage: Usage,
}

impl Timeline {
    /// The figures of the report's period per slot.
    pub(super) fn read(facts: &Facts<'_>, metrics: &[Metric]) -> PolarsResult<Self> {
        let period = facts.inputs.period;
        let step = Step::of(period);
        let mut slots = empty(facts, step);
        let groups = figures(&facts.inputs.current, &[step.dimension()], metrics, facts.zone())?;
        for usage in groups {
            let at = usage.key().and_then(|key| instant(key, step, facts));
            let Some(at) = at else { continue };
            let after = slots.partition_point(|slot| slot.start <= at);
            if let Some(slot) = after.checked_sub(1).and_then(|place| slots.get_mut(place)) {
                slot.usage = usage;
            }
        }
        Ok(Self { step, slots })
    }

    /// Whether there are slots of which nothing is known.
    pub(super) fn has_gap(&self) -> bool {
        self.slots.iter().any(|slot| !slot.is_logged)
    }

    /// What columns over the time say of slots of which nothing is known.
    pub(super) fn gap_words(&self) -> &'static str {
        if self.has_gap() { " Outlined: days without logs." } else { "" }
    }

    /// Labels along the time: the index of the slot each begins with.
    pub(super) fn labels(&self, facts: &Facts<'_>) -> Vec<(usize, String)> {
        labels(self.slots.iter().map(|slot| slot.start), self.step, facts)
    }
}

/// Labels of slots that start at these times: hours of a day, days, or months.
pub(super) fn labels(
    starts: impl ExactSizeIterator<Item = DateTime<Utc>>,
    step: Step,
    facts: &Facts<'_>,
) -> Vec<(usize, String)> {
    let zone = facts.zone();
    let is_short = step == Step::Hour && facts.inputs.period.hours() <= 36;
    let many = step == Step::Day && starts.len() > MOST_DAYS_NAMED;
    let mut last = None;
    let mut labels = Vec::new();
    for (index, start) in starts.enumerate() {
        let local = start.with_timezone(&zone);
        if is_short {
            if index % 3 == 0 {
                labels.push((index, local.format("%H:%M").to_string()));
            }
            continue;
        }
        let day = local.date_naive();
        let name = match step {
            Step::Hour => day,
            Step::Day if many => day.with_day(1).unwrap_or(day),
            Step::Day => day.week(chrono::Weekday::Mon).first_day(),
        };
        if last != Some(name) {
            let words = match step {
                Step::Hour => day.format("%a %-d"),
                Step::Day if many => day.format("%b"),
                Step::Day => day.format("%-d %b"),
            };
            labels.push((index, words.to_string()));
            last = Some(name);
        }
    }
    labels
}

/// Starts of the slots of the report's period.
pub(super) fn starts(facts: &Facts<'_>, step: Step) -> Vec<DateTime<Utc>> {
    empty(facts, step).iter().map(|slot| slot.start).collect()
}

fn empty(facts: &Facts<'_>, step: Step) -> Vec<Slot> {
    let Period { from, to } = facts.inputs.period;
    let zone = facts.zone();
    let slot = |start: DateTime<Utc>, end: DateTime<Utc>| Slot {
        start,
        end: end.min(to),
        is_logged: facts.is_logged(start.with_timezone(&zone).date_naive()),
        usage: Usage::default(),
    };
    match step {
        Step::Hour => {
            let count = facts.inputs.period.hours().max(1);
            let start = |n: i64| from + Duration::hours(n);
            (0..count).map(|n| slot(start(n), start(n + 1))).collect()
        }
        Step::Day => {
            let next = |day: NaiveDate| midnight(day.succ_opt().unwrap_or(day), zone);
            let slot = |day| slot(midnight(day, zone).max(from), next(day));
            facts.inputs.period.local_days(zone).map(slot).collect()
        }
    }
}

fn instant(key: &str, step: Step, facts: &Facts<'_>) -> Option<DateTime<Utc>> {
    match step {
        Step::Hour => Some(DateTime::parse_from_rfc3339(key).ok()?.with_timezone(&Utc)),
        Step::Day => {
            let day: NaiveDate = key.parse().ok()?;
            Some(midnight(day, facts.zone()).max(facts.inputs.period.from))
        }
    }
}
