//! Whether a Region's model calls are logged, and whether the logs go where they are read.

use super::Check;
use crate::aws::Connection;
use crate::setup::logging::{self, LoggingConfig, Modality};

const CHECK: &str = "invocation logging";

/// Whether model invocation logging is on in the connection's Region. `read_from` are the buckets that
/// the configured sources read.
pub fn logging_check(aws: &Connection, region: &str, read_from: &[String]) -> Check {
    match logging::read(aws) {
        Err(error) => Check::of_error(CHECK, region, &error),
        Ok(None) => Check::failed(
            CHECK,
            region,
            "off: model calls in this Region are not logged",
            format!(
                "`bedrock-lens setup logging --enable --region {region} --bucket BUCKET` turns it on"
            ),
        ),
        Ok(Some(config)) => judge(&config, region, read_from),
    }
}

fn judge(config: &LoggingConfig, region: &str, read_from: &[String]) -> Check {
    let Some(s3) = &config.s3 else {
        return Check::warning(
            CHECK,
            region,
            "on, to a log group only: there are no objects to read",
            "add a bucket with `bedrock-lens setup logging --enable`, or ingest an export of the group",
        );
    };
    let to = format!("on, to `s3://{}/{}`", s3.bucket, s3.prefix);
    if !read_from.is_empty() && !read_from.contains(&s3.bucket) {
        return Check::warning(
            CHECK,
            region,
            format!("{to}, which no configured source reads"),
            "add the bucket as a `[[source]]`",
        );
    }
    let off = |modality: &Modality| config.modalities.get(modality) == Some(&false);
    let left_out: Vec<&str> =
        Modality::ALL.iter().filter(|modality| off(modality)).map(|one| one.name()).collect();
    if off(&Modality::Text) {
        return Check::warning(
            CHECK,
            region,
            format!("{to}, without bodies of: {}", left_out.join(", ")),
            "without text bodies there is no latency, stop reason or guardrail result in the log; \
             `ingest cloudwatch:REGION` reads the latency that CloudWatch has",
        );
    }
    let note = match left_out.as_slice() {
        [] => String::new(),
        names => format!(", without bodies of: {}", names.join(", ")),
    };
    Check::ok(CHECK, region, format!("{to}{note}"))
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::judge;
    use crate::setup::logging::{LoggingConfig, Modality, Place};

    #[test]
    fn what_the_log_will_lack_is_told() {
        let mut config = LoggingConfig {
            s3: Some(Place { bucket: "acme-logs".to_owned(), prefix: "x".to_owned() }),
            ..LoggingConfig::default()
        };
        let outcome = |config: &LoggingConfig, buckets: &[&str]| {
            let buckets: Vec<String> = buckets.iter().map(|&name| name.to_owned()).collect();
            judge(config, "us-east-1", &buckets).outcome
        };
        assert_eq!(outcome(&config, &[]), Outcome::Ok);
        assert_eq!(outcome(&config, &["acme-logs"]), Outcome::Ok);
        assert_eq!(outcome(&config, &["other"]), Outcome::Warning);
        config.modalities.insert(Modality::Image, false);
        assert_eq!(outcome(&config, &[]), Outcome::Ok);
        config.modalities.insert(Modality::Text, false);
        assert_eq!(outcome(&config, &[]), Outcome::Warning);
        config.s3 = None;
        assert_eq!(outcome(&config, &[]), Outcome::Warning);
    }
}
