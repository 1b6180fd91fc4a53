//! What could go wrong, from all that is known: budgets, quotas, anomalies, data. Also what stands
//! at the top of every report as needing attention.

use super::{anomalies, load};
use crate::insight::budget::{BudgetState, Standing};
use crate::report::facts::Facts;
use crate::report::parts::{
    Finding, Grade, Kpi, Outcome, Prose, RowRole, Section, Severity, Table, TableRow, Value,
};
use crate::report::trust;
use crate::report::words::{self, parts_column, text_column};

/// Most risks of one kind that are listed.
const OF_A_KIND: usize = 4;

pub(super) fn section(facts: &Facts<'_>, kpis: &[Kpi]) -> Section {
    let mut risks: Vec<Finding> = budgets(facts);
    risks.extend(quotas(facts));
    risks.extend(incidents(facts));
    risks.extend(data(facts));
    risks.extend(missed(facts, kpis));
    risks.sort_by_key(|risk| risk.severity);
    let mut section = super::bare("risks", "Risks", takeaway(&risks));
    section.tables = vec![table(&risks)];
    section.queries = vec![facts.command("anomalies"), facts.command("capacity")];
    section.findings = risks;
    section
}

fn takeaway(risks: &[Finding]) -> Prose {
    let high = risks.iter().filter(|risk| risk.severity == Severity::High).count() as u64;
    let all = risks.len() as u64;
    match (all, high) {
        (0, _) => Prose::text(
            "None of the risks that are looked for was found: budgets, quotas, anomalies, gaps in data, \
             targets.",
        ),
        (_, 0) => Prose::default().value(Value::Count(all)).say(words::counted(
            all,
            " risk, not high.",
            " risks, none of them high.",
        )),
        _ => Prose::default()
            .value(Value::Count(all))
            .say(words::counted(all, " risk", " risks"))
            .say(", ")
            .value(Value::Count(high))
            .say(" of them high."),
    }
}

fn table(risks: &[Finding]) -> Table {
    let row = |role, name: &str, n: usize| TableRow {
        role,
        swatch: None,
        cells: vec![Value::Text(name.to_owned()).into(), Value::Count(n as u64).into()],
    };
    let of = |severity| risks.iter().filter(|risk| risk.severity == severity).count();
    Table {
        caption: "Risks by severity".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![text_column("severity", "Severity"), parts_column("risks", "Risks", None)],
        rows: vec![
            row(RowRole::Body, "High", of(Severity::High)),
            row(RowRole::Body, "Medium", of(Severity::Medium)),
            row(RowRole::Body, "Low", of(Severity::Low)),
            row(RowRole::Total, "Total", risks.len()),
        ],
    }
}

/// Budgets that are spent, or heading beyond their amount.
pub(in crate::report) fn budgets(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(budgets) = &facts.insights().budgets else { return Vec::new() };
    let month = budgets.month.from.with_timezone(&facts.zone()).format("%Y-%m").to_string();
    let at_risk = budgets
        .states
        .iter()
        .filter(|state| matches!(state.standing, Standing::Exhausted | Standing::ProjectedOver));
    at_risk.take(OF_A_KIND).map(|state| budget(state, &month)).collect()
}

fn budget(state: &BudgetState, month: &str) -> Finding {
    let is_spent = state.standing == Standing::Exhausted;
    let title = Prose::text("Budget ").value(Value::Id(state.name.clone())).say(if is_spent {
        " is spent"
    } else {
        " is heading over"
    });
    let mut detail = Prose::default();
    if let Some(projected) = state.projected_usd {
        detail = detail
            .value(Value::Usd(projected))
            .say(" projected against ")
            .value(Value::Usd(state.amount_usd));
    }
    if let Some(day) = state.exhaustion_date {
        let word = if is_spent { "; spent on " } else { "; runs out on " };
        detail = detail.say(word).value(Value::Day(day));
    }
    Finding {
        id: format!("budget {month} {}", state.name),
        severity: if is_spent { Severity::High } else { Severity::Medium },
        title,
        period: None,
        detail: detail.say("."),
        state: None,
        query: format!("bedrock-lens budgets --month {month}"),
    }
}

fn quotas(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(loads) = &facts.insights().loads else { return Vec::new() };
    let query = facts.command("capacity");
    let mut found: Vec<Finding> =
        loads.loads.iter().filter_map(|one| load::pressure(one, &query)).collect();
    found.sort_by(|a, b| (a.severity, &a.id).cmp(&(b.severity, &b.id)));
    found.truncate(OF_A_KIND);
    found
}

/// Grave anomalies.
pub(in crate::report) fn incidents(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(found) = &facts.insights().anomalies else { return Vec::new() };
    let mut found: Vec<Finding> = found
        .incidents
        .iter()
        .filter(|one| anomalies::severity(one.severity) < Severity::Low)
        .map(|one| Finding {
            id: one.id.clone(),
            severity: anomalies::severity(one.severity),
            title: Prose::text(one.title.clone()),
            period: Some(crate::period::Period { from: one.from, to: one.to }),
            detail: Prose::text(format!("{}.", words::span(one.from, one.to, facts.zone()))),
            state: one.is_ongoing.then_some("ongoing"),
            query: one.query.clone(),
        })
        .collect();
    found.sort_by(|a, b| (a.severity, &a.id).cmp(&(b.severity, &b.id)));
    found.truncate(OF_A_KIND);
    found
}

/// What the figures leave out.
fn data(facts: &Facts<'_>) -> Vec<Finding> {
    let grade = trust::grade(facts);
    let weak = trust::checks(facts).into_iter().filter(|check| check.grade > Grade::B);
    weak.take(OF_A_KIND)
        .map(|check| Finding {
            id: format!("data {}", check.name.to_lowercase()),
            severity: if grade == Grade::D { Severity::High } else { Severity::Medium },
            title: Prose::text(format!("{}: ", check.name)).value(check.value.clone()),
            period: None,
            detail: Prose::text(format!(
                "Grade {:?}; grade A needs {}. ",
                check.grade, check.needed
            ))
            .link("method", "How graded"),
            state: None,
            query: facts.query("day", "requests,unpriced_requests"),
        })
        .collect()
}

fn missed(facts: &Facts<'_>, kpis: &[Kpi]) -> Vec<Finding> {
    let missed = kpis.iter().filter(|kpi| kpi.outcome == Outcome::Miss);
    missed
        .take(OF_A_KIND)
        .map(|kpi| Finding {
            id: format!("target {}", kpi.key),
            severity: Severity::Medium,
            title: Prose::text(format!("{} ", kpi.label))
                .value(kpi.value.clone())
                .say(format!(", target missed ({})", kpi.target)),
            period: None,
            detail: Prose::default(),
            state: None,
            query: facts.command("kpis"),
        })
        .collect()
}
