//! What was read into the store, and how fresh the logs of each account and Region are.

use chrono::{DateTime, Duration, Utc};

use crate::report::compare::{judged, quiet};
use crate::report::facts::Facts;
use crate::report::inputs::Freshness;
use crate::report::parts::{Empty, Missing, Prose, RowRole, Section, Table, TableRow, Tone, Value};
use crate::report::words::{self, figure_column, parts_column, text_column};

/// Most places listed.
const ROWS: usize = 20;
/// Logs are delivered within minutes to an hour; older than this is late.
const LATE: Duration = Duration::hours(6);

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let Some(ingestion) = facts.insights().ingestion.as_ref() else { return one_shot() };
    let mut places: Vec<&Freshness> = ingestion.places.iter().collect();
    places.sort_by_key(|place| (place.newest, &place.kind, &place.account, &place.region));
    let until = facts.inputs.period.to.min(facts.inputs.generated);
    let mut section = super::bare("ingestion", "Ingestion", takeaway(facts, &places, until));
    section.tables = vec![table(&places, until)];
    section.notes = vec![Prose::text(
        "Behind: from the newest object’s time of writing to the end of the period. An account and \
         Region that makes no calls writes no objects, so this is a sign, not a proof.",
    )];
    section.queries =
        vec!["bedrock-lens store info".to_owned(), facts.query("account,region", "requests")];
    section
}

fn one_shot() -> Section {
    let takeaway = Prose::text("Not reported: the report was made without a store.");
    let mut section = super::bare("ingestion", "Ingestion", takeaway);
    section.empty = Some(Empty {
        why: Prose::marked("A report of a `--source` reads everything once and keeps nothing."),
        fill: Prose::marked("`bedrock-lens ingest SOURCE`, then the report without `--source`."),
        check: "bedrock-lens store info".to_owned(),
    });
    section
}

/// How far the newest object lies before the end of the period; never less than nothing.
fn behind(place: &Freshness, until: DateTime<Utc>) -> Option<Duration> {
    place.newest.map(|newest| (until - newest).max(Duration::zero()))
}

fn takeaway(facts: &Facts<'_>, places: &[&Freshness], until: DateTime<Utc>) -> Prose {
    let late = places
        .iter()
        .filter(|place| behind(place, until).is_some_and(|behind| behind > LATE))
        .count() as u64;
    let all = places.len() as u64;
    let rejected = facts.reading.rejected();
    let logs = match late {
        0 => Prose::text("The logs of all ")
            .value(Value::Count(all))
            .say(" accounts, Regions and kinds reach the end of the period"),
        n => Prose::default().value(Value::Count(n)).say(" of ").value(Value::Count(all)).say(
            words::counted(
                n,
                " accounts, Regions and kinds has no object of the last 6 h",
                " accounts, Regions and kinds have no object of the last 6 h",
            ),
        ),
    };
    match rejected {
        0 => logs.say("; nothing was rejected."),
        n => logs.say("; ").value(Value::Count(n)).say(" records and objects were rejected."),
    }
}

fn table(places: &[&Freshness], until: DateTime<Utc>) -> Table {
    let id = |text: Option<&String>| {
        text.map_or(Value::Missing(Missing::Unknown), |text| Value::Id(text.clone()))
    };
    #[expect(clippy::cast_precision_loss, reason = "a duration, far below 2⁵³")]
    let age = |behind: Duration| {
        let tone = if behind > LATE { Tone::Warn } else { Tone::Neutral };
        judged(Value::DurationMs(behind.num_milliseconds() as f64), tone)
    };
    let (shown, rest) = places.split_at(places.len().min(ROWS));
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|place| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(place.kind.clone()).into(),
                id(place.account.as_ref()).into(),
                id(place.region.as_ref()).into(),
                Value::Count(place.objects).into(),
                place.newest.map_or_else(|| quiet(Missing::Unknown), |at| Value::Time(at).into()),
                behind(place, until).map_or_else(|| quiet(Missing::Unknown), age),
            ],
        })
        .collect();
    let sum = |places: &[&Freshness]| places.iter().map(|place| place.objects).sum();
    let line = |role, name: String, objects: u64| TableRow {
        role,
        swatch: None,
        cells: vec![
            Value::Text(name).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Count(objects).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Missing(Missing::Blank).into(),
        ],
    };
    if !rest.is_empty() {
        rows.push(line(RowRole::Note, format!("{} other", rest.len()), sum(rest)));
    }
    rows.push(line(RowRole::Total, "Total".to_owned(), sum(places)));
    Table {
        caption: "Newest objects in the store, oldest first".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("kind", "Kind of log"),
            text_column("account", "Account"),
            text_column("region", "Region"),
            parts_column("objects", "Objects", Some("in all")),
            figure_column("newest", "Newest object", Some("UTC")),
            figure_column("behind_ms", "Behind", None),
        ],
        rows,
    }
}
