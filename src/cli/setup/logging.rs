//! `setup logging`: turn model invocation logging on and off, or say how it is.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::account::AccountArgs;
use crate::cli::answer::json;
use crate::cli::output;
use crate::pipeline::{RegionLogging, change_logging, logging_of};
use crate::render::format::words::clean;
use crate::setup::logging::{LogGroup, LoggingConfig, Modality, Place};

/// Turn model invocation logging on or off, or show and verify how it is configured
///
/// Bedrock has one configuration per account and Region, and it is replaced whole: what is not asked
/// for is off afterwards. The change is shown, before and after, and made only after a yes; `--yes`
/// says it beforehand. Bucket and prefix must let Bedrock write (`setup template --kind stack` has the
/// policy). Without an action it shows what is configured.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens setup logging --region us-east-1,eu-west-1
  bedrock-lens setup logging --enable --bucket acme-logs --modalities text,image,embedding,video
  bedrock-lens setup logging --enable --bucket acme-logs --log-group /bedrock/invocations \\
      --log-group-role arn:aws:iam::111122223333:role/bedrock-logs --large-data-bucket acme-logs --yes
  bedrock-lens setup logging --verify --bucket acme-logs --json
  bedrock-lens setup logging --disable --region eu-west-1

Exit codes: 3 when some of the Regions could not be asked or changed; 4 when --verify finds a difference.")]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of the command line")]
pub(in crate::cli) struct LoggingArgs {
    /// Turn logging on, or replace how it is configured
    #[arg(long, conflicts_with_all = ["verify", "disable"])]
    enable: bool,
    /// Compare with what is asked for, change nothing; exit 4 when something differs
    #[arg(long, conflicts_with = "disable")]
    verify: bool,
    /// Turn logging off
    #[arg(long, conflicts_with_all = ["bucket", "log_group", "modalities"])]
    disable: bool,
    /// Bucket for logs, of the same account
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// What comes before `AWSLogs/` in the bucket
    #[arg(long, value_name = "PREFIX", requires = "bucket")]
    prefix: Option<String>,
    /// Log group for logs
    #[arg(long, value_name = "NAME", requires = "log_group_role")]
    log_group: Option<String>,
    /// Role that lets Bedrock write to the log group
    #[arg(long, value_name = "ARN", requires = "log_group")]
    log_group_role: Option<String>,
    /// Bucket for bodies that are too large for the log group
    #[arg(long, value_name = "NAME", requires = "log_group")]
    large_data_bucket: Option<String>,
    /// Prefix in that bucket
    #[arg(long, value_name = "PREFIX", requires = "large_data_bucket")]
    large_data_prefix: Option<String>,
    /// Which content is in the logs [default for --enable: text,image,embedding,video,audio]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    modalities: Option<Vec<Kind>>,
    /// Don't ask before changing
    #[arg(long)]
    yes: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

/// Kinds of content, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Text,
    Image,
    Embedding,
    Video,
    Audio,
    /// Counts and metadata only.
    None,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Show,
    Enable,
    Verify,
    Disable,
}

#[derive(Serialize)]
struct Answer<'r> {
    action: &'static str,
    regions: &'r [RegionLogging],
}

pub(super) fn run(args: &LoggingArgs, context: &Context) -> Result<Exit, Failure> {
    let action = args.action();
    let asked = args.asked()?;
    if action == Action::Enable {
        sound(&asked.whole())?;
    } else if asked != Asked::default() {
        sound_parts(&asked)?;
    }
    let wanted = |before: Option<&LoggingConfig>| match action {
        Action::Show => before.cloned(),
        Action::Enable => Some(asked.whole()),
        Action::Disable => None,
        Action::Verify => Some(asked.over(before)),
    };
    let mut regions = logging_of(&args.account.access(context), args.account.regions(), wanted)?;
    if matches!(action, Action::Enable | Action::Disable) {
        carry_out(&mut regions, args, context)?;
    }
    tell(&regions, action, args, context)?;
    Ok(ending(&regions, action))
}

/// Shows each change, asks, makes it.
fn carry_out(
    regions: &mut [RegionLogging],
    args: &LoggingArgs,
    context: &Context,
) -> Result<(), Failure> {
    let open = |one: &RegionLogging| one.error.is_none() && !one.changes.is_empty();
    if !regions.iter().any(open) {
        return Ok(());
    }
    for one in regions.iter().filter(|one| open(one)) {
        context.output.note(clean_lines(&format!("{}:\n{}", one.region, listed(one))).trim_end());
    }
    if !args.yes && !output::agreed("make this change? [y/N] ")? {
        return Err(Failure { error: anyhow::anyhow!("nothing was changed"), exit: Exit::Failed });
    }
    for one in regions.iter_mut().filter(|one| open(one)) {
        change_logging(one);
    }
    Ok(())
}

/// What is asked for; what is not named is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    s3: Option<Place>,
    cloudwatch: Option<LogGroup>,
    modalities: Option<Vec<Modality>>,
}

impl Asked {
    /// As a configuration of its own.
    fn whole(&self) -> LoggingConfig {
        let kinds = self.modalities.clone().unwrap_or_else(|| Modality::ALL.to_vec());
        LoggingConfig {
            s3: self.s3.clone(),
            cloudwatch: self.cloudwatch.clone(),
            modalities: flags(&kinds),
        }
    }

