//! Method and data quality: the checks behind the grade, what was read, prices and definitions.

use super::Models;
use crate::metrics::metric::Metric;
use crate::report::compare::{judged, or_missing};
use crate::report::facts::Facts;
use crate::report::model_name::short;
use crate::report::parts::{
    Grade, Missing, Prose, RowRole, Section, Table, TableCell, TableRow, Tone, Value,
};
use crate::report::trust::{Check, checks, grade};
use crate::report::words::{self, figure_column, parts_column, text_column};

/// Most gaps listed one by one.
const GAPS: usize = 10;

pub(super) fn section(facts: &Facts<'_>, models: &Models) -> Section {
    let mut section = super::bare("method", "Method and data quality", takeaway(facts));
    section.tables = vec![coverage(facts), prices(facts)];
    section.tables.extend(gaps(facts));
    section.tables.extend(unpriced(facts));
    section.tables.extend(rejects(facts));
    section.tables.push(definitions(facts));
    section.tables.extend(model_names(models));
    section.notes = vec![Prose::text(
        "Grades: log and price coverage give A from 99.5%, B from 98%, C from 90%, D below; log coverage that can’t be \
         checked gives C. Gaps give A up to 1 h, B up to 6 h, C up to 24 h. Days without logs give C for one, D for more. \
         Rejects give A for none, B up to 1% of records, C up to 5%. The weakest check decides.",
    )];
    section.queries = vec![
        facts.query("region", "requests,unpriced_requests,priced_share,latency_known"),
        "bedrock-lens query --sql \"select object, record, reason from rejects\"".to_owned(),
    ];
    section
}

fn takeaway(facts: &Facts<'_>) -> Prose {
    let grade = grade(facts);
    if grade == Grade::A {
        return Prose::text("Grade A: every check of coverage and reading passed.");
    }
    let all = checks(facts);
    let weakest: Vec<&Check> = all.iter().filter(|check| check.grade == grade).collect();
    let mut takeaway = Prose::text(format!("Grade {grade:?}: "));
    for (index, check) in weakest.iter().enumerate() {
        takeaway = takeaway
            .say(if index == 0 { "" } else { " and " })
            .say(format!("{} ", check.name.to_lowercase()))
            .value(check.value.clone());
    }
    let mut needed: Vec<&str> = weakest.iter().map(|check| check.needed).collect();
    needed.dedup();
    takeaway.say(format!("; grade A needs {}.", words::list(&needed)))
}

fn coverage(facts: &Facts<'_>) -> Table {
    let mut rows: Vec<TableRow> = checks(facts)
        .into_iter()
        .map(|check| {
            let tone = match check.grade {
                Grade::A => Tone::Neutral,
                Grade::B | Grade::C => Tone::Warn,
                Grade::D => Tone::Bad,
            };
            line(check.name, judged(check.value, tone), check.needed, &format!("{:?}", check.grade))
        })
        .collect();
    let counts = [
        ("Runtime calls in CloudTrail", facts.coverage.called),
        ("… with an invocation log", facts.coverage.logged),
        ("… without", facts.coverage.unlogged),
        ("Logged calls without a CloudTrail event", facts.coverage.log_only),
        ("Objects with rows in the period", facts.inputs.objects.read),
        ("Duplicate rows, counted once", facts.inputs.objects.duplicates),
    ];
    rows.extend(counts.map(|(name, n)| line(name, Value::Count(n).into(), "reported only", "")));
    Table {
        caption: "Coverage".to_owned(),
        show_caption: true,
        wide: false,
        columns: vec![
            text_column("check", "Check"),
            figure_column("value", "Value", None),
            text_column("needed", "Rule for grade A"),
            text_column("grade", "Grade"),
        ],
        rows,
    }
}

fn line(name: &str, value: TableCell, needed: &str, grade: &str) -> TableRow {
    let text = |words: &str| Value::Text(words.to_owned()).into();
    TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![text(name), value, text(needed), text(grade)],
    }
}

