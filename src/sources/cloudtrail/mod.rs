//! CloudTrail's event history, for accounts without a trail: `cloudtrail:REGION[/EVENT_SOURCE]`.
//!
//! LookupEvents holds the management events of one account and Region for 90 days, and answers twice a
//! second with 50 events at most. Windows of time stand for objects ([`windows`](super::windows)); each
//! is asked for page by page. Data events are not in it, nor events of other accounts.
//!
//! Source: `LookupEvents` in the CloudTrail API reference.

mod public_keys;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration as Wait;

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::primitives::DateTime as AwsTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::error::Cause;
use super::windows::{Cut, Pace, Window};
use super::{Ahead, Error, Fetched, Listing, ObjectEntry, Source, Version, Wanted};
use crate::aws::{self, Access, Backoff, Call, Connection, Problem};
use crate::period::Period;
pub use public_keys::{ListedKey, public_keys};

/// How far back LookupEvents reaches.
const REMEMBERS: Duration = Duration::days(90);
/// Events are in the history a few minutes after they happened; an hour is what is allowed them.
const SETTLES_AFTER: Duration = Duration::hours(1);
/// What is asked for at a time: 90 days of an idle account take 540 requests, four and a half minutes.
const WINDOW: Duration = Duration::hours(4);
/// Two requests a second, and a little less, since others may look events up as well.
const APART: Wait = Wait::from_millis(550);
/// Throttling is usual here, and waiting helps.
const ATTEMPTS: u32 = 10;

/// How the user names it.
const SCHEME: &str = "cloudtrail:";

/// Whether a source is named as CloudTrail's event history.
pub fn is_cloudtrail_url(text: &str) -> bool {
    text.starts_with(SCHEME)
}

/// The policy of the identity that looks events up; who may call STS is not restricted.
pub fn lookup_policy() -> Value {
    let lookup = json!({"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [lookup]})
}

/// The event history of an account in a Region.
#[derive(Debug)]
pub struct EventHistory {
    name: String,
    place: Place,
    access: Connection,
    client: Client,
    range: Option<Period>,
    cut: Cut,
    pace: Pace,
}

/// What of CloudTrail is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    region: String,
    /// Only events of this service, e.g. `bedrock.amazonaws.com`.
    event_source: Option<String>,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let place = text.strip_prefix(SCHEME)?;
        let (region, source) =
            place.split_once('/').map_or((place, None), |(region, source)| (region, Some(source)));
        let is_word = |text: &str, more: &[u8]| {
            let is_one = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || more.contains(&b);
            !text.is_empty() && text.bytes().all(is_one)
        };
        let known = region.contains('-')
            && is_word(region, b"-")
            && source.is_none_or(|source| source.contains('.') && is_word(source, b"-."));
        known.then(|| Self { region: region.to_owned(), event_source: source.map(str::to_owned) })
    }
}

impl EventHistory {
    /// Resolves how to reach CloudTrail; asks it nothing yet. `range` narrows what is listed.
    ///
    /// # Errors
    /// When the text names no Region, or access can't be set up.
    pub fn open(
        text: &str,
        access: &Access,
        range: Option<Period>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let place =
            Place::parse(text).ok_or_else(|| Error::NotARegion { location: text.to_owned() })?;
        let access = Connection::open(access)
            .map_err(|source| Error::Connect { location: text.to_owned(), source })?
            .in_region(&place.region);
        // Retries are `Backoff`'s, each of them paced.
        let retries = aws_sdk_cloudtrail::config::retry::RetryConfig::disabled();
        let config = aws_sdk_cloudtrail::config::Builder::from(access.config());
        let client = Client::from_conf(config.retry_config(retries).build());
        let cut = Cut { length: WINDOW, settles_after: SETTLES_AFTER, now, remembers: REMEMBERS };
        Ok(Self {
            name: text.to_owned(),
            place,
            access,
            client,
            range,
            cut,
            pace: Pace::new(APART),
        })
    }

    /// The account that the credentials belong to: its events are what is answered. Where STS is out of
    /// reach, the account that the newest event names.
    fn account(&self) -> Result<String, Error> {
        let found = match self.access.wait(self.caller()) {
            Err(failure) if failure.problem == Problem::Unreachable => {
                self.access.wait(self.account_of_newest()).and_then(|named| named.ok_or(failure))
            }
            other => other,
        };
        found.map_err(|source| self.unlisted(source))
    }

