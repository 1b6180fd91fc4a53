//! What a folder's path tells before anything below it is listed: whose logs it can hold, and of
//! which time.

use super::{ObjectKind, is_account, is_layout_root, is_region, written};
use crate::schema::TimeMs;

/// Folders that other services keep beside CloudTrail's in `AWSLogs/ACCOUNT/`: no logs of ours, and
/// often far more objects. Names as in the documentation of each service's delivery to S3.
const OF_OTHER_SERVICES: [&str; 9] = [
    "Config",
    "GuardDuty",
    "WAFLogs",
    "elasticloadbalancing",
    "network-firewall",
    "redshift",
    "route53resolver",
    "vpcdnsquerylogs",
    "vpcflowlogs",
];

/// What the path of a folder tells; `None` where it doesn't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderFacts {
    /// What the objects below hold.
    pub kind: Option<ObjectKind>,
    /// The account whose logs they are.
    pub account: Option<String>,
    /// The Region whose logs they are.
    pub region: Option<String>,
    /// Whether they are another service's, and no logs of ours.
    pub is_foreign: bool,
    /// Whether the folder is a step of the `AWSLogs` layout, so that its folders are few and known.
    pub is_layout: bool,
    /// The date folders, when the path has got to them.
    pub dated: Option<Dated>,
}

/// A path inside of `YYYY/MM/DD/HH/` folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// The path that the date folders begin below, with its slash; may be empty.
    pub root: String,
    /// Year, month, day and hour, as far as the path goes; empty at the root.
    pub parts: Vec<u32>,
    /// How many of them the layout has, when it is one that AWS writes: every object below lies in
    /// such folders. `None` when they only look like dates.
    pub depth: Option<usize>,
    /// Whether more folders follow after the date (`data/`).
    pub is_within: bool,
}

/// Reads the path of a folder, which ends in `/` or is empty.
pub fn classify_folder(path: &str) -> FolderFacts {
    let folders: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    in_layout(&folders).unwrap_or_else(|| FolderFacts {
        is_layout: folders.last().is_some_and(|last| is_layout_root(last)),
        dated: dates_anywhere(&folders),
        ..FolderFacts::default()
    })
}

/// `…/ACCOUNT/KIND/REGION/dates`, or the start of it from the account on.
fn in_layout(folders: &[&str]) -> Option<FolderFacts> {
    let (at, kind) = folders
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, folder)| {
            let kind = ObjectKind::of_folder(folder)?;
            let account = at > 0 && is_account(folders[at - 1]);
            let region = folders.get(at + 1).is_some_and(|next| is_region(next));
            (account || region).then_some((at, kind))
        })
        .map_or_else(
            || Some((account_at(folders)? + 1, None)),
            |(at, kind)| Some((at, Some(kind))),
        )?;
    let account = at.checked_sub(1).map(|before| folders[before]).filter(|text| is_account(text));
    let region = kind.and_then(|_| folders.get(at + 1)).filter(|text| is_region(text));
    Some(FolderFacts {
        kind,
        account: account.map(str::to_owned),
        region: region.map(|region| (*region).to_owned()),
        is_foreign: kind.is_none()
            && folders.get(at).is_some_and(|folder| OF_OTHER_SERVICES.contains(folder)),
        is_layout: folders.len() <= at + usize::from(kind.is_some()),
        dated: match (kind, region) {
            (Some(kind), Some(_)) => Some(dates_below(folders, at + 2, kind)),
            _ => dates_anywhere(folders),
        },
    })
}

/// The place of an account below `AWSLogs` or an organization.
fn account_at(folders: &[&str]) -> Option<usize> {
    (1..folders.len()).rev().find(|at| is_account(folders[*at]) && is_layout_root(folders[*at - 1]))
}

/// The dates below a Region, where AWS writes them: hours for invocation logs, days for CloudTrail.
fn dates_below(folders: &[&str], root: usize, kind: ObjectKind) -> Dated {
    let depth = if kind == ObjectKind::Invocations { 4 } else { 3 };
    let parts = date_parts(&folders[root..], depth);
    let is_within = root + parts.len() < folders.len();
    Dated { root: joined(&folders[..root]), parts, depth: Some(depth), is_within }
}

