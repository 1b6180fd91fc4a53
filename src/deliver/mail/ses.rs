//! Mail by Amazon SES, raw: `ses:SendRawEmail` on the sender's identity.
//!
//! The SDK's own retries are off: it would also send again after an answer that didn't come, which may
//! have been an acceptance. Only answers that say "not now" are tried again.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};

use super::{Mailer, Message, Outcome};
use crate::aws::{self, Access, Backoff, Call, Connection};
use crate::deliver::Error;

/// Attempts at one message when SES says "not now".
const ATTEMPTS: u32 = 5;

/// How SES is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SesAccess {
    /// Credentials, Region, endpoint.
    pub access: Access,
    /// A configuration set, for event publishing and dedicated addresses.
    pub configuration_set: Option<String>,
    /// ARN of an identity of another account that lets us send.
    pub identity_arn: Option<String>,
}

/// A sender of mail.
#[derive(Debug)]
pub struct Ses {
    connection: Connection,
    client: Client,
    configuration_set: Option<String>,
    identity_arn: Option<String>,
}

/// Why a message didn't go.
enum Failure {
    /// For sure not sent; `each` when it may be the fault of one of several addresses.
    Refused { error: aws::Error, hint: Option<String>, each: bool },
    /// Nobody knows.
    Unknown(String),
}

impl Ses {
    /// Resolves how to reach SES; asks it nothing yet.
    ///
    /// # Errors
    /// [`Error::Connect`] when the access can't be set up.
    pub fn open(ses: &SesAccess) -> Result<Self, Error> {
        let connection = Connection::open(&ses.access).map_err(Error::Connect)?;
        let config = aws_sdk_sesv2::config::Builder::from(connection.config())
            .retry_config(RetryConfig::standard().with_max_attempts(1))
            .build();
        Ok(Self {
            client: Client::from_conf(config),
            connection,
            configuration_set: ses.configuration_set.clone(),
            identity_arn: ses.identity_arn.clone(),
        })
    }

    /// One message to these addresses: all or none.
    fn send_to(&self, message: &Message, recipients: &[String]) -> Result<String, Failure> {
        let mut patience = Backoff::new(ATTEMPTS);
        loop {
            let failure = match self.connection.wait(self.request(message, recipients)?.send()) {
                Ok(sent) => return Ok(sent.message_id().unwrap_or_default().to_owned()),
                Err(failure) => failure,
            };
            let failure = self.failure(&failure, message);
            match failure {
                Failure::Refused { error, hint, each }
                    if error.problem == aws::Problem::Throttled =>
                {
                    let again = self.connection.wait(patience.after(error));
                    again.map_err(|error| Failure::Refused { error, hint, each })?;
                }
                other => return Err(other),
            }
        }
    }

    fn request(
        &self,
        message: &Message,
        recipients: &[String],
    ) -> Result<aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder, Failure>
    {
        let raw = RawMessage::builder().data(Blob::new(message.bytes.as_slice())).build();
        let raw = raw.map_err(|error| Failure::Unknown(error.to_string()))?;
        let to = Destination::builder().set_to_addresses(Some(recipients.to_vec())).build();
        Ok(self
            .client
            .send_email()
            .from_email_address(&message.from)
            .destination(to)
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .set_from_email_address_identity_arn(self.identity_arn.clone()))
    }

    fn failure(
        &self,
        error: &SdkError<SendEmailError, HttpResponse>,
        message: &Message,
    ) -> Failure {
        let call = Call::new("ses:SendRawEmail", self.resource(&message.from));
        let read = aws::Error::of(error, &call);
        if !is_certain(error, &read) {
            return Failure::Unknown(read.to_string());
        }
        let code = error.code().unwrap_or_default();
        let said = error.message().unwrap_or_default();
        let names_sender = said.contains(&message.from);
        let each = matches!(code, "MessageRejected" | "BadRequestException") && !names_sender;
        let hint = hint(code, said, &message.from).or_else(|| read.hint());
        Failure::Refused { error: read, hint, each }
    }

    fn resource(&self, from: &str) -> String {
        let region = self.connection.region().unwrap_or("*");
        let identity = format!("arn:{}:ses:{region}:*:identity/{from}", aws::partition(region));
        self.identity_arn.clone().unwrap_or(identity)
    }
}

impl Mailer for Ses {
    fn send(&self, message: &Message, recipients: &[String]) -> Vec<Outcome> {
        let outcome = |result: Result<String, Failure>| match result {
            Ok(reference) => Outcome::Sent { reference },
            Err(Failure::Unknown(reason)) => Outcome::Unknown { reason },
            Err(Failure::Refused { error, hint, .. }) => {
                Outcome::Refused { reason: error.to_string(), hint }
            }
        };
        match self.send_to(message, recipients) {
            // SES takes a message for all of its addresses or for none: find those that it takes.
            Err(Failure::Refused { each: true, .. }) if recipients.len() > 1 => recipients
                .iter()
                .map(|one| outcome(self.send_to(message, std::slice::from_ref(one))))
                .collect(),
            result => vec![outcome(result); recipients.len()],
        }
    }
}

/// Whether nothing was sent, for sure: SES answered, or was never reached.
fn is_certain(error: &SdkError<SendEmailError, HttpResponse>, read: &aws::Error) -> bool {
    match error {
        SdkError::ServiceError(_) | SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(failure) => {
            let text = read.to_string().to_lowercase();
            let never_connected = ["(connect)", "connect error", "dns error", "connection refused"];
            !(failure.is_io() || failure.is_timeout())
                || never_connected.iter().any(|words| text.contains(words))
        }
        _ => false,
    }
}

/// What SES means by its codes.
/// Source: <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors>.
fn hint(code: &str, said: &str, from: &str) -> Option<String> {
    let lower = said.to_lowercase();
    let unverified = lower.contains("not verified") || lower.contains("did not have authority");
    let text = match code {
        "MessageRejected" | "MailFromDomainNotVerifiedException" if unverified => {
            if said.contains(from) || lower.contains("authority") {
                return Some(format!(
                    "verify the sender or its domain in this Region: `aws sesv2 create-email-identity \
                     --email-identity {from}`, or name another in `from` of `[mail]`"
                ));
            }
            "an account in the SES sandbox sends to verified addresses only: verify the address, or ask \
             for production access (`aws sesv2 put-account-details`)"
        }
        "NotFoundException" => {
            "is `configuration_set` in `[mail.ses]` spelt right, and in this Region?"
        }
        "SendingPausedException" => {
            "sending is paused for the account or the configuration set; `aws sesv2 get-account` says so"
        }
        "AccountSuspendedException" => "AWS has ended this account's sending; ask AWS Support",
        "LimitExceededException" => {
            "the account's quota for the day is used up; the next run sends to those that are left"
        }
        "BadRequestException" => "is the address spelt right?",
        _ => return None,
    };
    Some(text.to_owned())
}
