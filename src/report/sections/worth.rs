//! Return: what the work was worth by what the user states, against what it cost.

use crate::metrics::metric::Metric;
use crate::report::facts::Facts;
use crate::report::inputs::Worth;
use crate::report::parts::{
    Bar, Chart, Empty, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Table, TableCell,
    TableRow, Value,
};
use crate::report::words::{figure_column, text_column};
use crate::units::Usd;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let Some(worth) = &facts.insights().worth else { return not_stated(facts) };
    let Some(spend) = facts.current.usd(Metric::CostUsd) else { return not_priced(facts) };
    let sums = Sums::of(facts, worth, spend);
    let mut section = super::bare("return", "Return", takeaway(&sums));
    section.figure = Some(figure(&sums));
    section.tables = vec![table(worth, &sums)];
    section.notes = vec![
        Prose::text("The worth of a request is your input, not a measurement: ")
            .say(format!("{}.", worth.basis.trim_end_matches('.'))),
    ];
    section.queries = vec![facts.query("status", "requests,cost_usd")];
    section
}

struct Sums {
    ok: u64,
    worth: Usd,
    spend: Usd,
    other: Usd,
}

impl Sums {
    fn of(facts: &Facts<'_>, worth: &Worth, spend: Usd) -> Self {
        let ok = facts.current.count(Metric::Ok);
        Self {
            ok,
            worth: Usd(worth.per_request.0.saturating_mul(i128::from(ok))),
            spend,
            other: other_cost(facts, worth.other_cost_per_month),
        }
    }

    fn cost(&self) -> Usd {
        self.spend + self.other
    }

    fn net(&self) -> Usd {
        self.worth - self.cost()
    }

    fn ratio(&self) -> Option<f64> {
        (self.cost().0 > 0).then(|| self.worth.to_f64() / self.cost().to_f64())
    }
}

/// The monthly cost, for the days of the period: each day its part of its own month.
fn other_cost(facts: &Facts<'_>, per_month: Usd) -> Usd {
    use chrono::Datelike;
    let days = facts.inputs.period.local_days(facts.zone());
    let part = |day: chrono::NaiveDate| {
        let month = day.with_day(1).unwrap_or(day).iter_days();
        let length = month.take_while(|other| other.month() == day.month()).count().max(1);
        per_month.0 / i128::try_from(length).unwrap_or(30)
    };
    Usd(days.map(part).sum())
}

fn not_stated(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text("Not reported: nobody has said what the work is worth.");
    let mut section = super::bare("return", "Return", takeaway);
    section.empty = Some(Empty {
        why: Prose::marked("The configuration has no `[worth]`, and logs don’t know it."),
        fill: Prose::marked(
            "`[worth]` with `per_request_usd`, or `minutes_saved_per_request` and `hourly_cost_usd`.",
        ),
        check: facts.query("status", "requests,cost_usd"),
    });
    section
}

fn not_priced(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text("Not reported: no request of this period has a price.");
    let mut section = super::bare("return", "Return", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("Without spend there is nothing to set the worth against."),
        fill: Prose::text("A price for the models in use; ")
            .link("method", "why each has none")
            .say("."),
        check: facts.query("model", "requests,unpriced_requests"),
    });
    section
}

fn takeaway(sums: &Sums) -> Prose {
    let sentence = Prose::default()
        .value(Value::Count(sums.ok))
        .say(" successful requests are worth ")
        .value(Value::Usd(sums.worth))
        .say(" by your input, against a cost of ")
        .value(Value::Usd(sums.cost()));
    match sums.ratio() {
        Some(ratio) => sentence.say(": ").value(Value::Mean(ratio)).say(" to 1."),
        None => sentence.say("."),
    }
}

fn figure(sums: &Sums) -> Figure {
    let bar = |label: &str, amount| Bar {
        label: label.to_owned(),
        value: Value::Usd(amount),
        previous: None,
        hatched: false,
    };
    let mut rows = vec![bar("Worth", sums.worth), bar("Models, list cost", sums.spend)];
    if sums.other.0 > 0 {
        rows.push(bar("Other cost", sums.other));
    }
    Figure {
        title: "Worth and cost".to_owned(),
        description: Prose::text("Bars from zero: worth ")
            .value(Value::Usd(sums.worth))
            .say(", cost ")
            .value(Value::Usd(sums.cost()))
            .say("."),
        caption: Prose::text("USD. Worth by your input; list cost as measured."),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    }
}

fn table(worth: &Worth, sums: &Sums) -> Table {
    let line = |role, name: &str, value: TableCell| TableRow {
        role,
        swatch: None,
        cells: vec![Value::Text(name.to_owned()).into(), value],
    };
    let money = |name, amount| line(RowRole::Body, name, Value::Usd(amount).into());
    let mut rows = vec![
        line(RowRole::Body, "Successful requests", Value::Count(sums.ok).into()),
        line(RowRole::Body, "Worth of one", Value::UnitUsd(worth.per_request).into()),
        money("Worth", sums.worth),
        money("Models, list cost", sums.spend),
    ];
    if worth.other_cost_per_month.0 > 0 {
        rows.push(money("Other cost, the period’s part", sums.other));
    }
    rows.push(line(RowRole::Total, "Worth − cost", Value::UsdChange(sums.net()).into()));
    let ratio = sums.ratio().map_or(Value::Missing(Missing::NotApplicable), Value::Mean);
    rows.push(line(RowRole::Aside, "Worth ÷ cost", ratio.into()));
    Table {
        caption: "Worth and cost".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![text_column("item", "Item"), figure_column("value", "Value", Some("USD"))],
        rows,
    }
}
