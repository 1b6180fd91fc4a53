//! Response time by model: p50, p90 and p99 of the requests whose latency the log holds, and
//! CloudWatch's mean of models of which it holds none.

use super::{Models, chart_model, cloudwatch, model};
use crate::metrics::metric::Metric;
use crate::report::compare::{
    Pair, difference, judged, or_missing, quiet, share, tone_where_more_is_worse,
};
use crate::report::facts::Facts;
use crate::report::kpis::Goal;
use crate::report::parts::{
    Chart, DotRange, DotRow, Empty, Figure, Missing, Outcome, Prose, RowRole, Section, Table,
    TableCell, TableRow, Tone, Value,
};
use crate::report::read::Usage;
use crate::report::words::{figure_column, parts_column, text_column};

/// Most models shown.
const ROWS: usize = 10;
/// Most rows of models without any response time.
const SILENT_ROWS: usize = 3;
/// A p99 rests on the slowest hundredth; from fewer measured requests its change says nothing.
const ENOUGH_FOR_P99: u64 = 100;
/// A change of p99 below this share is noise.
const NOISE: f64 = 0.1;

pub(super) fn section(facts: &Facts<'_>, models: &Models) -> Section {
    let mut measured: Vec<&Pair> =
        models.0.iter().filter(|pair| pair.count(Metric::LatencyKnown) > 0).collect();
    measured.sort_by(|a, b| p99(b).total_cmp(&p99(a)).then_with(|| a.key.cmp(&b.key)));
    measured.truncate(ROWS);
    let metrics =
        "requests,latency_known,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p99_ms";
    let query = facts.query("model", metrics);
    let by_cloudwatch = cloudwatch::untimed(facts, models);
    if measured.is_empty() && by_cloudwatch.is_empty() {
        return nothing_measured(query);
    }
    let takeaway = if measured.is_empty() {
        cloudwatch::takeaway(&by_cloudwatch)
    } else {
        takeaway(facts, &measured)
    };
    let mut section = super::bare("latency", "Response time", takeaway);
    if !measured.is_empty() {
        section.figure = Some(figure(facts, &measured));
        section.tables = vec![table(facts, models, &measured)];
    }
    if !by_cloudwatch.is_empty() {
        section.tables.push(cloudwatch::table(&by_cloudwatch));
        section.notes.push(cloudwatch::note());
    }
    section.queries = vec![query];
    section
}

fn nothing_measured(query: String) -> Section {
    let takeaway = Prose::text("Not reported: no log record of this period holds a response time.");
    let mut section = super::bare("latency", "Response time", takeaway);
    section.empty = Some(Empty {
        why: Prose::text(
            "InvokeModel records and records without bodies carry no latency. This is missing data, not zero.",
        ),
        fill: Prose::text(
            "Converse and streaming calls carry it, with delivery of text bodies switched on in the logging configuration. ",
        )
        .and(Prose::marked("CloudWatch times the others: `bedrock-lens ingest cloudwatch:REGION`.")),
        check: query,
    });
    section
}

fn takeaway(facts: &Facts<'_>, measured: &[&Pair]) -> Prose {
    let mean = facts.current.number(Metric::LatencyMeanMs).unwrap_or(0.0);
    let goal = Goal::of(facts, "response_time_mean_ms");
    let before = facts.previous.number(Metric::LatencyMeanMs);
    let verdict = match goal.judge(Some(mean), before) {
        Outcome::Pass => format!(" meets its target ({})", goal.words()),
        Outcome::Miss => format!(" misses its target ({})", goal.words()),
        Outcome::NotEvaluated => " has no target to meet".to_owned(),
    };
    let sentence = Prose::text("The mean of ").value(Value::DurationMs(mean)).say(verdict);
    let known = |pair: &&&Pair| pair.count(Metric::LatencyKnown) >= ENOUGH_FOR_P99;
    let Some(slowest) = measured.iter().find(known) else { return sentence.say(".") };
    sentence
        .say("; one ")
        .value(model(slowest.key.as_deref()))
        .say(" request in a hundred took ")
        .value(Value::DurationMs(p99(slowest)))
        .say(" or longer.")
}

fn p99(pair: &Pair) -> f64 {
    number(pair.current.as_ref(), Metric::LatencyP99Ms).unwrap_or(0.0)
}

fn number(usage: Option<&Usage>, metric: Metric) -> Option<f64> {
    usage.and_then(|usage| usage.number(metric))
}

