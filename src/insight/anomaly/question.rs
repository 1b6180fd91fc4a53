//! The `bedrock-lens query …` that shows an incident, ready for a shell.

use std::ops::Range;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::shell::word;

/// Hours shown before and after an incident.
const MARGIN: usize = 6;
/// Incidents of more hours are shown by day.
const HOURS_SHOWN: usize = 72;

/// What a query is to show.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Start of the range.
    pub from: DateTime<Utc>,
    /// End of the range.
    pub to: DateTime<Utc>,
    /// Dimensions by name.
    pub by: Vec<String>,
    /// Metrics by name.
    pub metrics: Vec<String>,
    /// Dimensions and the values they must have.
    pub wheres: Vec<(String, Option<String>)>,
    /// IANA name of the zone of days and hours.
    pub timezone: String,
    /// What was asked for in the first place.
    pub filter: Option<String>,
}

impl Question {
    /// The command line.
    pub fn command(&self) -> String {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut words = vec![
            "bedrock-lens query".to_owned(),
            format!("--from {}", time(self.from)),
            format!("--to {}", time(self.to)),
        ];
        if !self.by.is_empty() {
            words.push(format!("--by {}", word(&self.by.join(","))));
        }
        words.push(format!("--metrics {}", self.metrics.join(",")));
        let condition = self.condition();
        if !condition.is_empty() {
            words.push(format!("--where {}", word(&condition)));
        }
        if self.timezone != "UTC" {
            words.push(format!("--timezone {}", self.timezone));
        }
        words.join(" ")
    }

    fn condition(&self) -> String {
        let asked = self.filter.iter().map(|filter| {
            if self.wheres.is_empty() { filter.clone() } else { format!("({filter})") }
        });
        let tests = self.wheres.iter().filter_map(|(dimension, value)| {
            // A name that is no dimension can't be asked for; the query then shows more, not less.
            let dimension: Dimension = dimension.parse().ok()?;
            Filter::equals(&dimension, value.as_deref()).ok().map(|filter| filter.to_string())
        });
        asked.chain(tests).collect::<Vec<_>>().join(" and ")
    }
}

/// The hours to show of an incident, and by what.
pub(super) fn window(hours: &Range<usize>, end: usize) -> (Range<usize>, &'static str) {
    use crate::schema::usage::dimension::{DAY, HOUR};
    if hours.len() > HOURS_SHOWN {
        (hours.start.saturating_sub(7 * 24)..hours.end, DAY)
    } else {
        (hours.start.saturating_sub(MARGIN)..(hours.end + MARGIN).min(end), HOUR)
    }
}

#[cfg(test)]
mod tests {
    use super::Question;

    fn question(wheres: &[(&str, Option<&str>)]) -> String {
        let at = |text: &str| text.parse().expect("a time");
        let owned =
            |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        let question = Question {
            from: at("2026-11-09T00:00:00Z"),
            to: at("2026-11-09T05:00:00Z"),
            by: vec!["hour".to_owned()],
            metrics: vec!["requests".to_owned()],
            wheres: wheres.iter().map(owned).collect(),
            timezone: "UTC".to_owned(),
            filter: None,
        };
        question.command()
    }

    #[test]
    fn values_with_quotes_survive_the_shell_and_the_filter() {
        let command = question(&[("principal", Some("o'neil & co"))]);
        assert!(
            command.ends_with(r"--where 'principal = '\''o'\'''\''neil & co'\'''"),
            "{command}"
        );
        let command = question(&[("tag:team", None)]);
        assert!(command.contains("is null"), "{command}");
    }
}
