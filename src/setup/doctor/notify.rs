//! Whether reports and alerts can leave: the sender's identity in SES, the account's sending, a topic.

use aws_sdk_sesv2::types::VerificationStatus;

use super::Check;
use crate::aws::{Call, Connection, Error, Problem};

const MAIL: &str = "mail";
const TOPIC: &str = "topic";

/// Whether SES lets this address send, and to whom.
pub fn mail_checks(aws: &Connection, from: &str) -> Vec<Check> {
    vec![identity_check(aws, from), sandbox_check(aws)]
}

/// The address itself, or else its domain, must be verified.
fn identity_check(aws: &Connection, from: &str) -> Check {
    let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
    let mut last = None;
    for identity in [from, domain] {
        match verification(aws, identity) {
            Ok(VerificationStatus::Success) => {
                return Check::ok(MAIL, from, format!("`{identity}` is verified in SES"));
            }
            Ok(status) => {
                last = Some(Check::failed(
                    MAIL,
                    from,
                    format!("`{identity}` is known to SES and not verified ({status})"),
                    "follow the link of the mail that SES sent, or set the domain's DKIM records",
                ));
            }
            Err(error) if error.problem == Problem::NotFound => {}
            Err(error) => return Check::of_error(MAIL, from, &error),
        }
    }
    last.unwrap_or_else(|| {
        Check::failed(
            MAIL,
            from,
            format!("neither the address nor `{domain}` is an identity in SES in this Region"),
            format!("`aws sesv2 create-email-identity --email-identity {domain}`"),
        )
    })
}

fn verification(aws: &Connection, identity: &str) -> Result<VerificationStatus, Error> {
    let client = aws_sdk_sesv2::Client::new(aws.config());
    let call = Call::new("ses:GetEmailIdentity", "*");
    let found = aws.wait(client.get_email_identity().email_identity(identity).send());
    let found = found.map_err(|error| Error::of(&error, &call))?;
    let is_verified = found.verified_for_sending_status();
    let status = found.verification_status().cloned();
    Ok(status.unwrap_or(if is_verified {
        VerificationStatus::Success
    } else {
        VerificationStatus::NotStarted
    }))
}

/// A new account may send to verified addresses only.
fn sandbox_check(aws: &Connection) -> Check {
    const ACCOUNT: &str = "SES account";
    let client = aws_sdk_sesv2::Client::new(aws.config());
    let call = Call::new("ses:GetAccount", "*");
    let found = aws.wait(client.get_account().send());
    match found.map_err(|error| Error::of(&error, &call)) {
        // Never so on AWS, where every account has one: an endpoint that doesn't know the question.
        Err(error) if error.problem == Problem::NotFound => {
            Check::not_checked(MAIL, ACCOUNT, "this endpoint doesn't tell")
        }
        Err(error) => Check::of_error(MAIL, ACCOUNT, &error),
        Ok(account) if !account.sending_enabled() => Check::failed(
            MAIL,
            ACCOUNT,
            "sending is paused for this account and Region",
            "the SES console says why, and how to ask for it to be resumed",
        ),
        Ok(account) if !account.production_access_enabled() => Check::warning(
            MAIL,
            ACCOUNT,
            "in the sandbox: mail reaches verified addresses only",
            "ask for production access in the SES console, or verify every recipient",
        ),
        Ok(account) => {
            let quota = account.send_quota().map_or(String::new(), |quota| {
                format!(
                    "; {:.0} of {:.0} mails sent in the last day",
                    quota.sent_last24_hours, quota.max24_hour_send
                )
            });
            Check::ok(MAIL, ACCOUNT, format!("sending with production access{quota}"))
        }
    }
}

/// Whether a topic is there, and whether anybody hears it.
pub fn topic_check(aws: &Connection, arn: &str) -> Check {
    let client = aws_sdk_sns::Client::new(aws.config());
    let call = Call::new("sns:GetTopicAttributes", arn);
    let found = aws.wait(client.get_topic_attributes().topic_arn(arn).send());
    let found = match found.map_err(|error| Error::of(&error, &call)) {
        Ok(found) => found,
        Err(error) => return Check::of_error(TOPIC, arn, &error),
    };
    let count = |name: &str| -> u64 {
        let value = found.attributes().and_then(|all| all.get(name));
        value.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let (confirmed, pending) = (count("SubscriptionsConfirmed"), count("SubscriptionsPending"));
    if confirmed == 0 {
        return Check::warning(
            TOPIC,
            arn,
            format!("it has no confirmed subscription ({pending} pending): nobody would hear"),
            "subscribe to it (`aws sns subscribe …`) and confirm the message that comes",
        );
    }
    Check::ok(TOPIC, arn, format!("{confirmed} confirmed subscriptions, {pending} pending"))
}