fn prices(facts: &Facts<'_>) -> Table {
    let prices = &facts.inputs.prices;
    let age = judged(
        Value::Text(format!("{} days", prices.age_days)),
        if prices.is_stale { Tone::Warn } else { Tone::Neutral },
    );
    let row = |name: &str, value: TableCell| TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![Value::Text(name.to_owned()).into(), value],
    };
    let pricing = &facts.pricing;
    let mut rows = vec![
        row("Newest source of the price book", Value::Day(prices.newest_source).into()),
        row("Age when this report was made", age),
        row("Models in the book", Value::Count(prices.models as u64).into()),
        row("Dated price rows", Value::Count(prices.rows as u64).into()),
        row("Requests that are billed", Value::Count(pricing.billed).into()),
        row("… fully priced", Value::Count(pricing.priced).into()),
        row(
            "Requests not billed (failed without tokens, input blocked)",
            Value::Count(pricing.not_billed).into(),
        ),
        row("Tokens of billed requests", Value::Tokens(pricing.tokens).into()),
        row("… without a price", Value::Tokens(pricing.unpriced_tokens).into()),
        row("Discounts, credits, taxes", Value::Text("not in list cost".to_owned()).into()),
    ];
    if let Some(cached) = prices.cached_inside {
        let used = |is: bool| if is { ", used here" } else { "" };
        let as_logged = cached.charged_as_logged;
        rows.push(row(
            &format!(
                "Requests with cached tokens inside their input: taken out{}",
                used(!as_logged)
            ),
            Value::Usd(cached.documented).into(),
        ));
        rows.push(row(
            &format!("… charged whole, as logged{}", used(as_logged)),
            Value::Usd(cached.as_logged).into(),
        ));
    }
    Table {
        caption: "Prices".to_owned(),
        show_caption: true,
        wide: false,
        columns: vec![text_column("item", "Item"), figure_column("value", "Value", None)],
        rows,
    }
}

fn gaps(facts: &Facts<'_>) -> Option<Table> {
    let gaps = facts.coverage.known_gaps();
    if gaps.is_empty() {
        return None;
    }
    let in_gaps: u64 = gaps.iter().map(|gap| gap.unlogged).sum();
    let (listed, rest) = gaps.split_at(gaps.len().min(GAPS));
    let zone = facts.zone();
    let place =
        |account: Value, region: Value, from: String, to: String, unlogged: u64, role| TableRow {
            role,
            swatch: None,
            cells: vec![
                account.into(),
                region.into(),
                Value::Text(from).into(),
                Value::Text(to).into(),
                Value::Count(unlogged).into(),
            ],
        };
    let blank = || Value::Missing(Missing::Blank);
    let mut rows: Vec<TableRow> = listed
        .iter()
        .map(|gap| {
            place(
                Value::Id(gap.account.clone()),
                Value::Id(gap.region.clone()),
                words::moment(gap.from, zone),
                words::moment(gap.to, zone),
                gap.unlogged,
                RowRole::Body,
            )
        })
        .collect();
    if !rest.is_empty() {
        rows.push(place(
            Value::Text(format!("{} shorter gaps", rest.len())),
            blank(),
            String::new(),
            String::new(),
            rest.iter().map(|gap| gap.unlogged).sum(),
            RowRole::Note,
        ));
    }
    let scattered = facts.coverage.unlogged.saturating_sub(in_gaps);
    rows.push(place(
        Value::Text("Outside gaps".to_owned()),
        blank(),
        String::new(),
        String::new(),
        scattered,
        RowRole::Note,
    ));
    rows.push(place(
        Value::Text("Total".to_owned()),
        blank(),
        String::new(),
        String::new(),
        facts.coverage.unlogged,
        RowRole::Total,
    ));
    Some(Table {
        caption: "Gaps: hours in which a region of an account has calls in CloudTrail and no log"
            .to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![
            text_column("account", "Account"),
            text_column("region", "Region"),
            text_column("from", "From"),
            text_column("to", "To"),
            parts_column("unlogged", "Calls without a log", None),
        ],
        rows,
    })
}

