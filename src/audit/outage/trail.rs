//! What an event of CloudTrail itself does to a trail.
//!
//! Source: CloudTrail API reference, and the request parameters of recorded events.

use serde_json::Value;

use super::acts::{Reading, place_in};
use super::selectors::{Leaves, of_selectors};
use super::{Aspect, Effect, Recorder};

/// The events that are looked at.
pub(super) const EVENTS: &[&str] = &[
    "StopLogging",
    "StartLogging",
    "CreateTrail",
    "DeleteTrail",
    "UpdateTrail",
    "PutEventSelectors",
];

/// Aspects that a switch of the request turns on or off, and what is said of each.
const SWITCHES: [(&str, Aspect, &str, &str); 3] = [
    (
        "isMultiRegionTrail",
        Aspect::AllRegions,
        "the trail records all Regions",
        "the trail records its own Region only",
    ),
    (
        "includeGlobalServiceEvents",
        Aspect::GlobalServices,
        "the trail records global services",
        "the trail leaves out global services such as IAM and STS",
    ),
    (
        "enableLogFileValidation",
        Aspect::Validation,
        "the trail writes digests",
        "the trail writes no digests: nothing proves its log files",
    ),
];

pub(super) fn readings(name: &str, parameters: &Value) -> Vec<Reading> {
    let named = parameters["name"].as_str().or(parameters["trailName"].as_str());
    // By name or by ARN: `arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME`.
    let trail = named.map(|name| name.rsplit('/').next().unwrap_or(name));
    let reading = |what, detail: &str| Reading::new(Recorder::Trail, trail, what, detail);
    match name {
        "StopLogging" => {
            vec![reading((Aspect::Recording, Effect::Stops), "the trail was stopped")]
        }
        "DeleteTrail" => {
            vec![reading((Aspect::Recording, Effect::Stops), "the trail was deleted")]
        }
        "StartLogging" => {
            vec![reading((Aspect::Recording, Effect::Restores), "the trail was started")]
        }
        "CreateTrail" => {
            let made = reading((Aspect::Recording, Effect::Changes), "the trail was created");
            [vec![made], settings(trail, parameters, name)].concat()
        }
        "UpdateTrail" => {
            let found = settings(trail, parameters, name);
            if found.is_empty() {
                let detail = "other settings of the trail were changed";
                return vec![reading((Aspect::Recording, Effect::Changes), detail)];
            }
            found
        }
        "PutEventSelectors" => vec![selected(trail, parameters)],
        _ => Vec::new(),
    }
}

fn settings(trail: Option<&str>, parameters: &Value, name: &str) -> Vec<Reading> {
    let reading = |what, detail: String| Reading::new(Recorder::Trail, trail, what, detail);
    let mut found = Vec::new();
    if let Some(bucket) = parameters["s3BucketName"].as_str() {
        let place = place_in(bucket, parameters["s3KeyPrefix"].as_str());
        found.push(reading((Aspect::Destination, Effect::Changes), place));
    }
    for (key, aspect, on, off) in SWITCHES {
        match parameters[key].as_bool() {
            Some(true) => found.push(reading((aspect, Effect::Restores), on.to_owned())),
            // A new trail takes nothing away from what was recorded before.
            Some(false) if name == "UpdateTrail" => {
                found.push(reading((aspect, Effect::Reduces), off.to_owned()));
            }
            _ => {}
        }
    }
    found
}

fn selected(trail: Option<&str>, parameters: &Value) -> Reading {
    let (effect, detail) = match of_selectors(parameters) {
        Leaves::Nothing => (Effect::Restores, "the trail records model calls"),
        Leaves::ManagementEvents => {
            (Effect::Reduces, "the trail leaves out management events, and with them model calls")
        }
        Leaves::ReadEvents => {
            (Effect::Reduces, "the trail leaves out read-only events, which model calls are")
        }
        Leaves::Bedrock => (Effect::Reduces, "the trail leaves out events of Bedrock"),
        Leaves::Unknown => (Effect::Changes, "what the trail records was changed"),
    };
    Reading::new(Recorder::Trail, trail, (Aspect::ModelCalls, effect), detail)
}
