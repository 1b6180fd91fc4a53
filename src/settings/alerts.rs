//! `[alerts]`: rules on top of those that come with the tool, who is told, and what is muted.

use std::path::PathBuf;

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::Error;
use super::place::Place;

/// `[alerts]`, resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AlertSettings {
    /// Files of rules.
    pub rules: Vec<PathBuf>,
    /// Who is told, in their order.
    pub channels: Vec<ChannelSettings>,
    /// What nobody is told of.
    pub mutes: Vec<MuteSettings>,
}

/// `[[alerts.channel]]`, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelSettings {
    /// Its name.
    pub name: String,
    /// Where messages go.
    pub target: ChannelTarget,
    /// Alerts at least so grave: `info`, `warning`, `critical`.
    pub severity: Gravity,
    /// Alerts of these teams only, and those of no team.
    pub teams: Vec<String>,
    /// Only what nobody acknowledged for more checks than this.
    pub after_checks: u32,
    /// Whether ends are told too.
    pub resolved: bool,
    /// When only what is critical is told.
    pub quiet: Option<QuietSettings>,
}

/// How grave, as the configuration writes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gravity {
    /// Everything.
    Info,
    /// Warnings and graver.
    #[default]
    Warning,
    /// Only what is critical.
    Critical,
}

/// Where messages of a channel go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ChannelTarget {
    /// Mail, by `[mail]`.
    Email {
        /// Addresses.
        to: Vec<String>,
    },
    /// A topic of Amazon SNS.
    Sns {
        /// Its ARN.
        topic_arn: String,
    },
    /// An incoming webhook of Slack.
    Slack(Address),
    /// An incoming webhook of Microsoft Teams (Workflows).
    Teams(Address),
    /// Any receiver of JSON.
    Webhook {
        /// The address.
        #[serde(flatten)]
        address: Address,
        /// A file that holds what bodies are signed with.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret_file: Option<PathBuf>,
    },
}

/// A web address: in the configuration, or in a file of its own, since most hold a token.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The address itself; never shown.
    #[serde(skip)]
    pub url: Option<String>,
    /// A file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address").field("url_file", &self.url_file).finish_non_exhaustive()
    }
}

/// `[alerts.channel.quiet]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QuietSettings {
    /// From this local time.
    pub from: NaiveTime,
    /// To this.
    pub to: NaiveTime,
    /// The zone of both.
    #[serde(serialize_with = "zone_name")]
    pub timezone: Tz,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn zone_name<S: serde::Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

