//! `[mail]` and `[[recipients]]`: who gets reports, from whom, and by which way.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::place::Place;
use super::upload::AccessSettings;
use super::{Environment, Error};

/// Longest a link to S3 may work, hours: what signatures allow.
const LONGEST_LINK_HOURS: u32 = 7 * 24;

/// `[mail]`, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailSettings {
    /// Who mail is from: an address, maybe with a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where answers go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<String>,
    /// How it is sent.
    pub transport: Transport,
    /// Forms of the report that come with a mail.
    pub attach: Vec<AttachedForm>,
    /// Folder in S3 that the whole report is put in, for a link in the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How long the link works.
    pub link_hours: u32,
    /// SES.
    pub ses: SesSettings,
    /// An SMTP server; none is configured without a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<SmtpSettings>,
}

/// How mail is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// By Amazon SES.
    #[default]
    Ses,
    /// By an SMTP server.
    Smtp,
}

/// Forms of a report that a mail may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AttachedForm {
    /// The page.
    Html,
    /// The page, printed.
    Pdf,
    /// The tables as a workbook.
    Xlsx,
    /// The tables as CSV.
    Csv,
    /// The values.
    Json,
}

/// `[mail.ses]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SesSettings {
    /// A profile of the AWS configuration files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The Region whose SES sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A role to assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Another endpoint than AWS's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// A configuration set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_set: Option<String>,
    /// ARN of another account's identity that lets us send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_arn: Option<String>,
}

impl SesSettings {
    /// How SES is reached.
    pub fn access(&self) -> AccessSettings {
        AccessSettings {
            profile: self.profile.clone(),
            region: self.region.clone(),
            role_arn: self.role_arn.clone(),
            external_id: self.external_id.clone(),
            endpoint_url: self.endpoint_url.clone(),
            path_style: None,
        }
    }
}

/// `[mail.smtp]`, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SmtpSettings {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS.
    pub security: SmtpSecurity,
    /// Who logs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password, from the environment; else it is in the file.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// A file that holds the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Certificates to trust beside the system's, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// How the connection to an SMTP server is kept private.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Plain at first, then TLS; no mail without it.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None.
    None,
}

impl SmtpSecurity {
    fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `[[recipients]]`: a list of addresses, and which reports go to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientList {
    /// What the list is called.
    pub name: String,
    /// Addresses.
    pub to: Vec<String>,
    /// Only these kinds of report; without any, all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<String>,
    /// Only reports for these audiences; without any, all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

impl RecipientList {
    /// Whether a report of this kind and audience goes to it.
    pub fn takes(&self, kind: &str, audience: Option<&str>) -> bool {
        let kinds = self.reports.is_empty() || self.reports.iter().any(|one| one == kind);
        let is_meant = |audience: &str| self.audiences.iter().any(|one| one == audience);
        kinds && (self.audiences.is_empty() || audience.is_some_and(is_meant))
    }
}

/// `[mail]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    from: Option<Spanned<String>>,
    reply_to: Vec<Spanned<String>>,
    transport: Option<Transport>,
    attach: Option<Vec<AttachedForm>>,
    link: Option<Spanned<String>>,
    link_hours: Option<Spanned<u32>>,
    ses: SesSettings,
    smtp: Option<SmtpContents>,
}

/// `[mail.smtp]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmtpContents {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    security: SmtpSecurity,
    username: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            from: None,
            reply_to: Vec::new(),
            transport: Transport::Ses,
            attach: vec![AttachedForm::Html, AttachedForm::Csv],
            link: None,
            link_hours: LONGEST_LINK_HOURS,
            ses: SesSettings::default(),
            smtp: None,
        }
    }
}

