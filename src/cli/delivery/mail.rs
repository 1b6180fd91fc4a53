//! A report by mail: to which lists, by which way, and what became of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Context, DeliveryArgs, Done, Failure, Press, SendingArgs, upload};
use crate::cli::time;
use crate::deliver::mail::{
    Login, Mailer, Security, Ses, SesAccess, Shown, Smtp, SmtpAccess, bare,
};
use crate::deliver::s3::{Bucket, Place};
use crate::deliver::{self};
use crate::pipeline::{
    self, Fate, MailPlan, ReportForm, deliver_once, file_name, rendered, report_item,
};
use crate::render::email::Link;
use crate::report::parts::Report;
use crate::settings::{AttachedForm, SmtpSecurity, SmtpSettings, Transport};
use crate::store::Deliveries;

/// The sender of mail that is only written, where the configuration names none.
const NOBODY: &str = "bedrock-lens@localhost";

/// A list of addresses; without a name those of the command line.
pub(super) struct List {
    name: Option<String>,
    addresses: Vec<String>,
}

/// What became of deliveries.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: u64,
    sent_before: u64,
    failed: u64,
    unknown: u64,
    asked: bool,
}

impl Tally {
    /// Null where no mail was asked for.
    pub(super) fn json(&self) -> Value {
        if !self.asked {
            return Value::Null;
        }
        json!({
            "sent": self.sent,
            "sent_before": self.sent_before,
            "failed": self.failed,
            "unknown": self.unknown,
        })
    }
}

/// Whom a report of this kind and audience goes to.
///
/// # Errors
/// Wrong usage when nobody is left.
pub(super) fn recipients(
    args: &SendingArgs,
    kind: &str,
    audience: Option<&str>,
    context: &Context,
) -> Result<Vec<List>, Failure> {
    let known = &context.settings.recipients;
    let list = |list: &crate::settings::RecipientList| List {
        name: Some(list.name.clone()),
        addresses: list.to.iter().map(|text| bare(text)).collect(),
    };
    let mut lists = Vec::new();
    let mut given = Vec::new();
    for name in &args.mail_to {
        match known.iter().find(|one| one.name == *name) {
            Some(found) => lists.push(list(found)),
            None if name.contains('@') => {
                deliver::mail::mailbox(name).map_err(pipeline::Error::Deliver)?;
                given.push(bare(name));
            }
            None => return Err(no_such_list(name, context)),
        }
    }
    if args.mail_to.is_empty() {
        lists.extend(known.iter().filter(|one| one.takes(kind, audience)).map(list));
    }
    if !given.is_empty() {
        lists.push(List { name: None, addresses: given });
    }
    if lists.is_empty() {
        let of = audience.map_or_else(String::new, |audience| format!(" for `{audience}`"));
        return Err(Failure::usage(format!(
            "nobody to send a {kind} report{of} to: no list of `[[recipients]]` in the configuration \
             takes it, and `--mail-to` names nobody"
        )));
    }
    Ok(lists)
}

fn no_such_list(name: &str, context: &Context) -> Failure {
    let known: Vec<&str> =
        context.settings.recipients.iter().map(|list| list.name.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Failure::usage(format!(
        "`{name}` in `--mail-to` is neither an address nor a list of `[[recipients]]` (known: {known})"
    ))
}

/// Who mail is from.
///
/// # Errors
/// Wrong usage when the configuration doesn't say.
pub(in crate::cli) fn sender(context: &Context) -> Result<&str, Failure> {
    context.settings.mail.from.as_deref().ok_or_else(|| {
        Failure::usage(
            "no sender: the configuration needs `from = \"Name <name@example.com>\"` in `[mail]`",
        )
    })
}

/// The mail that would be sent, as files: one per list.
///
/// # Errors
/// When it can't be put together.
pub(super) fn drafts(
    report: &Report,
    args: &DeliveryArgs,
    press: &Press<'_>,
    context: &Context,
) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let lists = match recipients(&args.sending, report.kind, report.audience, context) {
        Ok(lists) => lists,
        // Nobody has to be named to look at a mail.
        Err(_) if args.sending.mail_to.is_empty() => {
            vec![List { name: None, addresses: Vec::new() }]
        }
        Err(failure) => return Err(failure),
    };
    let from = context.settings.mail.from.as_deref().unwrap_or(NOBODY);
    let link = place(report, context)?.map(|place| Link {
        url: place.to_string(),
        until: "it is put there when the mail is sent".to_owned(),
    });
    let several = lists.len() > 1;
    let mut files = Vec::with_capacity(lists.len());
    for list in &lists {
        let message = message(report, press, (from, list), link.clone(), context)?;
        let of =
            list.name.as_deref().filter(|_| several).map(|name| format!("{}.", file_part(name)));
        let name = file_name(report, &format!("{}eml", of.unwrap_or_default()));
        files.push((name, message.bytes));
    }
    Ok(files)
}