/// Folders that look like a year and what follows, the last such.
fn dates_anywhere(folders: &[&str]) -> Option<Dated> {
    (0..folders.len()).rev().find_map(|root| {
        let parts = date_parts(&folders[root..], 4);
        let is_within = root + parts.len() < folders.len();
        // A number of four digits further up may be anything.
        let is_date = !parts.is_empty() && (!is_within || parts.len() >= 3);
        is_date.then(|| Dated { root: joined(&folders[..root]), parts, depth: None, is_within })
    })
}

/// As many of year, month, day and hour as the folders hold from the first on.
fn date_parts(folders: &[&str], most: usize) -> Vec<u32> {
    const RANGES: [(usize, u32, u32); 4] = [(4, 2000, 2098), (2, 1, 12), (2, 1, 31), (2, 0, 23)];
    let read = folders.iter().zip(RANGES).map_while(|(folder, (length, least, greatest))| {
        let value = folder.split_once('=').map_or(*folder, |(_, value)| value);
        written::number(value, length).filter(|number| (least..=greatest).contains(number))
    });
    read.take(most).collect()
}

fn joined(folders: &[&str]) -> String {
    if folders.is_empty() { String::new() } else { folders.join("/") + "/" }
}

impl Dated {
    /// The time of the folder, `[start, end)`; `None` at the root.
    pub fn span(&self) -> Option<(TimeMs, TimeMs)> {
        written::span_of_parts(&self.parts)
    }

    /// The shortest list of folders below this one that together hold the span and as little else as
    /// the layout allows: whole years, months and days where the span has them. In order of time.
    pub fn covering(&self, from: TimeMs, to: TimeMs) -> Vec<String> {
        let mut found = Vec::new();
        cover(&self.parts, self.depth.unwrap_or(3), from, to, &mut found);
        found.iter().map(|parts| format!("{}{}", self.root, path_of(parts))).collect()
    }
}

/// Adds the folders below `parts` that the span `[from, to)` touches.
fn cover(parts: &[u32], depth: usize, from: TimeMs, to: TimeMs, found: &mut Vec<Vec<u32>>) {
    if let Some((start, end)) = written::span_of_parts(parts) {
        if start >= to || end <= from {
            return;
        }
        let is_inside = start >= from && end <= to;
        if is_inside || parts.len() >= depth || parts.len() == 3 && is_mostly(start, end, from, to)
        {
            found.push(parts.to_vec());
            return;
        }
    }
    let next = match parts.len() {
        0 => written::year(from)..=written::year(TimeMs(to.0 - 1)),
        1 => 1..=12,
        2 => 1..=31,
        _ => 0..=23,
    };
    for part in next {
        let below = [parts, &[part]].concat();
        if written::span_of_parts(&below).is_some() {
            cover(&below, depth, from, to, found);
        }
    }
}

/// Whether the span holds more than half of a day: then listing the day whole takes fewer requests
/// than listing its hours, and what is too much is left out object by object.
fn is_mostly(start: TimeMs, end: TimeMs, from: TimeMs, to: TimeMs) -> bool {
    let held = end.0.min(to.0) - start.0.max(from.0);
    held > (end.0 - start.0) / 2
}

