//! Usage by hour: a heat map of weekday × hour, and the parts of the week.

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use polars::prelude::PolarsResult;

use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::{quiet, share};
use crate::report::facts::Facts;
use crate::report::parts::{
    Chart, Figure, HeatCell, HeatMap, Missing, Prose, RowRole, Section, Table, TableRow, Value,
};
use crate::report::read::figures;
use crate::report::words::{self, parts_column, text_column};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Requests per hour of the period, by local time.
struct Hours(Vec<Hour>);

struct Hour {
    start: DateTime<Utc>,
    /// 0 = Monday.
    weekday: usize,
    of_day: usize,
    requests: u64,
}

pub(super) fn section(facts: &Facts<'_>) -> PolarsResult<Section> {
    let hours = Hours::read(facts)?;
    let mut section = super::bare("usage", "Usage by hour", hours.takeaway(facts));
    section.figure = Some(hours.figure(facts));
    section.tables = vec![hours.table(facts)];
    section.queries = vec![facts.query("weekday,hour_of_day", "requests")];
    Ok(section)
}

impl Hours {
    fn read(facts: &Facts<'_>) -> PolarsResult<Self> {
        let zone = facts.zone();
        let groups = figures(&facts.inputs.current, &[Dimension::Hour], &[Metric::Requests], zone)?;
        let hours = groups.iter().filter_map(|group| {
            let start = DateTime::parse_from_rfc3339(group.key()?).ok()?;
            let local = start.with_timezone(&zone);
            Some(Hour {
                start: start.with_timezone(&Utc),
                weekday: local.weekday().num_days_from_monday() as usize,
                of_day: local.hour() as usize,
                requests: group.count(Metric::Requests),
            })
        });
        Ok(Self(hours.collect()))
    }

    fn sum(&self, part: impl Fn(&Hour) -> bool) -> u64 {
        self.0.iter().filter(|hour| part(hour)).map(|hour| hour.requests).sum()
    }

    fn busiest(&self) -> Option<&Hour> {
        self.0.iter().max_by_key(|hour| (hour.requests, std::cmp::Reverse(hour.start)))
    }

    fn takeaway(&self, facts: &Facts<'_>) -> Prose {
        let Some(busiest) = self.busiest() else {
            return Prose::text("No request was logged in this period.");
        };
        let office = share(self.sum(is_office), self.sum(|_| true)).unwrap_or(0.0);
        Prose::text("Office hours carried ")
            .value(Value::Share(office))
            .say(" of the requests; the busiest hour, ")
            .say(words::moment(busiest.start, facts.zone()))
            .say(", had ")
            .value(Value::Count(busiest.requests))
            .say(".")
    }

    fn figure(&self, facts: &Facts<'_>) -> Figure {
        let cell = |weekday: usize, hour: usize| {
            let requests = self.sum(|h| h.weekday == weekday && h.of_day == hour);
            if is_partly_logged(facts, weekday, hour) {
                HeatCell::Partial(requests)
            } else if is_logged(facts, weekday) {
                HeatCell::Known(requests)
            } else {
                HeatCell::NoLog
            }
        };
        let mut description = Prose::text("Heat map of seven weekdays by 24 hours. ");
        for (weekday, name) in WEEKDAYS.iter().enumerate() {
            description = description
                .say(format!("{name} "))
                .value(Value::Count(self.sum(|hour| hour.weekday == weekday)))
                .say("; ");
        }
        let struck = if facts.coverage.known_gaps().is_empty() {
            ""
        } else {
            " Struck cells: a region had no log in that hour, so the true count is higher."
        };
        let silent = (0..7).any(|weekday| !is_logged(facts, weekday));
        let outlined =
            if silent { " Outlined: outside the period, or a day without logs." } else { "" };
        Figure {
            title: format!("Requests per weekday and hour, {}", facts.zone().name()),
            description,
            caption: Prose::text(format!(
                "Requests per hour, {}.{struck}{outlined}",
                facts.zone().name()
            )),
            chart: Chart::HeatMap(HeatMap {
                rows: WEEKDAYS.map(str::to_owned).to_vec(),
                columns: (0..24).map(|hour| format!("{hour:02}")).collect(),
                cells: (0..7)
                    .map(|weekday| (0..24).map(|hour| cell(weekday, hour)).collect())
                    .collect(),
                unit: "requests".to_owned(),
            }),
        }
    }

    fn table(&self, facts: &Facts<'_>) -> Table {
        let total = self.sum(|_| true);
        let share_of = |count: u64| {
            share(count, total)
                .map_or_else(|| quiet(Missing::NotApplicable), |share| Value::Share(share).into())
        };
        let row = |role, name: String, requests: u64| TableRow {
            role,
            swatch: None,
            cells: vec![
                Value::Text(name).into(),
                Value::Count(requests).into(),
                share_of(requests),
            ],
        };
        // A part of the week of which no day has a log is unknown.
        let part = |name: &str, days: std::ops::Range<usize>, requests: u64| {
            let mut row = row(RowRole::Body, name.to_owned(), requests);
            if !days.clone().any(|weekday| is_logged(facts, weekday)) {
                row.cells[1..].fill(quiet(Missing::NotInLog));
            }
            row
        };
        let is_night = |hour: &Hour| hour.of_day < 6;
        let is_weekend = |hour: &Hour| hour.weekday >= 5 && !is_night(hour);
        let mut rows = vec![
            part("Mon–Fri 08:00–18:00", 0..5, self.sum(is_office)),
            part(
                "Mon–Fri, other hours from 06:00",
                0..5,
                self.sum(|hour| hour.weekday < 5 && !is_office(hour) && !is_night(hour)),
            ),
            part("Sat–Sun from 06:00", 5..7, self.sum(is_weekend)),
            part("Every day 00:00–06:00", 0..7, self.sum(is_night)),
            row(RowRole::Total, "Total".into(), total),
        ];
        if let Some(busiest) = self.busiest() {
            let name = format!("Busiest hour: {}", words::moment(busiest.start, facts.zone()));
            rows.push(row(RowRole::Aside, name, busiest.requests));
        }
        Table {
            caption: "Requests by part of the week".to_owned(),
            show_caption: false,
            wide: false,
            columns: vec![
                text_column("part", "Part of the week"),
                parts_column("requests", "Requests", None),
                parts_column("share", "Share", None),
            ],
            rows,
        }
    }
}

/// Whether the log holds anything of this weekday in the period.
fn is_logged(facts: &Facts<'_>, weekday: usize) -> bool {
    facts
        .inputs
        .period
        .local_days(facts.zone())
        .any(|day| day.weekday().num_days_from_monday() as usize == weekday && facts.is_logged(day))
}

fn is_office(hour: &Hour) -> bool {
    hour.weekday < 5 && (8..18).contains(&hour.of_day)
}

/// Whether a logging gap falls into this weekday and hour.
fn is_partly_logged(facts: &Facts<'_>, weekday: usize, hour: usize) -> bool {
    let zone = facts.zone();
    facts.coverage.known_gaps().iter().any(|gap| {
        let hours = gap.length().num_hours().max(1);
        (0..hours).any(|n| {
            let local = (gap.from + Duration::hours(n)).with_timezone(&zone);
            local.weekday().num_days_from_monday() as usize == weekday
                && local.hour() as usize == hour
        })
    })
}
