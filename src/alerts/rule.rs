//! Alert rules as data: what is looked at, from when on it is told, how grave it is.
//!
//! The rules that come with the tool are in `alert-rules.toml`. A file of the user adds rules; one with
//! a known id takes the place of that rule, and `enabled = false` turns it off.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::likeness::{ALIKE, nearest};
use crate::metrics::dimensions::Dimension;

/// The rules as they come with the tool.
const RULES: &str = include_str!("alert-rules.toml");
/// What the embedded file is called in messages.
const EMBEDDED: &str = "alert-rules.toml";

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look today.
    Warning,
    /// Look now.
    Critical,
}

impl Severity {
    /// As data and people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A figure per window of whole minutes, against a limit.
    Window,
    /// Windows with requests and not one success.
    NoSuccess,
    /// The most principals with a request running at one instant.
    Concurrent,
    /// Incidents of the anomaly pass.
    Anomaly,
    /// New log objects that don't come, calls without logs.
    Silence,
    /// A share of a monthly budget that is spent.
    Budget,
    /// A share of a quota per minute that is used.
    Quota,
    /// Findings of detection rules.
    Detection,
    /// What the last complete week was like: told once a week.
    Summary,
}

/// The figure of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// errors ÷ requests.
    ErrorRate,
    /// throttled ÷ requests.
    ThrottleRate,
    /// Requests with status `access_denied`.
    AccessDenied,
    /// Mean of the known latencies.
    LatencyMeanMs,
    /// Nearest-rank 99th percentile of the known latencies.
    LatencyP99Ms,
    /// Logged calls.
    Requests,
}

/// Whether more or less than usual is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More.
    Up,
    /// Less.
    Down,
}

/// What is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silent {
    /// No new log object for longer than usual.
    Objects,
    /// Calls in CloudTrail and none of them in the invocation log.
    Logging,
}

/// Another limit for some of what a rule looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Of this model.
    pub model: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// Of this team.
    pub team: Option<String>,
    /// The limit; without one they are left out.
    pub above: Option<f64>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// What it tells, in a few words.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// What it looks at.
    pub kind: Kind,
    /// `window`: the figure. `anomaly`: a metric by its name in `query`; none for all.
    pub metric: Option<String>,
    /// Length of a window.
    pub minutes: Option<i64>,
    /// Told when the figure is above this.
    pub above: Option<f64>,
    /// Requests that a window needs to be judged, so that one failed call of two is no incident.
    pub least_requests: Option<i64>,
    /// Windows in a row, at least.
    pub windows: Option<usize>,
    /// Dimensions whose values are judged apart; empty: everything together.
    #[serde(default)]
    pub by: Vec<String>,
    /// `anomaly`: more or less than usual; none for both.
    pub direction: Option<Direction>,
    /// `anomaly`: observed ÷ expected, at least.
    pub ratio: Option<f64>,
    /// `detection`: rules by id; empty: all.
    #[serde(default)]
    pub detections: Vec<String>,
    /// `detection`: as grave as this, at least.
    pub detection_severity: Option<crate::audit::detections::Severity>,
    /// `summary`: frameworks by id whose controls are counted; empty: none.
    #[serde(default)]
    pub frameworks: Vec<String>,
    /// `silence`: what is silent.
    pub silent: Option<Silent>,
    /// Minutes without a breach after which the alert has ended.
    pub settle_minutes: Option<i64>,
    /// What to do about it.
    #[serde(default)]
    pub advice: String,
    /// Other limits.
    #[serde(default, rename = "override")]
    pub overrides: Vec<Override>,
    /// Whether it is looked at.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// The rules of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

/// A rule file is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{problem}{} in `{}`, line {line}", of(rule.as_deref()), path.display())]
pub struct RuleError {
    /// What is wrong.
    pub problem: String,
    /// The rule's id, where it has one.
    pub rule: Option<String>,
    /// The file.
    pub path: PathBuf,
    /// The line.
    pub line: usize,
    /// What is allowed.
    pub hint: Option<String>,
}

fn of(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |rule| format!(" of rule `{rule}`"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Spanned<Rule>>,
}

impl RuleSet {
    /// The rules that come with the tool, with those of the user's files on top.
    ///
    /// # Errors
    /// When a file is no TOML, or a rule says what can't be meant.
    pub fn read(files: &[(PathBuf, String)]) -> Result<Self, RuleError> {
        let mut rules = parse(RULES, Path::new(EMBEDDED))?;
        for (path, text) in files {
            for rule in parse(text, path)? {
                match rules.iter_mut().find(|known| known.id == rule.id) {
                    Some(known) => *known = rule,
                    None => rules.push(rule),
                }
            }
        }
        Ok(Self { rules })
    }

    /// The rules that are on, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// The rules of a kind that are on.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Rule> {
        self.rules().filter(move |rule| rule.kind == kind)
    }

    /// A rule by its id, also when it is off.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

fn parse(text: &str, path: &Path) -> Result<Vec<Rule>, RuleError> {
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|error| RuleError {
        problem: error.message().to_owned(),
        rule: None,
        path: path.to_owned(),
        line: line(error.span().map_or(0, |span| span.start)),
        hint: None,
    })?;
    let mut rules: Vec<Rule> = Vec::with_capacity(file.rule.len());
    for spanned in file.rule {
        let at = spanned.span().start;
        let rule = spanned.into_inner();
        let wrong = |problem: String, hint: Option<String>| RuleError {
            problem,
            rule: Some(rule.id.clone()),
            path: path.to_owned(),
            line: line(at),
            hint,
        };
        if rules.iter().any(|other| other.id == rule.id) {
            return Err(wrong("the id is used twice".to_owned(), None));
        }
        rule.check().map_err(|(problem, hint)| wrong(problem, hint))?;
        rules.push(rule);
    }
    Ok(rules)
}

