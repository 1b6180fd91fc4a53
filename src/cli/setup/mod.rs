//! `setup`: the account around the tool.

mod doctor;
mod logging;
mod template;

use clap::Subcommand;

use super::{Context, Exit, Failure};

/// Check the account, turn invocation logging on and off, write templates
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  bedrock-lens setup doctor
  bedrock-lens setup logging --region us-east-1,eu-west-1
  bedrock-lens setup template --kind stack -o bedrock-lens.yaml")]
pub(super) enum SetupCommand {
    Doctor(doctor::DoctorArgs),
    Logging(logging::LoggingArgs),
    Template(template::TemplateArgs),
}

pub(super) fn run(command: &SetupCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        SetupCommand::Doctor(args) => doctor::run(args, context),
        SetupCommand::Logging(args) => logging::run(args, context),
        SetupCommand::Template(args) => template::run(args, context),
    }
}
