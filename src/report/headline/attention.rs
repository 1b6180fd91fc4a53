//! What needs attention: at most three lines, most important first.

use crate::report::facts::Facts;
use crate::report::parts::{Attention, Finding, Grade, Kpi, Outcome, Prose, Severity, Value};
use crate::report::sections::{happened, risks};
use crate::report::{trust, words};

/// At most three lines: missed targets first, then what the figures leave out.
pub(in crate::report) fn attention(facts: &Facts<'_>, kpis: &[Kpi]) -> Vec<Attention> {
    let mut lines: Vec<Attention> = kpis
        .iter()
        .filter(|kpi| kpi.outcome == Outcome::Miss)
        .map(|kpi| missed(kpi, facts))
        .collect();
    lines
        .sort_by_key(|line| SECTIONS.iter().position(|(_, section)| line.section == Some(section)));
    lines.truncate(MISSED);
    lines.extend(found(facts));
    lines.extend(risks::budgets(facts).into_iter().map(|risk| line(risk, "budgets")));
    lines.extend(
        risks::incidents(facts)
            .into_iter()
            .filter(|risk| risk.severity == Severity::High)
            .map(|risk| line(risk, "anomalies")),
    );
    let gaps: Vec<Attention> = unlogged(facts).into_iter().chain(unpriced(facts)).collect();
    lines.extend(if gaps.is_empty() { low_grade(facts).into_iter().collect() } else { gaps });
    lines.extend(stale_prices(facts));
    lines.truncate(3);
    lines
}

/// Most lines about targets, where there is more to say.
const MISSED: usize = 2;

/// What detections found of high severity, where the report asks them.
fn found(facts: &Facts<'_>) -> Vec<Attention> {
    let found = facts.insights().timeline.as_ref().map(happened::findings).unwrap_or_default();
    let grave = found.into_iter().filter(|one| one.severity == Severity::High);
    grave.map(|one| line(one, "timeline")).collect()
}

fn line(risk: Finding, section: &'static str) -> Attention {
    Attention { title: risk.title, detail: risk.detail, section: Some(section) }
}

/// The section that shows more of each key figure, in the order of concern.
const SECTIONS: [(&str, &str); 6] = [
    ("success_rate", "errors"),
    ("response_time_mean_ms", "latency"),
    ("cost_per_request_usd", "models"),
    ("token_efficiency", "method"),
    ("active_principals", "principals"),
    ("daily_active_models", "daily"),
];

fn section_of(kpi: &str) -> Option<&'static str> {
    SECTIONS.iter().find(|(key, _)| *key == kpi).map(|(_, section)| *section)
}

/// A grade below B that neither missing logs nor missing prices explain.
fn low_grade(facts: &Facts<'_>) -> Option<Attention> {
    let grade = trust::grade(facts);
    let checks = trust::checks(facts);
    let weakest: Vec<&str> =
        checks.iter().filter(|check| check.grade == grade).map(|check| check.name).collect();
    (grade > Grade::B).then(|| Attention {
        title: Prose::text(format!("Data grade {grade:?}")),
        detail: Prose::text(format!("Due to {}.", words::list(&weakest).to_lowercase())),
        section: Some("method"),
    })
}

fn missed(kpi: &Kpi, facts: &Facts<'_>) -> Attention {
    Attention {
        title: Prose::text(format!("{} ", kpi.label))
            .value(two_decimals(&kpi.value))
            .say(format!(", target missed ({})", kpi.target)),
        detail: match kpi.previous {
            Value::Missing(_) => Prose::text("There is no earlier value to compare with."),
            _ if kpi.change == Value::CountChange(0) => {
                Prose::text(format!("The same as {}.", facts.in_last_period()))
            }
            _ => Prose::default()
                .value(kpi.change.clone())
                .say(" against ")
                .value(two_decimals(&kpi.previous))
                .say(format!(" {}.", facts.in_last_period())),
        },
        section: section_of(kpi.key),
    }
}

/// A share that stands beside its target says how near it came.
fn two_decimals(value: &Value) -> Value {
    match value {
        Value::Share(share) => Value::Rate(*share),
        other => other.clone(),
    }
}

fn unlogged(facts: &Facts<'_>) -> Option<Attention> {
    let coverage = &facts.coverage;
    let gap = coverage.known_gaps().first()?;
    let graded =
        trust::checks(facts).iter().any(|check| check.is_about_logs() && check.grade > Grade::A);
    graded.then(|| Attention {
        title: Prose::default()
            .value(Value::Count(coverage.unlogged))
            .say(words::counted(coverage.unlogged, " call has", " calls have"))
            .say(" no invocation log"),
        detail: Prose::text("The longest gap is in ")
            .value(Value::Id(gap.region.clone()))
            .say(format!(", {}.", words::span(gap.from, gap.to, facts.zone()))),
        section: Some("method"),
    })
}

fn unpriced(facts: &Facts<'_>) -> Option<Attention> {
    let worst = facts.pricing.unpriced.first()?;
    let graded =
        trust::checks(facts).iter().any(|check| check.is_about_prices() && check.grade > Grade::A);
    graded.then(|| Attention {
        title: Prose::default().value(Value::Model(worst.model.clone())).say(" has no price"),
        detail: Prose::default()
            .value(Value::Count(worst.requests))
            .say(words::counted(worst.requests, " request", " requests"))
            .say(format!(" not in spend: {}.", worst.reason_in_words())),
        section: Some("method"),
    })
}

fn stale_prices(facts: &Facts<'_>) -> Option<Attention> {
    let prices = &facts.inputs.prices;
    prices.is_stale.then(|| Attention {
        title: Prose::text(format!("The price book is {} days old", prices.age_days)),
        detail: Prose::text("Its newest source is of ")
            .value(Value::Day(prices.newest_source))
            .say("; prices may have changed since."),
        section: Some("method"),
    })
}
