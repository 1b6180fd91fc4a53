//! `prices sync-profiles`: ask AWS what application inference profiles stand for.

use clap::Args;

use super::json;
use crate::cli::output;
use crate::cli::{Context, Exit, Failure};
use crate::pipeline::{self, SyncRequest, SyncSummary};
use crate::render::format::words::clean;

/// Ask AWS which models application inference profiles stand for, and keep it beside the store
///
/// Lists application inference profiles and provisioned throughput of each account and Region. Every
/// command that costs uses what is kept; `[profiles]` in the prices file comes before it. Needs
/// `bedrock:ListInferenceProfiles`, `bedrock:GetInferenceProfile` and
/// `bedrock:ListProvisionedModelThroughputs`. What AWS no longer lists is kept: logs still name it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices sync-profiles --region us-east-1,eu-west-1
  bedrock-lens prices sync-profiles --profile audit --dry-run --json
  bedrock-lens prices sync-profiles --region us-east-1 \\
      --role-arn arn:aws:iam::111122223333:role/lens --role-arn arn:aws:iam::444455556666:role/lens")]
pub(in crate::cli) struct SyncArgs {
    /// Regions to ask [default: that of the environment]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// A profile of the AWS configuration files
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// A role to assume, for each account one
    #[arg(long, value_name = "ARN")]
    role_arn: Vec<String>,
    /// What the roles' trust policies may ask for
    #[arg(long, value_name = "ID", requires = "role_arn")]
    external_id: Option<String>,
    /// Another endpoint than AWS's
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Ask, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &SyncArgs, context: &Context) -> Result<Exit, Failure> {
    let request = SyncRequest {
        store: context.settings.store.clone(),
        profile: args.profile.clone(),
        roles: args.role_arn.clone(),
        external_id: args.external_id.clone(),
        endpoint_url: args.endpoint_url.clone(),
        regions: args.region.clone(),
        ca_bundle: context.settings.ca_bundle.clone(),
        dry_run: args.dry_run,
    };
    let book = context.price_book()?;
    let found = pipeline::sync_profiles(&request, &book, context.now)?;
    output::result(&if args.json { json(&found)? } else { describe(&found) })?;
    for failure in &found.failures {
        let role = failure.role.as_ref().map_or_else(String::new, |role| format!(" as `{role}`"));
        context.output.warn(&clean(&format!("{}{role}: {}", failure.region, failure.error)));
        if let Some(hint) = &failure.hint {
            context.output.hint(&clean(hint));
        }
    }
    Ok(if found.failures.is_empty() { Exit::Done } else { Exit::Partial })
}

fn describe(found: &SyncSummary) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in &found.profiles {
        let target = match (&one.model_id, one.model_known) {
            (None, _) => String::from("has no single model: its calls stay unpriced"),
            (Some(id), true) => format!("stands for {id}"),
            (Some(id), false) => format!("stands for {id}, which the price book doesn't know"),
        };
        lines.push(format!("profile      {} ({}, {}) {target}", one.arn, one.name, one.change));
    }
    for one in &found.provisioned {
        let rate = if one.has_rate { "" } else { "; no rate in the prices file" };
        lines.push(format!(
            "provisioned  {} ({}): {} units of {}{rate}",
            one.arn, one.name, one.model_units, one.foundation_model_arn
        ));
    }
    if found.kept > 0 {
        lines.push(format!("kept         {} of earlier syncs, not listed now", found.kept));
    }
    lines.push(format!(
        "result       {} profiles, {} provisioned",
        found.profiles.len(),
        found.provisioned.len()
    ));
    lines.push(match &found.written {
        Some(path) => format!("written      {}", path.display()),
        None => String::from("written      nothing"),
    });
    lines.iter().map(|line| clean(line) + "\n").collect()
}
