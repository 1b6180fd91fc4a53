//! Rows as CSV: cells that a spreadsheet would run as a formula are made harmless.

use super::Error;

/// Head and rows as CSV with `\n` line ends.
///
/// # Errors
/// [`Error::Csv`] when a row can't be written.
pub fn csv<H, R, C>(head: H, rows: R) -> Result<String, Error>
where
    H: IntoIterator,
    H::Item: AsRef<str>,
    R: IntoIterator<Item = C>,
    C: IntoIterator,
    C::Item: AsRef<str>,
{
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(head.into_iter().map(|cell| neutral(cell.as_ref()))).map_err(Error::Csv)?;
    for row in rows {
        let cells = row.into_iter().map(|cell| neutral(cell.as_ref()));
        writer.write_record(cells).map_err(Error::Csv)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::Csv(error.into_error().into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Rows as CSV, one after another into any writer, so that a table of millions needs no memory.
pub struct CsvRows<W: std::io::Write> {
    writer: ::csv::Writer<W>,
    rows: u64,
}

impl<W: std::io::Write> CsvRows<W> {
    /// Begins with the head.
    ///
    /// # Errors
    /// [`Error::Csv`] when it can't be written.
    pub fn new(writer: W, head: &[&str]) -> Result<Self, Error> {
        let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(writer);
        writer.write_record(head).map_err(Error::Csv)?;
        Ok(Self { writer, rows: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn push<C: AsRef<str>>(&mut self, cells: &[C]) -> Result<(), Error> {
        let cells = cells.iter().map(|cell| neutral(cell.as_ref()));
        self.writer.write_record(cells).map_err(Error::Csv)?;
        self.rows += 1;
        Ok(())
    }

    /// Ends; returns the number of rows without the head.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn finish(mut self) -> Result<u64, Error> {
        self.writer.flush().map_err(|error| Error::Csv(error.into()))?;
        Ok(self.rows)
    }
}

/// The cell, with `'` before it if a spreadsheet would take it for a formula.
///
/// Plain numbers stay numbers, negative ones too.
pub fn neutral(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && !is_plain_number(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn is_plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::{csv, neutral};

    #[test]
    fn formulas_are_neutralised_and_numbers_kept() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("-12.50", "-12.50"),
            ("+3", "+3"),
            ("-", "'-"),
            ("--1", "'--1"),
            ("2026-11-09", "2026-11-09"),
            ("", ""),
        ] {
            assert_eq!(neutral(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn quotes_and_line_ends_survive() {
        let out = csv(["a", "b"], [["x,\"y\"", "1\n2"]]).expect("written");
        assert_eq!(out, "a,b\n\"x,\"\"y\"\"\",\"1\n2\"\n");
    }
}
