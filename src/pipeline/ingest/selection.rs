//! Which objects an ingest takes: decided by key and folder, before anything is opened.

use chrono::{DateTime, Duration, NaiveTime, Utc};

use crate::period::Period;
use crate::records::key::{Dated, FolderFacts, KeyFacts, ObjectKind, classify_folder};
use crate::schema::TimeMs;
use crate::sources::{Folder, Wanted};
use crate::store::Completed;

/// A call's invocation log may come this much later: logs are delivered every few minutes.
pub(in crate::pipeline) const LOG_DELIVERY: Duration = Duration::hours(1);
/// An event's CloudTrail file may come this much later; most come within ten minutes.
const TRAIL_DELIVERY: Duration = Duration::days(1);

/// Which objects to take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only objects written in the period, with the margins for late delivery: one hour after the
    /// end for invocation logs, one day after for CloudTrail. Selects objects, never rows.
    pub range: Option<Period>,
    /// Only these accounts, where the path names one.
    pub accounts: Vec<String>,
    /// Only these regions, where the path names one.
    pub regions: Vec<String>,
    /// Only these kinds, where the path names one.
    pub kinds: Vec<ObjectKind>,
}

impl Selection {
    /// Whether an object is taken.
    pub(super) fn takes(&self, facts: &KeyFacts) -> bool {
        self.holds(facts.account.as_ref(), facts.region.as_ref(), facts.kind)
            && self.range.is_none_or(|range| {
                let (from, to) = span(range, facts.kind);
                facts.written.is_none_or(|at| at < to)
                    && facts.written_end.is_none_or(|end| end > from)
            })
    }

    /// The same without its range.
    pub(super) fn name(&self) -> String {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        let list = |texts: &[String]| texts.join(",");
        format!("{};{};{}", list(&self.accounts), list(&self.regions), kinds.join(","))
    }

    /// The same from a little before the last complete ingest on: `trailing` before it, or before the
    /// newest object it saw, so that late files are found also where logs come seldom. In whole UTC
    /// days, which take the fewest listings.
    pub(super) fn since(self, last: Completed, trailing: Duration, now: DateTime<Utc>) -> Self {
        let last = last.at_ms.min(last.newest_ms.unwrap_or(i64::MAX));
        let last = DateTime::from_timestamp_millis(last).unwrap_or(now).min(now);
        let from = last.checked_sub_signed(trailing).unwrap_or(DateTime::UNIX_EPOCH);
        let midnight = |time: DateTime<Utc>| time.date_naive().and_time(NaiveTime::MIN).and_utc();
        let range = Period { from: midnight(from), to: midnight(now) + Duration::days(1) };
        Self { range: Some(range), ..self }
    }

    fn holds(
        &self,
        account: Option<&String>,
        region: Option<&String>,
        kind: Option<ObjectKind>,
    ) -> bool {
        let among = |wanted: &[String], found: Option<&String>| {
            wanted.is_empty() || found.is_none_or(|found| wanted.contains(found))
        };
        among(&self.accounts, account)
            && among(&self.regions, region)
            && (self.kinds.is_empty() || kind.is_none_or(|kind| self.kinds.contains(&kind)))
    }

    /// A folder in the layout of AWS, or one that only looks like a date.
    fn dated(&self, path: &str, dated: &Dated, kind: Option<ObjectKind>) -> Folder {
        let Some(range) = self.range else { return Folder::Whole };
        let (from, to) = span(range, kind);
        let (start, end) = dated.span().unwrap_or((TimeMs(i64::MIN), TimeMs(i64::MAX)));
        if start >= to || end <= from {
            return Folder::Leave;
        }
        if dated.is_within || start >= from && end <= to {
            return Folder::Whole;
        }
        match dated.depth {
            Some(_) => {
                let parts = dated.covering(from, to);
                if parts == [path] { Folder::Whole } else { Folder::Only(parts) }
            }
            None if dated.parts.len() >= 4 => Folder::Whole,
            None => Folder::Try,
        }
    }
}

impl Wanted for Selection {
    fn folder(&self, path: &str) -> Folder {
        let facts: FolderFacts = classify_folder(path);
        if facts.is_foreign
            || !self.holds(facts.account.as_ref(), facts.region.as_ref(), facts.kind)
        {
            return Folder::Leave;
        }
        match &facts.dated {
            Some(dated) => self.dated(path, dated, facts.kind),
            None if facts.is_layout => Folder::Open,
            None => Folder::Try,
        }
    }
}

