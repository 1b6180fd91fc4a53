//! A figure of an hour as a metric datum, and what `CloudWatch` takes of them.
//!
//! Limits: `PutMetricData` and `MetricDatum` in the `CloudWatch` API reference, and
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>. A request
//! that breaks one is refused whole, so every datum is checked before it is sent.

use chrono::{DateTime, TimeDelta, Utc};

/// Most datums in one request.
const MOST_DATUMS: usize = 1000;
/// Most bytes of one request; a tenth is left for what goes around the datums.
const MOST_BYTES: usize = 1_048_576 - 104_858;
/// Most dimensions of one metric.
const MOST_DIMENSIONS: usize = 30;
/// Most characters of a metric's or dimension's name, and of a namespace.
const MOST_NAME: usize = 255;
/// Most characters of a dimension's value.
const MOST_VALUE: usize = 1024;
/// How old a datum may be; an hour less than what AWS takes, since sending takes time.
const OLDEST: TimeDelta = TimeDelta::hours(14 * 24 - 1);
/// How far in the future.
const NEWEST: TimeDelta = TimeDelta::hours(2);
/// Largest absolute value: 2³⁶⁰.
const MOST: f64 = 2.348_542_582_773_833e108;

/// What a datum's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Requests, tokens, calls.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// 0 to 100.
    Percent,
    /// US dollars, hours: `CloudWatch` has no unit for them.
    None,
}

impl Unit {
    /// As `CloudWatch` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Percent => "Percent",
            Self::None => "None",
        }
    }
}

/// A figure at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    /// The metric's name.
    pub metric: String,
    /// Names and values of its dimensions.
    pub dimensions: Vec<(String, String)>,
    /// The start of its hour.
    pub at: DateTime<Utc>,
    /// The figure.
    pub value: f64,
    /// What it counts.
    pub unit: Unit,
}

/// Why `CloudWatch` would refuse a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// Older than two weeks.
    TooOld,
    /// More than two hours in the future.
    InTheFuture,
    /// Not a number, infinite, or beyond what fits.
    NoNumber,
    /// A name or a dimension that is empty, too long, or not ASCII.
    Name,
    /// More dimensions than a metric may have, or one of them twice.
    Dimensions,
}

impl Problem {
    /// The reason, as a phrase.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooOld => "older than the two weeks that CloudWatch takes",
            Self::InTheFuture => "more than two hours in the future",
            Self::NoNumber => "no number that CloudWatch takes",
            Self::Name => "a name that CloudWatch doesn't take",
            Self::Dimensions => "more or other dimensions than CloudWatch takes",
        }
    }
}

impl Datum {
    /// Why `CloudWatch` would refuse it at this time; `None` when it would not.
    pub fn problem(&self, now: DateTime<Utc>) -> Option<Problem> {
        let is_name = |name: &String| is_text(name, MOST_NAME) && !name.starts_with(':');
        let names_fit = is_name(&self.metric)
            && self
                .dimensions
                .iter()
                .all(|(name, value)| is_name(name) && is_text(value, MOST_VALUE));
        let mut names: Vec<&String> = self.dimensions.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        if now - self.at > OLDEST {
            Some(Problem::TooOld)
        } else if self.at - now > NEWEST {
            Some(Problem::InTheFuture)
        } else if !self.value.is_finite() || self.value.abs() > MOST {
            Some(Problem::NoNumber)
        } else if !names_fit {
            Some(Problem::Name)
        } else if self.dimensions.len() > MOST_DIMENSIONS || names.len() < self.dimensions.len() {
            Some(Problem::Dimensions)
        } else {
            None
        }
    }

    /// More bytes than it takes in a request, in whichever protocol.
    fn size(&self) -> usize {
        const AROUND_DATUM: usize = 300;
        const AROUND_DIMENSION: usize = 120;
        // Form encoding may write three bytes for one.
        let encoded = |text: &String| 3 * text.len();
        let dimensions = self.dimensions.iter();
        let dimensions = dimensions
            .map(|(name, value)| AROUND_DIMENSION + encoded(name) + encoded(value))
            .sum::<usize>();
        AROUND_DATUM + encoded(&self.metric) + dimensions
    }
}

/// Whether a namespace can be published to: AWS's own begin with `AWS/`.
pub fn is_publishable_name(namespace: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_/#: ".contains(&b);
    is_text(namespace, MOST_NAME)
        && namespace.bytes().all(allowed)
        && !namespace.starts_with("AWS/")
        && !namespace.starts_with(':')
}

