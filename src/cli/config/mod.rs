//! `config`: what the settings are, and whether they can work.

mod check;
mod show;

pub(super) use show::values;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// Show and check the configuration
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  bedrock-lens config show
  bedrock-lens config check")]
pub(super) enum ConfigCommand {
    /// Show the settings as they are resolved: flag, environment, configuration file, default
    #[command(after_help = "\
Examples:
  bedrock-lens config show
  bedrock-lens --config production.toml config show --json")]
    Show(ConfigArgs),
    /// Check the configuration, and show the IAM policy that its sources need
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

pub(super) fn run(command: &ConfigCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Show(args) => show::run(args.json, context),
        ConfigCommand::Check(args) => check::run(args.json, context),
    }
}