    /// Over a configuration that is there: only what is asked for can differ.
    fn over(&self, before: Option<&LoggingConfig>) -> LoggingConfig {
        let there = before.cloned().unwrap_or_default();
        LoggingConfig {
            s3: self.s3.clone().or(there.s3),
            cloudwatch: self.cloudwatch.clone().or(there.cloudwatch),
            modalities: self.modalities.as_deref().map_or(there.modalities, flags),
        }
    }
}

fn flags(on: &[Modality]) -> BTreeMap<Modality, bool> {
    Modality::ALL.into_iter().map(|one| (one, on.contains(&one))).collect()
}

/// A configuration that can be sent; every problem is told at once.
fn sound(config: &LoggingConfig) -> Result<(), Failure> {
    let problems = config.problems();
    if problems.is_empty() { Ok(()) } else { Err(Failure::usage(problems.join("; "))) }
}

/// What is asked for may be less than a configuration, but it must be sound.
fn sound_parts(asked: &Asked) -> Result<(), Failure> {
    let mut config = asked.whole();
    if config.s3.is_none() && config.cloudwatch.is_none() {
        config.s3 = Some(Place { bucket: "any-bucket".to_owned(), prefix: String::new() });
    }
    sound(&config)
}

impl LoggingArgs {
    fn action(&self) -> Action {
        match (self.enable, self.verify, self.disable) {
            (true, ..) => Action::Enable,
            (_, true, _) => Action::Verify,
            (.., true) => Action::Disable,
            _ => Action::Show,
        }
    }

    fn asked(&self) -> Result<Asked, Failure> {
        let place = |bucket: &Option<String>, prefix: &Option<String>| {
            bucket
                .clone()
                .map(|bucket| Place { bucket, prefix: prefix.clone().unwrap_or_default() })
        };
        let cloudwatch = self.log_group.clone().map(|name| LogGroup {
            name,
            role_arn: self.log_group_role.clone().unwrap_or_default(),
            large_data: place(&self.large_data_bucket, &self.large_data_prefix),
        });
        let kinds = self.modalities.as_deref().map(modalities).transpose()?;
        Ok(Asked { s3: place(&self.bucket, &self.prefix), cloudwatch, modalities: kinds })
    }
}

fn modalities(kinds: &[Kind]) -> Result<Vec<Modality>, Failure> {
    if kinds.contains(&Kind::None) && kinds.len() > 1 {
        return Err(Failure::usage("`none` in `--modalities` stands alone"));
    }
    let named = |kind: &Kind| {
        Some(match kind {
            Kind::Text => Modality::Text,
            Kind::Image => Modality::Image,
            Kind::Embedding => Modality::Embedding,
            Kind::Video => Modality::Video,
            Kind::Audio => Modality::Audio,
            Kind::None => return None,
        })
    };
    Ok(kinds.iter().filter_map(named).collect())
}

fn tell(
    regions: &[RegionLogging],
    action: Action,
    args: &LoggingArgs,
    context: &Context,
) -> Result<(), Failure> {
    if args.json {
        output::result(&json(&Answer { action: action.name(), regions })?)?;
    } else {
        let text: String = regions.iter().map(|one| line(one, action)).collect();
        output::result(&clean_lines(&text))?;
    }
    for one in regions {
        if let Some(error) = &one.error {
            context.output.warn(&clean(&format!("{}: {error}", one.region)));
        }
        if let Some(hint) = &one.hint {
            context.output.hint(&clean(hint));
        }
    }
    Ok(())
}

fn line(one: &RegionLogging, action: Action) -> String {
    let region = &one.region;
    let said = match action {
        _ if one.error.is_some() => "could not be asked or changed".to_owned(),
        Action::Show => return format!("{region}:\n{}", described(one.before.as_ref())),
        Action::Verify if one.changes.is_empty() => "as asked".to_owned(),
        Action::Verify => return format!("{region}: differs (is, asked)\n{}", listed(one)),
        _ if one.changes.is_empty() => "as asked before; nothing to change".to_owned(),
        Action::Enable => "logging is on".to_owned(),
        Action::Disable => "logging is off".to_owned(),
    };
    format!("{region}: {said}\n")
}

fn described(config: Option<&LoggingConfig>) -> String {
    let Some(config) = config else { return "  logging is off\n".to_owned() };
    let settings = crate::setup::logging::changes(None, Some(config));
    let line = |change: &crate::setup::logging::Change| {
        format!("  {:<28}{}\n", change.setting, change.after.as_deref().unwrap_or_default())
    };
    settings.iter().map(line).collect()
}

/// The changes, a line each.
fn listed(one: &RegionLogging) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
    let line = |change: &crate::setup::logging::Change| {
        format!("  {:<28}{} -> {}\n", change.setting, value(&change.before), value(&change.after))
    };
    one.changes.iter().map(line).collect()
}

/// Text of AWS's, without control characters; its lines stay.
fn clean_lines(text: &str) -> String {
    text.lines().map(|line| clean(line) + "\n").collect()
}

fn ending(regions: &[RegionLogging], action: Action) -> Exit {
    if regions.iter().any(|one| one.error.is_some()) {
        Exit::Partial
    } else if action == Action::Verify && regions.iter().any(|one| !one.changes.is_empty()) {
        Exit::NotPassed
    } else {
        Exit::Done
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Enable => "enable",
            Self::Verify => "verify",
            Self::Disable => "disable",
        }
    }
}
