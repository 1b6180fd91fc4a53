//! Channels of the configuration, opened: addresses read, senders set up.

use super::{Context, Failure};
use crate::alerts::{Channel, Mute, Quiet, Severity};
use crate::aws::Access;
use crate::cli::delivery::{mailer, sender};
use crate::deliver;
use crate::deliver::mail::Mailer;
use crate::deliver::sns::Topic;
use crate::deliver::webhook::Webhook;
use crate::pipeline::{Destination, Way};
use crate::settings::{Address, ChannelSettings, ChannelTarget, Gravity};

/// Hands the channels, ready to use, to `work`. What can't be set up is told as a failure of its
/// channel, so that the others are told all the same.
pub(super) fn channels<T>(
    context: &Context,
    work: impl FnOnce(&[Destination<'_>]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let settings = &context.settings.alerts.channels;
    let by_mail = settings.iter().any(|one| matches!(one.target, ChannelTarget::Email { .. }));
    let mail = by_mail.then(|| mail_sender(context));
    let secrets: Vec<Secrets> = settings.iter().map(|one| Secrets::read(&one.target)).collect();
    let destinations: Vec<Destination<'_>> = settings
        .iter()
        .zip(&secrets)
        .map(|(one, secrets)| Destination {
            channel: channel(one),
            way: way(&one.target, secrets, mail.as_ref(), context),
        })
        .collect();
    work(&destinations)
}

/// What the configuration mutes.
pub(super) fn mutes(context: &Context) -> Vec<Mute> {
    let mutes = context.settings.alerts.mutes.iter().map(|mute| Mute {
        rule: mute.rule.clone(),
        group: mute.group.clone(),
        until: mute.until,
        reason: mute.reason.clone(),
    });
    mutes.collect()
}

fn channel(settings: &ChannelSettings) -> Channel {
    Channel {
        name: settings.name.clone(),
        severity: match settings.severity {
            Gravity::Info => Severity::Info,
            Gravity::Warning => Severity::Warning,
            Gravity::Critical => Severity::Critical,
        },
        teams: settings.teams.clone(),
        after_checks: settings.after_checks,
        resolved: settings.resolved,
        quiet: settings.quiet.map(|quiet| Quiet {
            from: quiet.from,
            to: quiet.to,
            timezone: quiet.timezone,
        }),
    }
}

/// Why a channel can't be used, and what to do.
type Unusable = (String, Option<String>);

/// A sender of mail, who it is from, and where answers go.
type Sender<'c> = Result<(Box<dyn Mailer>, &'c str), Unusable>;

fn mail_sender(context: &Context) -> Sender<'_> {
    let unusable = |failure: Failure| (format!("{:#}", failure.error), failure.hint());
    let from = sender(context).map_err(unusable)?;
    let mailer = mailer(context).map_err(unusable)?;
    Ok((mailer, from))
}

/// What a channel keeps in files: its address, what it signs with.
struct Secrets {
    url: Result<Option<String>, Unusable>,
    secret: Result<Option<Vec<u8>>, Unusable>,
}

impl Secrets {
    fn read(target: &ChannelTarget) -> Self {
        let (address, secret_file) = match target {
            ChannelTarget::Slack(address) | ChannelTarget::Teams(address) => (Some(address), None),
            ChannelTarget::Webhook { address, secret_file } => {
                (Some(address), secret_file.as_ref())
            }
            ChannelTarget::Email { .. } | ChannelTarget::Sns { .. } => (None, None),
        };
        let url = address.map(url).transpose();
        let secret = secret_file.map(|path| text(path).map(String::into_bytes)).transpose();
        Self { url, secret }
    }
}

fn url(address: &Address) -> Result<String, Unusable> {
    match (&address.url, &address.url_file) {
        (Some(url), _) => Ok(url.clone()),
        (None, Some(file)) => text(file),
        (None, None) => Err(("the channel has no address".to_owned(), None)),
    }
}

/// A file's text without its last line end.
fn text(path: &std::path::Path) -> Result<String, Unusable> {
    std::fs::read_to_string(path)
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .map_err(|source| {
            let error = deliver::Error::Unreadable { path: path.to_owned(), source };
            (error.to_string(), error.hint())
        })
}

fn way<'c>(
    target: &'c ChannelTarget,
    secrets: &'c Secrets,
    mail: Option<&'c Sender<'_>>,
    context: &'c Context,
) -> Result<Way<'c>, Unusable> {
    let hook = || {
        let url = secrets.url.as_ref().map_err(Clone::clone)?;
        let secret = secrets.secret.as_ref().map_err(Clone::clone)?;
        Ok::<_, Unusable>(Webhook {
            url: url.as_deref().unwrap_or_default(),
            secret: secret.as_deref(),
        })
    };
    Ok(match target {
        ChannelTarget::Email { to } => match mail {
            Some(Ok((mailer, from))) => Way::Mail {
                mailer: mailer.as_ref(),
                from,
                reply_to: &context.settings.mail.reply_to,
                to,
            },
            Some(Err(unusable)) => return Err(unusable.clone()),
            None => return Err(("no mail is set up".to_owned(), None)),
        },
        ChannelTarget::Sns { topic_arn } => {
            let access =
                Access { ca_bundle: context.settings.ca_bundle.clone(), ..Access::default() };
            let topic = Topic::open(&access, topic_arn);
            Way::Topic(topic.map_err(|error| (error.to_string(), error.hint()))?)
        }
        ChannelTarget::Slack(_) => Way::Slack(hook()?),
        ChannelTarget::Teams(_) => Way::Teams(hook()?),
        ChannelTarget::Webhook { .. } => Way::Json(hook()?),
    })
}
