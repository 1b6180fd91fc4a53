//! The evidence files with their hashes, and how to check them.

use super::super::parts::{Missing, Prose, RowRole, Value};
use super::Sheet;
use super::inputs::PackInputs;
use super::table::{figure, row, table, text};
use crate::audit::seal::{self, PackFile};

/// Most files that the sheet shows; more are in the manifest only.
const SHOWN: usize = 80;

/// The sheet.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let columns = vec![text("path", "File"), figure("rows", "Rows"), text("sha256", "SHA-256")];
    let mut files: Vec<&PackFile> = inputs.files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let rows = files.iter().take(SHOWN).map(|file| {
        let rows = file.rows.map_or(Value::Missing(Missing::NotApplicable), Value::Count);
        row(
            RowRole::Body,
            vec![
                Value::Code(file.path.clone()).into(),
                rows.into(),
                Value::Code(file.sha256.clone()).into(),
            ],
        )
    });
    let rows = rows.collect();
    let number = files.len() as u64;
    let mut notes = vec![
        Prose::text(
            "This document cannot hold its own hash: manifest.json beside it names it and every other \
             file, SHA256SUMS holds the same for other tools. Check with ",
        )
        .value(Value::Code("bedrock-lens audit verify-pack PATH".to_owned()))
        .say(" or, in an unpacked folder, ")
        .value(Value::Code("sha256sum -c SHA256SUMS".to_owned()))
        .say("."),
    ];
    if files.len() > SHOWN {
        let rest = (files.len() - SHOWN) as u64;
        notes.push(
            Prose::default().value(Value::Count(rest)).say(" more files are in manifest.json."),
        );
    }
    let sums = seal::sha256(seal::sums(&files.into_iter().cloned().collect::<Vec<_>>()).as_bytes());
    notes.push(
        Prose::text("SHA-256 of the list of these files, in this order, as sha256sum writes it: ")
            .value(Value::Code(sums)),
    );
    Sheet {
        id: "manifest",
        label: "Evidence manifest",
        heading: Prose::default()
            .value(Value::Count(number))
            .say(" evidence files; the evidence is complete if every hash matches."),
        figure: None,
        tables: vec![table("Evidence manifest", columns, rows)],
        notes,
        empty: None,
    }
}
