//! What can keep finished bytes from where they should go, and what to do about it.

use std::path::PathBuf;

use crate::aws;

/// Something could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be written.
    #[error("could not write `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not a place in S3.
    #[error("`{location}` is not a place in S3")]
    NotAnObject {
        /// As the user named it.
        location: String,
    },
    /// AWS can't be reached with what is configured.
    #[error("could not set up the access to AWS")]
    Connect(#[source] aws::Error),
    /// An object can't be written.
    #[error("could not write `{location}`")]
    Object {
        /// The object's URL.
        location: String,
        /// Why.
        #[source]
        source: aws::Error,
    },
    /// A text is no mail address.
    #[error("`{address}` is not a mail address")]
    Address {
        /// The text.
        address: String,
    },
    /// A mail can't be put together.
    #[error("could not put the mail together: {reason}")]
    Message {
        /// Why.
        reason: String,
    },
    /// A file that the mail server's access needs can't be read.
    #[error("could not read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A mail server can't be reached, or doesn't let us in.
    #[error("could not {action} the mail server `{server}`: {reason}")]
    Server {
        /// What was tried: `reach`, `log in to`, …
        action: &'static str,
        /// Host and port.
        server: String,
        /// What it said, or why not.
        reason: String,
    },
    /// No browser that prints.
    #[error("no Chromium found to print the report with")]
    NoBrowser,
    /// The browser failed.
    #[error("`{}` did not print the report: {reason}", browser.display())]
    Print {
        /// The browser.
        browser: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// What the user can do next.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::File { .. } => "is the folder there, and may this user write in it?",
            Self::NotAnObject { .. } => "write it as `s3://bucket/key` or `s3://bucket/folder/`",
            Self::Connect(source) | Self::Object { source, .. } => return object_hint(source),
            Self::Address { .. } => "write it as `name@example.com` or `Name <name@example.com>`",
            Self::Unreadable { .. } => "is the path right, and may this user read it?",
            Self::Server { action: "reach", .. } => {
                "are `host`, `port` and `security` in `[mail.smtp]` right, and does a firewall let this \
                 machine through? Many networks block port 25; 587 takes `starttls`, 465 takes `tls`"
            }
            Self::Server { action: "log in to", .. } => {
                "are `username` in `[mail.smtp]` and the password right? It is read from \
                 `BEDROCK_LENS_SMTP_PASSWORD` or from `password_file`"
            }
            Self::NoBrowser => {
                "install `chromium` (Debian, Ubuntu, Alpine: package `chromium`), or name another with \
                 BEDROCK_LENS_CHROMIUM=/path/to/chrome; the HTML report prints from any browser too"
            }
            Self::Print { .. } => "does it start by hand with `--headless --print-to-pdf`?",
            Self::Message { .. } | Self::Server { .. } => return None,
        };
        Some(text.to_owned())
    }
}

/// As `aws` says it, but for the buckets that are written to and not read from.
fn object_hint(source: &aws::Error) -> Option<String> {
    match &source.problem {
        aws::Problem::AccessDenied(call) if call.action.starts_with("s3:") => Some(format!(
            "the identity needs `{}` on `{}`; a bucket that asks for encryption takes `encryption` and \
             `kms_key` in `[upload]`",
            call.action, call.resource
        )),
        _ => source.hint(),
    }
}
