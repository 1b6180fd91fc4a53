//! Parse, run, say how it ended.

use std::process::ExitCode;

/// Threads that decode free and take memory in pieces of all sizes; the system's allocator gives it back
/// in between and has it zeroed again (`benches/ingest.py` tells the difference).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bedrock_lens::cli::run().into()
}