fn path_of(parts: &[u32]) -> String {
    parts
        .iter()
        .enumerate()
        .map(|(at, part)| if at == 0 { format!("{part:04}/") } else { format!("{part:02}/") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{FolderFacts, ObjectKind, classify_folder};
    use crate::records::timestamp::from_parts;
    use crate::schema::TimeMs;

    fn time(day: [u32; 3], hour: u32) -> TimeMs {
        from_parts(day, [hour, 0, 0]).expect("a time")
    }

    fn covering(path: &str, from: TimeMs, to: TimeMs) -> Vec<String> {
        classify_folder(path).dated.expect("a dated folder").covering(from, to)
    }

    const INVOCATIONS: &str = "logs/AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/";
    const TRAIL: &str = "AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/eu-west-1/";

    #[test]
    fn a_day_and_the_hour_after_are_two_folders() {
        let found = covering(INVOCATIONS, time([2026, 11, 10], 0), time([2026, 11, 11], 1));
        let below = |end: &str| format!("{INVOCATIONS}{end}");
        assert_eq!(found, [below("2026/11/10/"), below("2026/11/11/00/")]);
    }

    #[test]
    fn few_hours_are_folders_of_their_own_and_many_are_their_day() {
        let count = |from, to| {
            covering(INVOCATIONS, time([2026, 11, 10], from), time([2026, 11, 10], to)).len()
        };
        assert_eq!((count(3, 4), count(2, 14), count(2, 15), count(0, 23)), (1, 12, 1, 1));
    }

    #[test]
    fn whole_months_and_years_are_one_folder_each() {
        let found = covering(TRAIL, time([2025, 11, 29], 0), time([2027, 2, 2], 0));
        let below: Vec<&str> = found.iter().filter_map(|path| path.strip_prefix(TRAIL)).collect();
        let expected =
            ["2025/11/29/", "2025/11/30/", "2025/12/", "2026/", "2027/01/", "2027/02/01/"];
        assert_eq!(below, expected);
    }

    #[test]
    fn a_trail_has_no_hours() {
        let found = covering(TRAIL, time([2026, 11, 10], 6), time([2026, 11, 10], 9));
        assert_eq!(found, [format!("{TRAIL}2026/11/10/")]);
    }

    #[test]
    fn a_path_inside_of_the_dates_covers_only_itself() {
        let (from, to) = (time([2026, 11, 10], 6), time([2026, 11, 12], 0));
        let month = format!("{INVOCATIONS}2026/11/");
        assert_eq!(covering(&month, from, to), [10, 11].map(|day| format!("{month}{day}/")));
        assert_eq!(covering(&format!("{month}10/07/"), from, to), [format!("{month}10/07/")]);
        assert!(covering(&format!("{month}12/"), from, to).is_empty());
        assert!(covering(&format!("{INVOCATIONS}2025/"), from, to).is_empty());
    }

    #[test]
    fn the_29th_of_february_is_there_in_leap_years_only() {
        let found = covering(TRAIL, time([2028, 2, 28], 0), time([2028, 3, 2], 0));
        assert_eq!(found.len(), 3);
        let found = covering(TRAIL, time([2026, 2, 28], 0), time([2026, 3, 2], 0));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn steps_of_the_layout_are_known() {
        for (path, account, kind, region) in [
            ("AWSLogs/", None, None, None),
            ("x/AWSLogs/o-a1b2c3d4e5/", None, None, None),
            ("AWSLogs/111122223333/", Some("111122223333"), None, None),
            (
                "AWSLogs/111122223333/CloudTrail/",
                Some("111122223333"),
                Some(ObjectKind::CloudTrail),
                None,
            ),
        ] {
            let facts = classify_folder(path);
            assert!(facts.is_layout && facts.dated.is_none(), "{path}");
            let found = (facts.account.as_deref(), facts.kind, facts.region.as_deref());
            assert_eq!(found, (account, kind, region), "{path}");
        }
        let region = classify_folder(TRAIL);
        assert_eq!(region.region.as_deref(), Some("eu-west-1"));
        assert!(region.dated.is_some_and(|dated| dated.parts.is_empty()));
    }

    #[test]
    fn other_services_are_known_only_beside_cloudtrail() {
        assert!(classify_folder("AWSLogs/111122223333/vpcflowlogs/").is_foreign);
        assert!(classify_folder("AWSLogs/111122223333/Config/us-east-1/").is_foreign);
        assert!(!classify_folder("Config/").is_foreign);
        assert!(!classify_folder("AWSLogs/111122223333/mine/").is_foreign);
    }

    #[test]
    fn folders_of_firehose_are_dates_too_but_of_no_known_depth() {
        let dated = classify_folder("firehose/2026/11/10/").dated.expect("dated");
        assert_eq!(
            (dated.root.as_str(), dated.parts.as_slice()),
            ("firehose/", &[2026, 11, 10][..])
        );
        assert_eq!(dated.depth, None);
        let hive = classify_folder("x/year=2026/month=11/").dated.expect("dated");
        assert_eq!(hive.parts, [2026, 11]);
        assert_eq!(classify_folder("cases/4711/").dated, None);
        assert_eq!(classify_folder("cases/2026/files/").dated, None);
    }

    #[test]
    fn a_folder_that_tells_nothing_is_unknown() {
        assert_eq!(classify_folder("exports/5f2e/"), FolderFacts::default());
        assert_eq!(classify_folder(""), FolderFacts::default());
        assert_eq!(classify_folder("CloudTrail/"), FolderFacts::default());
    }
}
