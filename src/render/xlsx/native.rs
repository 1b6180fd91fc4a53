//! The charts of a report as native ones: their values in cells, and a chart that reads them.
//!
//! What a spreadsheet can't draw (heat maps, strips of events) stands there as cells.

use rust_xlsxwriter::{
    Chart as NativeChart, ChartLegendPosition, ChartType, ConditionalFormat2ColorScale, Format,
    Worksheet, XlsxError,
};

use super::report::{head, text};
use crate::render::format::words::clean;
use crate::report::parts::{Chart, Figure, HeatCell, HeatMap, Value};
use crate::units::Usd;

/// Pixels of a chart.
const CHART_SIZE: (u32, u32) = (820, 380);
/// Pixels of one of several.
const PANEL_SIZE: (u32, u32) = (420, 240);
/// Rows that one of several takes, and columns: more than its pixels.
const PANEL_CELLS: (u32, u16) = (13, 7);

const MONEY: &str = "#,##0.00";
const COUNT: &str = "#,##0";

/// What a native chart is drawn from: names to the left, one column per series.
struct Grid {
    kind: ChartType,
    series: Vec<String>,
    rows: Vec<(String, Vec<Option<f64>>)>,
    format: &'static str,
}

impl Grid {
    fn new(
        kind: ChartType,
        series: &[&str],
        rows: Vec<(String, Vec<Option<f64>>)>,
        format: &'static str,
    ) -> Self {
        Self { kind, series: series.iter().map(|name| (*name).to_owned()).collect(), rows, format }
    }
}

/// Fills the sheet `name` with the figure's values, and draws them where a spreadsheet can.
pub(super) fn chart(page: &mut Worksheet, name: &str, figure: &Figure) -> Result<(), XlsxError> {
    match &figure.chart {
        Chart::HeatMap(map) => heat_map(page, map),
        Chart::EventStrip(strip) => {
            let spans = strip.rows.iter().flat_map(|row| {
                let severity = row.severity.as_str();
                row.spans.iter().map(move |span| (row.label.as_str(), severity, *span))
            });
            stretches(page, ["What", "Severity"], spans)
        }
        Chart::ChainStrip(strip) => {
            let spans = strip.rows.iter().flat_map(|row| {
                let good = row.good.iter().map(|span| ("proven", *span));
                let bad = row.bad.iter().map(|span| ("not proven", *span));
                good.chain(bad).map(|(state, span)| (row.label.as_str(), state, span))
            });
            stretches(page, ["Chain", "State"], spans)
        }
        Chart::SmallMultiples(_) => {
            let grid = grid(&figure.chart);
            let last = data(page, &grid)?;
            // Each on a scale of its own, so a chart of its own.
            for (place, (column, series)) in (0_u16..).zip((1..).zip(&grid.series)) {
                let mut native = NativeChart::new(grid.kind);
                add(&mut native, (name, column), last);
                native.title().set_name(&clean(series));
                native.legend().set_hidden();
                native.set_width(PANEL_SIZE.0).set_height(PANEL_SIZE.1);
                let row = 1 + u32::from(place / 2) * PANEL_CELLS.0;
                page.insert_chart(row, last.1 + 2 + (place % 2) * PANEL_CELLS.1, &native)?;
            }
            Ok(())
        }
        drawn => one(page, name, &clean(&figure.title), &grid(drawn)),
    }
}

/// One chart of all series.
fn one(page: &mut Worksheet, name: &str, title: &str, grid: &Grid) -> Result<(), XlsxError> {
    let last = data(page, grid)?;
    let mut native = NativeChart::new(grid.kind);
    for column in 1..=last.1 {
        add(&mut native, (name, column), last);
    }
    native.title().set_name(title);
    if grid.series.len() > 1 {
        native.legend().set_position(ChartLegendPosition::Bottom);
    } else {
        native.legend().set_hidden();
    }
    native.set_width(CHART_SIZE.0).set_height(CHART_SIZE.1);
    if matches!(grid.kind, ChartType::Bar | ChartType::BarStacked) {
        // From top to bottom, as the rows are.
        native.y_axis().set_reverse();
    }
    page.insert_chart(1, last.1 + 2, &native).map(drop)
}

