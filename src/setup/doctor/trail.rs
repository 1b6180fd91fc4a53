//! Whether a trail records who calls Bedrock, in every Region, in files whose integrity can be proven.
//!
//! `InvokeModel`, `Converse` and the rest are read-only management events of `bedrock.amazonaws.com`:
//! a trail that selects writes only, or leaves management events out, doesn't have them.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, EventSelector, ReadWriteType, Trail};
use chrono::{DateTime, TimeDelta, Utc};

use super::Check;
use crate::aws::{Call, Connection, Error};

const CHECK: &str = "trail";

/// CloudTrail delivers about every five minutes; after a day without a file something is wrong.
const SILENCE: TimeDelta = TimeDelta::days(1);

/// The trails that record events of the connection's Region, each with what is to know of it.
pub fn trail_checks(aws: &Connection, region: &str, now: DateTime<Utc>) -> Vec<Check> {
    let client = Client::new(aws.config());
    let call = Call::new("cloudtrail:DescribeTrails", "*");
    let found = aws.wait(client.describe_trails().include_shadow_trails(true).send());
    let found = match found.map_err(|error| Error::of(&error, &call)) {
        Ok(found) => found,
        Err(error) => return vec![Check::of_error(CHECK, region, &error)],
    };
    if found.trail_list().is_empty() {
        return vec![Check::failed(
            CHECK,
            region,
            "no trail records the API calls of this Region",
            "`bedrock-lens setup template --kind stack` has one for all Regions, with log-file \
             validation; `ingest cloudtrail:REGION` reads the last 90 days without a trail",
        )];
    }
    let ask = |trail: &Trail| check(aws, &client, trail, region, now);
    found.trail_list().iter().map(ask).collect()
}

fn check(
    aws: &Connection,
    client: &Client,
    trail: &Trail,
    region: &str,
    now: DateTime<Utc>,
) -> Check {
    let name = trail.name().unwrap_or_default();
    let subject = format!("{region}: {name}");
    let arn = trail.trail_arn().unwrap_or(name);
    match ask(aws, client, arn) {
        Err(error) => Check::of_error(CHECK, &subject, &error),
        Ok(status) => {
            let facts = Facts {
                validated: trail.log_file_validation_enabled() == Some(true),
                all_regions: trail.is_multi_region_trail() == Some(true),
                bucket: trail.s3_bucket_name().unwrap_or_default().to_owned(),
                ..status
            };
            facts.judge(&subject, now)
        }
    }
}

/// What is known of a trail.
#[derive(Debug, Clone, Default)]
struct Facts {
    is_logging: bool,
    delivery_error: Option<String>,
    delivered: Option<DateTime<Utc>>,
    /// Why Bedrock's calls are not in it; `None` when they are, or when the selectors can't be read.
    leaves_out: Option<&'static str>,
    validated: bool,
    all_regions: bool,
    bucket: String,
}

fn ask(aws: &Connection, client: &Client, arn: &str) -> Result<Facts, Error> {
    let call = Call::new("cloudtrail:GetTrailStatus", arn);
    let status = aws.wait(client.get_trail_status().name(arn).send());
    let status = status.map_err(|error| Error::of(&error, &call))?;
    // Selectors are a question more: without the permission for it the rest is still worth telling.
    let selectors = aws.wait(client.get_event_selectors().trail_name(arn).send()).ok();
    let leaves_out = selectors
        .and_then(|found| left_out(found.event_selectors(), found.advanced_event_selectors()));
    let delivered = status.latest_delivery_time();
    Ok(Facts {
        is_logging: status.is_logging() == Some(true),
        delivery_error: status.latest_delivery_error().map(str::to_owned),
        delivered: delivered.and_then(|at| DateTime::from_timestamp(at.secs(), at.subsec_nanos())),
        leaves_out,
        ..Facts::default()
    })
}

/// Why a trail with these selectors doesn't have Bedrock's calls; without selectors it has.
fn left_out(basic: &[EventSelector], advanced: &[AdvancedEventSelector]) -> Option<&'static str> {
    if basic.is_empty() && advanced.is_empty() {
        return None;
    }
    let reads = |selector: &EventSelector| {
        selector.include_management_events() != Some(false)
            && !matches!(selector.read_write_type(), Some(ReadWriteType::WriteOnly))
    };
    let selects = |selector: &AdvancedEventSelector| {
        let of = |field: &str| selector.field_selectors().iter().find(|one| one.field() == field);
        let management = of("eventCategory")
            .is_some_and(|one| one.equals().iter().any(|value| value == "Management"));
        let has_reads = of("readOnly")
            .is_none_or(|one| one.equals().is_empty() || one.equals().iter().any(|v| v == "true"));
        let sources = of("eventSource").is_none_or(|one| {
            let bedrock = |values: &[String]| values.iter().any(|v| v.starts_with("bedrock"));
            !bedrock(one.not_equals()) && (one.equals().is_empty() || bedrock(one.equals()))
        });
        management && has_reads && sources
    };
    let has_calls = basic.iter().any(reads) || advanced.iter().any(selects);
    (!has_calls)
        .then_some("its selectors leave out read-only management events, which model calls are")
}

