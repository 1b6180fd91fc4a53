//! Rule files: YAML, one list of rules each, checked when they are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::Duration;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::condition::{Condition, Term};
use super::rule::{Logic, Requirement, Rule, Severity};
use crate::schema::Table;

/// The rules that come with the tool, a file per family.
const EMBEDDED: [(&str, &str); 7] = [
    ("logging.yaml", include_str!("rules/logging.yaml")),
    ("guardrails.yaml", include_str!("rules/guardrails.yaml")),
    ("access.yaml", include_str!("rules/access.yaml")),
    ("hijacking.yaml", include_str!("rules/hijacking.yaml")),
    ("credentials.yaml", include_str!("rules/credentials.yaml")),
    ("boundaries.yaml", include_str!("rules/boundaries.yaml")),
    ("resources.yaml", include_str!("rules/resources.yaml")),
];

/// Detection rules, by id.
#[derive(Debug, Clone)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

/// A rule file is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{problem} in `{}`, line {line}{}", path.display(), of_rule(rule.as_deref()))]
pub struct RuleError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// The rule, where one can be named.
    pub rule: Option<String>,
    /// What is wrong.
    pub problem: String,
}

fn of_rule(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |id| format!(", rule `{id}`"))
}

impl RuleSet {
    /// The rules that come with the tool, with those of the user's files on top: one of the same id
    /// takes its place.
    ///
    /// # Errors
    /// The first thing that is wrong with a file.
    pub fn read(files: &[(PathBuf, String)]) -> Result<Self, RuleError> {
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        let mut order: Vec<String> = Vec::new();
        let own = EMBEDDED.iter().map(|(name, text)| (Path::new(*name), *text));
        let added = files.iter().map(|(path, text)| (path.as_path(), text.as_str()));
        for (path, text) in own.chain(added) {
            for rule in rules_of(path, text)? {
                let id = rule.id.clone();
                if rules.insert(id.clone(), rule).is_none() {
                    order.push(id);
                }
            }
        }
        Ok(Self { rules: order.into_iter().filter_map(|id| rules.remove(&id)).collect() })
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// A rule file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Vec<Spanned<Written>>,
}

/// A rule as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    title: String,
    severity: Severity,
    techniques: Vec<String>,
    description: String,
    false_positives: String,
    table: String,
    by: Vec<String>,
    #[serde(default)]
    requires: Vec<Required>,
    #[serde(rename = "match")]
    matches: Option<Matches>,
    threshold: Option<Threshold>,
    first_seen: Option<FirstSeen>,
    sequence: Option<Sequence>,
    ratio: Option<Ratio>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    any: String,
    missing: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matches {
    #[serde(rename = "where")]
    condition: String,
    #[serde(default)]
    at_least: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Threshold {
    #[serde(rename = "where")]
    condition: String,
    count: i64,
    within: String,
    #[serde(default)]
    distinct: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstSeen {
    #[serde(rename = "where")]
    condition: String,
    history_days: i64,
    #[serde(default)]
    anchor: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sequence {
    first: String,
    #[serde(default)]
    first_count: Option<i64>,
    then: String,
    #[serde(default)]
    then_count: Option<i64>,
    within: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratio {
    #[serde(rename = "where")]
    condition: String,
    of: String,
    at_least: f64,
    minimum: i64,
}

fn rules_of(path: &Path, text: &str) -> Result<Vec<Rule>, RuleError> {
    let problem = |line, rule: Option<&str>, problem: String| RuleError {
        path: path.to_owned(),
        line,
        rule: rule.map(str::to_owned),
        problem,
    };
    let file: File = serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let said = error.without_snippet().to_string();
        let said = said.lines().next().unwrap_or_default().to_owned();
        problem(line, id_above(text, line), said)
    })?;
    let mut rules: Vec<Rule> = Vec::with_capacity(file.rules.len());
    for written in file.rules {
        let (line, written) = (written.referenced.line(), written.value);
        let id = written.id.clone();
        let rule = written.checked().map_err(|said| problem(line, Some(&id), said))?;
        if rules.iter().any(|other| other.id == rule.id) {
            return Err(problem(line, Some(&id), "two rules of one file have this id".to_owned()));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// The id of the rule that a line belongs to: the last one at or above it.
fn id_above(text: &str, line: u64) -> Option<&str> {
    let lines = usize::try_from(line).unwrap_or(usize::MAX);
    let ids = text.lines().take(lines).filter_map(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        line.strip_prefix("id:")
    });
    ids.last().map(|id| id.trim().trim_matches(['"', '\'']))
}

impl Written {
    fn checked(self) -> Result<Rule, String> {
        let table = match self.table.as_str() {
            "api_events" => Table::ApiEvents,
            "invocations" => Table::Invocations,
            other => return Err(format!("`{other}` is no table (api_events, invocations)")),
        };
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(is_plain) {
            return Err("an id is lower-case letters, digits and dashes".to_owned());
        }
        for (name, text) in [
            ("title", &self.title),
            ("description", &self.description),
            ("false_positives", &self.false_positives),
        ] {
            if text.trim().is_empty() {
                return Err(format!("`{name}` is empty"));
            }
        }
        if let Some(wrong) = self.techniques.iter().find(|technique| !is_technique(technique)) {
            return Err(format!(
                "`{wrong}` is no ATT&CK or ATLAS technique (T1078.004, AML.T0051)"
            ));
        }
        let by = terms(&self.by, table)?;
        if by.is_empty() {
            return Err("`by` is empty: it names what makes one finding".to_owned());
        }
        let requires: Result<Vec<Requirement>, String> =
            self.requires.into_iter().map(|part| part.checked(table)).collect();
        let parts = [
            self.matches.map(|part| part.checked(table)),
            self.threshold.map(|part| part.checked(table)),
            self.first_seen.map(|part| part.checked(table, &by)),
            self.sequence.map(|part| part.checked(table)),
            self.ratio.map(|part| part.checked(table)),
        ];
        let mut parts = parts.into_iter().flatten();
        let (Some(logic), None) = (parts.next(), parts.next()) else {
            return Err(
                "a rule has one of `match`, `threshold`, `first_seen`, `sequence`, `ratio`"
                    .to_owned(),
            );
        };
        Ok(Rule {
            id: self.id,
            title: self.title,
            severity: self.severity,
            techniques: self.techniques,
            description: folded(&self.description),
            false_positives: folded(&self.false_positives),
            table,
            by,
            requires: requires?,
            logic: logic?,
        })
    }
}

impl Required {
    fn checked(self, table: Table) -> Result<Requirement, String> {
        let any = Condition::read(&self.any, table)?;
        if !any.needs().is_empty() {
            return Err("`requires` reads no settings".to_owned());
        }
        Ok(Requirement { any, missing: folded(&self.missing) })
    }
}

impl Matches {
    fn checked(self, table: Table) -> Result<Logic, String> {
        let at_least = positive("at_least", self.at_least.unwrap_or(1))?;
        Ok(Logic::Match { condition: Condition::read(&self.condition, table)?, at_least })
    }
}

impl Threshold {
    fn checked(self, table: Table) -> Result<Logic, String> {
        Ok(Logic::Threshold {
            condition: Condition::read(&self.condition, table)?,
            count: positive("count", self.count)?,
            within: duration(&self.within)?,
            distinct: self.distinct.map(|term| Term::read(&term, table)).transpose()?,
        })
    }
}

impl FirstSeen {
    fn checked(self, table: Table, by: &[Term]) -> Result<Logic, String> {
        let condition = Condition::read(&self.condition, table)?;
        if !(1..=366).contains(&self.history_days) {
            return Err("`history_days` is from 1 to 366".to_owned());
        }
        let anchor = terms(&self.anchor, table)?;
        if let Some(other) = anchor.iter().find(|term| !by.contains(term)) {
            return Err(format!("`{}` of `anchor` is not in `by`", other.name()));
        }
        Ok(Logic::FirstSeen { condition, history_days: self.history_days, anchor })
    }
}

impl Sequence {
    fn checked(self, table: Table) -> Result<Logic, String> {
        Ok(Logic::Sequence {
            first: Condition::read(&self.first, table)?,
            first_count: positive("first_count", self.first_count.unwrap_or(1))?,
            then: Condition::read(&self.then, table)?,
            then_count: positive("then_count", self.then_count.unwrap_or(1))?,
            within: duration(&self.within)?,
        })
    }
}

impl Ratio {
    fn checked(self, table: Table) -> Result<Logic, String> {
        if !(self.at_least > 0.0 && self.at_least <= 1.0) {
            return Err("`at_least` of a ratio is above 0 and at most 1".to_owned());
        }
        Ok(Logic::Ratio {
            condition: Condition::read(&self.condition, table)?,
            of: Condition::read(&self.of, table)?,
            at_least: self.at_least,
            minimum: positive("minimum", self.minimum)?,
        })
    }
}

fn terms(texts: &[String], table: Table) -> Result<Vec<Term>, String> {
    texts.iter().map(|text| Term::read(text, table)).collect()
}

fn positive(name: &str, number: i64) -> Result<i64, String> {
    if number < 1 { Err(format!("`{name}` is at least 1")) } else { Ok(number) }
}

/// `10m`, `1h`, `2d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no stretch of time (30s, 10m, 1h, 2d; at most 31d)");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number: i64 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let total = number.checked_mul(seconds).filter(|total| (1..=31 * 86_400).contains(total));
    total.map(Duration::seconds).ok_or_else(wrong)
}

fn is_technique(text: &str) -> bool {
    let number = text.strip_prefix("AML.T").or_else(|| text.strip_prefix('T'));
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    number.is_some_and(|number| match number.split_once('.') {
        Some((main, sub)) => digits(main, 4) && digits(sub, 3),
        None => digits(number, 4),
    })
}

/// On one line.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
