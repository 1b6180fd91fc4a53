//! A report as a workbook: what it is about, a sheet per table, a sheet with a native chart per figure.

use rust_xlsxwriter::{
    Chart as NativeChart, ChartLegendPosition, ChartType, ConditionalFormat2ColorScale, Format,
    Workbook, Worksheet, XlsxError,
};

use super::{LONGEST_TEXT, cell, created_at};
use crate::render::Error;
use crate::render::answer::exact;
use crate::render::format::words::clean;
use crate::render::format::{self, Script};
use crate::report::parts::{
    Chart, Figure, HeatCell, Outcome, Report, RowRole, Section, Table, Value,
};
use crate::units::Usd;

/// Longest name of a sheet.
const LONGEST_NAME: usize = 31;
/// Pixels of a chart.
const CHART_SIZE: (u32, u32) = (820, 380);

/// The report's tables and charts as the bytes of a workbook.
///
/// # Errors
/// [`Error::Xlsx`] when a sheet can't be written.
pub fn workbook(report: &Report) -> Result<Vec<u8>, Error> {
    written(report).map_err(Error::Xlsx)
}

fn written(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&created_at(report.generated.timestamp())?);
    let mut names = Names::default();
    about(workbook.add_worksheet().set_name(names.free("Report"))?, report)?;
    key_figures(workbook.add_worksheet().set_name(names.free("Key figures"))?, report)?;
    for (number, section) in (1..).zip(&report.sections) {
        for table in &section.tables {
            let name = names.free(&format!("{number} {}", title(section, table)));
            sheet(workbook.add_worksheet().set_name(name)?, table)?;
        }
        if let Some(figure) = &section.figure {
            let name = names.free(&format!("{number} {} chart", section.label));
            let page = workbook.add_worksheet().set_name(&name)?;
            chart(page, &name, figure)?;
        }
    }
    workbook.save_to_buffer()
}

/// A section's only table goes by the section's name.
fn title<'r>(section: &'r Section, table: &'r Table) -> &'r str {
    if section.tables.len() == 1 { &section.label } else { &table.caption }
}

/// Names given to sheets so far.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    /// A name that no other sheet has, of characters that a sheet's name may hold.
    fn free(&mut self, wanted: &str) -> String {
        let allowed = |c: &char| !"[]:*?/\\'".contains(*c);
        let wanted: String = clean(wanted).chars().filter(allowed).collect();
        let mut name: String = wanted.chars().take(LONGEST_NAME).collect();
        let mut number = 2;
        while self.0.iter().any(|taken| taken.eq_ignore_ascii_case(&name)) {
            let end = format!(" {number}");
            name = wanted.chars().take(LONGEST_NAME - end.len()).chain(end.chars()).collect();
            number += 1;
        }
        self.0.push(name.clone());
        name
    }
}

fn text(page: &mut Worksheet, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    let text: String = clean(text).chars().take(LONGEST_TEXT).collect();
    page.write_string(row, column, text).map(drop)
}

fn head(page: &mut Worksheet, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    page.write_string_with_format(row, column, clean(text), &Format::new().set_bold()).map(drop)
}

/// What the report is about, and how far it can be trusted.
fn about(page: &mut Worksheet, report: &Report) -> Result<(), XlsxError> {
    let format = format::Format::for_report(report, Script::Unicode);
    page.set_column_width(0, 24)?;
    page.set_column_width(1, 90)?;
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut lines = vec![
        ("Report".to_owned(), format!("{}, {}", report.title, report.subtitle)),
        ("Period from".to_owned(), time(report.period.from)),
        ("Period to, exclusive".to_owned(), time(report.period.to)),
        ("Compared with".to_owned(), time(report.previous_period.from)),
        ("Time zone".to_owned(), report.timezone.clone()),
        ("Generated".to_owned(), time(report.generated)),
    ];
    lines.extend(report.meta.iter().cloned());
    lines.push((
        "Confidence".to_owned(),
        format!("{:?}. {}", report.trust.grade, format.prose(&report.trust.grade_reason)),
    ));
    lines.extend(report.trust.cells.iter().map(|cell| {
        let (value, detail) = (format.prose(&cell.value), format.prose(&cell.detail));
        (cell.label.clone(), format!("{value}; {detail}"))
    }));
    lines.push(("Headline".to_owned(), format.prose(&report.headline.lead)));
    lines.extend(report.attention.iter().map(|line| {
        let (title, detail) = (format.prose(&line.title), format.prose(&line.detail));
        ("Needs attention".to_owned(), format!("{title}. {detail}"))
    }));
    lines.push(("Reproduce".to_owned(), report.reproduce.clone()));
    for (row, (label, value)) in (0..).zip(&lines) {
        head(page, row, 0, label)?;
        text(page, row, 1, value)?;
    }
    Ok(())
}

