//! Answers of commands that have a table, CSV and JSON of their own.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Context, Exit, Failure, output};
use crate::pipeline;
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::Align;
use crate::units::Usd;

/// In which form to answer.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct FormArgs {
    /// Form of the answer
    #[arg(long, default_value = "table")]
    format: Form,
    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Forms of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Aligned columns for people.
    #[default]
    Table,
    /// Comma-separated values, formulas neutralised.
    Csv,
    /// One JSON object.
    Json,
}

impl FormArgs {
    pub(super) fn form(self) -> Form {
        if self.json { Form::Json } else { self.format }
    }
}

/// One JSON value, ended by a newline.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| Failure {
        error: anyhow::Error::new(error).context("could not write the answer as JSON"),
        exit: Exit::Failed,
    })
}

/// Rows as CSV, exact.
pub(super) fn csv<R: AsRef<[String]>>(
    heads: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> Result<String, Failure> {
    let rows = rows.into_iter().map(|row| row.as_ref().to_vec());
    Ok(crate::render::csv::csv(heads, rows).map_err(pipeline::Error::Render)?)
}

/// Rows in aligned columns, cut to the terminal's width, never when piped.
pub(super) fn aligned(heads: &[(&str, Align)], rows: &[Row], context: &Context) -> String {
    let head = |(label, align): &(&str, Align)| Head {
        label: (*label).to_owned(),
        unit: None,
        align: *align,
    };
    let heads: Vec<Head> = heads.iter().map(head).collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let color = context.output.color_stdout;
    table(&heads, rows, TableOptions { fit, color, ..TableOptions::default() })
}

/// Money for people, with so many decimals; unknown is a dash.
pub(super) fn fixed(amount: Option<Usd>, decimals: u32) -> String {
    let Some(amount) = amount else { return DASH.to_owned() };
    let text = amount.round_to(decimals).to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    match usize::try_from(decimals).unwrap_or_default() {
        0 => whole.to_owned(),
        width => format!("{whole}.{fraction:0<width$}"),
    }
}

/// Money for programs: exact, unknown empty.
pub(super) fn exact(amount: Option<Usd>) -> String {
    amount.map(|amount| amount.to_string()).unwrap_or_default()
}

/// A value that may be unknown, for programs: empty then.
pub(super) fn plain<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// What stands where nothing is known.
pub(super) const DASH: &str = "\u{2014}";

#[cfg(test)]
mod tests {
    use super::fixed;
    use crate::units::Usd;

    #[test]
    fn money_has_its_decimals() {
        let usd = |text| Usd::parse(text);
        assert_eq!(fixed(usd("-0.5"), 2), "-0.50");
        assert_eq!(fixed(usd("12.345"), 2), "12.35");
        assert_eq!(fixed(usd("12.345"), 0), "12");
        assert_eq!(fixed(None, 2), "\u{2014}");
    }
}
