//! A mail as it travels: a page and a text for the same reader, images beside the page, files with it.
//!
//! The same parts give the same bytes: boundaries and message id are made from the content, so that a
//! mailbox that got it twice can tell.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{self, MultiPart, MultiPartBuilder, SinglePart};
use sha2::{Digest, Sha256};

use super::{address, mailbox};
use crate::deliver::Error;

/// The parts of a mail.
#[derive(Debug, Clone, Default)]
pub struct Mail<'m> {
    /// Who it is from: an address, maybe with a name.
    pub from: &'m str,
    /// Whom it says it is to; the sender under this name when the addresses aren't to be seen.
    pub to: Shown<'m>,
    /// Where answers go.
    pub reply_to: &'m [String],
    /// Subject.
    pub subject: &'m str,
    /// The text, for readers that show no HTML.
    pub text: &'m str,
    /// The page.
    pub html: &'m str,
    /// Images that the page names by `cid:`.
    pub images: Vec<Inline<'m>>,
    /// Files that come with it.
    pub attachments: Vec<Attachment<'m>>,
    /// When it is sent.
    pub date: DateTime<Utc>,
    /// What it is about, for its id.
    pub about: &'m str,
}

/// The `To` line.
#[derive(Debug, Clone, Default)]
pub enum Shown<'m> {
    /// This address.
    Address(&'m str),
    /// A list, without its addresses.
    List(&'m str),
    /// The sender.
    #[default]
    Sender,
}

/// An image of the page.
#[derive(Debug, Clone)]
pub struct Inline<'m> {
    /// Content id.
    pub cid: &'m str,
    /// The bytes of a PNG.
    pub png: &'m [u8],
}

/// A file that comes with a mail.
#[derive(Debug, Clone)]
pub struct Attachment<'m> {
    /// Its name.
    pub name: &'m str,
    /// Its content type.
    pub content_type: &'m str,
    /// Its bytes.
    pub bytes: &'m [u8],
}

/// A mail as bytes, lines ended by CRLF, all of it ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The sender's bare address.
    pub from: String,
    /// `Message-ID`, with its angle brackets.
    pub id: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Marks mail that no person wrote, so that no absence notice answers (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mail<'_> {
    /// The mail as bytes.
    ///
    /// # Errors
    /// [`Error::Address`] for an address, [`Error::Message`] for a part that can't be written.
    pub fn message(&self) -> Result<Message, Error> {
        let from = mailbox(self.from)?;
        let hash = self.hash();
        let id = format!("<{}@{}>", &hash[..32], from.email.domain());
        let to = match self.to {
            Shown::Address(one) => mailbox(one)?,
            Shown::List(name) => message::Mailbox::new(Some(name.to_owned()), from.email.clone()),
            Shown::Sender => from.clone(),
        };
        let mut builder = message::Message::builder()
            .from(from.clone())
            .to(to)
            .subject(self.subject)
            .date(date(self.date))
            .message_id(Some(id.clone()))
            .header(AutoSubmitted)
            // Recipients are named when it is sent, not here.
            .envelope(envelope(from.email.clone())?);
        for answers in self.reply_to {
            builder = builder.reply_to(mailbox(answers)?);
        }
        let built = builder.multipart(self.parts(&hash)?);
        let built = built.map_err(|error| Error::Message { reason: error.to_string() })?;
        Ok(Message { from: from.email.to_string(), id, bytes: built.formatted() })
    }

    /// mixed ( related ( alternative ( text, page ), images ), files ).
    fn parts(&self, hash: &str) -> Result<MultiPart, Error> {
        let part = |builder: MultiPartBuilder, level: &str| {
            builder.boundary(format!("{level}-{}", &hash[..40]))
        };
        let words = part(MultiPart::alternative(), "words")
            .singlepart(SinglePart::plain(self.text.to_owned()))
            .singlepart(SinglePart::html(self.html.to_owned()));
        let mut page = part(MultiPart::related(), "page").multipart(words);
        for image in &self.images {
            let name = "chart.png".to_owned();
            let inline = message::Attachment::new_inline_with_name(image.cid.to_owned(), name);
            page = page.singlepart(inline.body(image.png.to_vec(), content_type("image/png")?));
        }
        let mut all = part(MultiPart::mixed(), "mail").multipart(page);
        for file in &self.attachments {
            let attached = message::Attachment::new(file.name.to_owned());
            all = all
                .singlepart(attached.body(file.bytes.to_vec(), content_type(file.content_type)?));
        }
        Ok(all)
    }

    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.about, self.subject, self.text, self.html] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hex::encode(hash.finalize())
    }
}

fn content_type(text: &str) -> Result<ContentType, Error> {
    ContentType::parse(text).map_err(|error| Error::Message { reason: error.to_string() })
}

fn envelope(from: lettre::Address) -> Result<Envelope, Error> {
    Envelope::new(Some(from.clone()), vec![from])
        .map_err(|error| Error::Message { reason: error.to_string() })
}

/// Times before 1970 have no place in a mail.
fn date(at: DateTime<Utc>) -> SystemTime {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Sender and recipients of one sending.
pub(super) fn sending(
    message: &Message,
    recipients: &[String],
) -> Result<(lettre::Address, Vec<lettre::Address>), Error> {
    let to = recipients.iter().map(|text| address(text)).collect::<Result<_, _>>()?;
    Ok((address(&message.from)?, to))
}
