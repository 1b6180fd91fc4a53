//! The yardstick of ingest: inflates every gzip object of a folder with libdeflate, and nothing else.
//!
//! `inflate FOLDER` prints one line of JSON. `RAYON_NUM_THREADS` sets the number of threads, as it
//! does for the program itself.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use libdeflater::Decompressor;
use rayon::prelude::*;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with("--")) else {
        eprintln!("usage: inflate FOLDER");
        return ExitCode::from(2);
    };
    let objects = walkdir::WalkDir::new(&folder).into_iter().filter_map(Result::ok);
    let objects: Vec<PathBuf> = objects
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|end| end == "gz"))
        .collect();
    let started = Instant::now();
    let plain: u64 = objects.par_iter().map(inflated_bytes).sum();
    println!(
        "{{\"objects\":{},\"bytes_uncompressed\":{plain},\"seconds\":{:.4}}}",
        objects.len(),
        started.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Size of an object's plain bytes, found by inflating it into memory that is used again.
fn inflated_bytes(path: &PathBuf) -> u64 {
    let gzip = fs::read(path).expect("an object that can be read");
    let promised = gzip.last_chunk::<4>().map_or(0, |last| u32::from_le_bytes(*last) as usize);
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.len() < promised {
            buffer.resize(promised, 0);
        }
        let plain = Decompressor::new().gzip_decompress(&gzip, buffer);
        plain.expect("one sound gzip member") as u64
    })
}
