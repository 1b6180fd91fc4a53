//! Mail: put together once, sent to many by SES or an SMTP server, with an answer for each address.

mod message;
mod ses;
mod smtp;

use lettre::Address;
use lettre::message::Mailbox;

use super::Error;
pub use message::{Attachment, Inline, Mail, Message, Shown};
pub use ses::{Ses, SesAccess};
pub use smtp::{Login, Security, Smtp, SmtpAccess};

/// Most addresses that one message goes to. SES takes fifty, and may count the one in the `To` line.
/// Source: <https://docs.aws.amazon.com/ses/latest/dg/quotas.html>.
pub const MOST_RECIPIENTS: usize = 49;

/// What became of a message for one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Taken over, with what the server calls it.
    Sent {
        /// A message id, or the server's last answer.
        reference: String,
    },
    /// Not sent, for sure.
    Refused {
        /// What was said.
        reason: String,
        /// What the user can do next.
        hint: Option<String>,
    },
    /// It may have been sent or not: the connection broke at the end.
    Unknown {
        /// What was seen.
        reason: String,
    },
}

impl Outcome {
    fn refused(error: &Error) -> Self {
        let mut reason = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            reason = format!("{reason}: {source}");
        }
        Self::Refused { reason, hint: error.hint() }
    }
}

/// A way that mail is sent.
pub trait Mailer {
    /// Sends a message to these addresses, at most [`MOST_RECIPIENTS`]; an outcome for each, in order.
    fn send(&self, message: &Message, recipients: &[String]) -> Vec<Outcome>;
}

/// A mail address, checked: `name@example.com`, or with a name before it.
///
/// # Errors
/// [`Error::Address`].
pub fn mailbox(text: &str) -> Result<Mailbox, Error> {
    text.trim().parse().map_err(|_| Error::Address { address: text.to_owned() })
}

fn address(text: &str) -> Result<Address, Error> {
    mailbox(text).map(|mailbox| mailbox.email)
}

/// The bare address in a text that may have a name before it; the text itself if it is none.
pub fn bare(text: &str) -> String {
    address(text).map_or_else(|_| text.trim().to_owned(), |address| address.to_string())
}
