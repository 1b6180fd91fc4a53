//! `setup template`: the templates that come with the tool, written out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{Context, Exit, Failure};
use crate::cli::output;
use crate::pipeline;
use crate::setup::template::{TEMPLATES, Template};

/// Write a CloudFormation template or an IAM policy
///
/// Templates of CloudFormation take their parameters when they are deployed. Policies are filled in by
/// `--set NAME=VALUE`; without it, the message names what is missing. Without `--kind` all are listed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens setup template
  bedrock-lens setup template --kind stack -o bedrock-lens.yaml
  bedrock-lens setup template --kind member -o member.yaml
  bedrock-lens setup template --kind reader-policy --set LogBucket=acme-logs --set Partition=aws

Deploy with
  aws cloudformation deploy --template-file bedrock-lens.yaml --stack-name bedrock-lens \\
      --capabilities CAPABILITY_IAM --parameter-overrides LogBucketName=acme-logs")]
pub(in crate::cli) struct TemplateArgs {
    /// Which template
    #[arg(long, value_parser = PossibleValuesParser::new(TEMPLATES.iter().map(|one| one.name)))]
    kind: Option<String>,
    /// A value for a policy's `${NAME}`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "kind")]
    set: Vec<String>,
    /// Write to this file, in place of what is there [default: standard output]
    #[arg(short, long, value_name = "FILE", requires = "kind")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &TemplateArgs, context: &Context) -> Result<Exit, Failure> {
    let Some(template) = args.kind.as_deref().and_then(Template::named) else {
        let lines = TEMPLATES.iter().map(|one| format!("{:<18}{}\n", one.name, one.about));
        output::result(&lines.collect::<String>())?;
        return Ok(Exit::Done);
    };
    let text = template
        .filled(&values(&args.set)?)
        .map_err(|problem| Failure { error: problem.into(), exit: Exit::Usage })?;
    match &args.output {
        None => output::result(&text)?,
        Some(path) => {
            pipeline::write_whole(path, text.as_bytes())?;
            context.output.note(&format!("wrote {}", path.display()));
        }
    }
    Ok(Exit::Done)
}

fn values(written: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let value = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(Failure::usage(format!("`{text}` in `--set` is not NAME=VALUE"))),
    };
    written.iter().map(value).collect()
}
