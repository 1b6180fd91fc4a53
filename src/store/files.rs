//! The store's folder: where files lie, and how one is written so that it is whole or absent.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;

use super::Error;
use super::summaries::Summed;
use crate::schema::Table;

/// Name of the catalogue in the store's folder.
pub(super) const CATALOG: &str = "catalog.sqlite";
/// Name of the writers' lock file.
pub(super) const WRITE_LOCK: &str = "write.lock";
/// Name of the file readers hold a shared lock on.
pub(super) const READ_LOCK: &str = "read.lock";
/// Name of the file with application inference profiles.
pub(super) const PROFILES: &str = "aws-profiles.json";
/// Name of the ledger of what was delivered.
pub(super) const DELIVERIES: &str = "deliveries.sqlite";
/// What `SQLite` keeps beside it while it writes.
pub(super) const DELIVERIES_JOURNAL: &str = "deliveries.sqlite-journal";
/// Name of the lock file of whoever delivers.
pub(super) const DELIVERIES_LOCK: &str = "deliveries.lock";
/// Name of the ledger of alerts.
pub(super) const ALERTS: &str = "alerts.sqlite";
/// Folder of summed-up days, by what they are summed up to and day, like the tables themselves.
pub(super) const SUMMARIES: &str = "summaries";
/// Folder of what is kept of reports.
pub(super) const REPORTS: &str = "reports";
/// Folder of the rows that repeat a call, by table and day like the tables themselves.
const REPEATS: &str = "repeats";

/// Path of a segment below the store: `invocations/day=2026-11-09/000000000017.parquet`.
pub(super) fn segment_path(table: Table, day: NaiveDate, number: i64) -> String {
    format!("{}/day={day}/{number:012}.parquet", table.name())
}

/// The number in a file's name.
pub(super) fn number(path: &str) -> Option<i64> {
    Path::new(path).file_stem()?.to_str()?.parse().ok()
}

/// Path of the repeats of a day below the store.
pub(super) fn repeats_path(table: Table, day: NaiveDate, number: i64) -> String {
    format!("{REPEATS}/{}/day={day}/{number:012}.parquet", table.name())
}

/// Path of a summary of a day below the store; `of` says what it was made from, `how` in what way.
pub(super) fn summary_path(summed: Summed, day: NaiveDate, of: &str, how: &str) -> String {
    format!("{SUMMARIES}/{}/day={day}/{of}-{how}.parquet", summed.name())
}

/// Makes the folder of summaries; false where that can't be.
pub(super) fn has_place_for_summaries(root: &Path) -> bool {
    create_private_folder(&root.join(SUMMARIES)).is_ok()
}

/// Whether a file is there that begins and ends as Parquet files do.
pub(super) fn has_ends_of_parquet(path: &Path) -> bool {
    const ENDS: [u8; 4] = *b"PAR1";
    const LEAST: u64 = 12; // both ends, and a footer's length
    let ends = || -> std::io::Result<[[u8; 4]; 2]> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() < LEAST {
            return Ok([[0; 4]; 2]);
        }
        let mut ends = [[0; 4]; 2];
        file.read_exact(&mut ends[0])?;
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut ends[1])?;
        Ok(ends)
    };
    ends().is_ok_and(|ends| ends == [ENDS; 2])
}

/// When a file was last written; none where that can't be told.
pub(super) fn modified(root: &Path, path: &str) -> Option<std::time::SystemTime> {
    fs::metadata(root.join(path)).and_then(|file| file.modified()).ok()
}

/// The summaries in the store's folder, as paths below the store.
pub(super) fn summary_files(root: &Path) -> Vec<String> {
    parquet_files_in(root, SUMMARIES).collect()
}

/// The folders below the store that hold the rows' Parquet files.
pub(super) fn parquet_roots() -> impl Iterator<Item = String> {
    Table::ALL.into_iter().map(|table| table.name().to_owned()).chain([REPEATS.to_owned()])
}

/// Writes `bytes` under a temporary name, makes them durable, and gives them their name, which is a
/// path below the store.
pub(super) fn write_whole(root: &Path, path: &str, bytes: &[u8]) -> Result<(), Error> {
    write_by_way_of("tmp", root, path, bytes)
}

/// As [`write_whole`], for what two processes may write at once.
pub(super) fn write_shared(root: &Path, path: &str, bytes: &[u8]) -> Result<(), Error> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let ending = format!("{}-{number}.tmp", std::process::id());
    write_by_way_of(&ending, root, path, bytes)
}

fn write_by_way_of(ending: &str, root: &Path, path: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = root.join(path);
    let folder = path.parent().unwrap_or(root);
    if !folder.is_dir() {
        create_private_folder(folder)?;
        // A new folder lasts only when the ones above it are durable too.
        let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
        above.into_iter().try_for_each(sync_folder)?;
    }
    let temporary = path.with_extension(ending);
    let mut file = create_private_file(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(source) = written {
        // On a full disk, half a file would keep others from being written.
        fs::remove_file(&temporary).ok();
        return Err(Error::File { action: "write", path, source });
    }
    fs::rename(&temporary, &path).map_err(|source| Error::File {
        action: "name",
        path: path.clone(),
        source,
    })?;
    sync_folder(folder)
}

/// Creates a folder, and the ones above it, for this user only.
pub(super) fn create_private_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| Error::File {
        action: "create the folder",
        path: path.to_owned(),
        source,
    })
}

/// Creates a file, or empties it, for this user only.
fn create_private_file(path: &Path) -> Result<File, Error> {
    private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(path)
        .map_err(|source| Error::File { action: "create", path: path.to_owned(), source })
}

/// Opens a lock file, creating it if need be; its content is kept.
pub(super) fn open_lock_file(path: &Path) -> Result<File, Error> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(path)
        .map_err(|source| Error::File { action: "open", path: path.to_owned(), source })
}

/// Makes sure that a ledger exists with private permissions before `SQLite` opens it.
pub(super) fn create_ledger_file(path: &Path) -> Result<(), Error> {
    open_lock_file(path).map(drop)
}

/// Makes sure that the catalogue exists with private permissions before `SQLite` opens it.
pub(super) fn create_catalog_file(root: &Path) -> Result<(), Error> {
    open_lock_file(&root.join(CATALOG)).map(drop)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|handle| handle.sync_all()).map_err(|source| Error::File {
        action: "sync the folder",
        path: folder.to_owned(),
        source,
    })
}

/// The Parquet and temporary files in the store's folders, as paths below the store, sorted.
pub(super) fn parquet_files(root: &Path) -> Vec<String> {
    let mut found: Vec<String> =
        parquet_roots().flat_map(|folder| parquet_files_in(root, &folder)).collect();
    found.sort();
    found
}

fn parquet_files_in<'r>(root: &'r Path, folder: &str) -> impl Iterator<Item = String> + use<'r> {
    walkdir::WalkDir::new(root.join(folder))
        .into_iter()
        .filter_map(Result::ok) // a folder that isn't there yet holds nothing
        .filter(|entry| entry.file_type().is_file() && is_own(entry.path()))
        .filter_map(move |entry| relative(root, entry.path()))
}

/// Whether the store writes files with such a name: what else users put there is theirs.
fn is_own(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "parquet" || end == "tmp")
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

/// Absolute paths of files below the store.
pub(super) fn absolute(root: &Path, paths: &[String]) -> Vec<PathBuf> {
    paths.iter().map(|path| root.join(path)).collect()
}