/// A series of a column.
fn add(native: &mut NativeChart, (name, column): (&str, u16), (last_row, _): (u32, u16)) {
    native
        .add_series()
        .set_name((name, 0, column))
        .set_categories((name, 1, 0, last_row, 0))
        .set_values((name, 1, column, last_row, column));
}

/// Cells by colour, the more the darker.
fn heat_map(page: &mut Worksheet, map: &HeatMap) -> Result<(), XlsxError> {
    let rows = map.rows.iter().zip(&map.cells).map(|(row, cells)| {
        let cell = |cell: &HeatCell| match cell {
            HeatCell::Known(n) | HeatCell::Partial(n) => Some(float(*n)),
            HeatCell::NoLog => None,
        };
        (row.clone(), cells.iter().map(cell).collect())
    });
    let names: Vec<&str> = map.columns.iter().map(String::as_str).collect();
    let grid = Grid::new(ChartType::Column, &names, rows.collect(), COUNT);
    let (last_row, last_column) = data(page, &grid)?;
    let scale = ConditionalFormat2ColorScale::new()
        .set_minimum_color("#EEF3F9")
        .set_maximum_color("#3273B8");
    page.add_conditional_format(1, 1, last_row, last_column, &scale).map(drop)
}

/// What lasted from when to when.
fn stretches<'s>(
    page: &mut Worksheet,
    heads: [&str; 2],
    spans: impl Iterator<
        Item = (&'s str, &'s str, (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)),
    >,
) -> Result<(), XlsxError> {
    let [first, second] = heads;
    for (column, name) in (0..).zip([first, second, "From", "To"]) {
        head(page, 0, column, name)?;
        page.set_column_width(column, if column == 0 { 60 } else { 20 })?;
    }
    for (row, (name, kind, (from, to))) in (1..).zip(spans) {
        text(page, row, 0, name)?;
        text(page, row, 1, kind)?;
        super::cell(page, row, 2, &Value::Time(from), &Format::new())?;
        super::cell(page, row, 3, &Value::Time(to), &Format::new())?;
    }
    page.set_freeze_panes(1, 1).map(drop)
}

/// Writes the grid; returns its last row and column.
fn data(page: &mut Worksheet, grid: &Grid) -> Result<(u32, u16), XlsxError> {
    let number = Format::new().set_num_format(grid.format);
    page.set_column_width(0, 24)?;
    for (column, name) in (1..).zip(&grid.series) {
        head(page, 0, column, name)?;
    }
    for (row, (name, values)) in (1..).zip(&grid.rows) {
        text(page, row, 0, name)?;
        for (column, value) in (1..).zip(values) {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                page.write_number_with_format(row, column, value, &number)?;
            }
        }
    }
    let last = |count: usize| u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    Ok((u32::from(last(grid.rows.len())), last(grid.series.len())))
}

