//! `config init`: a configuration file with every key in it, commented out.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::output::Output;
use crate::cli::{Exit, Failure, output};
use crate::pipeline;
use crate::settings::EXAMPLE;

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// The file; `-` is standard output
    #[arg(value_name = "FILE", default_value = "bedrock-lens.toml")]
    path: PathBuf,
    /// Replace a file of the name
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(args: &InitArgs, output: Output) -> Result<Exit, Failure> {
    if args.path == Path::new("-") {
        output::result(EXAMPLE)?;
        return Ok(Exit::Done);
    }
    if args.path.exists() && !args.force {
        let path = args.path.display();
        return Err(Failure::usage(format!(
            "`{path}` exists; `--force` replaces it, `-` in its place prints the new one"
        )));
    }
    pipeline::write_whole(&args.path, EXAMPLE.as_bytes())?;
    output.note(&format!("wrote {}", args.path.display()));
    Ok(Exit::Done)
}
