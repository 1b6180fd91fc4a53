//! `config`: a file to begin with, what the settings are, and whether they can work.

mod check;
mod init;
mod remarks;
mod show;

pub(super) use show::values;

use clap::{Args, Subcommand};

use super::output::Output;
use super::{Context, Exit, Failure};
pub(super) use init::InitArgs;

/// Begin, show and check the configuration
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  bedrock-lens config init
  bedrock-lens config show
  bedrock-lens config check")]
pub(super) enum ConfigCommand {
    /// Write a configuration file with every key in it, explained and commented out
    #[command(after_help = "\
Examples:
  bedrock-lens config init
  bedrock-lens config init production.toml
  bedrock-lens config init - | less")]
    Init(init::InitArgs),
    /// Show the settings as they are resolved: flag, environment, configuration file, default
    #[command(after_help = "\
Examples:
  bedrock-lens config show
  bedrock-lens --config production.toml config show --json")]
    Show(ConfigArgs),
    /// Check the configuration, and show the IAM policy that its sources need
    ///
    /// Names every key that is misspelt, with its line and the nearest known one, and says what is
    /// not used or can't work as it is written.
    ///
    /// Asks AWS nothing. The policies are the least that `ingest` needs; a bucket encrypted with a
    /// key of KMS also takes `kms:Decrypt` on that key.
    #[command(after_help = "\
A source is written like this; all but `name` and `url` may be left out:
  [[source]]
  name = \"production\"
  url = \"s3://acme-logs/AWSLogs\"
  profile = \"audit\"
  region = \"eu-west-1\"
  role_arn = \"arn:aws:iam::111122223333:role/bedrock-lens\"
  external_id = \"4711\"
  requester_pays = false
  accounts = [\"111122223333\"]
  regions = [\"us-east-1\"]
  kinds = [\"invocations\", \"cloudtrail\"]

Examples:
  bedrock-lens config check
  bedrock-lens config check --json | jq '.sources[0].policy'")]
    Check(ConfigArgs),
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Writes the file to begin with, which takes no settings.
pub(super) fn init(args: &InitArgs, output: Output) -> Result<Exit, Failure> {
    init::run(args, output)
}

pub(super) fn run(command: &ConfigCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Init(args) => init::run(args, context.output),
        ConfigCommand::Show(args) => show::run(args.json, context),
        ConfigCommand::Check(args) => check::run(args.json, context),
    }
}
