//! `metrics`: the figures in CloudWatch, for those who live there.

mod dashboards;
mod publish;

use clap::Subcommand;

use super::{Context, Exit, Failure};

/// Publish figures as CloudWatch metrics, and put dashboards and alarms over them
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  bedrock-lens metrics publish --dry-run
  bedrock-lens metrics publish --region us-east-1 --quiet
  bedrock-lens metrics dashboards --region us-east-1 --put --yes")]
pub(super) enum MetricsCommand {
    Publish(publish::PublishArgs),
    Dashboards(dashboards::DashboardsArgs),
}

pub(super) fn run(command: &MetricsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        MetricsCommand::Publish(args) => publish::run(args, context),
        MetricsCommand::Dashboards(args) => dashboards::run(args, context),
    }
}

/// A namespace that CloudWatch lets us publish to.
fn namespace(text: &str) -> Result<&str, Failure> {
    if crate::setup::metrics::is_publishable_name(text) {
        return Ok(text);
    }
    Err(Failure::usage(format!(
        "`{text}` in `--namespace` is no namespace of your own: letters, digits and `.-_/#:`, at most \
         255, and `AWS/` is AWS's"
    )))
}