/// The range with the margin for late delivery. Where the path doesn't say the kind, it may be either.
fn span(range: Period, kind: Option<ObjectKind>) -> (TimeMs, TimeMs) {
    let margin = match kind {
        Some(ObjectKind::Invocations) => LOG_DELIVERY,
        Some(_) | None => TRAIL_DELIVERY,
    };
    let to = range.to.checked_add_signed(margin).unwrap_or(DateTime::<Utc>::MAX_UTC);
    (TimeMs(range.from.timestamp_millis()), TimeMs(to.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::{Completed, Duration, Folder, ObjectKind, Period, Selection, Wanted};

    fn day(from: &str, to: &str) -> Selection {
        let range = Period { from: from.parse().expect("time"), to: to.parse().expect("time") };
        Selection { range: Some(range), ..Selection::default() }
    }

    const ACCOUNT: &str = "x/AWSLogs/111122223333/";

    #[test]
    fn a_range_asks_for_its_folders_and_the_margin_after() {
        let wanted = day("2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z");
        let region = format!("{ACCOUNT}BedrockModelInvocationLogs/us-east-1/");
        let parts = ["2026/11/10/", "2026/11/11/00/"].map(|part| format!("{region}{part}"));
        assert_eq!(wanted.folder(&region), Folder::Only(parts.to_vec()));
        let region = format!("{ACCOUNT}CloudTrail/us-east-1/");
        let parts = ["2026/11/10/", "2026/11/11/"].map(|part| format!("{region}{part}"));
        assert_eq!(wanted.folder(&region), Folder::Only(parts.to_vec()));
        assert_eq!(wanted.folder("firehose/2025/"), Folder::Leave);
        assert_eq!(wanted.folder("firehose/2026/"), Folder::Try);
        assert_eq!(wanted.folder("firehose/2026/11/10/"), Folder::Whole);
        assert_eq!(wanted.folder("exports/0b1e/"), Folder::Try);
    }

    #[test]
    fn without_a_range_a_region_is_listed_whole() {
        let wanted = Selection::default();
        assert_eq!(wanted.folder(ACCOUNT), Folder::Open);
        assert_eq!(wanted.folder(&format!("{ACCOUNT}CloudTrail/us-east-1/")), Folder::Whole);
        assert_eq!(wanted.folder(&format!("{ACCOUNT}vpcflowlogs/")), Folder::Leave);
    }

    #[test]
    fn other_accounts_regions_and_kinds_are_left() {
        let wanted = Selection {
            accounts: vec!["111122223333".to_owned()],
            regions: vec!["us-east-1".to_owned()],
            kinds: vec![ObjectKind::Invocations],
            ..Selection::default()
        };
        for (path, expected) in [
            ("AWSLogs/", Folder::Open),
            ("AWSLogs/111122223333/", Folder::Open),
            ("AWSLogs/444455556666/", Folder::Leave),
            ("AWSLogs/111122223333/CloudTrail/", Folder::Leave),
            ("AWSLogs/111122223333/BedrockModelInvocationLogs/", Folder::Open),
            ("AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/", Folder::Whole),
            ("AWSLogs/111122223333/BedrockModelInvocationLogs/eu-west-1/", Folder::Leave),
        ] {
            assert_eq!(wanted.folder(path), expected, "{path}");
        }
    }

    #[test]
    fn the_default_range_begins_before_the_last_ingest_and_the_newest_object() {
        let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
        let now = time("2026-11-17T06:00:00Z");
        let at_ms = time("2026-11-16T06:00:00Z").timestamp_millis();
        for (newest, from) in [
            (None, "2026-11-14T00:00:00Z"),
            (Some("2026-11-10T12:00:00Z"), "2026-11-08T00:00:00Z"),
            (Some("2026-11-19T00:00:00Z"), "2026-11-14T00:00:00Z"),
        ] {
            let newest_ms = newest.map(|text| time(text).timestamp_millis());
            let last = Completed { at_ms, newest_ms };
            let found = Selection::default().since(last, Duration::days(2), now);
            let to = time("2026-11-18T00:00:00Z");
            assert_eq!(found.range, Some(Period { from: time(from), to }));
        }
    }
}
