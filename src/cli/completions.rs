//! `completions`: what a shell needs to complete commands and options.

use clap::Args;
use clap_complete::Shell;

use super::{Exit, Failure, output};

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens completions bash > ~/.local/share/bash-completion/completions/bedrock-lens
  bedrock-lens completions zsh > ~/.zfunc/_bedrock-lens
  bedrock-lens completions fish > ~/.config/fish/completions/bedrock-lens.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, mut tool: clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut tool, "bedrock-lens", &mut script);
    output::bytes(&script)?;
    Ok(Exit::Done)
}
