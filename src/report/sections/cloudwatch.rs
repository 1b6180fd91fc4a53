//! CloudWatch's response times of models whose logs hold none: named as CloudWatch's, with its own count.

use super::{Models, model};
use crate::metrics::metric::Metric;
use crate::report::compare::quiet;
use crate::report::facts::Facts;
use crate::report::parts::{Missing, Prose, RowRole, Table, TableRow, Value};
use crate::report::words::{figure_column, text_column};

/// Most models listed.
const ROWS: usize = 10;

/// A model that only CloudWatch timed.
pub(super) struct Untimed {
    model: Option<String>,
    /// Requests in the log; none where it has none of the model.
    logged: Option<u64>,
    /// Response times that CloudWatch took, and their mean.
    measured: u64,
    mean_ms: f64,
}

/// Models without any response time in the log that CloudWatch timed, most measured first.
pub(super) fn untimed(facts: &Facts<'_>, models: &Models) -> Vec<Untimed> {
    let counted = facts.counted.iter().flat_map(|counted| &counted.models);
    let mut untimed: Vec<Untimed> = counted
        .filter_map(|one| {
            let logged = models.0.iter().find(|pair| pair.key == one.model);
            let count = |metric| logged.map_or(0, |pair| pair.count(metric));
            let is_untimed = count(Metric::LatencyKnown) == 0 && one.latency_known > 0;
            let mean_ms = one.latency_mean_ms.filter(|_| is_untimed)?;
            let logged = Some(count(Metric::Requests)).filter(|requests| *requests > 0);
            Some(Untimed { model: one.model.clone(), logged, measured: one.latency_known, mean_ms })
        })
        .collect();
    untimed.sort_by(|a, b| (b.measured, &a.model).cmp(&(a.measured, &b.model)));
    untimed
}

/// Where the log holds no response time at all.
pub(super) fn takeaway(untimed: &[Untimed]) -> Prose {
    let sentence = Prose::text("The log holds no response time; CloudWatch’s mean");
    match untimed.first() {
        Some(first) => sentence
            .say(" for ")
            .value(model(first.model.as_deref()))
            .say(" is ")
            .value(Value::DurationMs(first.mean_ms))
            .say("."),
        None => sentence.say(" is not known either."),
    }
}

pub(super) fn table(untimed: &[Untimed]) -> Table {
    let (shown, rest) = untimed.split_at(untimed.len().min(ROWS));
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|one| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                model(one.model.as_deref()).into(),
                Value::Count(one.measured).into(),
                Value::SecondsOf(one.mean_ms / 1_000.0).into(),
                one.logged.map_or_else(|| quiet(Missing::NotInLog), |n| Value::Count(n).into()),
            ],
        })
        .collect();
    if !rest.is_empty() {
        let measured = rest.iter().map(|one| one.measured).sum();
        rows.push(TableRow {
            role: RowRole::Note,
            swatch: None,
            cells: vec![
                Value::Text(format!("{} other", rest.len())).into(),
                Value::Count(measured).into(),
                quiet(Missing::NotApplicable),
                Value::Count(rest.iter().filter_map(|one| one.logged).sum()).into(),
            ],
        });
    }
    Table {
        caption: "Models without a response time in the log: CloudWatch’s mean".to_owned(),
        show_caption: true,
        wide: false,
        columns: vec![
            text_column("model", "Model"),
            figure_column("cloudwatch_known", "Measured", Some("by CloudWatch")),
            figure_column("cloudwatch_mean_s", "Mean", Some("s, by CloudWatch")),
            figure_column("logged_requests", "Requests", Some("in the log")),
        ],
        rows,
    }
}

pub(super) fn note() -> Prose {
    Prose::text(
        "CloudWatch times calls that succeeded, per model and hour: the mean of its hourly means by their \
         samples. It stands beside the log’s figures and is in none of them.",
    )
}

/// CloudTrail's count, the log's and CloudWatch's side by side; none without the last.
pub(super) fn three_counts(facts: &Facts<'_>) -> Option<Table> {
    let counted = facts.counted.as_ref()?;
    let row = |name: &str, what: &str, calls: u64| TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![
            Value::Lines(name.to_owned(), what.to_owned()).into(),
            Value::Count(calls).into(),
        ],
    };
    Some(Table {
        caption: "The same calls by three systems".to_owned(),
        show_caption: true,
        wide: false,
        columns: vec![text_column("system", "Counted by"), figure_column("calls", "Calls", None)],
        rows: vec![
            row("CloudTrail", "model calls, failed ones included", facts.coverage.called),
            row(
                "Invocation log",
                "requests, failed ones included",
                facts.current.count(Metric::Requests),
            ),
            row("CloudWatch", "succeeded, failed and throttled", counted.calls),
        ],
    })
}
