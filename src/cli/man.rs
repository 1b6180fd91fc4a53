//! `man`: manual pages of the tool and its commands, in roff.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Failure, output};
use crate::pipeline;

/// Print the manual page of the tool or a command, or write all of them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens man | man -l -                       the page of the tool
  bedrock-lens man report weekly | man -l -         that of a command
  bedrock-lens man -o ~/.local/share/man/man1       all pages, as files")]
pub(super) struct ManArgs {
    /// The command, such as `report weekly`
    command: Vec<String>,
    /// Folder to write the pages of all commands to
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, tool: clap::Command) -> Result<Exit, Failure> {
    let mut tool = tool.disable_help_subcommand(true);
    tool.build();
    match &args.output {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|source| pipeline::Error::Write { path: folder.clone(), source })?;
            write_all(&tool, folder)?;
        }
        None => output::bytes(&page(find(&tool, &args.command)?)?)?,
    }
    Ok(Exit::Done)
}

fn find<'c>(tool: &'c clap::Command, names: &[String]) -> Result<&'c clap::Command, Failure> {
    names.iter().try_fold(tool, |command, name| {
        command
            .find_subcommand(name)
            .ok_or_else(|| Failure::usage(format!("there is no command `{}`", names.join(" "))))
    })
}

fn page(command: &clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

/// `bedrock-lens-report-weekly.1` and its like.
fn write_all(command: &clap::Command, folder: &Path) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{}.1", name.replace(' ', "-")));
    pipeline::write_whole(&path, &page(command)?)?;
    command.get_subcommands().try_for_each(|command| write_all(command, folder))
}
