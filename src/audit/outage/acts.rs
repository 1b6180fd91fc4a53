//! Which events change recording, and what each does to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Act, Aspect, Effect, Recorder, bucket, trail};
use crate::schema::api_event::BEDROCK_SOURCE;

/// `eventSource` of CloudTrail.
pub(super) const TRAIL_SOURCE: &str = "cloudtrail.amazonaws.com";
/// `eventSource` of S3.
pub(super) const S3_SOURCE: &str = "s3.amazonaws.com";
/// `eventSource` of `CloudWatch` Logs.
pub(super) const LOGS_SOURCE: &str = "logs.amazonaws.com";

/// Events that may concern recording, by their sources.
pub(super) const EVENTS: [(&str, &[&str]); 4] = [
    (
        BEDROCK_SOURCE,
        &["DeleteModelInvocationLoggingConfiguration", "PutModelInvocationLoggingConfiguration"],
    ),
    (TRAIL_SOURCE, trail::EVENTS),
    (S3_SOURCE, bucket::EVENTS),
    (LOGS_SOURCE, bucket::GROUP_EVENTS),
];

/// What an event says of one aspect of one recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) recorder: Recorder,
    pub(super) target: Option<String>,
    pub(super) aspect: Aspect,
    pub(super) effect: Effect,
    pub(super) detail: String,
}

impl Reading {
    pub(super) fn new(
        recorder: Recorder,
        target: Option<&str>,
        (aspect, effect): (Aspect, Effect),
        detail: impl Into<String>,
    ) -> Self {
        let target = target.map(str::to_owned);
        Self { recorder, target, aspect, effect, detail: detail.into() }
    }
}

/// Reads a successful event of a source; nothing when it doesn't concern recording.
pub(super) fn readings(source: &str, name: &str, parameters: &Value) -> Vec<Reading> {
    match source {
        BEDROCK_SOURCE => invocation_logging(name, parameters),
        TRAIL_SOURCE => trail::readings(name, parameters),
        S3_SOURCE => bucket::readings(name, parameters),
        LOGS_SOURCE => bucket::group_readings(name, parameters),
        _ => Vec::new(),
    }
}

fn invocation_logging(name: &str, parameters: &Value) -> Vec<Reading> {
    let reading =
        |what, detail: &str| Reading::new(Recorder::InvocationLogging, None, what, detail);
    match name {
        "DeleteModelInvocationLoggingConfiguration" => {
            vec![reading((Aspect::Recording, Effect::Stops), "invocation logging was deleted")]
        }
        "PutModelInvocationLoggingConfiguration" => configured(&parameters["loggingConfig"]),
        _ => Vec::new(),
    }
}

/// What a configuration of invocation logging means; null where the event leaves it out.
fn configured(config: &Value) -> Vec<Reading> {
    let reading =
        |what, detail: String| Reading::new(Recorder::InvocationLogging, None, what, detail);
    let places = destinations(config);
    if config.is_object() && places.is_empty() {
        let detail = "invocation logging was set up without a destination".to_owned();
        return vec![reading((Aspect::Recording, Effect::Stops), detail)];
    }
    let detail = "invocation logging was set up".to_owned();
    let mut found = vec![reading((Aspect::Recording, Effect::Restores), detail)];
    if !places.is_empty() {
        found.push(reading((Aspect::Destination, Effect::Changes), places.join(", ")));
    }
    match config["textDataDeliveryEnabled"].as_bool() {
        Some(false) => found.push(reading(
            (Aspect::Bodies, Effect::Reduces),
            "logs hold counts, and no text of requests and responses".to_owned(),
        )),
        Some(true) => found.push(reading(
            (Aspect::Bodies, Effect::Restores),
            "logs hold the text of requests and responses".to_owned(),
        )),
        None => {}
    }
    found
}

/// Where a configuration has logs delivered to.
fn destinations(config: &Value) -> Vec<String> {
    let s3 = &config["s3Config"];
    let bucket = s3["bucketName"].as_str().map(|bucket| place_in(bucket, s3["keyPrefix"].as_str()));
    let group = config["cloudWatchConfig"]["logGroupName"].as_str();
    bucket.into_iter().chain(group.map(|group| format!("{LOG_GROUP}{group}"))).collect()
}

const LOG_GROUP: &str = "log group ";
const S3: &str = "s3://";

/// A place in a bucket, as a URL.
pub(super) fn place_in(bucket: &str, prefix: Option<&str>) -> String {
    match prefix.filter(|prefix| !prefix.is_empty()) {
        Some(prefix) => format!("{S3}{bucket}/{}", prefix.trim_matches('/')),
        None => format!("{S3}{bucket}"),
    }
}

/// The acts in order of time, without those on buckets and log groups that are not known to hold
/// logs; and the buckets that are.
pub(super) fn concerning(
    mut acts: Vec<Act>,
    buckets: &BTreeSet<String>,
) -> (Vec<Act>, BTreeSet<String>) {
    acts.sort_by(|a, b| {
        (a.time, &a.event_id, a.recorder, a.aspect).cmp(&(
            b.time,
            &b.event_id,
            b.recorder,
            b.aspect,
        ))
    });
    let (mut buckets, mut groups) = (buckets.clone(), BTreeSet::new());
    for place in acts.iter().filter(|act| is_destination(act)).flat_map(places_of) {
        if let Some(rest) = place.strip_prefix(S3) {
            buckets.insert(rest.split('/').next().unwrap_or(rest).to_owned());
        } else if let Some(group) = place.strip_prefix(LOG_GROUP) {
            groups.insert(group.to_owned());
        }
    }
    acts.retain(|act| match (act.recorder, &act.target) {
        (Recorder::LogBucket, Some(bucket)) => buckets.contains(bucket),
        (Recorder::LogGroup, Some(group)) => groups.contains(group),
        _ => true,
    });
    (moves(acts), buckets)
}

fn is_destination(act: &Act) -> bool {
    act.aspect == Aspect::Destination && act.effect == Effect::Changes
}

fn places_of(act: &Act) -> impl Iterator<Item = &str> {
    act.detail.split(", ")
}

/// Says from where to where logs moved; a destination set to what it was is no act.
fn moves(acts: Vec<Act>) -> Vec<Act> {
    let mut last: BTreeMap<_, String> = BTreeMap::new();
    let mut kept = Vec::with_capacity(acts.len());
    for mut act in acts {
        if is_destination(&act) {
            // A trail has one home Region, and its name may come with that Region's ARN.
            let region = act.region.clone().filter(|_| act.recorder != Recorder::Trail);
            let key = (act.recorder, act.account.clone(), region, act.target.clone());
            let before = last.insert(key, act.detail.clone());
            if before.as_ref() == Some(&act.detail) {
                continue;
            }
            act.detail = match before {
                Some(before) => {
                    format!("delivered to {} from now on, to {before} before", act.detail)
                }
                None => format!("delivered to {}; where to before is not known", act.detail),
            };
        }
        kept.push(act);
    }
    kept
}
