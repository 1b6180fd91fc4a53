//! Messages to a topic of Amazon SNS, which reaches mail, SMS, queues and functions.
//!
//! As with mail, the SDK's own retries are off: an answer that didn't come may have been an acceptance.

use aws_sdk_sns::Client;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::error::SdkError;

use super::Error;
use super::mail::Outcome;
use crate::aws::{self, Access, Call, Connection};

/// Longest subject. Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const LONGEST_SUBJECT: usize = 99;
/// Longest message, bytes; the limit is 256 KiB with attributes and subject.
const LONGEST_MESSAGE: usize = 250_000;

/// A topic.
pub struct Topic {
    connection: Connection,
    client: Client,
    arn: String,
}

impl Topic {
    /// Resolves how to reach SNS, in the topic's Region; asks it nothing yet.
    ///
    /// # Errors
    /// [`Error::Connect`] when the access can't be set up.
    pub fn open(access: &Access, arn: &str) -> Result<Self, Error> {
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
        let access = Access {
            region: access.region.clone().or_else(|| region.map(str::to_owned)),
            ..access.clone()
        };
        let connection = Connection::open(&access).map_err(Error::Connect)?;
        let config = aws_sdk_sns::config::Builder::from(connection.config())
            .retry_config(RetryConfig::standard().with_max_attempts(1))
            .build();
        Ok(Self { client: Client::from_conf(config), connection, arn: arn.to_owned() })
    }

    /// Publishes a message once.
    pub fn publish(&self, subject: &str, message: &str) -> Outcome {
        let request = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(ascii_line(subject))
            .message(cut(message))
            .send();
        let error = match self.connection.wait(request) {
            Ok(sent) => {
                return Outcome::Sent {
                    reference: sent.message_id().unwrap_or_default().to_owned(),
                };
            }
            Err(error) => error,
        };
        let is_certain =
            matches!(error, SdkError::ConstructionFailure(_) | SdkError::ServiceError(_))
                || matches!(&error, SdkError::DispatchFailure(failure) if !failure.is_timeout());
        let read = aws::Error::of(&error, &Call::new("sns:Publish", self.arn.clone()));
        if is_certain {
            Outcome::Refused { reason: read.to_string(), hint: read.hint() }
        } else {
            Outcome::Unknown { reason: read.to_string() }
        }
    }
}

/// A subject as SNS takes it: printable ASCII, one line, not too long.
fn ascii_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
    plain.take(LONGEST_SUBJECT).collect()
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_MESSAGE, LONGEST_SUBJECT, ascii_line, cut};

    #[test]
    fn subjects_and_messages_are_as_sns_takes_them() {
        assert_eq!(ascii_line("[critical] a\u{2013}b\nc"), "[critical] a?b?c");
        assert_eq!(ascii_line(&"x".repeat(300)).len(), LONGEST_SUBJECT);
        let long = "\u{e9}".repeat(LONGEST_MESSAGE);
        assert_eq!(cut(&long).len(), LONGEST_MESSAGE);
    }
}