/// The names of the measures of windows.
const MEASURES: [&str; 6] = [
    "error_rate",
    "throttle_rate",
    "access_denied",
    "latency_mean_ms",
    "latency_p99_ms",
    "requests",
];
/// Most minutes of a window: a day.
const LONGEST: i64 = 24 * 60;

type Wrong = (String, Option<String>);

impl Rule {
    /// The figure of a window rule.
    pub fn measure(&self) -> Option<Measure> {
        Some(match self.metric.as_deref()? {
            "error_rate" => Measure::ErrorRate,
            "throttle_rate" => Measure::ThrottleRate,
            "access_denied" => Measure::AccessDenied,
            "latency_mean_ms" => Measure::LatencyMeanMs,
            "latency_p99_ms" => Measure::LatencyP99Ms,
            "requests" => Measure::Requests,
            _ => return None,
        })
    }

    /// The dimensions whose values are judged apart.
    pub fn dimensions(&self) -> Vec<Dimension> {
        self.by.iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// The limit for a group: of the first override that names it, else the rule's own. None: the group
    /// is left out.
    pub fn limit(&self, group: &[(String, Option<String>)]) -> Option<f64> {
        let is = |name: &str, wanted: Option<&String>| {
            wanted.is_none_or(|wanted| {
                group.iter().any(|(key, value)| key == name && value.as_ref() == Some(wanted))
            })
        };
        let own = self.overrides.iter().find(|other| {
            is("model", other.model.as_ref())
                && is("account", other.account.as_ref())
                && is("team", other.team.as_ref())
        });
        own.map_or(self.above, |other| other.above)
    }

    fn check(&self) -> Result<(), Wrong> {
        let plain = |text: &str| (text.to_owned(), None);
        if self.id.is_empty() || !self.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(plain("`id` takes letters, digits and hyphens"));
        }
        for name in &self.by {
            name.parse::<Dimension>().map_err(|error| (error.to_string(), Some(error.hint())))?;
        }
        if let Some(named) = self
            .overrides
            .iter()
            .find(|other| other.model.is_none() && other.account.is_none() && other.team.is_none())
        {
            let above = named.above.map_or_else(String::new, |above| format!(" (above = {above})"));
            return Err((
                format!("an `override`{above} names nothing"),
                Some("name a `model`, an `account` or a `team`".to_owned()),
            ));
        }
        let dimension = |name: &str| self.by.iter().any(|by| by == name);
        for other in &self.overrides {
            let asked = [
                ("model", other.model.is_some()),
                ("account", other.account.is_some()),
                ("team", other.team.is_some()),
            ];
            if let Some((name, _)) = asked.iter().find(|(name, asked)| *asked && !dimension(name)) {
                return Err((
                    format!("an `override` names a `{name}`, and the rule doesn't tell them apart"),
                    Some(format!("add `{name}` to `by`")),
                ));
            }
        }
        if self.minutes.is_some_and(|minutes| !(1..=LONGEST).contains(&minutes)) {
            return Err(plain("`minutes` must be 1 to 1440"));
        }
        self.check_kind()
    }

    fn check_kind(&self) -> Result<(), Wrong> {
        let needs = |key: &str, there: bool| {
            if there { Ok(()) } else { Err((format!("`{key}` is missing"), None)) }
        };
        match self.kind {
            Kind::Window => {
                needs("metric", self.metric.is_some())?;
                if self.measure().is_none() {
                    let name = self.metric.as_deref().unwrap_or_default();
                    let hint = match nearest(name, MEASURES, ALIKE) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known are {}", MEASURES.join(", ")),
                    };
                    return Err((format!("unknown metric `{name}`"), Some(hint)));
                }
                needs("minutes", self.minutes.is_some())?;
                needs("above", self.above.is_some())
            }
            Kind::NoSuccess => {
                needs("minutes", self.minutes.is_some())?;
                needs("least_requests", self.least_requests.is_some())
            }
            Kind::Silence => needs("silent", self.silent.is_some()),
            Kind::Concurrent | Kind::Budget | Kind::Quota => needs("above", self.above.is_some()),
            Kind::Anomaly => {
                let known = crate::schema::usage::metric::ALL;
                match self.metric.as_deref() {
                    Some(name) if !known.contains(&name) => {
                        let near = nearest(name, known, ALIKE);
                        let hint = near.map(|near| format!("did you mean `{near}`?"));
                        Err((format!("unknown metric `{name}`"), hint))
                    }
                    _ => Ok(()),
                }
            }
            Kind::Detection | Kind::Summary => Ok(()),
        }
    }
}
