//! Mail by an SMTP server: one connection, one answer per address.
//!
//! Driven step by step, so that an address that is refused doesn't keep the others from getting the mail,
//! and so that it is known how far a connection that breaks had come: before the last dot nothing is
//! sent, after it only the server knows.

use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::message::sending;
use super::{Mailer, Message, Outcome};
use crate::deliver::Error;

/// How long the server may stay silent.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a connection is kept private.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then TLS; no mail without it (port 587).
    #[default]
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

/// Who logs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// How a server is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmtpAccess {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS.
    pub security: Security,
    /// Who logs in; none where the server asks for nobody.
    pub login: Option<Login>,
    /// Certificates to trust beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
}

/// A sender of mail.
pub struct Smtp {
    access: SmtpAccess,
    tls: Option<TlsParameters>,
}

impl Smtp {
    /// Resolves how to reach the server; connects to nothing yet.
    ///
    /// # Errors
    /// When the certificates can't be read.
    pub fn open(access: &SmtpAccess) -> Result<Self, Error> {
        let tls = match access.security {
            Security::None => None,
            Security::StartTls | Security::Tls => Some(tls(access)?),
        };
        Ok(Self { access: access.clone(), tls })
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let access = &self.access;
        let reach = |error: lettre::transport::smtp::Error| self.failed("reach", &error);
        let hello = ClientId::default();
        let from_the_start = self.tls.as_ref().filter(|_| access.security == Security::Tls);
        let server = (access.host.as_str(), access.port);
        let mut connection =
            SmtpConnection::connect(server, Some(PATIENCE), &hello, from_the_start, None)
                .map_err(reach)?;
        if access.security == Security::StartTls
            && let Some(tls) = &self.tls
        {
            connection.starttls(tls, &hello).map_err(|error| self.failed("secure", &error))?;
        }
        if let Some(login) = &access.login {
            let credentials = Credentials::new(login.username.clone(), login.password.clone());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .map_err(|error| self.failed("log in to", &error))?;
        }
        Ok(connection)
    }

    fn failed(&self, action: &'static str, error: &lettre::transport::smtp::Error) -> Error {
        let server = format!("{}:{}", self.access.host, self.access.port);
        Error::Server { action, server, reason: said(error) }
    }

    fn transact(&self, message: &Message, recipients: &[String]) -> Result<Vec<Outcome>, Error> {
        let (from, to) = sending(message, recipients)?;
        let mut server = self.connect()?;
        let speak = |error: lettre::transport::smtp::Error| self.failed("send by", &error);
        server.command(Mail::new(Some(from), Vec::new())).map_err(speak)?;
        let mut outcomes = Vec::with_capacity(to.len());
        for address in to {
            let answer = server.command(Rcpt::new(address, Vec::new()));
            outcomes.push(match answer {
                Ok(_) => None,
                Err(error) if error.status().is_some() => Some(refused(&error)),
                Err(error) => return Err(speak(error)),
            });
        }
        let last = if outcomes.iter().any(Option::is_none) {
            server.command(Data).map_err(speak)?;
            hand_over(&mut server, &message.bytes)
        } else {
            Outcome::Unknown { reason: String::new() } // nobody is left to get it
        };
        server.quit().ok();
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| last.clone())).collect())
    }
}

impl Mailer for Smtp {
    fn send(&self, message: &Message, recipients: &[String]) -> Vec<Outcome> {
        self.transact(message, recipients)
            .unwrap_or_else(|error| vec![Outcome::refused(&error); recipients.len()])
    }
}

/// The message itself: from its last dot on, only the server's answer tells.
fn hand_over(server: &mut SmtpConnection, bytes: &[u8]) -> Outcome {
    match server.message(bytes) {
        Ok(answer) => {
            let reference = answer.message().collect::<Vec<_>>().join(" ");
            Outcome::Sent { reference }
        }
        Err(error) if error.status().is_some() => refused(&error),
        Err(error) => Outcome::Unknown { reason: said(&error) },
    }
}

fn refused(error: &lettre::transport::smtp::Error) -> Outcome {
    let hint = if error.is_transient() {
        "the server asks to try again later: the next run does"
    } else {
        "is the address spelt right, and does the server take mail for it from this sender?"
    };
    Outcome::Refused { reason: said(error), hint: Some(hint.to_owned()) }
}

fn tls(access: &SmtpAccess) -> Result<TlsParameters, Error> {
    let wrong = |error: lettre::transport::smtp::Error| Error::Message { reason: said(&error) };
    let mut builder = TlsParameters::builder(access.host.clone());
    if let Some(path) = &access.ca_file {
        let pem = std::fs::read(path)
            .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(wrong)?);
    }
    builder.build_rustls().map_err(wrong)
}

/// The error and its causes in one line.
fn said(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
