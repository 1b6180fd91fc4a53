//! The public keys that CloudTrail's digests are signed with.
//!
//! Source: `ListPublicKeys` in the CloudTrail API reference.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::primitives::DateTime as AwsTime;
use chrono::{DateTime, Utc};

use crate::aws::{self, Call, Connection};
use crate::period::Period;

/// A public key as CloudTrail lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// Which key; opaque.
    pub fingerprint: String,
    /// PKCS #1, DER.
    pub der: Vec<u8>,
    /// From when on it signs.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when it signs.
    pub valid_to: Option<DateTime<Utc>>,
}

/// The keys of a Region that are valid at any time of the period.
///
/// # Errors
/// When a request fails after the connection's retries; the permission is named in it.
pub fn public_keys(
    access: &Connection,
    region: &str,
    period: Period,
) -> Result<Vec<ListedKey>, aws::Error> {
    let access = access.in_region(region);
    access.wait(list(&Client::new(access.config()), period))
}

async fn list(client: &Client, period: Period) -> Result<Vec<ListedKey>, aws::Error> {
    let call = Call::new("cloudtrail:ListPublicKeys", "*");
    let request = client
        .list_public_keys()
        .start_time(AwsTime::from_secs(period.from.timestamp()))
        .end_time(AwsTime::from_secs(period.to.timestamp()));
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let page = request.clone().set_next_token(token).send().await;
        let page = page.map_err(|error| aws::Error::of(&error, &call))?;
        found.extend(page.public_key_list().iter().filter_map(|key| {
            Some(ListedKey {
                fingerprint: key.fingerprint()?.to_owned(),
                der: key.value()?.as_ref().to_vec(),
                valid_from: key.validity_start_time().and_then(time),
                valid_to: key.validity_end_time().and_then(time),
            })
        }));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn time(at: &AwsTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}
