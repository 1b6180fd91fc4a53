//! Guardrails: how often one was attached, and how often it acted.

use polars::prelude::PolarsResult;

use super::model as model_label;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::share;
use crate::report::facts::Facts;
use crate::report::parts::{Empty, Prose, RowRole, Section, Table, TableCell, TableRow, Value};
use crate::report::read::Usage;
use crate::report::words::{self, figure_column, parts_column, text_column};
use crate::schema::invocation::guardrail_action;

pub(super) fn section(facts: &Facts<'_>) -> PolarsResult<Section> {
    let by = [Dimension::GuardrailAction, Dimension::Model];
    let (current, previous) = facts.compare(&by, &[Metric::Requests])?;
    let seen = |groups: &[Usage]| total(groups, |group| group.key().is_some());
    let query = facts.query("guardrail_action,model", "requests");
    if seen(&current) == 0 {
        return Ok(nothing_seen(facts, query));
    }
    let intervened =
        |groups: &[Usage]| total(groups, |group| group.key() == Some(guardrail_action::INTERVENED));
    let (acted, attached) = (intervened(&current), seen(&current));
    let rate = |acted, attached| Value::Rate(share(acted, attached).unwrap_or(0.0));
    let mut takeaway = Prose::text("Guardrails intervened in ")
        .value(Value::Count(acted))
        .say(" of ")
        .value(Value::Count(attached))
        .say(words::counted(attached, " request", " requests"))
        .say(" that show one (")
        .value(rate(acted, attached))
        .say(")");
    let before = (intervened(&previous), seen(&previous));
    if before.1 > 0 {
        takeaway = takeaway
            .say(format!("; {} the rate was ", facts.in_last_period()))
            .value(rate(before.0, before.1));
    }
    let takeaway = takeaway.say(".");
    let mut section = super::bare("guardrails", "Guardrails", takeaway);
    section.tables = vec![table(&current, acted, attached)];
    section.notes = vec![Prose::text(
        "Requests: those whose record shows a guardrail; others may still have had one. Intervened: it blocked or masked something.",
    )];
    section.queries = vec![query];
    Ok(section)
}

fn total(groups: &[Usage], part: impl Fn(&Usage) -> bool) -> u64 {
    groups.iter().filter(|group| part(group)).map(|group| group.count(Metric::Requests)).sum()
}

fn nothing_seen(facts: &Facts<'_>, query: String) -> Section {
    let takeaway =
        Prose::text("Not reported: no log record of this period says whether a guardrail ran.");
    let mut section = super::bare("guardrails", "Guardrails", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("0 of ").value(Value::Count(facts.current.count(Metric::Requests))).say(
            " records carry a guardrail’s verdict. This is missing data, not zero interventions.",
        ),
        fill: Prose::text(
            "Attach a guardrail to the calls, with delivery of text bodies switched on.",
        ),
        check: query,
    });
    section
}

fn table(current: &[Usage], acted: u64, attached: u64) -> Table {
    let mut models: Vec<Option<String>> = current
        .iter()
        .filter(|group| group.key().is_some())
        .map(|group| group.keys[1].clone())
        .collect();
    models.sort();
    models.dedup();
    let mut rows: Vec<TableRow> = models
        .iter()
        .map(|model| {
            let of = |action: Option<&str>| {
                total(current, |group| {
                    group.keys[1] == *model
                        && group.key().is_some()
                        && (action.is_none() || group.key() == action)
                })
            };
            let (acted, attached) = (of(Some(guardrail_action::INTERVENED)), of(None));
            row(RowRole::Body, model_label(model.as_deref()), acted, attached)
        })
        .collect();
    rows.push(row(RowRole::Total, Value::Text("Total".to_owned()), acted, attached));
    Table {
        caption: "Guardrail interventions by model".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("model", "Model"),
            parts_column("attached", "Requests", None),
            parts_column("intervened", "Intervened", None),
            figure_column("rate", "Rate", None),
        ],
        rows,
    }
}

fn row(role: RowRole, name: Value, acted: u64, attached: u64) -> TableRow {
    let rate: TableCell = Value::Rate(share(acted, attached).unwrap_or(0.0)).into();
    let cells = vec![name.into(), Value::Count(attached).into(), Value::Count(acted).into(), rate];
    TableRow { role, swatch: None, cells }
}
