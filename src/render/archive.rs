//! Every table of a report as CSV in one zip: exact values, unknown empty, formulas neutralised.
//!
//! The same report gives the same bytes: entries carry no clock time.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Error;
use super::answer::exact;
use super::csv::csv;
use super::format::{Format, Script};
use crate::report::parts::{Kpi, Outcome, Report, Section, Table};

/// The tables as the bytes of a zip: `00-report.csv`, `00-key-figures.csv`, then one file per table,
/// `03-models.csv`, numbered as the sections are.
///
/// # Errors
/// When a row can't be written.
pub fn archive(report: &Report) -> Result<Vec<u8>, Error> {
    let mut files = vec![
        ("00-report.csv".to_owned(), facts(report)?),
        ("00-key-figures.csv".to_owned(), key_figures(&report.kpis)?),
    ];
    for (number, section) in (1..).zip(&report.sections) {
        for (at, table) in section.tables.iter().enumerate() {
            files.push((name(number, section, at), rows(table)?));
        }
    }
    zipped(&files).map_err(Error::Zip)
}

fn zipped(files: &[(String, String)]) -> std::io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn name(number: usize, section: &Section, table: usize) -> String {
    match table {
        0 => format!("{number:02}-{}.csv", section.id),
        more => format!("{number:02}-{}-{}.csv", section.id, more + 1),
    }
}

/// What the report is about, and how far it can be trusted.
fn facts(report: &Report) -> Result<String, Error> {
    let time =
        |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let format = Format::for_report(report, Script::Ascii);
    let mut facts: Vec<(String, String)> = [
        ("kind", report.kind.to_owned()),
        ("title", report.title.clone()),
        ("period_from", time(report.period.from)),
        ("period_to", time(report.period.to)),
        ("previous_from", time(report.previous_period.from)),
        ("previous_to", time(report.previous_period.to)),
        ("timezone", report.timezone.clone()),
        ("generated", time(report.generated)),
        ("grade", format!("{:?}", report.trust.grade)),
        ("headline", exact(&report.headline.value)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    for cell in &report.trust.cells {
        let value = format!("{}; {}", format.prose(&cell.value), format.prose(&cell.detail));
        facts.push((cell.key.to_owned(), value));
    }
    facts.extend(report.meta.iter().map(|(label, value)| (label.to_lowercase(), value.clone())));
    facts.push(("reproduce".to_owned(), report.reproduce.clone()));
    csv(["key", "value"], facts.iter().map(|(key, value)| [key.as_str(), value.as_str()]))
}

fn key_figures(kpis: &[Kpi]) -> Result<String, Error> {
    let rows = kpis.iter().map(|kpi| {
        let outcome = match kpi.outcome {
            Outcome::Pass => "pass",
            Outcome::Miss => "miss",
            Outcome::NotEvaluated => "not_evaluated",
        };
        [
            kpi.key.to_owned(),
            kpi.label.clone(),
            exact(&kpi.value),
            exact(&kpi.previous),
            exact(&kpi.change),
            outcome.to_owned(),
            kpi.target.clone(),
        ]
    });
    csv(["key", "label", "value", "previous", "change", "outcome", "target"], rows)
}

/// A table with its columns' keys as heads, and what kind of row each is.
fn rows(table: &Table) -> Result<String, Error> {
    let heads = table.columns.iter().map(|column| column.key).chain(["row"]);
    let rows = table.rows.iter().map(|row| {
        let role = format!("{:?}", row.role).to_lowercase();
        row.cells.iter().map(|cell| exact(&cell.value)).chain([role]).collect::<Vec<_>>()
    });
    csv(heads, rows)
}
