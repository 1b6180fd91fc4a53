//! Parse, run, say how it ended.

use std::process::ExitCode;

fn main() -> ExitCode {
    bedrock_lens::cli::run().into()
}
