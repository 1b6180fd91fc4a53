//! `setup doctor`: is everything there that an unattended run needs?

use chrono::Duration;
use clap::Args;
use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::account::AccountArgs;
use crate::cli::answer::{aligned, json};
use crate::cli::sources::{S3Args, requests};
use crate::cli::{output, time};
use crate::period::Period;
use crate::pipeline::{DoctorRequest, Mail, Selection, SourceRequest, doctor};
use crate::render::format::words::clean;
use crate::render::table::Row;
use crate::report::parts::Align;
use crate::settings::{AccessSettings, ChannelTarget, Transport, address};
use crate::setup::doctor::{Check, Outcome};

/// Check everything that an unattended run needs, and say what to do about it
///
/// Credentials and clock, each source as `ingest` reads it (listing, reading, decrypting), invocation
/// logging and trail per Region, how fresh logs are, the sender of mail, the topic of alerts, the store.
/// Every check is made whatever the others bring, and nothing is changed. What can't be asked for want
/// of a permission is `not checked`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens setup doctor
  bedrock-lens setup doctor --region us-east-1,eu-west-1 --json
  bedrock-lens setup doctor s3://acme-logs/AWSLogs --profile audit
  bedrock-lens setup doctor --mail-from lens@acme.example \\
      --topic arn:aws:sns:us-east-1:111122223333:bedrock-alerts

Exit codes: 4 when a check failed; warnings and what was not checked exit with 0.")]
pub(in crate::cli) struct DoctorArgs {
    /// Folders, `s3://bucket/prefix`, or names of configured sources [default: all of these]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// The address that reports are sent from [default: `from` in `[mail]`]
    #[arg(long, value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// The topic that alerts go to [default: those of `[[alerts.channel]]`]
    #[arg(long, value_name = "ARN")]
    topic: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

/// The checks as JSON.
#[derive(Serialize)]
struct Answer<'c> {
    ok: usize,
    warnings: usize,
    failed: usize,
    not_checked: usize,
    checks: &'c [Check],
}

pub(super) fn run(args: &DoctorArgs, context: &Context) -> Result<Exit, Failure> {
    let access = args.account.access(context);
    let checks = doctor(&DoctorRequest {
        regions: args.account.regions(),
        sources: sources(args, context),
        buckets: buckets(args, context),
        mail: mail(args, context),
        topics: topics(args, context),
        store: &context.settings.store,
        now: context.now,
        clock: &time::now,
        access,
    });
    let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let answer = Answer {
        ok: count(Outcome::Ok),
        warnings: count(Outcome::Warning),
        failed: count(Outcome::Failed),
        not_checked: count(Outcome::NotChecked),
        checks: &checks,
    };
    let text = if args.json { json(&answer)? } else { shown(&answer, context) };
    output::result(&text)?;
    Ok(if answer.failed > 0 { Exit::NotPassed } else { Exit::Done })
}

/// The sources, each opened on its own: one that is wrong doesn't hide the others.
fn sources(args: &DoctorArgs, context: &Context) -> Vec<(String, Result<SourceRequest, Check>)> {
    const LOOKED_BACK: Duration = Duration::days(2);
    let range = Period { from: context.now - LOOKED_BACK, to: context.now + Duration::days(1) };
    let selection = Selection { range: Some(range), ..Selection::default() };
    let configured = context.settings.sources.iter().map(|source| source.name.clone());
    let names = if args.sources.is_empty() { configured.collect() } else { args.sources.clone() };
    let s3 = S3Args::of(&args.account);
    let open = |name: &String| {
        let opened = requests(std::slice::from_ref(name), &selection, &s3, context);
        opened.map(|mut opened| opened.swap_remove(0)).map_err(|failure| {
            let why = format!("{:#}", failure.error);
            let fix = failure.hint().unwrap_or_else(|| "mend it in the configuration".to_owned());
            Check::failed("source", name, why, fix)
        })
    };
    names.iter().map(|name| (name.clone(), open(name))).collect()
}

/// What reports are sent by: the address given, by SES of the account; else as the configuration says.
fn mail(args: &DoctorArgs, context: &Context) -> Mail {
    if let Some(from) = &args.mail_from {
        return Mail::Ses { from: address(from).to_owned(), access: None };
    }
    let settings = &context.settings.mail;
    let Some(from) = settings.from.as_deref().map(|from| address(from).to_owned()) else {
        return Mail::Unnamed;
    };
    match (settings.transport, &settings.smtp) {
        (Transport::Smtp, server) => {
            let host = server.as_ref().map_or("none", |server| server.host.as_str());
            Mail::Smtp { from, host: host.to_owned() }
        }
        // SES is asked as the account is, unless its own way there is configured.
        (Transport::Ses, _) => {
            let own = settings.ses.access();
            let access = (own != AccessSettings::default()).then(|| context.access(&own));
            Mail::Ses { from, access }
        }
    }
}

/// The topics that alerts go to.
fn topics(args: &DoctorArgs, context: &Context) -> Vec<String> {
    if let Some(topic) = &args.topic {
        return vec![topic.clone()];
    }
    let mut topics: Vec<String> = Vec::new();
    for channel in &context.settings.alerts.channels {
        if let ChannelTarget::Sns { topic_arn } = &channel.target
            && !topics.contains(topic_arn)
        {
            topics.push(topic_arn.clone());
        }
    }
    topics
}

/// The buckets that are read.
fn buckets(args: &DoctorArgs, context: &Context) -> Vec<String> {
    let configured = context.settings.sources.iter().map(|source| &source.url);
    let urls = configured.chain(&args.sources);
    let bucket = |url: &String| {
        let rest = url.strip_prefix("s3://")?;
        rest.split('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
    };
    urls.filter_map(bucket).collect()
}

fn shown(answer: &Answer<'_>, context: &Context) -> String {
    const HEADS: [(&str, Align); 4] = [
        ("check", Align::Left),
        ("subject", Align::Left),
        ("outcome", Align::Left),
        ("found", Align::Left),
    ];
    let row = |check: &Check| {
        Row::from(vec![
            check.check.to_owned(),
            clean(&check.subject),
            check.outcome.as_str().to_owned(),
            clean(&check.found),
        ])
    };
    let rows: Vec<Row> = answer.checks.iter().map(row).collect();
    let mut text = aligned(&HEADS, &rows, context);
    let to_mend = answer.checks.iter().filter(|check| check.fix.is_some());
    let mut told: Vec<String> = Vec::new();
    for check in to_mend {
        let fix = clean(check.fix.as_deref().unwrap_or_default());
        told.push(format!("{} {}: {fix}\n", check.check, clean(&check.subject)));
    }
    if !told.is_empty() {
        text += "\nwhat to do\n";
        text += &told.concat();
    }
    text + &format!(
        "\n{} ok, {} warnings, {} failed, {} not checked\n",
        answer.ok, answer.warnings, answer.failed, answer.not_checked
    )
}