/// The values of a chart that has a native form; no rows of one that has none.
fn grid(chart: &Chart) -> Grid {
    let usd = |amount: &Option<Usd>| amount.map(Usd::to_f64);
    match chart {
        Chart::StackedColumns(chart) => {
            let names: Vec<&str> = chart.series.iter().map(|one| one.label.as_str()).collect();
            let rows = chart.groups.iter().flat_map(|group| {
                let when = if group.previous { "before " } else { "" };
                group.columns.iter().map(move |(day, values)| {
                    (format!("{when}{day}"), values.iter().map(usd).collect())
                })
            });
            Grid::new(ChartType::ColumnStacked, &names, rows.collect(), MONEY)
        }
        Chart::HorizontalBars(chart) => {
            let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_number);
            let rows = chart
                .rows
                .iter()
                .map(|bar| (bar.label.clone(), vec![bar.value.as_number(), number(&bar.previous)]));
            Grid::new(ChartType::Bar, &["This period", "Before"], rows.collect(), MONEY)
        }
        Chart::DriverBars(chart) => {
            let amount = |usd: Usd| vec![Some(usd.to_f64())];
            let rows = chart.rows.iter().map(|bar| (bar.label.clone(), amount(bar.amount)));
            Grid::new(ChartType::Bar, &["Change, USD"], rows.collect(), MONEY)
        }
        Chart::HourlyColumns(chart) => {
            let names: Vec<&str> = chart.series.iter().map(|(name, _)| name.as_str()).collect();
            let rows = chart.hours.iter().map(|(hour, counts)| {
                let of = |class| counts.as_ref().and_then(|counts| counts.get(class));
                let counts = (0..names.len()).map(|class| of(class).map(|n| float(*n))).collect();
                (hour.format("%Y-%m-%d %H:%M").to_string(), counts)
            });
            Grid::new(ChartType::ColumnStacked, &names, rows.collect(), COUNT)
        }
        Chart::DotRange(chart) => {
            let rows = chart.rows.iter().map(|row| {
                (row.label.clone(), vec![Some(row.p50_ms), Some(row.p90_ms), Some(row.p99_ms)])
            });
            let names = ["p50, ms", "p90, ms", "p99, ms"];
            Grid::new(ChartType::Bar, &names, rows.collect(), COUNT)
        }
        Chart::Ranges(chart) => {
            let rows = chart.rows.iter().map(|row| {
                let likely = row.likely.as_ref().and_then(Value::as_number);
                (row.label.clone(), vec![row.low.as_number(), likely, row.high.as_number()])
            });
            Grid::new(ChartType::Bar, &["Low", "Likely", "High"], rows.collect(), MONEY)
        }
        Chart::ForecastLine(chart) => {
            let past = chart.past.iter().map(|(day, amount)| (day.to_string(), vec![usd(amount)]));
            let ahead = chart.ahead.iter().map(|one| {
                let amounts = [one.expected, one.low, one.high].map(|amount| Some(amount.to_f64()));
                (one.day.to_string(), std::iter::once(None).chain(amounts).collect())
            });
            let names = ["Spend, USD", "Expected, USD", "Low (80%)", "High (80%)"];
            Grid::new(ChartType::Line, &names, past.chain(ahead).collect(), MONEY)
        }
        Chart::MarkedLine(chart) => {
            let usual = |hour: usize| chart.band.get(hour).copied().flatten().unzip();
            let rows = chart.points.iter().enumerate().map(|(hour, (at, value))| {
                let (low, high) = usual(hour);
                (at.format("%Y-%m-%d %H:%M").to_string(), vec![*value, low, high])
            });
            let names = [chart.unit.as_str(), "Usual, low", "Usual, high"];
            Grid::new(ChartType::Line, &names, rows.collect(), "General")
        }
        Chart::SmallMultiples(chart) => {
            let count = chart.panels.iter().map(|panel| panel.values.len()).max().unwrap_or(0);
            let ends = chart.panels.first().map(|panel| &panel.ends);
            let name = |row: usize| match ends {
                Some([first, _]) if row == 0 => first.clone(),
                Some([_, last]) if row + 1 == count => last.clone(),
                _ => (row + 1).to_string(),
            };
            let value = |row: usize| {
                chart.panels.iter().map(|panel| panel.values.get(row).copied().flatten()).collect()
            };
            let names: Vec<&str> = chart.panels.iter().map(|panel| panel.label.as_str()).collect();
            let rows = (0..count).map(|row| (name(row), value(row)));
            Grid::new(ChartType::Line, &names, rows.collect(), "General")
        }
        Chart::HeatMap(_) | Chart::EventStrip(_) | Chart::ChainStrip(_) => {
            Grid::new(ChartType::Column, &[], Vec::new(), "General")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a spreadsheet computes in doubles")]
fn float(n: u64) -> f64 {
    n as f64
}
