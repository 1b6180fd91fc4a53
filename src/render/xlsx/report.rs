//! A report as a workbook: what it is about, a sheet per table, a sheet with a native chart per figure.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::native::chart;
use super::{LONGEST_TEXT, cell, created_at};
use crate::render::Error;
use crate::render::answer::exact;
use crate::render::format::words::clean;
use crate::render::format::{self, Script};
use crate::report::parts::{Outcome, Report, RowRole, Section, Table, Value};

/// Longest name of a sheet.
const LONGEST_NAME: usize = 31;

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

pub(super) fn text(
    page: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
) -> Result<(), XlsxError> {
    let text: String = clean(text).chars().take(LONGEST_TEXT).collect();
    page.write_string(row, column, text).map(drop)
}

pub(super) fn head(
    page: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
) -> Result<(), XlsxError> {
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
