//! The audit pack's report: a cover, and one sheet for each part of the evidence. Data only.
//!
//! Says what was tested with what evidence, and as plainly what could not be tested. Files beside the
//! report hold the rows; a sheet shows the gist of them and names the file.

mod access;
mod controls;
mod cover;
mod findings;
mod inputs;
mod integrity;
mod manifest;
mod outages;
mod table;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use inputs::{
    ControlLine, ControlVerdict, CoverageFigures, FindingLine, InputObjects, IntegrityFacts,
    OutageLine, PackInputs, PriceBookFacts, RuleCounts,
};

use super::parts::{Figure, Prose, Table, Tone};
use crate::period::Period;

/// Version of this layout in JSON.
const SCHEMA: u32 = 1;

/// The report of a pack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackReport {
    /// Version of this layout.
    pub schema: u32,
    /// `audit_pack`.
    pub kind: &'static str,
    /// Short name of the pack.
    pub pack_id: String,
    /// Title.
    pub title: &'static str,
    /// What the title is about, e.g. `third quarter 2026`.
    pub subtitle: String,
    /// The period in few words, e.g. `Q3 2026`.
    pub period_name: String,
    /// The period.
    pub period: Period,
    /// When the pack was made.
    pub generated: DateTime<Utc>,
    /// Label and value pairs of the cover.
    pub scope: Vec<(&'static str, String)>,
    /// The verdict on integrity.
    pub verdict: Verdict,
    /// The five figures under it.
    pub figures: Vec<Tile>,
    /// Results by framework; none where no control was tested.
    pub frameworks: Option<Table>,
    /// What the results are, and are not.
    pub frameworks_note: Prose,
    /// The sheets in order; the renderer numbers them from 1.
    pub sheets: Vec<Sheet>,
    /// The command that makes this pack again.
    pub reproduce: String,
}

/// A verdict with its sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The word.
    pub word: &'static str,
    /// Its judgement.
    pub tone: Tone,
    /// All words there are.
    pub scale: &'static str,
    /// What it means here.
    pub lead: Prose,
}

/// A figure of the cover.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tile {
    /// Label.
    pub label: &'static str,
    /// The figure.
    pub value: Prose,
    /// Its denominator.
    pub detail: Prose,
    /// Its judgement.
    pub tone: Tone,
}

/// A part of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sheet {
    /// Anchor.
    pub id: &'static str,
    /// Short name.
    pub label: &'static str,
    /// The finding, one sentence with its figure.
    pub heading: Prose,
    /// The chart above the tables.
    pub figure: Option<Figure>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Remarks below them.
    pub notes: Vec<Prose>,
    /// Why there is nothing to show.
    pub empty: Option<Prose>,
}

/// The report of a pack.
pub fn pack(inputs: &PackInputs<'_>) -> PackReport {
    let sheets = vec![
        integrity::sheet(inputs),
        controls::sheet(inputs),
        findings::sheet(inputs),
        outages::sheet(inputs),
        access::sheet(inputs),
        inputs::sheet(inputs),
        manifest::sheet(inputs),
    ];
    PackReport {
        schema: SCHEMA,
        kind: "audit_pack",
        pack_id: inputs.pack_id.clone(),
        title: "Compliance audit pack",
        subtitle: format!("Amazon Bedrock usage and logging, {}", cover::period_words(inputs)),
        period_name: cover::period_name(inputs),
        period: inputs.period,
        generated: inputs.generated,
        scope: cover::scope(inputs),
        verdict: integrity::verdict(inputs),
        figures: integrity::tiles(inputs),
        frameworks: controls::by_framework(inputs),
        frameworks_note: controls::note(inputs),
        sheets,
        reproduce: inputs.reproduce.clone(),
    }
}
