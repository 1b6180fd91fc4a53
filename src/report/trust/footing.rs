//! What an ad hoc answer rests on: the facts that cost next to nothing to know.

use crate::report::parts::{Prose, TrustCell, Value};
use crate::report::words;

/// Facts about the rows of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footing {
    /// The range.
    pub days: DaysWithLogs,
    /// The range it is compared with, if any.
    pub previous_days: Option<DaysWithLogs>,
    /// Tokens of billed requests, and of these the ones without a price; `None` when nothing was
    /// priced.
    pub billed_and_unpriced_tokens: Option<(u64, u64)>,
    /// Age of the price book in days, where something was priced and it is old enough to say so.
    pub stale_prices_days: Option<i64>,
    /// Log objects with rows on these days.
    pub objects: u64,
    /// Rejected records and objects.
    pub rejects: u64,
}

/// UTC days of a range, and those of them with logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysWithLogs {
    /// Days with at least one logged call.
    pub with_logs: u64,
    /// All days.
    pub all: u64,
}

impl DaysWithLogs {
    fn words(self) -> Prose {
        let days = if self.with_logs == self.all {
            words::counted(self.all, " day", " days")
        } else {
            format!(" of {} days", self.all)
        };
        Prose::default().value(Value::Count(self.with_logs)).say(days)
    }
}

/// The facts as cells of a trust line. Log coverage is not among them: it needs the join with
/// CloudTrail, which reports do.
pub fn footing(facts: &Footing) -> Vec<TrustCell> {
    let cell = |key, label: &str, value| TrustCell {
        key,
        label: label.to_owned(),
        value,
        detail: Prose::default(),
    };
    let mut cells = vec![cell("period", "Period covered", facts.days.words())];
    cells.extend(
        facts.previous_days.map(|days| cell("previous_period", "Compared with", days.words())),
    );
    if let Some((billed, unpriced)) = facts.billed_and_unpriced_tokens {
        let priced = billed.saturating_sub(unpriced);
        let value = match crate::report::compare::share(priced, billed) {
            Some(share) => Prose::default().value(Value::Share(share)),
            None => Prose::text("nothing billed"),
        };
        cells.push(cell("price_coverage", "Price coverage", value));
    }
    if let Some(days) = facts.stale_prices_days {
        let age = Prose::text(format!("{days} days old"));
        cells.push(cell("price_book", "Price book", age));
    }
    let objects = Prose::default()
        .value(Value::Count(facts.objects))
        .say(" / ")
        .value(Value::Count(facts.rejects));
    cells.push(cell("objects", "Objects read / rejects", objects));
    cells
}