    async fn caller(&self) -> Result<String, aws::Error> {
        let client = aws_sdk_sts::Client::new(self.access.config());
        let call = Call::new("sts:GetCallerIdentity", "*");
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| aws::Error::of(&error, &call))?;
        let account = answer.account().map(str::to_owned);
        account.ok_or_else(|| aws::Error::unreachable("STS named no account"))
    }

    async fn account_of_newest(&self) -> Result<Option<String>, aws::Error> {
        let all = Period { from: self.cut.now - REMEMBERS, to: self.cut.now };
        let page = self.page(all, None).await?;
        Ok(page.events().iter().find_map(|event| {
            let event: Value = serde_json::from_str(event.cloud_trail_event()?).ok()?;
            event["recipientAccountId"].as_str().map(str::to_owned)
        }))
    }

    fn unlisted(&self, source: aws::Error) -> Error {
        Error::List { location: self.name.clone(), source: Cause::Aws(source) }
    }

    /// The name that a log file of this window would have: the time in it is the end of the window.
    fn key(&self, account: &str, window: &Window) -> String {
        let region = &self.place.region;
        let source = self.place.event_source.as_deref().unwrap_or("all");
        format!(
            "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{source}-{}.json",
            window.period.from.format("%Y/%m/%d"),
            window.end.format("%Y%m%dT%H%MZ"),
            window.period.from.format("%Y%m%dT%H%M%S"),
        )
    }

    /// All events of a period as lines of JSON.
    async fn events(&self, period: Period) -> Result<Vec<u8>, aws::Error> {
        let mut lines = Vec::new();
        let mut token = None;
        loop {
            let page = self.page(period, token.take()).await?;
            for event in page.events() {
                lines.extend_from_slice(line(event).as_bytes());
                lines.push(b'\n');
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        if lines.is_empty() {
            lines.extend_from_slice(b"[]\n"); // nothing happened, which is worth knowing
        }
        Ok(lines)
    }

    async fn page(
        &self,
        period: Period,
        token: Option<String>,
    ) -> Result<aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput, aws::Error> {
        let call = Call::new("cloudtrail:LookupEvents", "*");
        // Both ends belong to what is answered, and events have whole seconds.
        let request = self
            .client
            .lookup_events()
            .start_time(AwsTime::from_secs(period.from.timestamp()))
            .end_time(AwsTime::from_secs((period.to - Duration::seconds(1)).timestamp()))
            .set_lookup_attributes(self.attribute()?.map(|attribute| vec![attribute]))
            .max_results(50)
            .set_next_token(token);
        let mut backoff = Backoff::new(ATTEMPTS.max(self.access.attempts()));
        loop {
            self.pace.turn().await;
            match request.clone().send().await {
                Ok(page) => return Ok(page),
                Err(error) => backoff.after(aws::Error::of(&error, &call)).await?,
            }
        }
    }

    fn attribute(&self) -> Result<Option<LookupAttribute>, aws::Error> {
        let Some(source) = &self.place.event_source else { return Ok(None) };
        let attribute = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventSource)
            .attribute_value(source)
            .build();
        attribute.map(Some).map_err(|error| aws::Error::unreachable(error.to_string()))
    }

    fn read(&self, object: &ObjectEntry) -> Result<Fetched, aws::Error> {
        let period = self.period_of(object).ok_or_else(|| {
            aws::Error::unreachable("no window of the event history has this name")
        })?;
        let bytes = self.access.wait(self.events(period))?;
        let version = Version {
            fingerprint: object.fingerprint.clone(),
            size_bytes: bytes.len() as u64,
            modified: object.modified,
        };
        Ok(Fetched { bytes, changed: Some(version) })
    }

    fn period_of(&self, object: &ObjectEntry) -> Option<Period> {
        self.cut.windows(self.range).into_iter().find_map(|window| {
            let account = object.key.split('/').nth(1)?;
            (self.key(account, &window) == object.key).then_some(window.period)
        })
    }
}

fn unread(object: &ObjectEntry, source: aws::Error) -> Error {
    Error::Read { location: object.location.clone(), source: Cause::Aws(source) }
}

/// The event as CloudTrail recorded it. One that comes without is passed on by its id, to be rejected.
fn line(event: &Event) -> String {
    match event.cloud_trail_event() {
        // A line each, whatever blanks the event has between its parts.
        Some(text) => text.replace(['\n', '\r'], " "),
        None => json!({"EventId": event.event_id()}).to_string(),
    }
}

impl Source for EventHistory {
    fn name(&self) -> String {
        self.name.clone()
    }

    /// Windows of the range, whatever folders are wanted: asking for them costs nothing.
    fn list(&self, _wanted: &dyn Wanted) -> Result<Listing, Error> {
        let account = self.account()?;
        let mut windows: BTreeMap<String, ObjectEntry> = BTreeMap::new();
        for window in self.cut.windows(self.range) {
            let key = self.key(&account, &window);
            windows.insert(key.clone(), self.cut.entry(&window, &self.name, key));
        }
        let is_selective = self.range.is_some();
        Ok(Listing { objects: windows.into_values().collect(), is_selective, ..Listing::default() })
    }

    fn fetch(&self, object: &ObjectEntry, _most: u64) -> Result<Fetched, Error> {
        let unread =
            |source| Error::Read { location: object.location.clone(), source: Cause::Aws(source) };
        let period = self.period_of(object).ok_or_else(|| {
            unread(aws::Error::unreachable("no window of the event history has this name"))
        })?;
        let bytes = self.access.wait(self.events(period)).map_err(unread)?;
        let version = Version {
            fingerprint: object.fingerprint.clone(),
            size_bytes: bytes.len() as u64,
            modified: object.modified,
        };
        Ok(Fetched { bytes, changed: Some(version) })
    }

    fn is_far(&self) -> bool {
        true
    }

    fn is_billed(&self) -> bool {
        false
    }

    fn is_slow(&self) -> bool {
        true
    }

    /// One after the other, since they may not be asked for faster; until one is refused in a way that
    /// all would be.
    fn fetch_ahead(&self, objects: &[&ObjectEntry], _most: u64, ahead: &Arc<Ahead>) {
        for (at, object) in objects.iter().enumerate() {
            let Some(admitted) = ahead.admit(at, object.size_bytes) else { return };
            let result = self.read(object);
            if let Err(failure) = &result
                && (failure.is_lasting() || matches!(failure.problem, Problem::AccessDenied(_)))
            {
                ahead.end(failure.clone());
            }
            admitted.deliver(result.map_err(|source| unread(object, source)));
        }
    }
}