impl Facts {
    fn judge(&self, subject: &str, now: DateTime<Utc>) -> Check {
        if !self.is_logging {
            return Check::failed(
                CHECK,
                subject,
                "logging is stopped",
                "`aws cloudtrail start-logging --name …`",
            );
        }
        if let Some(error) = self.delivery_error.as_ref().filter(|error| !error.is_empty()) {
            return Check::failed(
                CHECK,
                subject,
                format!("files could not be delivered to `{}`: {error}", self.bucket),
                "the bucket's policy must let CloudTrail write; `bedrock-lens setup template --kind \
                 stack` has one that does",
            );
        }
        if let Some(why) = self.leaves_out {
            return Check::failed(
                CHECK,
                subject,
                why,
                "select read and write management events for the trail",
            );
        }
        let silent = self.delivered.filter(|at| now - *at > SILENCE);
        if let Some(at) = silent {
            return Check::warning(
                CHECK,
                subject,
                format!("the last file was delivered at {}", at.format("%Y-%m-%d %H:%M UTC")),
                "is the bucket there, and does its policy let CloudTrail write?",
            );
        }
        if !self.validated {
            return Check::warning(
                CHECK,
                subject,
                "log-file validation is off: nobody can prove later that a file was not changed",
                "`aws cloudtrail update-trail --name … --enable-log-file-validation`",
            );
        }
        if !self.all_regions {
            return Check::warning(
                CHECK,
                subject,
                "it records one Region only",
                "`aws cloudtrail update-trail --name … --is-multi-region-trail`",
            );
        }
        let never = "; no file was delivered yet";
        let last = if self.delivered.is_none() { never } else { "" };
        Check::ok(
            CHECK,
            subject,
            format!("logging to `{}`, all Regions, with log-file validation{last}", self.bucket),
        )
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudtrail::types::{
        AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType,
    };
    use chrono::{DateTime, TimeDelta, Utc};

    use super::super::Outcome;
    use super::{Facts, left_out};

    fn sound() -> Facts {
        Facts {
            is_logging: true,
            validated: true,
            all_regions: true,
            bucket: "acme-trail".to_owned(),
            ..Facts::default()
        }
    }

    #[test]
    fn a_trail_is_judged_by_the_worst_that_is_known() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        let outcome = |facts: &Facts| facts.judge("t", now).outcome;
        assert_eq!(outcome(&sound()), Outcome::Ok);
        assert_eq!(outcome(&Facts { is_logging: false, ..sound() }), Outcome::Failed);
        let denied = Some("AccessDenied".to_owned());
        assert_eq!(outcome(&Facts { delivery_error: denied, ..sound() }), Outcome::Failed);
        assert_eq!(outcome(&Facts { leaves_out: Some("x"), ..sound() }), Outcome::Failed);
        assert_eq!(outcome(&Facts { validated: false, ..sound() }), Outcome::Warning);
        assert_eq!(outcome(&Facts { all_regions: false, ..sound() }), Outcome::Warning);
        for (hours, expected) in [(2, Outcome::Ok), (30, Outcome::Warning)] {
            let delivered = Some(now - TimeDelta::hours(hours));
            assert_eq!(outcome(&Facts { delivered, ..sound() }), expected);
        }
    }

    #[test]
    fn model_calls_are_read_only_management_events() {
        let basic = |kind: ReadWriteType, management: bool| {
            EventSelector::builder()
                .read_write_type(kind)
                .include_management_events(management)
                .build()
        };
        assert_eq!(left_out(&[], &[]), None);
        assert_eq!(left_out(&[basic(ReadWriteType::All, true)], &[]), None);
        assert!(left_out(&[basic(ReadWriteType::WriteOnly, true)], &[]).is_some());
        assert!(left_out(&[basic(ReadWriteType::All, false)], &[]).is_some());
        let field = |name: &str, values: &[&str], is_not: bool| {
            let mut one = AdvancedFieldSelector::builder().field(name);
            for value in values {
                one = if is_not { one.not_equals(*value) } else { one.equals(*value) };
            }
            one.build().expect("a selector")
        };
        let advanced = |more: Vec<AdvancedFieldSelector>| {
            let mut one = AdvancedEventSelector::builder().field_selectors(field(
                "eventCategory",
                &["Management"],
                false,
            ));
            for more in more {
                one = one.field_selectors(more);
            }
            [one.build().expect("a selector")]
        };
        assert_eq!(left_out(&[], &advanced(vec![])), None);
        assert!(left_out(&[], &advanced(vec![field("readOnly", &["false"], false)])).is_some());
        let without = field("eventSource", &["bedrock.amazonaws.com"], true);
        assert!(left_out(&[], &advanced(vec![without])).is_some());
    }
}