impl Contents {
    /// # Errors
    /// When an address, a link or a number can't be meant.
    pub(super) fn resolve(
        self,
        place: Place<'_>,
        environment: &Environment,
    ) -> Result<MailSettings, Error> {
        for address in self.from.iter().chain(&self.reply_to) {
            checked_address(address, place)?;
        }
        if let Some(link) = self.link.as_ref().filter(|link| !link.get_ref().starts_with("s3://")) {
            let problem = "`link` must be a folder in S3 such as \"s3://acme-reports/bedrock/\"";
            return Err(place.problem(link.span(), problem));
        }
        let hours = self.link_hours.as_ref().map(|hours| (hours.span(), *hours.get_ref()));
        if let Some((span, _)) =
            hours.as_ref().filter(|(_, n)| !(1..=LONGEST_LINK_HOURS).contains(n))
        {
            let problem = format!("`link_hours` must be from 1 to {LONGEST_LINK_HOURS}");
            return Err(place.problem(span.clone(), problem));
        }
        let default = MailSettings::default();
        let has_link = self.link.is_some();
        let smtp = self.smtp.map(|smtp| smtp.resolve(place.folder(), environment));
        Ok(MailSettings {
            from: self.from.map(Spanned::into_inner),
            reply_to: self.reply_to.into_iter().map(Spanned::into_inner).collect(),
            transport: self.transport.unwrap_or(match smtp {
                Some(_) => Transport::Smtp,
                None => Transport::Ses,
            }),
            // Whoever gets a link needs no file beside it.
            attach: self.attach.unwrap_or(if has_link { Vec::new() } else { default.attach }),
            link: self.link.map(Spanned::into_inner),
            link_hours: hours.map_or(default.link_hours, |(_, hours)| hours),
            ses: self.ses,
            smtp,
        })
    }
}

impl SmtpContents {
    fn resolve(self, folder: &Path, environment: &Environment) -> SmtpSettings {
        SmtpSettings {
            port: self.port.unwrap_or_else(|| self.security.port()),
            username: environment.smtp_username.clone().or(self.username),
            password: environment.smtp_password.clone(),
            password_file: self.password_file.map(|path| folder.join(path)),
            ca_file: self.ca_file.map(|path| folder.join(path)),
            host: self.host,
            security: self.security,
        }
    }
}

/// Checks the lists of a configuration file.
///
/// # Errors
/// For the first list or address that can't be meant.
pub(super) fn lists(
    written: Vec<Spanned<RecipientList>>,
    place: Place<'_>,
) -> Result<Vec<RecipientList>, Error> {
    let mut lists: Vec<RecipientList> = Vec::with_capacity(written.len());
    for list in written {
        let span = list.span();
        let list = list.into_inner();
        let wrong = |problem: String| Err(place.problem(span.clone(), problem));
        if list.name.trim().is_empty() {
            return wrong("`name` of a list of recipients is empty".to_owned());
        }
        if lists.iter().any(|other| other.name == list.name) {
            return wrong(format!("`name`: two lists of recipients are called `{}`", list.name));
        }
        if list.to.is_empty() {
            return wrong(format!("the list `{}` has no address in `to`", list.name));
        }
        if let Some(address) = list.to.iter().find(|address| !is_address(address)) {
            return wrong(format!("`to`: `{address}` is not a mail address"));
        }
        lists.push(list);
    }
    Ok(lists)
}

fn checked_address(address: &Spanned<String>, place: Place<'_>) -> Result<(), Error> {
    if is_address(address.get_ref()) {
        return Ok(());
    }
    let problem = format!("`{}` is not a mail address", address.get_ref());
    Err(place.problem(address.span(), problem))
}

/// The address alone, without a name before it and angle brackets around it.
pub fn address(text: &str) -> &str {
    let inner = text.trim().strip_suffix('>').and_then(|start| start.rsplit_once('<'));
    inner.map_or(text.trim(), |(_, bare)| bare)
}

/// `name@example.com`, or the same in angle brackets after a name. The rest is for the mail's builder to
/// refuse.
fn is_address(text: &str) -> bool {
    let bare = address(text);
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>\"".contains(c))
    };
    bare.split_once('@').is_some_and(|(name, domain)| {
        is_part(name) && is_part(domain) && !domain.contains('@') && !domain.starts_with('.')
    })
}

#[cfg(test)]
mod tests {
    use super::{RecipientList, is_address};

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in ["a@example.com", "A. Person <a.person+x@sub.example.com>", " a@localhost "] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a", "@example.com", "a@", "a b@example.com", "a@b@c", "a@x, b@x", "a@x>"] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn lists_take_what_they_ask_for() {
        let list = |reports: &[&str], audiences: &[&str]| RecipientList {
            name: "list".to_owned(),
            to: vec!["a@example.com".to_owned()],
            reports: reports.iter().map(|kind| (*kind).to_owned()).collect(),
            audiences: audiences.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        assert!(list(&[], &[]).takes("weekly", None));
        assert!(list(&["weekly"], &[]).takes("weekly", Some("finance")));
        assert!(!list(&["monthly"], &[]).takes("weekly", None));
        assert!(list(&[], &["finance"]).takes("weekly", Some("finance")));
        assert!(!list(&[], &["finance"]).takes("weekly", None));
    }
}