fn key_figures(page: &mut Worksheet, report: &Report) -> Result<(), XlsxError> {
    let heads = ["Key figure", "Now", "Before", "Change", "Outcome", "Target"];
    for (column, name) in (0..).zip(heads) {
        head(page, 0, column, name)?;
        page.set_column_width(column, if column == 0 { 30 } else { 16 })?;
    }
    for (row, kpi) in (1..).zip(&report.kpis) {
        text(page, row, 0, &kpi.label)?;
        for (column, value) in (1..).zip([&kpi.value, &kpi.previous, &kpi.change]) {
            cell(page, row, column, value, &number_format(value))?;
        }
        let outcome = match kpi.outcome {
            Outcome::Pass => "met",
            Outcome::Miss => "missed",
            Outcome::NotEvaluated => "not evaluated",
        };
        text(page, row, 4, outcome)?;
        text(page, row, 5, &kpi.target)?;
    }
    page.set_freeze_panes(1, 0).map(drop)
}

/// A table: heads with units, typed cells, the total in bold.
fn sheet(page: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    for (at, column) in (0_u16..).zip(&table.columns) {
        let name = match column.unit {
            Some(unit) => format!("{}, {unit}", column.label),
            None if column.label.is_empty() => column.key.to_owned(),
            None => column.label.clone(),
        };
        head(page, 0, at, &name)?;
        let values = table.rows.iter().filter_map(|row| row.cells.get(usize::from(at)));
        let longest = values.map(|cell| exact(&cell.value).chars().count()).max().unwrap_or(0);
        let width = longest.min(18).max(name.chars().count() + 2);
        let width = if at == 0 { longest.clamp(width, 60) } else { width };
        page.set_column_width(at, u16::try_from(width).unwrap_or(60))?;
        for (line, row) in (1_u32..).zip(&table.rows) {
            if let Some(one) = row.cells.get(usize::from(at)) {
                let format = number_format(&one.value);
                let format = if row.role == RowRole::Total { format.set_bold() } else { format };
                cell(page, line, at, &one.value, &format)?;
            }
        }
    }
    page.set_freeze_panes(1, 1).map(drop)
}

/// How a spreadsheet shows a value; it keeps the exact one.
fn number_format(value: &Value) -> Format {
    Format::new().set_num_format(match value {
        Value::Usd(_) => "#,##0.00",
        Value::UsdChange(_) => "+#,##0.00;-#,##0.00;0.00",
        Value::UnitUsd(_) => "#,##0.00######",
        Value::Share(_) => "0.0%",
        Value::Rate(_) => "0.000%",
        Value::RelativeChange(_) => "+0.0%;-0.0%;0.0%",
        Value::Count(_)
        | Value::Tokens(_)
        | Value::Bytes(_)
        | Value::Integer(_)
        | Value::DurationMs(_) => "#,##0",
        Value::CountChange(_) | Value::DurationChange(_) => "+#,##0;-#,##0;0",
        Value::PointChange(_) => "+0.0000;-0.0000;0",
        Value::Mean(_) | Value::SecondsOf(_) => "0.00",
        Value::MeanChange(_) | Value::SecondsChange(_) => "+0.00;-0.00;0.00",
        _ => "General",
    })
}

/// What a native chart is drawn from: names to the left, one column per series.
struct Grid {
    kind: ChartType,
    series: Vec<String>,
    rows: Vec<(String, Vec<Option<f64>>)>,
    format: &'static str,
}