fn figure(facts: &Facts<'_>, measured: &[&Pair]) -> Figure {
    let of = |pair: &Pair, metric| number(pair.current.as_ref(), metric).unwrap_or(0.0);
    let mut description = Prose::text("Dot-range plot on a log scale: p50, p90, p99. ");
    for pair in measured {
        description = description.value(model(pair.key.as_deref()));
        for metric in [Metric::LatencyP50Ms, Metric::LatencyP90Ms, Metric::LatencyP99Ms] {
            description = description.say(" ").value(Value::DurationMs(of(pair, metric)));
        }
        description = description.say("; ");
    }
    let known = facts.current.count(Metric::LatencyKnown);
    let goal = Goal::of(facts, "response_time_mean_ms");
    let known_share = share(known, facts.current.count(Metric::Requests)).unwrap_or(0.0);
    Figure {
        title: "Response time percentiles by model".to_owned(),
        description,
        caption: Prose::text("Log scale. Filled dot p50, open dot p90, tick p99. Known for ")
            .value(Value::Share(known_share))
            .say(" of requests; InvokeModel records carry no response time."),
        chart: Chart::DotRange(DotRange {
            rows: measured
                .iter()
                .map(|pair| DotRow {
                    label: chart_model(pair),
                    p50_ms: of(pair, Metric::LatencyP50Ms),
                    p90_ms: of(pair, Metric::LatencyP90Ms),
                    p99_ms: of(pair, Metric::LatencyP99Ms),
                })
                .collect(),
            target: goal.limit().map(|ms| (ms, format!("target for the mean: {}", goal.words()))),
        }),
    }
}

fn table(facts: &Facts<'_>, models: &Models, measured: &[&Pair]) -> Table {
    let columns = vec![
        text_column("model", "Model"),
        parts_column("latency_known", "Requests measured", None),
        figure_column("mean_s", "Mean", Some("s")),
        figure_column("p50_s", "p50", Some("s")),
        figure_column("p90_s", "p90", Some("s")),
        figure_column("p99_s", "p99", Some("s")),
        figure_column("p99_change_s", "Change", Some("p99, s")),
    ];
    let mut rows: Vec<TableRow> = measured
        .iter()
        .map(|pair| {
            let name = model(pair.key.as_deref());
            row(RowRole::Body, name, pair.current.as_ref(), pair.previous.as_ref())
        })
        .collect();
    let all_measured = models.0.iter().filter(|pair| pair.count(Metric::LatencyKnown) > 0).count();
    if all_measured > measured.len() {
        rows.push(rest_row(facts, all_measured - measured.len(), measured));
    }
    rows.extend(silent_rows(models));
    let all = Value::Text("All measured".to_owned());
    rows.push(row(RowRole::Total, all, Some(&facts.current), Some(&facts.previous)));
    Table {
        caption: "Response time by model, seconds".to_owned(),
        show_caption: false,
        wide: false,
        columns,
        rows,
    }
}

fn row(role: RowRole, name: Value, current: Option<&Usage>, previous: Option<&Usage>) -> TableRow {
    let seconds = |metric| or_missing(number(current, metric), seconds_of, Missing::NotInLog);
    let known = current.map_or(0, |usage| usage.count(Metric::LatencyKnown));
    TableRow {
        role,
        swatch: None,
        cells: vec![
            name.into(),
            Value::Count(known).into(),
            seconds(Metric::LatencyMeanMs),
            seconds(Metric::LatencyP50Ms),
            seconds(Metric::LatencyP90Ms),
            seconds(Metric::LatencyP99Ms),
            p99_change(current, previous),
        ],
    }
}

fn seconds_of(ms: f64) -> Value {
    Value::SecondsOf(ms / 1_000.0)
}

fn p99_change(current: Option<&Usage>, previous: Option<&Usage>) -> TableCell {
    let enough = |usage: Option<&Usage>| {
        usage.is_some_and(|usage| usage.count(Metric::LatencyKnown) >= ENOUGH_FOR_P99)
    };
    let (now, before) =
        (number(current, Metric::LatencyP99Ms), number(previous, Metric::LatencyP99Ms));
    let change = difference(now, before, |ms| Value::SecondsChange(ms / 1_000.0));
    let tone = match now.zip(before) {
        Some((now, before)) if enough(current) && enough(previous) => {
            tone_where_more_is_worse(now - before, before * NOISE)
        }
        _ => Tone::Neutral,
    };
    judged(change, tone)
}

fn rest_row(facts: &Facts<'_>, models: usize, shown: &[&Pair]) -> TableRow {
    let shown: u64 = shown.iter().map(|pair| pair.count(Metric::LatencyKnown)).sum();
    let rest = facts.current.count(Metric::LatencyKnown).saturating_sub(shown);
    let mut cells: Vec<TableCell> =
        vec![Value::Text(format!("{models} other")).into(), Value::Count(rest).into()];
    cells.extend((0..5).map(|_| quiet(Missing::NotApplicable)));
    TableRow { role: RowRole::Note, swatch: None, cells }
}

/// Models whose latency the log doesn't hold: a row each while they are few, else one row.
fn silent_rows(models: &Models) -> Vec<TableRow> {
    let silent: Vec<&Pair> = models
        .0
        .iter()
        .filter(|pair| pair.count(Metric::Requests) > 0 && pair.count(Metric::LatencyKnown) == 0)
        .collect();
    if silent.len() > SILENT_ROWS {
        return vec![not_in_log(Value::Text(format!("{} more models", silent.len())))];
    }
    silent.iter().map(|pair| not_in_log(model(pair.key.as_deref()))).collect()
}

fn not_in_log(name: Value) -> TableRow {
    let mut cells: Vec<TableCell> = vec![name.into(), quiet(Missing::NotInLog)];
    cells.extend((0..5).map(|_| quiet(Missing::NotApplicable)));
    TableRow { role: RowRole::Note, swatch: None, cells }
}
