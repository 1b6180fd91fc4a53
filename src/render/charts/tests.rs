//! Every form of chart copes with every shape of data.

use chrono::{TimeZone, Utc};

use super::{figure, spark, spread};
use crate::render::format::Format;
use crate::report::parts::{
    Bar, Category, Chart, ColumnGroup, DotRange, DotRow, DriverBar, DriverBars, Event, EventStrip,
    Figure, ForecastDay, ForecastLine, HeatCell, HeatMap, HorizontalBars, HourlyColumns, Mark,
    MarkedLine, Panel, Prose, RangeRow, Ranges, Severity, SmallMultiples, Spark, StackedColumns,
    Step, Tone, Value,
};
use crate::units::{UNITS_PER_USD, Usd};

fn check(chart: Chart) -> String {
    let chart = Figure {
        title: "Title".into(),
        description: Prose::text("Words"),
        caption: Prose::default(),
        chart,
    };
    let svg = figure(&chart, "f", &Format::default()).expect("drawn");
    assert!(svg.starts_with("<svg class=\"ch\" viewBox=\"0 0 2560 "), "{svg}");
    assert!(svg.ends_with("</svg>") && svg.contains("<title id=\"f-t\">Title</title>"), "{svg}");
    for wrong in ["NaN", "inf", "http", "font-family", "\"#"] {
        assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
    svg
}

fn long() -> String {
    "a-very-long-label-that-goes-on-and-on-".repeat(8)
}

const HUGE: Usd = Usd(UNITS_PER_USD * 1_000_000_000_000);

#[test]
fn labels_are_moved_apart_and_stay_inside() {
    assert_eq!(spread(&[10.0, 11.0, 50.0], 15.0, (0.0, 100.0)), [10.0, 25.0, 50.0]);
    assert_eq!(spread(&[95.0, 99.0], 15.0, (0.0, 100.0)), [85.0, 100.0]);
    let tight = spread(&[0.0; 11], 15.0, (0.0, 100.0));
    assert!(tight.windows(2).all(|pair| pair[1] > pair[0]), "{tight:?}");
    assert!(spread(&[], 15.0, (0.0, 100.0)).is_empty());
}

#[test]
fn stacked_columns_cope_with_any_data() {
    let zero = Some(Usd::default());
    for columns in [
        vec![],
        vec![("Mon".to_owned(), vec![None, None])],
        vec![("Mon".to_owned(), vec![zero, zero])],
        vec![("Mon".to_owned(), vec![Some(HUGE), Some(Usd(1))])],
        vec![(long(), vec![Some(Usd(-5)), None])],
        vec![("x".to_owned(), vec![zero]); 366],
    ] {
        let group = |previous| ColumnGroup {
            label: Prose::text(long()),
            previous,
            columns: columns.clone(),
        };
        let series = |color| Category { label: long(), color };
        let series = vec![series(Some(0)), series(Some(99)), series(None)];
        for groups in [vec![], vec![group(false)], vec![group(true), group(false)]] {
            check(Chart::StackedColumns(StackedColumns { series: series.clone(), groups }));
        }
    }
}

#[test]
fn heat_maps_cope_with_any_data() {
    for cells in [
        vec![],
        vec![vec![]],
        vec![vec![HeatCell::Known(0); 24]; 7],
        vec![vec![HeatCell::NoLog; 24]; 7],
        vec![vec![HeatCell::Known(u64::MAX), HeatCell::Partial(3), HeatCell::NoLog]],
    ] {
        for labels in [vec![], vec![long(); 7]] {
            let chart = HeatMap {
                rows: labels.clone(),
                columns: labels,
                cells: cells.clone(),
                unit: "requests".into(),
            };
            check(Chart::HeatMap(chart));
        }
    }
}

#[test]
fn partly_logged_and_unlogged_cells_are_told_apart() {
    let map = |cell| {
        check(Chart::HeatMap(HeatMap {
            rows: vec!["Mon".into()],
            columns: vec!["00".into()],
            cells: vec![vec![cell]],
            unit: "requests".into(),
        }))
    };
    assert!(map(HeatCell::Partial(1)).contains("partly logged"));
    assert!(map(HeatCell::NoLog).contains("no log"));
    assert!(map(HeatCell::NoLog).contains(">—</text>"), "an unknown total is not zero");
    assert!(!map(HeatCell::Known(0)).contains("logged"));
}

#[test]
fn dot_ranges_cope_with_any_data() {
    let row = |p: f64| DotRow { label: long(), p50_ms: p, p90_ms: p * 2.0, p99_ms: p * 5.0 };
    for rows in [
        vec![],
        vec![row(0.0)],
        vec![row(1_000.0)],
        vec![row(1e12), row(1e-3)],
        vec![DotRow { label: String::new(), p50_ms: 1.0, p90_ms: 0.5, p99_ms: 0.1 }],
    ] {
        for target in [None, Some((2_000.0, long())), Some((0.0, long())), Some((-1.0, long()))] {
            check(Chart::DotRange(DotRange { rows: rows.clone(), target }));
        }
    }
}

#[test]
fn hourly_columns_cope_with_any_data() {
    let at = |hour: u32| {
        Utc.with_ymd_and_hms(2026, 11, 9 + hour / 24, hour % 24, 0, 0).single().expect("a time")
    };
    for counts in [vec![], vec![0, 0], vec![u64::MAX, u64::MAX], vec![1]] {
        for hours in [0, 1, 168] {
            for burst in
                [None, Some((0, 1, Prose::text(long()))), Some((9_999, 5, Prose::default()))]
            {
                check(Chart::HourlyColumns(HourlyColumns {
                    series: vec![(long(), Tone::Mute), ("throttled".into(), Tone::Bad)],
                    hours: (0..hours)
                        .map(|hour| (at(hour), (hour % 3 != 1).then(|| counts.clone())))
                        .collect(),
                    days: vec![(0, long()), (24, "Tue".into()), (5_000, "far".into())],
                    burst,
                }));
            }
        }
    }
}

#[test]
fn driver_bars_cope_with_any_data() {
    let bar = |amount, is_part, is_total| DriverBar { label: long(), amount, is_part, is_total };
    for rows in [
        vec![],
        vec![bar(Usd(0), false, true)],
        vec![bar(HUGE, false, false), bar(Usd(-HUGE.0), true, false), bar(Usd(1), false, true)],
        vec![bar(Usd(-5), false, false), bar(Usd(-5), false, true)],
    ] {
        check(Chart::DriverBars(DriverBars { rows }));
    }
}

#[test]
fn forecast_lines_cope_with_any_data() {
    let day = |n: u64| {
        let first = chrono::NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day");
        first.checked_add_days(chrono::Days::new(n)).expect("a day")
    };
    let ahead = |n, high| ForecastDay {
        day: day(n),
        expected: Usd(high / 2),
        low: Usd(0),
        high: Usd(high),
    };
    for past in [vec![], vec![(day(0), None)], vec![(day(0), Some(HUGE)), (day(1), Some(Usd(-1)))]]
    {
        for ahead in [vec![], vec![ahead(2, HUGE.0), ahead(3, 0)]] {
            for budget_per_day in [None, Some(HUGE)] {
                check(Chart::ForecastLine(ForecastLine {
                    past: past.clone(),
                    period_from: day(1),
                    ahead: ahead.clone(),
                    budget_per_day,
                }));
            }
        }
    }
}

#[test]
fn marked_lines_cope_with_any_data() {
    let at = |hour| Utc.with_ymd_and_hms(2026, 11, 9, hour, 0, 0).single().expect("a time");
    let mark = |at| Mark { at, label: long() };
    for points in [
        vec![],
        vec![(at(0), None)],
        vec![(at(0), Some(f64::INFINITY)), (at(1), Some(-3.0)), (at(2), Some(1e300))],
    ] {
        for band in [vec![], vec![Some((f64::NAN, 2.0)), None], vec![Some((1.0, 2.0)); 9]] {
            check(Chart::MarkedLine(MarkedLine {
                unit: long(),
                points: points.clone(),
                band,
                marks: vec![mark(0), mark(0), mark(99)],
                partial: vec![(0, 1), (98, usize::MAX)],
                days: vec![(0, long()), (99, long())],
            }));
        }
    }
}

#[test]
fn ranges_cope_with_any_data() {
    let row = |low, likely, high| RangeRow { label: long(), low, likely, high };
    let share = Value::Share;
    for rows in [
        vec![],
        vec![row(Value::Usd(Usd(0)), None, Value::Usd(Usd(0)))],
        vec![row(share(0.2), Some(share(3.0)), share(f64::NAN)), row(share(2.0), None, share(1.0))],
        vec![row(Value::Text(long()), None, Value::Estimate(HUGE))],
    ] {
        for limit in [None, Some((Value::Share(1.0), long()))] {
            check(Chart::Ranges(Ranges { rows: rows.clone(), limit }));
        }
    }
}

#[test]
fn small_multiples_cope_with_any_data() {
    let panel = |values: Vec<Option<f64>>| Panel {
        label: long(),
        values,
        previous: 2,
        target: Some(f64::NAN),
        last: Value::Text(long()),
        highest: Value::Count(3),
        ends: [long(), long()],
    };
    for panels in [
        vec![],
        vec![panel(vec![])],
        vec![panel(vec![None, Some(f64::NAN), Some(-1.0)]), panel(vec![Some(1e300); 400])],
    ] {
        check(Chart::SmallMultiples(SmallMultiples { panels }));
    }
}

#[test]
fn event_strips_cope_with_any_data() {
    let at = |hour| Utc.with_ymd_and_hms(2026, 11, 9, hour, 0, 0).single().expect("a time");
    let row = |severity, spans| Event { id: long(), label: long(), severity, spans };
    for rows in [
        vec![],
        vec![row(Severity::High, vec![])],
        vec![
            row(Severity::Medium, vec![(at(5), at(3)), (at(0), at(23))]),
            row(Severity::Low, vec![(at(1), at(1))]),
        ],
    ] {
        for to in [at(2), at(12)] {
            check(Chart::EventStrip(EventStrip {
                from: at(2),
                to,
                rows: rows.clone(),
                days: vec![(at(0), long()), (at(23), long())],
            }));
        }
    }
}

#[test]
fn horizontal_bars_cope_with_any_data() {
    let bar = |value, previous: Option<Usd>, hatched| Bar {
        label: long(),
        value: Value::Usd(value),
        previous: previous.map(Value::Usd),
        hatched,
    };
    for rows in [
        vec![],
        vec![bar(Usd::default(), None, false)],
        vec![bar(Usd::default(), Some(Usd::default()), true)],
        vec![bar(HUGE, Some(Usd(1)), false), bar(Usd(-1), Some(HUGE), true)],
    ] {
        check(Chart::HorizontalBars(HorizontalBars { rows }));
    }
}

#[test]
fn sparklines_leave_gaps_open_and_vanish_without_values() {
    let line = |values: Vec<Option<f64>>, previous, target| {
        let data = Spark { step: Step::Day, days: None, values, previous, target, summary: vec![] };
        spark(&data, "s", "Title", "Words").expect("drawn")
    };
    assert_eq!(line(vec![], 0, None), None);
    assert_eq!(line(vec![None; 14], 7, Some(1.0)), None);
    assert_eq!(line(vec![Some(f64::NAN)], 0, None), None);
    let gap = line(vec![Some(1.0), Some(2.0), None, Some(3.0), Some(4.0)], 0, None);
    assert_eq!(gap.expect("a line").matches("<polyline").count(), 2);
    for values in [vec![Some(0.0)], vec![Some(5.0); 14], vec![Some(-1e300), Some(1e300)]] {
        let svg = line(values, 99, Some(2.0)).expect("a line");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

/// Other cadences than the weekly fixture; written where `BEDROCK_LENS_PAGES` said, to look at.
#[test]
fn months_days_and_long_names_are_drawn() {
    let mut gallery = String::new();
    let mut add = |chart: Chart| gallery.push_str(&check(chart));
    let day = |n: i128| Usd(UNITS_PER_USD * (200 + (n * 37) % 90));
    let days = |count: i128| -> Vec<(String, Vec<Option<Usd>>)> {
        (1..=count).map(|n| (n.to_string(), vec![Some(day(n)), Some(day(n * 3)), None])).collect()
    };
    let series = |label: &str, color| Category { label: label.into(), color };
    add(Chart::StackedColumns(StackedColumns {
        series: vec![
            series("us.provider.a-long-model-name-2026-05-14-v1:0", Some(0)),
            series("small-model", Some(1)),
            series("other", None),
        ],
        groups: vec![
            ColumnGroup {
                label: Prose::text("October $15,000.00"),
                previous: true,
                columns: days(31),
            },
            ColumnGroup {
                label: Prose::text("November $14,500.00"),
                previous: false,
                columns: days(30),
            },
        ],
    }));
    let hour = |n: u32| Utc.with_ymd_and_hms(2026, 11, 9, n, 0, 0).single().expect("a time");
    add(Chart::HourlyColumns(HourlyColumns {
        series: vec![("other".into(), Tone::Mute), ("throttled".into(), Tone::Bad)],
        hours: (0..24).map(|n| (hour(n), (n >= 4).then(|| vec![2, u64::from(n / 20)]))).collect(),
        days: vec![
            (0, "00:00".into()),
            (6, "06:00".into()),
            (12, "12:00".into()),
            (18, "18:00".into()),
        ],
        burst: Some((20, 4, Prose::text("4 throttled, 20:00–24:00"))),
    }));
    add(Chart::DotRange(DotRange {
        rows: vec![
            DotRow { label: "one".into(), p50_ms: 900.0, p90_ms: 950.0, p99_ms: 1_010.0 },
            DotRow { label: "two".into(), p50_ms: 15.0, p90_ms: 45_000.0, p99_ms: 310_000.0 },
        ],
        target: Some((2_000.0, "target for the mean: < 2 s".into())),
    }));
    let bar = |label: &str, cents: i128, hatched| Bar {
        label: label.into(),
        value: Value::Usd(Usd(UNITS_PER_USD / 100 * cents)),
        previous: None,
        hatched,
    };
    add(Chart::HorizontalBars(HorizontalBars {
        rows: vec![
            bar("arn:aws:sts::111122223333:assumed-role/svc-chat/session", 12, false),
            bar("svc-search", 5, false),
            bar("unattributed", 9, true),
        ],
    }));
    add(Chart::HeatMap(HeatMap {
        rows: (1..=4).map(|n| format!("week {n}")).collect(),
        columns: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(str::to_owned).to_vec(),
        cells: vec![vec![HeatCell::Known(1), HeatCell::Known(0), HeatCell::Known(4)]; 4],
        unit: "requests".into(),
    }));
    if let Some(folder) = option_env!("BEDROCK_LENS_PAGES").map(std::path::Path::new) {
        std::fs::write(folder.join("gallery.html"), gallery).expect("written");
    }
}