fn unpriced(facts: &Facts<'_>) -> Option<Table> {
    let unpriced = &facts.pricing.unpriced;
    if unpriced.is_empty() {
        return None;
    }
    let rows = unpriced
        .iter()
        .map(|row| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Model(row.model.clone()).into(),
                Value::Text(row.reason_in_words()).into(),
                Value::Count(row.requests).into(),
                or_missing(row.tokens, Value::Tokens, Missing::Unknown),
            ],
        })
        .collect();
    Some(Table {
        caption: "Requests without a full price".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![
            text_column("model", "Model"),
            text_column("reason", "Reason"),
            figure_column("requests", "Requests", None),
            figure_column("total_tokens", "Tokens", None),
        ],
        rows,
    })
}

fn rejects(facts: &Facts<'_>) -> Option<Table> {
    let rejects = &facts.reading.rejects;
    if rejects.is_empty() {
        return None;
    }
    let row = |role, reason: &str, count: u64| TableRow {
        role,
        swatch: None,
        cells: vec![Value::Text(reason.to_owned()).into(), Value::Count(count).into()],
    };
    let mut rows: Vec<TableRow> =
        rejects.iter().map(|(reason, count)| row(RowRole::Body, reason, *count)).collect();
    rows.push(row(RowRole::Total, "Total", facts.reading.rejected()));
    Some(Table {
        caption: "Rejects".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![
            text_column("reason", "Reason"),
            parts_column("count", "Records and objects", None),
        ],
        rows,
    })
}

/// Which id each short name stands for.
fn model_names(models: &Models) -> Option<Table> {
    let mut ids: Vec<&str> = models.0.iter().filter_map(|pair| pair.key.as_deref()).collect();
    ids.retain(|id| short(id) != *id);
    ids.sort_by_key(|id| (short(id), *id));
    let row = |id: &&str| TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![Value::Model((*id).to_owned()).into(), Value::Id((*id).to_owned()).into()],
    };
    (!ids.is_empty()).then(|| Table {
        caption: "Models by their short names".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![text_column("model", "Short name"), text_column("model_id", "Model id")],
        rows: ids.iter().map(row).collect(),
    })
}

fn definitions(facts: &Facts<'_>) -> Table {
    let requests = facts.current.count(Metric::Requests);
    let known = facts.current.count(Metric::LatencyKnown);
    let count = |n: u64, of: &str| (Value::Count(n), of.to_owned());
    let entries: [(&str, &str, (Value, String)); 7] = [
        (
            "Spend",
            "List cost: logged tokens of each kind × list price of the request’s day, region, routing and tier. Requests without a price are left out and counted.",
            count(facts.pricing.priced, "priced requests"),
        ),
        (
            "Success rate",
            "Requests without an error ÷ all requests in the invocation logs, failed and throttled ones included. A guardrail’s intervention is no error.",
            count(requests, "requests"),
        ),
        (
            "Mean response time",
            "Arithmetic mean of the latency in Converse metrics and in the last chunk of streams.",
            count(known, "measured requests"),
        ),
        (
            "Cost per request",
            "Cost of the fully priced requests ÷ their number.",
            count(facts.pricing.priced, "priced requests"),
        ),
        (
            "Daily active models",
            "Distinct models with at least one successful request in a day, mean over the days with logs.",
            count(facts.reading.days_with_logs, "days with logs"),
        ),
        (
            "Active principals",
            "Distinct roles and users with at least one request, without their sessions.",
            count(facts.current.count(Metric::Principals), "principals"),
        ),
        (
            "Token efficiency",
            "Output tokens of responses that ended normally and did not repeat the same prompt of the same principal within 10 minutes ÷ output tokens of responses whose end is known.",
            facts
                .current
                .known(Metric::OutputTokens)
                .map_or((Value::Missing(Missing::Unknown), String::new()), |tokens| {
                    (Value::Tokens(tokens), "output tokens".to_owned())
                }),
        ),
    ];
    let rows = entries
        .into_iter()
        .map(|(measure, definition, (denominator, of))| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(measure.to_owned()).into(),
                Value::Text(definition.to_owned()).into(),
                denominator.into(),
                Value::Text(of).into(),
            ],
        })
        .collect();
    Table {
        caption: "Definitions and denominators".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![
            text_column("measure", "Measure"),
            text_column("definition", "Definition"),
            figure_column("denominator", "Denominator", None),
            text_column("of", "Of"),
        ],
        rows,
    }
}
