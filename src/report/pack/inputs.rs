//! What a pack's report is made of, and its sheet of inputs and method.

use chrono::{DateTime, NaiveDate, Utc};

use super::super::parts::{Prose, RowRole, Value};
use super::Sheet;
use super::table::{blank, figure, row, table, text, words};
use crate::audit::access::AccessReview;
use crate::audit::integrity::Verification;
use crate::audit::seal::PackFile;
use crate::period::Period;
use crate::units::Usd;

/// Everything that the report says.
pub struct PackInputs<'a> {
    /// Short name of the pack.
    pub pack_id: String,
    /// The period.
    pub period: Period,
    /// When the pack was made.
    pub generated: DateTime<Utc>,
    /// The tool's version.
    pub version: &'a str,
    /// Accounts with calls, sorted.
    pub accounts: Vec<String>,
    /// Regions with calls, sorted.
    pub regions: Vec<String>,
    /// The digests' verdict; none when nobody named a source with digests.
    pub integrity: Option<IntegrityFacts<'a>>,
    /// Controls, in the order of their frameworks.
    pub controls: Vec<ControlLine>,
    /// Findings, gravest first.
    pub findings: Vec<FindingLine>,
    /// Rules by what became of them.
    pub rules: RuleCounts,
    /// Calls against the log.
    pub coverage: CoverageFigures,
    /// Outages, by time.
    pub outages: Vec<OutageLine>,
    /// Who used what.
    pub access: &'a AccessReview,
    /// The price book.
    pub prices: PriceBookFacts,
    /// The objects that the store read.
    pub objects: InputObjects,
    /// Evidence files, written before this report.
    pub files: &'a [PackFile],
    /// The command that makes this pack again.
    pub reproduce: String,
}

/// An integrity check and where it looked.
#[derive(Debug, Clone)]
pub struct IntegrityFacts<'a> {
    /// The outcome.
    pub verification: &'a Verification,
    /// The source as the user named it.
    pub source: String,
}

/// What became of a control's test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlVerdict {
    /// The logs show that it holds.
    Pass,
    /// The logs show that it doesn't.
    Fail,
    /// The logs can't tell.
    NotEvaluated,
}

/// A control and the result of its test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlLine {
    /// Framework, e.g. `SOC 2`.
    pub framework: String,
    /// Id of the control in it.
    pub control: String,
    /// What it asks for.
    pub title: String,
    /// What is tested.
    pub test: String,
    /// The result.
    pub verdict: ControlVerdict,
    /// Figures behind it, or why there is none.
    pub reason: String,
    /// Rows of evidence; none where nothing could be searched.
    pub evidence_rows: Option<u64>,
}

/// A finding of a detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingLine {
    /// Rule.
    pub rule: String,
    /// What it is.
    pub title: String,
    /// `critical`, `high`, `medium`, `low`, `info`.
    pub severity: &'static str,
    /// Whether that is at least high.
    pub is_grave: bool,
    /// Who, where the rule tells callers apart.
    pub principal: Option<String>,
    /// First and last row.
    pub period: Period,
    /// Rows.
    pub rows: u64,
}

/// Rules by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Found something.
    pub fired: u64,
    /// Found nothing.
    pub quiet: u64,
    /// Could not be asked.
    pub not_evaluated: u64,
}

/// Calls against the log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CoverageFigures {
    /// Runtime calls in CloudTrail.
    pub called: u64,
    /// Of these, logged.
    pub logged: u64,
    /// Of these, not logged.
    pub unlogged: u64,
    /// Logged ÷ called; none when it can't be known.
    pub share: Option<f64>,
    /// Why it can't be known.
    pub unknown_because: Option<&'static str>,
    /// Logged requests.
    pub requests: u64,
    /// What the unlogged calls may have cost.
    pub estimate: Option<Usd>,
}

/// A stretch in which something was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutageLine {
    /// Account and Region, as far as known.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// What did not record.
    pub recorder: String,
    /// Start; none when before the period.
    pub from: Option<DateTime<Utc>>,
    /// End; none while open.
    pub to: Option<DateTime<Utc>>,
    /// Length within the period, milliseconds.
    pub length_ms: i64,
    /// What began it.
    pub cause: String,
    /// Calls that were not logged meanwhile; none when they can't be counted.
    pub unlogged: Option<u64>,
    /// What ended it.
    pub ended_by: String,
    /// Whether recording stopped, rather than became less.
    pub is_stop: bool,
}

/// What a reader must know of the price book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBookFacts {
    /// The newest source it was compiled from.
    pub newest_source: NaiveDate,
    /// Models it knows.
    pub models: u64,
    /// Dated price rows it holds.
    pub rows: u64,
}

/// The objects that the period's rows were read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputObjects {
    /// Objects.
    pub objects: u64,
    /// Their stored size.
    pub bytes: u64,
    /// Of these, the ones with a known SHA-256.
    pub hashed: u64,
    /// Records that could not be read.
    pub rejects: u64,
    /// Rows that repeat another's call or event.
    pub duplicates: u64,
}

/// What the figures were made from, and how.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let InputObjects { objects, bytes, hashed, rejects, duplicates } = inputs.objects;
    let line = |label: &str, value: Value, remark: &str| {
        row(RowRole::Body, vec![words(label), value.into(), words(remark)])
    };
    let hashes = match hashed {
        0 => "none kept: `ingest --hash` keeps them; ETag or size and time stand for them",
        _ if hashed == objects => "computed from the bytes when they were read",
        _ => {
            "the rest were read before `ingest --hash` was used; ETag or size and time stand for them"
        }
    };
    let prices = &inputs.prices;
    let rows = vec![
        line("Log objects read", Value::Count(objects), "listed in inputs/objects.csv"),
        line("Their stored size", Value::Bytes(bytes), ""),
        line("With SHA-256", Value::Count(hashed), hashes),
        line("Records rejected", Value::Count(rejects), "counted, never guessed"),
        line("Duplicates counted once", Value::Count(duplicates), ""),
        line(
            "Price book",
            Value::Text(prices.newest_source.to_string()),
            "newest source; method/price-book.json",
        ),
        line(
            "Price rows",
            Value::Count(prices.rows),
            "list prices; discounts only where configured",
        ),
        row(
            RowRole::Body,
            vec![
                words("Configuration"),
                blank(),
                words("method/configuration.json, secrets removed"),
            ],
        ),
    ];
    let columns = vec![text("what", "What"), figure("value", ""), text("remark", "")];
    Sheet {
        id: "inputs",
        label: "Inputs and method",
        heading: Prose::default()
            .value(Value::Count(objects))
            .say(" log objects were read; ")
            .value(Value::Count(rejects))
            .say(" of their records could not be."),
        figure: None,
        tables: vec![table("Inputs and method", columns, rows)],
        notes: vec![
            Prose::text(
                "Times are UTC, the end of the period is exclusive. A pack of the same store, \
                 configuration and --as-of has the same bytes. Only what logs can show is tested: \
                 encryption settings, security groups and granted permissions are not in them.",
            ),
            Prose::text("Made by: ").value(Value::Code(inputs.reproduce.clone())),
        ],
        empty: None,
    }
}