/// ASCII without control characters, at least one that isn't a blank.
fn is_text(text: &str, most: usize) -> bool {
    text.len() <= most
        && text.bytes().all(|b| (0x20..0x7f).contains(&b))
        && text.bytes().any(|b| b != b' ')
}

/// The datums in as few requests as the limits on number and size allow, in their order.
pub fn batches(datums: &[Datum]) -> Vec<&[Datum]> {
    let mut found = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, datum) in datums.iter().enumerate() {
        let size = datum.size();
        if at > start && (at - start == MOST_DATUMS || bytes + size > MOST_BYTES) {
            found.push(&datums[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    if start < datums.len() {
        found.push(&datums[start..]);
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Datum, MOST_BYTES, Problem, Unit, batches, is_publishable_name};

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn datum() -> Datum {
        Datum {
            metric: "Requests".to_owned(),
            dimensions: vec![("Model".to_owned(), "amazon.nova-pro-v1:0".to_owned())],
            at: now() - TimeDelta::hours(1),
            value: 7.0,
            unit: Unit::Count,
        }
    }

    #[test]
    fn what_cloudwatch_would_refuse_is_told_before_it_is_sent() {
        assert_eq!(datum().problem(now()), None);
        let at = |hours: i64| Datum { at: now() + TimeDelta::hours(hours), ..datum() };
        assert_eq!(at(-14 * 24 + 1).problem(now()), None);
        assert_eq!(at(-14 * 24).problem(now()), Some(Problem::TooOld));
        assert_eq!(at(2).problem(now()), None);
        assert_eq!(at(3).problem(now()), Some(Problem::InTheFuture));
        for value in [f64::NAN, f64::INFINITY, 1e109, -1e109] {
            assert_eq!(Datum { value, ..datum() }.problem(now()), Some(Problem::NoNumber));
        }
        assert_eq!(Datum { value: -3.5, ..datum() }.problem(now()), None);
    }

    #[test]
    fn names_and_values_are_ascii_and_not_blank() {
        let named = |name: &str, value: &str| Datum {
            dimensions: vec![(name.to_owned(), value.to_owned())],
            ..datum()
        };
        for (name, value) in [
            ("", "x"),
            ("Model", ""),
            ("Model", "   "),
            ("Model", "Käse"),
            (":Model", "x"),
            ("Model", "a\nb"),
            (&"n".repeat(256), "x"),
            ("Model", &"v".repeat(1025)),
        ] {
            assert_eq!(
                named(name, value).problem(now()),
                Some(Problem::Name),
                "{name:?} {value:?}"
            );
        }
        assert_eq!(named("Model", &"v".repeat(1024)).problem(now()), None);
        let metric = "m".repeat(256);
        assert_eq!(Datum { metric, ..datum() }.problem(now()), Some(Problem::Name));
    }

    #[test]
    fn a_metric_has_at_most_thirty_dimensions_each_once() {
        let with = |count: usize| Datum {
            dimensions: (0..count).map(|n| (format!("D{n}"), "x".to_owned())).collect(),
            ..datum()
        };
        assert_eq!(with(30).problem(now()), None);
        assert_eq!(with(31).problem(now()), Some(Problem::Dimensions));
        let mut twice = with(2);
        twice.dimensions[1].0 = "D0".to_owned();
        assert_eq!(twice.problem(now()), Some(Problem::Dimensions));
    }

    #[test]
    fn namespaces_of_aws_are_not_ours() {
        for good in ["BedrockLens", "acme/bedrock", "a"] {
            assert!(is_publishable_name(good), "{good}");
        }
        for bad in ["AWS/Bedrock", "", " ", "Käse", ":x", &"n".repeat(256), "a;b"] {
            assert!(!is_publishable_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_request_holds_a_thousand_datums_and_less_than_a_megabyte() {
        let many = vec![datum(); 2500];
        let sizes: Vec<usize> = batches(&many).iter().map(|batch| batch.len()).collect();
        assert_eq!(sizes, [1000, 1000, 500]);
        let large = Datum {
            dimensions: (0..30).map(|n| (format!("D{n}"), "v".repeat(1024))).collect(),
            ..datum()
        };
        let many = vec![large; 100];
        let found = batches(&many);
        assert!(found.len() > 5);
        assert_eq!(found.iter().map(|batch| batch.len()).sum::<usize>(), 100);
        for batch in found {
            assert!(batch.iter().map(Datum::size).sum::<usize>() <= MOST_BYTES);
        }
        assert!(batches(&[]).is_empty());
    }
}
