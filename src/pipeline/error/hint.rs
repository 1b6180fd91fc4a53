//! What the user can do next, by what stopped the journey.

use super::Error;
use crate::insight::kpi;
use crate::likeness::{ALIKE, nearest};
use crate::period::Period;

impl Error {
    /// What the user can do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoLogs { .. } => Some(
                "a bucket copied to disk holds `AWSLogs/<account>/BedrockModelInvocationLogs/…`; \
                 is model-invocation logging on in this account and region?"
                    .into(),
            ),
            Self::NoData { .. } => Some(
                "`bedrock-lens store info` says which days the store holds; \
                 `bedrock-lens ingest SOURCE` adds more"
                    .into(),
            ),
            Self::PackTargetTaken { .. } => {
                Some("name another place with `-o`: packs are never mixed with other files".into())
            }
            Self::NoSuchModel { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "`bedrock-lens prices list` names all models".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            )),
            Self::NotIngested { period, known } | Self::NothingToPack { period, known } => {
                Some(not_ingested(*period, *known))
            }
            Self::TooManyPeriods(_) => {
                Some("ask by longer periods, for a shorter range, or with `--empty hide`".into())
            }
            Self::Sql(mistake) => Some(mistake.hint()),
            Self::AnomalyRulesUnreadable { .. } | Self::AnomalyRulesFile { .. } => Some(
                "`bedrock-lens anomalies --print-rules` prints rules that are sound, to start from"
                    .into(),
            ),
            Self::Kpis(kpi::Error::UnknownKpi { name, known }) => {
                let like = nearest(name, known.iter().map(String::as_str), ALIKE);
                let like = like.map(|like| format!("did you mean `{like}`? "));
                Some(format!("{}key figures: {}", like.unwrap_or_default(), known.join(", ")))
            }
            Self::NoSuchRule { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "`bedrock-lens audit detections --list` names all rules".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            )),
            Self::DetectionRules(_) => {
                Some("docs/detections.md says how a rule is written".to_owned())
            }
            Self::AlertRules(error) => Some(
                error
                    .hint
                    .clone()
                    .unwrap_or_else(|| "docs/alerts.md says how a rule is written".to_owned()),
            ),
            Self::NoSuchAlert { open, .. } => Some(if open.is_empty() {
                "no alert is open".to_owned()
            } else {
                format!("open alerts: {}", open.join(", "))
            }),
            Self::Controls(_) => Some("docs/controls.md says how a control is written".to_owned()),
            Self::NoSuchFramework { known, .. } => {
                Some(format!("frameworks: {}", known.join(", ")))
            }
            Self::Verification { .. } => {
                Some("it takes what `bedrock-lens audit verify --json` printed".to_owned())
            }
            Self::GeoIp { .. } => {
                Some("it takes a MaxMind database (.mmdb), such as GeoLite2-Country".to_owned())
            }
            Self::Overrides(_) => {
                Some("`bedrock-lens prices check` lists everything that is wrong".into())
            }
            Self::Keys { .. } => Some(
                "save them with `aws cloudtrail list-public-keys --start-time … --end-time … > keys.json`"
                    .into(),
            ),
            Self::MetadataFile { .. } => Some(
                r#"the file holds {"s3://bucket/key": {"x-amz-meta-signature": "…"}, …}"#.into(),
            ),
            Self::TooManyHours { .. } => Some(
                "name the time to prove with `--from` and `--to`, and a Region with `--region`".into(),
            ),
            Self::NoPriceList { .. } => Some(
                "a price list is `offers/v1.0/aws/AmazonBedrock/current/<region>/index.json` of \
                 https://pricing.us-east-1.amazonaws.com"
                    .into(),
            ),
            Self::Synced { .. } => Some(
                "delete the file, then `bedrock-lens prices sync-profiles` writes it anew".into(),
            ),
            Self::NoRegion => Some("name one or more with `--region`, or set `AWS_REGION`".into()),
            Self::Aws(source) => source.hint(),
            Self::Deliver(error) => error.hint(),
            Self::Source(source) => source.hint(),
            Self::Store(source) => source.hint(),
            Self::Compute(_) => Some(
                "if files of the store may be damaged: `bedrock-lens store verify` checks its rows, and its \
                 folder `summaries` can be deleted at any time"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// What the store holds instead, and how to get the rest.
fn not_ingested(period: Period, known: Period) -> String {
    let day = |at: chrono::DateTime<chrono::Utc>| at.date_naive();
    let last_asked = day(period.to - chrono::Duration::milliseconds(1));
    format!(
        "it holds {} to {} (UTC days); `bedrock-lens ingest SOURCE --from {} --to {}` reads the rest",
        day(known.from),
        known.to.date_naive().pred_opt().unwrap_or_else(|| day(known.to)),
        day(period.from),
        last_asked.succ_opt().unwrap_or(last_asked),
    )
}
