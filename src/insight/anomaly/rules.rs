//! When a departure from the usual is told: thresholds as data, with what each means.
//!
//! The numbers lie in `anomaly-rules.json` beside this file; another file of the same form can be
//! used in its place.

use serde::Deserialize;

/// All thresholds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How much of the past counts.
    pub history: HistoryRules,
    /// Which series are judged.
    pub series: SeriesRules,
    /// Hours with more than usual.
    pub spike: SpikeRules,
    /// Hours with more errors or throttles than usual.
    pub failures: FailureRules,
    /// Hours slower than usual.
    pub latency: LatencyRules,
    /// Hours with next to nothing.
    pub outage: OutageRules,
    /// Days from which on a series lies elsewhere.
    pub shift: ShiftRules,
    /// What becomes one incident.
    pub incident: IncidentRules,
    /// How grave an incident is.
    pub severity: SeverityRules,
}

/// How much of the past counts.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryRules {
    /// Weeks before the range that the usual is learnt from, at most.
    pub weeks: u16,
    /// Days of history that a series needs before it is judged.
    pub minimum_days: usize,
}

/// Which series are judged.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesRules {
    /// Values of each dimension, those with most requests first.
    pub per_dimension: usize,
    /// Requests over history and range that a value needs.
    pub minimum_requests: i64,
}

/// Hours with more requests, tokens or spend than usual.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpikeRules {
    /// Robust standard deviations above the usual, at least.
    pub score: f64,
    /// Times the third highest daily peak score of the history, at least: a series that is often
    /// far off has to go further.
    pub beyond_history: f64,
    /// Times the usual, at least.
    pub ratio: f64,
    /// More requests than usual, at least.
    pub requests: f64,
    /// More tokens or US dollars than usual, at least what so many requests usually have: a single
    /// large request is not a spike.
    pub requests_worth: f64,
    /// More US dollars than usual, at least.
    pub cost_usd: f64,
    /// Excess as a share of an average hour of everything, at least.
    pub share_of_all: f64,
}

/// Hours with more errors or throttles than usual for their requests.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureRules {
    /// As [`SpikeRules::score`].
    pub score: f64,
    /// As [`SpikeRules::beyond_history`].
    pub beyond_history: f64,
    /// Times the usual rate, at least.
    pub ratio: f64,
    /// More failures than usual, at least.
    pub requests: f64,
    /// Excess as a share of the hour's requests, at least.
    pub rate: f64,
}

/// Hours slower than usual.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyRules {
    /// As [`SpikeRules::score`].
    pub score: f64,
    /// As [`SpikeRules::beyond_history`].
    pub beyond_history: f64,
    /// Times the usual, at least.
    pub ratio: f64,
    /// Milliseconds more than usual, at least.
    pub excess_ms: f64,
    /// Known latencies that an hour needs for its median to count.
    pub requests_p50: f64,
    /// Known latencies that an hour needs for its 95th percentile to count.
    pub requests_p95: f64,
}

/// Hours with next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageRules {
    /// At most this share of the usual is left.
    pub share_left: f64,
    /// Requests that were to be expected over the hours together, at least.
    pub expected_requests: f64,
    /// Consecutive hours, at least.
    pub hours: usize,
}

/// Days from which on a series lies elsewhere: level shifts and slow ramps.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftRules {
    /// Robust standard errors between the days before and after, at least.
    pub score: f64,
    /// Times the level before (or its inverse), at least.
    pub ratio: f64,
    /// Change as a share of an average hour of everything, at least.
    pub share_of_all: f64,
    /// Days above, at least.
    pub days_up: usize,
    /// Working days below in a row, at least: fewer are what holidays look like.
    pub working_days_down: usize,
    /// Days before the shift that its level is measured against, at least.
    pub days_before: usize,
    /// How far back a shift may have begun.
    pub look_back_days: usize,
}

/// What becomes one incident.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentRules {
    /// Quiet hours between two anomalous ones of one incident, at most.
    pub join_hours: usize,
    /// The same, for failures that went on for six hours or more.
    pub join_hours_of_long_failures: usize,
    /// Drivers named per dimension, at most.
    pub drivers_per_dimension: usize,
}

/// How grave an incident is, by its change as a share of everything in its hours.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityRules {
    /// Change ÷ usual of everything, from which on it is critical.
    pub critical_share: f64,
    /// Change ÷ usual of everything, from which on it is a warning.
    pub warning_share: f64,
    /// Failures more than usual ÷ all requests, from which on it is critical.
    pub critical_failure_rate: f64,
    /// Failures more than usual ÷ all requests, from which on it is a warning.
    pub warning_failure_rate: f64,
}

/// The rules that come with the tool.
const EMBEDDED: &str = include_str!("anomaly-rules.json");

impl Rules {
    /// The rules that come with the tool.
    ///
    /// # Errors
    /// When the embedded file is not of this form; a test sees to it that it is.
    pub fn embedded() -> Result<Self, RulesError> {
        Self::read(EMBEDDED)
    }

    /// Rules from the text of a file.
    ///
    /// # Errors
    /// When a threshold is missing, unknown, negative or of the wrong type; says which and on which
    /// line.
    pub fn read(json: &str) -> Result<Self, RulesError> {
        let rules = serde_json::from_str(json)
            .map_err(|source| RulesError { line: source.line(), problem: source.to_string() })?;
        match negative(json) {
            Some((line, name)) => {
                let problem = format!("`{name}` must not be negative");
                Err(RulesError { line, problem })
            }
            None => Ok(rules),
        }
    }

    /// The text of the rules that come with the tool, to start one's own from.
    pub fn embedded_text() -> &'static str {
        EMBEDDED
    }
}

/// The first negative threshold of sound rules: its line, from 1, and its name.
fn negative(json: &str) -> Option<(usize, &str)> {
    json.lines().enumerate().find_map(|(line, text)| {
        let (name, value) = text.trim().split_once(':')?;
        value.trim().starts_with('-').then(|| (line + 1, name.trim().trim_matches('"')))
    })
}

/// The text holds no usable rules.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RulesError {
    /// Line of the text, from 1.
    pub line: usize,
    /// The threshold, and what is allowed.
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::Rules;

    #[test]
    fn the_rules_that_come_with_the_tool_are_usable() {
        let rules = Rules::embedded().expect("rules");
        assert_eq!(rules.history.minimum_days, 14);
    }

    #[test]
    fn a_misspelt_threshold_is_named_with_its_line() {
        let text = include_str!("anomaly-rules.json").replace("share_left", "share_let");
        let error = Rules::read(&text).expect_err("a mistake");
        let line = text.lines().position(|line| line.contains("share_let")).expect("there") + 1;
        assert_eq!(error.line, line);
        assert!(error.problem.contains("unknown field `share_let`"), "{error}");
    }

    #[test]
    fn a_negative_threshold_is_refused_by_name() {
        let text = include_str!("anomaly-rules.json").replace("\"hours\": 2", "\"hours\": -2");
        assert!(Rules::read(&text).is_err(), "a count");
        let text = include_str!("anomaly-rules.json").replace("\"cost_usd\": ", "\"cost_usd\": -");
        let error = Rules::read(&text).expect_err("an amount");
        assert_eq!(error.problem, "`cost_usd` must not be negative");
        assert!(error.line > 1);
    }
}
