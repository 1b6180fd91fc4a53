//! Load per minute against quotas, and who used a quota while calls were throttled.

use crate::insight::capacity::{Load, Pool};
use crate::metrics::metric::Metric;
use crate::report::compare::{judged, or_missing, quiet};
use crate::report::facts::Facts;
use crate::report::inputs::Loads;
use crate::report::model_name;
use crate::report::parts::{
    Bar, Chart, Empty, Figure, Finding, HorizontalBars, Missing, Prose, RangeRow, Ranges, RowRole,
    Section, Severity, Table, TableCell, TableRow, Tone, Value,
};
use crate::report::words::{self, figure_column, parts_column, text_column};

/// Most quotas drawn and listed.
const ROWS: usize = 10;
/// A peak of this part of a quota is pressure.
pub(in crate::report) const PRESSURE: f64 = 0.8;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let query = facts.command("capacity");
    let Some(loads) = facts.insights().loads.as_ref().filter(|loads| !loads.loads.is_empty())
    else {
        return nothing(query);
    };
    let ranked = ranked(loads);
    let mut section = super::bare("load", "Load and quotas", takeaway(&ranked));
    section.figure = Some(against_quotas(&ranked).unwrap_or_else(|| peaks(&ranked)));
    section.tables = vec![table(facts, &ranked)];
    section.findings = ranked.iter().filter_map(|load| pressure(load, &query)).collect();
    section.notes = notes(loads, &ranked);
    section.queries = vec![query];
    section
}

fn nothing(query: String) -> Section {
    let takeaway = Prose::text("Not reported: the log holds no request of this period.");
    let mut section = super::bare("load", "Load and quotas", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("Load per minute is counted from logged requests, and there are none."),
        fill: Prose::marked("Logs of the period: `bedrock-lens ingest SOURCE` reads more."),
        check: query,
    });
    section
}

/// The largest part of a quota that a load reached; none without a quota.
pub(in crate::report) fn peak_share(load: &Load) -> Option<f64> {
    let quota = load.quota.as_ref()?;
    [quota.rpm_peak_share, quota.tpm_peak_share].into_iter().flatten().reduce(f64::max)
}

/// Nearest to its quota first, then most requests per minute.
fn ranked(loads: &Loads) -> Vec<&Load> {
    let mut ranked: Vec<&Load> = loads.loads.iter().collect();
    ranked.sort_by(|a, b| {
        let share = |load: &Load| peak_share(load).unwrap_or(-1.0);
        share(b)
            .total_cmp(&share(a))
            .then_with(|| (b.throttled, b.rpm.peak).cmp(&(a.throttled, a.rpm.peak)))
            .then_with(|| a.pool.cmp(&b.pool))
    });
    ranked
}

/// `claude-sonnet-4-5, us-east-1 (us), 111122223333`
pub(in crate::report) fn name(pool: &Pool) -> String {
    let model = pool.model.as_deref().map_or_else(|| "unknown".to_owned(), model_name::short);
    let region = pool.region.as_deref().unwrap_or("unknown Region");
    let account = pool.account.as_deref().unwrap_or("unknown account");
    match pool.routing.as_deref() {
        None | Some("in_region") => format!("{model}, {region}, {account}"),
        Some(routing) => format!("{model}, {region} ({routing}), {account}"),
    }
}

fn takeaway(ranked: &[&Load]) -> Prose {
    let Some(first) = ranked.first() else { return Prose::default() };
    let throttled: i64 = ranked.iter().map(|load| load.throttled).sum();
    let sentence = if let Some(share) = peak_share(first) {
        Prose::default()
            .value(Value::Id(name(&first.pool)))
            .say(" reached ")
            .value(Value::Share(share))
            .say(" of its quota in its busiest minute")
    } else {
        let busiest = ranked.iter().max_by_key(|load| load.rpm.peak);
        let peak = busiest.and_then(|load| load.rpm.peak).unwrap_or(0);
        Prose::text("The busiest minute of one model, Region and account had ")
            .value(Value::Count(u64::try_from(peak).unwrap_or(0)))
            .say(" requests; no quota is configured to compare with")
    };
    let throttled = u64::try_from(throttled).unwrap_or(0);
    if throttled == 0 {
        sentence.say("; no call was throttled.")
    } else {
        sentence.say("; ").value(Value::Count(throttled)).say(" calls were throttled.")
    }
}

