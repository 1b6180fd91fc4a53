//! Workbooks: typed cells, a frozen head with filters, text that is never run as a formula.
//!
//! A spreadsheet computes in doubles: money is a number with its decimals shown, exact to 15
//! digits. Whoever needs every digit takes CSV or JSON.

mod native;
mod report;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::Error;
use super::answer::exact;
use crate::report::answer::Unit;
use crate::report::parts::Value;
pub use report::workbook as report_workbook;

/// One sheet of a workbook.
pub struct Sheet<'v> {
    /// Name on the tab, at most 31 characters.
    pub name: &'v str,
    /// Heads.
    pub columns: Vec<SheetColumn>,
    /// One value per column.
    pub rows: Vec<&'v [Value]>,
}

/// A column of a sheet.
pub struct SheetColumn {
    /// Head.
    pub name: String,
    /// What its figures count, for the number format.
    pub unit: Option<Unit>,
}

/// Rows that a sheet holds below its head.
pub const MOST_ROWS: usize = 1_048_575;

/// Characters that a cell holds.
const LONGEST_TEXT: usize = 32_767;
/// Columns are as wide as their longest text, between these.
const WIDTHS: (usize, usize) = (8, 60);
/// Whole numbers above this lose digits in a double.
const EXACT_WHOLE: u64 = 1 << 53;

/// The bytes of a workbook. `created` are seconds since the epoch: the file says when the data was
/// asked for, and the same data gives the same bytes.
///
/// # Errors
/// When a sheet has more rows than fit.
pub fn workbook(sheets: &[Sheet<'_>], created: i64) -> Result<Vec<u8>, Error> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&created_at(created).map_err(Error::Xlsx)?);
    for sheet in sheets {
        if sheet.rows.len() > MOST_ROWS {
            return Err(Error::TooManyRows { rows: sheet.rows.len() });
        }
        fill(workbook.add_worksheet(), sheet).map_err(Error::Xlsx)?;
    }
    workbook.save_to_buffer().map_err(Error::Xlsx)
}

/// When a workbook was made, seconds since the epoch, and nothing else of who or where.
fn created_at(seconds: i64) -> Result<DocProperties, XlsxError> {
    let created = ExcelDateTime::from_timestamp(seconds)?;
    Ok(DocProperties::new().set_creation_datetime(&created))
}

fn fill(page: &mut Worksheet, sheet: &Sheet<'_>) -> Result<(), XlsxError> {
    page.set_name(sheet.name)?;
    page.set_freeze_panes(1, 0)?;
    let head = Format::new().set_bold();
    for (at, column) in (0_u16..).zip(&sheet.columns) {
        page.write_string_with_format(0, at, &column.name, &head)?;
        let longest =
            sheet.rows.iter().filter_map(|row| row.get(usize::from(at))).map(length).max();
        let width = longest.unwrap_or(0).max(column.name.chars().count() + 3);
        #[expect(clippy::cast_precision_loss, reason = "a width below a hundred")]
        page.set_column_width(at, width.clamp(WIDTHS.0, WIDTHS.1) as f64)?;
        let format = number_format(column.unit);
        for (line, row) in (1_u32..).zip(&sheet.rows) {
            if let Some(value) = row.get(usize::from(at)) {
                cell(page, line, at, value, &format)?;
            }
        }
    }
    if let (Some(last), Ok(rows)) = (last(sheet.columns.len()), u32::try_from(sheet.rows.len())) {
        page.autofilter(0, 0, rows, last)?;
    }
    Ok(())
}

fn last(columns: usize) -> Option<u16> {
    u16::try_from(columns.checked_sub(1)?).ok()
}

fn number_format(unit: Option<Unit>) -> Format {
    Format::new().set_num_format(match unit {
        Some(Unit::Usd) => "#,##0.00############",
        Some(Unit::Share) => "0.00%",
        Some(Unit::Count | Unit::Tokens | Unit::Bytes) => "#,##0",
        Some(Unit::Ms) => "#,##0.###",
        None => "General",
    })
}

/// A typed cell; a missing value is an empty one.
fn cell(
    page: &mut Worksheet,
    row: u32,
    column: u16,
    value: &Value,
    format: &Format,
) -> Result<(), XlsxError> {
    match value {
        Value::Missing(_) => {}
        Value::Time(at) => {
            let time = ExcelDateTime::from_timestamp(at.timestamp())?;
            let format = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
            page.write_datetime_with_format(row, column, &time, &format)?;
        }
        Value::Integer(n) | Value::CountChange(n) if n.unsigned_abs() > EXACT_WHOLE => {
            page.write_string(row, column, n.to_string())?;
        }
        Value::RelativeChange(change) => {
            let format = Format::new().set_num_format("+0.0%;-0.0%;0.0%");
            page.write_number_with_format(row, column, *change, &format)?;
        }
        other => {
            if let Some(number) = other.as_number() {
                page.write_number_with_format(row, column, number, format)?;
            } else {
                let text: String = exact(other).chars().take(LONGEST_TEXT).collect();
                page.write_string(row, column, text)?;
            }
        }
    }
    Ok(())
}

fn length(value: &Value) -> usize {
    exact(value).chars().count()
}
