//! The catalogue's rows of a commit: which objects were read, which files are live, what they hold.

use rusqlite::{Transaction, params};

use super::catalog::{FileEntry, ObjectEntry};
use super::objects;
use super::staged::Staged;

/// How many rows of each table an object held.
pub(super) struct Counts {
    pub(super) invocations: i64,
    pub(super) api_events: i64,
    pub(super) rejects: i64,
}

pub(super) fn put_objects(
    change: &Transaction<'_>,
    entries: &[(ObjectEntry, Counts)],
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mut forget = change.prepare_cached(
        "DELETE FROM contents WHERE object_id = (SELECT id FROM objects WHERE object = ?1)",
    )?;
    let mut put = change.prepare_cached(
        "INSERT INTO objects (object, fingerprint, size_bytes, modified_ms, kind, account, region,
                              skipped, bytes_uncompressed, invocations, api_events, rejects, ingested_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (object) DO UPDATE SET
             fingerprint = excluded.fingerprint, size_bytes = excluded.size_bytes,
             modified_ms = excluded.modified_ms, kind = excluded.kind, account = excluded.account,
             region = excluded.region, skipped = excluded.skipped,
             bytes_uncompressed = excluded.bytes_uncompressed, invocations = excluded.invocations,
             api_events = excluded.api_events, rejects = excluded.rejects,
             ingested_ms = excluded.ingested_ms",
    )?;
    for (entry, counts) in entries {
        forget.execute([&entry.object])?;
        put.execute(params![
            entry.object,
            entry.fingerprint,
            entry.size_bytes.cast_signed(),
            entry.modified_ms,
            entry.kind,
            entry.account,
            entry.region,
            entry.skipped,
            entry.bytes_uncompressed.cast_signed(),
            counts.invocations,
            counts.api_events,
            counts.rejects,
            now_ms,
        ])?;
    }
    objects::put_hashes(change, entries.iter().map(|(entry, _)| entry))
}

/// Keeps the highest number that a file name bears.
pub(super) fn put_last_file(change: &Transaction<'_>, number: i64) -> rusqlite::Result<()> {
    change.execute("UPDATE numbers SET value = ?1 WHERE name = 'file'", [number]).map(drop)
}

pub(super) fn put_segments(change: &Transaction<'_>, staged: &Staged<'_>) -> rusqlite::Result<()> {
    for old in &staged.replaced {
        for of_segment in ["contents", "corrections"] {
            change.execute(
                &format!(
                    "DELETE FROM {of_segment}
                     WHERE segment_id = (SELECT id FROM segments WHERE path = ?1)"
                ),
                [&old.path],
            )?;
        }
        change.execute("DELETE FROM segments WHERE path = ?1", [&old.path])?;
    }
    let mut ids = Vec::with_capacity(staged.segments.len());
    for file in &staged.segments {
        put_file(change, "segments", file)?;
        ids.push(change.last_insert_rowid());
    }
    let mut link = change.prepare_cached(
        "INSERT INTO contents (object_id, segment_id) SELECT id, ?2 FROM objects WHERE object = ?1",
    )?;
    for (object, positions) in &staged.contents {
        for position in positions {
            link.execute(params![object, ids[*position]])?;
        }
    }
    let mut correct =
        change.prepare_cached("INSERT INTO corrections (segment_id, event_id) VALUES (?1, ?2)")?;
    for (position, event) in &staged.corrections {
        correct.execute(params![ids[*position], event])?;
    }
    Ok(())
}

pub(super) fn put_repeats(change: &Transaction<'_>, staged: &Staged<'_>) -> rusqlite::Result<()> {
    for (table, day) in &staged.compared {
        change.execute(
            "DELETE FROM repeats WHERE tbl = ?1 AND day = ?2",
            params![table.name(), day.to_string()],
        )?;
    }
    staged.repeats.iter().try_for_each(|file| put_file(change, "repeats", file))
}

fn put_file(change: &Transaction<'_>, kind: &str, file: &FileEntry) -> rusqlite::Result<()> {
    change
        .prepare_cached(&format!(
            "INSERT INTO {kind} (tbl, day, path, rows, size_bytes, sha256)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        ))?
        .execute(params![
            file.table.name(),
            file.day.to_string(),
            file.path,
            file.rows.cast_signed(),
            file.size_bytes.cast_signed(),
            file.sha256,
        ])
        .map(drop)
}