/// Median, 95th percentile and peak of each load as parts of its quota; none without quotas.
fn against_quotas(ranked: &[&Load]) -> Option<Figure> {
    let row = |load: &&Load| {
        let quota = load.quota.as_ref()?;
        let by_tokens = quota.tpm_peak_share >= quota.rpm_peak_share;
        let (of, granted, word) = if by_tokens {
            (&load.tpm, quota.tpm, "Tokens")
        } else {
            (&load.rpm, quota.rpm, "Requests")
        };
        #[expect(clippy::cast_precision_loss, reason = "a part of a quota, drawn")]
        let part = |value: Option<i64>| {
            let granted = granted.filter(|granted| *granted > 0)?;
            Some(value? as f64 / granted as f64)
        };
        Some(RangeRow {
            label: format!("{word}: {}", name(&load.pool)),
            low: Value::Share(part(of.median)?),
            likely: part(of.p95).map(Value::Share),
            high: Value::Share(part(of.peak)?),
        })
    };
    let rows: Vec<RangeRow> = ranked.iter().filter_map(row).take(ROWS).collect();
    let mut description = Prose::text("A bar from median to peak per quota. ");
    for row in &rows {
        description = description
            .say(format!("{} ", row.label))
            .value(row.low.clone())
            .say(" to ")
            .value(row.high.clone())
            .say("; ");
    }
    (!rows.is_empty()).then(|| Figure {
        title: "Load per minute as a part of its quota".to_owned(),
        description,
        caption: Prose::text(
            "Per clock minute, the tighter of requests and tokens. Left end: median of the minutes with \
             requests; dot: 95th percentile; right end: peak. Quotas as configured.",
        ),
        chart: Chart::Ranges(Ranges {
            rows,
            limit: Some((Value::Share(1.0), "the quota".to_owned())),
        }),
    })
}

fn peaks(ranked: &[&Load]) -> Figure {
    let mut busiest: Vec<&&Load> = ranked.iter().collect();
    busiest.sort_by_key(|load| (std::cmp::Reverse(load.rpm.peak), &load.pool));
    let rows: Vec<Bar> = busiest
        .iter()
        .take(ROWS)
        .map(|load| Bar {
            label: name(&load.pool),
            value: Value::Count(u64::try_from(load.rpm.peak.unwrap_or(0)).unwrap_or(0)),
            previous: load.rpm.p95.and_then(|p95| u64::try_from(p95).ok()).map(Value::Count),
            hatched: false,
        })
        .collect();
    let mut description = Prose::text("Bars from zero, one per model and Region. ");
    for row in &rows {
        description = description.say(format!("{} ", row.label)).value(row.value.clone()).say("; ");
    }
    Figure {
        title: "Requests in the busiest minute".to_owned(),
        description,
        caption: Prose::text(
            "Requests per clock minute. Bar: peak. Tick: 95th percentile of the minutes with requests.",
        ),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    }
}