fn chart(page: &mut Worksheet, name: &str, figure: &Figure) -> Result<(), XlsxError> {
    if let Chart::HeatMap(map) = &figure.chart {
        let rows = map.rows.iter().zip(&map.cells).map(|(row, cells)| {
            let cell = |cell: &HeatCell| match cell {
                HeatCell::Known(n) | HeatCell::Partial(n) => Some(float(*n)),
                HeatCell::NoLog => None,
            };
            (row.clone(), cells.iter().map(cell).collect())
        });
        let grid = Grid {
            kind: ChartType::Column,
            series: map.columns.clone(),
            rows: rows.collect(),
            format: "#,##0",
        };
        let (last_row, last_column) = data(page, &grid)?;
        let scale = ConditionalFormat2ColorScale::new()
            .set_minimum_color("#EEF3F9")
            .set_maximum_color("#3273B8");
        return page.add_conditional_format(1, 1, last_row, last_column, &scale).map(drop);
    }
    let Some(grid) = grid(&figure.chart) else {
        return text(page, 0, 0, "This chart has no counterpart in a workbook.");
    };
    let (last_row, last_column) = data(page, &grid)?;
    let mut chart = NativeChart::new(grid.kind);
    for column in 1..=last_column {
        chart
            .add_series()
            .set_name((name, 0, column))
            .set_categories((name, 1, 0, last_row, 0))
            .set_values((name, 1, column, last_row, column));
    }
    chart.title().set_name(&clean(&figure.title));
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart.set_width(CHART_SIZE.0).set_height(CHART_SIZE.1);
    if grid.kind == ChartType::Bar {
        // From top to bottom, as the rows are.
        chart.y_axis().set_reverse();
    }
    page.insert_chart(1, last_column + 2, &chart).map(drop)
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
            if let Some(value) = value {
                page.write_number_with_format(row, column, *value, &number)?;
            }
        }
    }
    let last = |count: usize| u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    Ok((u32::from(last(grid.rows.len())), last(grid.series.len())))
}

fn grid(chart: &Chart) -> Option<Grid> {
    let usd = |amount: &Option<Usd>| amount.map(Usd::to_f64);
    let grid = |kind, series: &[&str], rows: Vec<(String, Vec<Option<f64>>)>, format| Grid {
        kind,
        series: series.iter().map(|name| (*name).to_owned()).collect(),
        rows,
        format,
    };
    Some(match chart {
        Chart::StackedColumns(chart) => {
            let names: Vec<&str> = chart.series.iter().map(|one| one.label.as_str()).collect();
            let rows = chart.groups.iter().flat_map(|group| {
                let when = if group.previous { "before " } else { "" };
                group.columns.iter().map(move |(day, values)| {
                    (format!("{when}{day}"), values.iter().map(usd).collect())
                })
            });
            grid(ChartType::ColumnStacked, &names, rows.collect(), "#,##0.00")
        }
        Chart::HorizontalBars(chart) => {
            let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_number);
            let rows = chart
                .rows
                .iter()
                .map(|bar| (bar.label.clone(), vec![bar.value.as_number(), number(&bar.previous)]));
            grid(ChartType::Bar, &["This period", "Before"], rows.collect(), "#,##0.00")
        }
        Chart::HourlyColumns(chart) => {
            let names: Vec<&str> = chart.series.iter().map(|(name, _)| name.as_str()).collect();
            let rows = chart.hours.iter().map(|(hour, counts)| {
                let counts = counts.iter().map(|count| Some(float(*count))).collect();
                (hour.format("%Y-%m-%d %H:%M").to_string(), counts)
            });
            grid(ChartType::ColumnStacked, &names, rows.collect(), "#,##0")
        }
        Chart::DotRange(chart) => {
            let rows = chart.rows.iter().map(|row| {
                (row.label.clone(), vec![Some(row.p50_ms), Some(row.p90_ms), Some(row.p99_ms)])
            });
            grid(ChartType::Bar, &["p50, ms", "p90, ms", "p99, ms"], rows.collect(), "#,##0")
        }
        Chart::ForecastLine(chart) => {
            let past =
                chart.past.iter().map(|(day, amount)| (day.to_string(), vec![usd(amount), None]));
            let ahead = chart
                .ahead
                .iter()
                .map(|one| (one.day.to_string(), vec![None, Some(one.expected.to_f64())]));
            grid(
                ChartType::Line,
                &["Spend, USD", "Expected, USD"],
                past.chain(ahead).collect(),
                "#,##0.00",
            )
        }
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "a spreadsheet computes in doubles")]
fn float(n: u64) -> f64 {
    n as f64
}
