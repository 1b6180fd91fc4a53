//! What the file name of a digest tells: trail, account, region, end of its window.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

/// What a chain of digests belongs to: each trail has one per account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Trail {
    /// Account that the log files belong to; null when their keys don't tell.
    pub account: Option<String>,
    /// Region that the log files come from.
    pub region: Option<String>,
    /// Name of the trail; null for log files without any digest.
    pub trail: Option<String>,
}

impl Trail {
    /// For messages.
    pub fn label(&self) -> String {
        let known = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".to_owned());
        format!(
            "trail {} (account {}, {})",
            known(&self.trail),
            known(&self.account),
            known(&self.region)
        )
    }
}

/// The parts of `ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_YYYYMMDDTHHMMSSZ[_backfill].json.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestName {
    /// Account, region and trail.
    pub trail: Trail,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// Whether it is a backfill digest.
    pub backfill: bool,
}

impl DigestName {
    /// Reads the last part of a key; `None` when it is no digest's name. A trail's name may hold `_`.
    pub fn parse(key: &str) -> Option<Self> {
        let name = key.rsplit('/').next()?.strip_suffix(".json.gz")?;
        let (name, backfill) =
            name.strip_suffix("_backfill").map_or((name, false), |rest| (rest, true));
        let (rest, time) = name.rsplit_once('_')?;
        let (rest, _home) = rest.rsplit_once('_')?;
        let mut parts = rest.splitn(4, '_');
        let (account, word, region, trail) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let end = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
        (word == "CloudTrail-Digest").then(|| Self {
            trail: Trail {
                account: Some(account.to_owned()),
                region: Some(region.to_owned()),
                trail: Some(trail.to_owned()),
            },
            end,
            backfill,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::DigestName;

    #[test]
    fn a_trails_name_may_hold_underscores() {
        let key = "AWSLogs/1/CloudTrail-Digest/us-west-1/2021/07/29/\
                   342082656213_CloudTrail-Digest_us-west-1_my_lab_trail_eu-west-1_20210729T163649Z_backfill.json.gz";
        let name = DigestName::parse(key).expect("a digest's name");
        assert_eq!(name.trail.trail.as_deref(), Some("my_lab_trail"));
        assert_eq!(name.trail.region.as_deref(), Some("us-west-1"));
        assert_eq!(name.end.to_rfc3339(), "2021-07-29T16:36:49+00:00");
        assert!(name.backfill);
    }

    #[test]
    fn other_names_are_none() {
        for key in [
            "342082656213_CloudTrail_us-west-1_20210729T1240Z_gbD9CRODJN8fvPp9.json.gz",
            "342082656213_CloudTrail-Digest_us-west-1_t_us-west-1_20210729T16.json.gz",
            "x.json.gz",
            "",
        ] {
            assert_eq!(DigestName::parse(key), None, "{key}");
        }
    }
}