fn table(facts: &Facts<'_>, ranked: &[&Load]) -> Table {
    let (shown, rest) = ranked.split_at(if ranked.len() > ROWS { ROWS - 1 } else { ranked.len() });
    let count = |n: i64| Value::Count(u64::try_from(n).unwrap_or(0));
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|load| {
            let known = |value: Option<i64>| or_missing(value, count, Missing::NotInLog);
            TableRow {
                role: RowRole::Body,
                swatch: None,
                cells: vec![
                    Value::Id(name(&load.pool)).into(),
                    count(load.requests).into(),
                    known(load.rpm.p95),
                    known(load.rpm.peak),
                    known(load.tpm.peak),
                    share(load),
                    count(load.throttled).into(),
                ],
            }
        })
        .collect();
    if !rest.is_empty() {
        let sum = |of: fn(&Load) -> i64| count(rest.iter().map(|load| of(load)).sum());
        rows.push(ends(
            RowRole::Note,
            format!("{} other", rest.len()),
            sum(|load| load.requests),
            sum(|load| load.throttled),
        ));
    }
    rows.push(ends(
        RowRole::Total,
        "Total".to_owned(),
        Value::Count(facts.current.count(Metric::Requests)),
        Value::Count(facts.current.count(Metric::Throttled)),
    ));
    Table {
        caption: "Load per minute by model and Region".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("pool", "Model, Region and account"),
            parts_column("requests", "Requests", None),
            figure_column("rpm_p95", "95th pct", Some("req/min")),
            figure_column("rpm_peak", "Peak", Some("req/min")),
            figure_column("tpm_peak", "Peak", Some("tok/min")),
            figure_column("quota_share", "Of quota", Some("peak")),
            parts_column("throttled", "Throttled", None),
        ],
        rows,
    }
}

fn ends(role: RowRole, name: String, requests: Value, throttled: Value) -> TableRow {
    let mut cells: Vec<TableCell> = vec![Value::Text(name).into(), requests.into()];
    cells.extend((0..4).map(|_| quiet(Missing::NotApplicable)));
    cells.push(throttled.into());
    TableRow { role, swatch: None, cells }
}

fn share(load: &Load) -> TableCell {
    let tone = |share: f64| match share {
        1.0.. => Tone::Bad,
        PRESSURE.. => Tone::Warn,
        _ => Tone::Neutral,
    };
    peak_share(load)
        .map_or_else(|| quiet(Missing::Unknown), |share| judged(Value::Share(share), tone(share)))
}

/// A quota under pressure, or calls that were throttled.
pub(in crate::report) fn pressure(load: &Load, query: &str) -> Option<Finding> {
    let share = peak_share(load).filter(|share| *share >= PRESSURE);
    let throttled = u64::try_from(load.throttled).unwrap_or(0);
    if share.is_none() && load.throttling.is_none() {
        return None;
    }
    let mut detail = Prose::default();
    if let Some(share) = share {
        detail = detail.say("Peak ").value(Value::Share(share)).say(" of the configured quota. ");
    }
    if let Some(throttling) = &load.throttling {
        let minutes = u64::try_from(throttling.minutes).unwrap_or(0);
        detail = detail
            .value(Value::Count(throttled))
            .say(words::counted(throttled, " call throttled in ", " calls throttled in "))
            .value(Value::Count(minutes))
            .say(words::counted(minutes, " minute", " minutes"));
        let first = throttling.principals.first();
        if let Some((who, part)) = first.and_then(|one| Some((one, one.part.served_share?))) {
            let name = who.principal.clone().unwrap_or_else(|| "unknown".to_owned());
            detail = detail
                .say("; of what was served meanwhile, ")
                .value(Value::Id(name))
                .say(" had ")
                .value(Value::Share(part));
        }
        detail = detail.say(".");
    }
    let is_high = load.throttling.is_some() && share.is_some_and(|share| share >= 1.0);
    Some(Finding {
        id: format!("load {}", name(&load.pool)),
        severity: if is_high { Severity::High } else { Severity::Medium },
        title: Prose::default()
            .value(Value::Id(name(&load.pool)))
            .say(if load.throttling.is_some() { " was throttled" } else { " is near its quota" }),
        period: None,
        detail,
        state: None,
        query: query.to_owned(),
    })
}

fn notes(loads: &Loads, ranked: &[&Load]) -> Vec<Prose> {
    let mut notes = vec![Prose::text(
        "Minutes are clock minutes of the logged time; AWS counts quotas in its own way, so a peak near \
         the quota is a sign, not a proof.",
    )];
    if ranked.iter().all(|load| load.quota.is_none()) {
        notes.push(Prose::marked(
            "No `[[quota]]` is configured: the parts of quotas are not known.",
        ));
    }
    if loads.unused_quotas > 0 {
        notes.push(
            Prose::default()
                .value(Value::Count(loads.unused_quotas as u64))
                .say(" configured quotas had no request in the period."),
        );
    }
    notes
}