/// `[[alerts.mute]]`, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MuteSettings {
    /// A rule's id; none for all.
    pub rule: Option<String>,
    /// A dimension and the value of it; none for all.
    pub group: Option<(String, String)>,
    /// Until then.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// `[alerts]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    rules: Vec<PathBuf>,
    channel: Vec<Spanned<ChannelContents>>,
    mute: Vec<Spanned<MuteContents>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChannelKind {
    Email,
    Sns,
    Slack,
    Teams,
    Webhook,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelContents {
    name: String,
    kind: ChannelKind,
    #[serde(default)]
    to: Vec<String>,
    topic_arn: Option<String>,
    url: Option<String>,
    url_file: Option<PathBuf>,
    secret_file: Option<PathBuf>,
    #[serde(default)]
    severity: Gravity,
    #[serde(default)]
    teams: Vec<String>,
    #[serde(default)]
    after_checks: u32,
    #[serde(default = "yes")]
    resolved: bool,
    quiet: Option<QuietContents>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietContents {
    from: String,
    to: String,
    timezone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MuteContents {
    rule: Option<String>,
    dimension: Option<String>,
    value: Option<String>,
    until: String,
    reason: String,
}

impl Contents {
    /// # Errors
    /// When a channel or a mute can't be meant.
    pub(super) fn resolve(self, place: Place<'_>, zone: Tz) -> Result<AlertSettings, Error> {
        let mut channels: Vec<ChannelSettings> = Vec::with_capacity(self.channel.len());
        for written in self.channel {
            let span = written.span();
            let wrong = |problem: String| place.problem(span.clone(), problem);
            let channel = written.into_inner().resolve(place, zone).map_err(wrong)?;
            if channels.iter().any(|other| other.name == channel.name) {
                return Err(wrong(format!("`name`: two channels are called `{}`", channel.name)));
            }
            channels.push(channel);
        }
        let mutes = self.mute.into_iter().map(|written| {
            let span = written.span();
            written.into_inner().resolve().map_err(|problem| place.problem(span, problem))
        });
        let mutes = mutes.collect::<Result<_, _>>()?;
        let rules = self.rules.iter().map(|path| place.folder().join(path)).collect();
        Ok(AlertSettings { rules, channels, mutes })
    }
}

impl ChannelContents {
    fn resolve(self, place: Place<'_>, zone: Tz) -> Result<ChannelSettings, String> {
        if self.name.trim().is_empty() {
            return Err("`name` of a channel is empty".to_owned());
        }
        let target = self.target(place)?;
        let quiet = self.quiet.map(|quiet| quiet.resolve(zone)).transpose()?;
        Ok(ChannelSettings {
            target,
            quiet,
            name: self.name,
            severity: self.severity,
            teams: self.teams,
            after_checks: self.after_checks,
            resolved: self.resolved,
        })
    }

    fn target(&self, place: Place<'_>) -> Result<ChannelTarget, String> {
        let needs = |what: &str| format!("the channel `{}` needs {what}", self.name);
        let below = |path: &PathBuf| place.folder().join(path);
        let address = || match (&self.url, &self.url_file) {
            (Some(url), None) if url.starts_with("https://") || url.starts_with("http://") => {
                Ok(Address { url: Some(url.clone()), url_file: None })
            }
            (None, Some(file)) => Ok(Address { url: None, url_file: Some(below(file)) }),
            (Some(_), None) => {
                Err(format!("`url` of the channel `{}` is no web address", self.name))
            }
            _ => Err(needs("either `url` or `url_file`")),
        };
        Ok(match self.kind {
            ChannelKind::Email if self.to.is_empty() => return Err(needs("addresses in `to`")),
            ChannelKind::Email => ChannelTarget::Email { to: self.to.clone() },
            ChannelKind::Sns => {
                let arn = self.topic_arn.clone().ok_or_else(|| needs("`topic_arn`"))?;
                let is_topic = arn.starts_with("arn:") && arn.split(':').count() == 6;
                if !is_topic {
                    return Err(format!(
                        "`topic_arn` of the channel `{}` is no ARN of a topic \
                         (arn:aws:sns:REGION:ACCOUNT:NAME)",
                        self.name
                    ));
                }
                ChannelTarget::Sns { topic_arn: arn }
            }
            ChannelKind::Slack => ChannelTarget::Slack(address()?),
            ChannelKind::Teams => ChannelTarget::Teams(address()?),
            ChannelKind::Webhook => ChannelTarget::Webhook {
                address: address()?,
                secret_file: self.secret_file.as_ref().map(below),
            },
        })
    }
}

impl QuietContents {
    fn resolve(self, zone: Tz) -> Result<QuietSettings, String> {
        let time = |text: &str| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|_| format!("`{text}` in `quiet` is no time (22:00)"))
        };
        let timezone = match &self.timezone {
            Some(name) => {
                name.parse().map_err(|_| format!("unknown time zone `{name}` in `quiet`"))?
            }
            None => zone,
        };
        Ok(QuietSettings { from: time(&self.from)?, to: time(&self.to)?, timezone })
    }
}

impl MuteContents {
    fn resolve(self) -> Result<MuteSettings, String> {
        if self.reason.trim().is_empty() {
            return Err("a mute needs a `reason`".to_owned());
        }
        let until = DateTime::parse_from_rfc3339(&self.until)
            .map_err(|_| format!("`until = \"{}\"` is no RFC 3339 time", self.until))?;
        let group = match (self.dimension, self.value) {
            (Some(dimension), Some(value)) => Some((dimension, value)),
            (None, None) => None,
            _ => return Err("a mute names both `dimension` and `value`, or neither".to_owned()),
        };
        Ok(MuteSettings {
            rule: self.rule,
            group,
            until: until.with_timezone(&Utc),
            reason: self.reason,
        })
    }
}