fn file_part(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// Sends a report to everybody who should get it and doesn't have it.
///
/// # Errors
/// When nothing could be sent at all: another run sends, or the way can't be set up.
pub(super) fn send(
    report: &Report,
    args: &DeliveryArgs,
    (press, scope): (&Press<'_>, Option<&str>),
    done: &mut Done,
    context: &Context,
) -> Result<(), Failure> {
    done.mail.asked = true;
    let lists = recipients(&args.sending, report.kind, report.audience, context)?;
    let from = sender(context)?;
    let ledger = Deliveries::open(&context.settings.store)?;
    let mailer = mailer(context)?;
    let link = linked(report, press, done, context)?;
    let item = report_item(report, scope);
    for list in &lists {
        let message = message(report, press, (from, list), link.clone(), context)?;
        let (again, now_ms) = (args.sending.resend, context.now.timestamp_millis());
        let deliveries = deliver_once(&ledger, &item, &list.addresses, again, now_ms, |some| {
            mailer.send(&message, some)
        })?;
        for delivery in deliveries {
            say(&delivery.recipient, delivery.fate, done, context);
        }
    }
    if done.mail.sent > 0 {
        context.output.note(&format!("mailed to {}", addresses(done.mail.sent)));
    }
    if done.mail.sent_before > 0 {
        let count = addresses(done.mail.sent_before);
        context.output.note(&format!("not mailed again to {count} that have it (`--resend` does)"));
    }
    Ok(())
}

fn addresses(count: u64) -> String {
    if count == 1 { "1 address".to_owned() } else { format!("{count} addresses") }
}

fn say(recipient: &str, fate: Fate, done: &mut Done, context: &Context) {
    match fate {
        Fate::Sent => done.mail.sent += 1,
        Fate::SentBefore { .. } => done.mail.sent_before += 1,
        Fate::Failed { reason, hint } => {
            done.mail.failed += 1;
            done.is_partial = true;
            context.output.warn(&format!("not mailed to `{recipient}`: {reason}"));
            if let Some(hint) = hint {
                context.output.hint(&hint);
            }
        }
        Fate::Unknown { at_ms, reason } => {
            done.mail.unknown += 1;
            done.is_partial = true;
            let at = chrono::DateTime::from_timestamp_millis(at_ms).map(time::text);
            context.output.warn(&format!(
                "not known whether `{recipient}` has it: {reason} ({})",
                at.unwrap_or_default()
            ));
            context.output.hint("ask there, then `--resend --mail-to ADDRESS` sends it again");
        }
    }
}

fn message(
    report: &Report,
    press: &Press<'_>,
    (from, list): (&str, &List),
    link: Option<Link>,
    context: &Context,
) -> Result<deliver::mail::Message, Failure> {
    let settings = &context.settings;
    let owner = settings.file.as_ref().and_then(|path| path.file_name());
    let owner = owner.map(|name| name.to_string_lossy().into_owned());
    let attach: Vec<ReportForm> =
        settings.mail.attach.iter().map(|form| of_setting(*form)).collect();
    let to = match (list.addresses.as_slice(), &list.name) {
        ([one], _) => Shown::Address(one),
        (_, Some(name)) => Shown::List(name),
        _ => Shown::Sender,
    };
    let plan = MailPlan {
        from,
        reply_to: &settings.mail.reply_to,
        to,
        list: list.name.as_deref(),
        owner: owner.as_deref(),
        attach: &attach,
        link,
    };
    Ok(pipeline::mail(report, press, &plan)?)
}

fn of_setting(form: AttachedForm) -> ReportForm {
    match form {
        AttachedForm::Html => ReportForm::Html,
        AttachedForm::Pdf => ReportForm::Pdf,
        AttachedForm::Xlsx => ReportForm::Xlsx,
        AttachedForm::Csv => ReportForm::Csv,
        AttachedForm::Json => ReportForm::Json,
    }
}

/// Where the whole report is put for a link, if the configuration asks for one.
fn place(report: &Report, context: &Context) -> Result<Option<Place>, Failure> {
    let Some(link) = &context.settings.mail.link else { return Ok(None) };
    let folder = if link.ends_with('/') { link.clone() } else { format!("{link}/") };
    let place = Place::parse(&folder).map_err(pipeline::Error::Deliver)?;
    Ok(Some(place.of_file(&ReportForm::Html.file_name(report))))
}

/// Puts the whole report into S3 and makes the link to it.
fn linked(
    report: &Report,
    press: &Press<'_>,
    done: &mut Done,
    context: &Context,
) -> Result<Option<Link>, Failure> {
    let Some(place) = place(report, context)? else { return Ok(None) };
    let form = ReportForm::Html;
    let page = rendered(report, form, press)?;
    let hours = context.settings.mail.link_hours;
    let link = Bucket::open(&upload(&context.settings.upload, context)).and_then(|bucket| {
        bucket.put(&place, &page, form.content_type())?;
        bucket.link(&place, Duration::from_hours(u64::from(hours)))
    });
    let url = link.map_err(pipeline::Error::Deliver)?;
    done.outputs.push(place.to_string());
    let until = context.now + chrono::Duration::hours(i64::from(hours));
    Ok(Some(Link { url, until: format!("until {}", until.format("%Y-%m-%d %H:%M UTC")) }))
}

/// What sends mail, as the configuration says.
///
/// # Errors
/// When the configuration lacks something, or the access can't be set up.
pub(in crate::cli) fn mailer(context: &Context) -> Result<Box<dyn Mailer>, Failure> {
    let mail = &context.settings.mail;
    Ok(match (mail.transport, &mail.smtp) {
        (Transport::Ses, _) => Box::new(
            Ses::open(&SesAccess {
                access: context.access(&mail.ses.access()),
                configuration_set: mail.ses.configuration_set.clone(),
                identity_arn: mail.ses.identity_arn.clone(),
            })
            .map_err(pipeline::Error::Deliver)?,
        ),
        (Transport::Smtp, Some(smtp)) => {
            Box::new(Smtp::open(&smtp_access(smtp)?).map_err(pipeline::Error::Deliver)?)
        }
        (Transport::Smtp, None) => {
            return Err(Failure::usage(
                "`transport = \"smtp\"` needs `host = \"mail.example.com\"` in `[mail.smtp]`",
            ));
        }
    })
}

fn smtp_access(smtp: &SmtpSettings) -> Result<SmtpAccess, Failure> {
    let login = match (&smtp.username, password(smtp)?) {
        (Some(username), Some(password)) => Some(Login { username: username.clone(), password }),
        (None, None) => None,
        (Some(_), None) => {
            return Err(Failure::usage(
                "`username` in `[mail.smtp]` needs a password: set `BEDROCK_LENS_SMTP_PASSWORD`, or \
                 name a file that holds it with `password_file`",
            ));
        }
        (None, Some(_)) => {
            return Err(Failure::usage(
                "a password for the mail server needs a user name: `username` in `[mail.smtp]`, or \
                 `BEDROCK_LENS_SMTP_USERNAME`",
            ));
        }
    };
    Ok(SmtpAccess {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.security {
            SmtpSecurity::StartTls => Security::StartTls,
            SmtpSecurity::Tls => Security::Tls,
            SmtpSecurity::None => Security::None,
        },
        login,
        ca_file: smtp.ca_file.clone(),
    })
}

/// From the environment, else from the file, without its last line end.
fn password(smtp: &SmtpSettings) -> Result<Option<String>, Failure> {
    if let Some(secret) = &smtp.password {
        return Ok(Some(secret.0.clone()));
    }
    let Some(path) = &smtp.password_file else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|source| {
        pipeline::Error::Deliver(deliver::Error::Unreadable { path: path.clone(), source })
    })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}
