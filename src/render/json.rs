//! The report for machine readers: exact values, money as decimal strings, unknown as null.

use super::Error;
use crate::report::parts::Report;

/// The report as pretty JSON; keys stand in the order of the layout, the same every time.
///
/// # Errors
/// [`Error::Json`] when the report holds something JSON can't.
pub fn json(report: &Report) -> Result<String, Error> {
    let mut text = serde_json::to_string_pretty(report).map_err(Error::Json)?;
    text.push('\n');
    Ok(text)
}
