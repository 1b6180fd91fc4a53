//! Key figures in words: value, change, sparkline, target.

use minijinja::Value as Safe;

use super::tone;
use crate::render::format::words::legible as clean;
use crate::render::format::{Format, direction};
use crate::render::{Error, charts};
use crate::report::parts::{Kpi, Outcome, Value};

#[derive(Debug, Clone)]
pub(super) struct KpiView {
    label: String,
    value: String,
    missing: bool,
    note: Option<String>,
    tone: &'static str,
    arrow: &'static str,
    change: String,
    spark: Option<Safe>,
    outcome: OutcomeView,
    target: String,
}

shown!(KpiView { label, value, missing, note, tone, arrow, change, spark, outcome, target });

#[derive(Debug, Clone)]
struct OutcomeView {
    word: &'static str,
    icon: &'static str,
    tone: &'static str,
}

shown!(OutcomeView { word, icon, tone });

pub(super) fn view(kpi: &Kpi, index: usize, format: &Format) -> Result<KpiView, Error> {
    let summary: Vec<String> =
        kpi.spark.summary.iter().map(|(l, v)| format!("{l} {}", format.value(v))).collect();
    let id = format!("kpi{}", index + 1);
    let (count, step) = (kpi.spark.values.len(), kpi.spark.step.as_str());
    let title = format!("{}, {count} {step}s", kpi.label);
    let spark = charts::spark(&kpi.spark, &id, &title, &summary.join(", "))?;
    let arrow = match direction(&kpi.change) {
        1 => "▲",
        -1 => "▼",
        _ => "",
    };
    let [value, before] = format.near_target([&kpi.value, &kpi.previous], kpi.spark.target);
    Ok(KpiView {
        label: clean(&kpi.label),
        value,
        missing: matches!(kpi.value, Value::Missing(_)),
        note: kpi.note.as_deref().map(clean),
        tone: tone(kpi.tone),
        arrow,
        change: change(kpi, &before, format),
        spark: spark.map(Safe::from_safe_string),
        outcome: outcome(kpi.outcome),
        target: clean(&kpi.target),
    })
}

/// The difference and what it is a difference to.
fn change(kpi: &Kpi, before: &str, format: &Format) -> String {
    match (&kpi.previous, &kpi.change) {
        (Value::Missing(_), _) => "no earlier value".to_owned(),
        (_, change) if direction(change) == 0 && !matches!(change, Value::Missing(_)) => {
            format!("as before, {before}")
        }
        (_, change) => format!("{} vs {before}", format.value(change)),
    }
}

fn outcome(outcome: Outcome) -> OutcomeView {
    match outcome {
        Outcome::Pass => OutcomeView { word: "Pass", icon: "i-pass", tone: "good" },
        Outcome::Miss => OutcomeView { word: "Miss", icon: "i-miss", tone: "bad" },
        Outcome::NotEvaluated => {
            OutcomeView { word: "Not evaluated", icon: "i-none", tone: "mute" }
        }
    }
}
