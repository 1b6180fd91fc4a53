//! Asks rules of the tables: what can't be asked is said, what is found gets its evidence.

use std::cmp::Reverse;

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{Column, DataFrame, PolarsResult};

use super::command::command;
use super::evidence::evidence;
use super::finding::{Detections, Finding, RuleOutcome, RuleVerdict};
use super::kept::Kept;
use super::logic::findings;
use super::places::Places;
use super::requirements::{Held, held};
use super::rows::{Rows, TableRows, group_name};
use super::rule::{Logic, Rule};
use super::values::{Values, address};
use crate::period::Period;
use crate::schema::Table;
use crate::schema::api_event::{ACCOUNT_ID, PRINCIPAL, SOURCE_IP_ADDRESS};
use crate::schema::detection::{DISTINCT, FIRST_MS, LAST_MS, OF_ROWS, ROWS};
use crate::schema::security::Security;

/// What is asked, of which rows.
#[derive(Clone)]
pub struct DetectionQuestion<'a> {
    /// The rules.
    pub rules: Vec<&'a Rule>,
    /// What the user says is allowed.
    pub security: &'a Security,
    /// Databases that addresses are looked up in.
    pub places: &'a Places,
    /// The period.
    pub period: Period,
    /// `invocations`.
    pub invocations: TableRows,
    /// `api_events`.
    pub api_events: TableRows,
    /// What was kept of days, where something was.
    pub kept: Option<&'a dyn Kept>,
}

/// Days of history before the period that these rules look at.
pub fn history_days(rules: &[&Rule]) -> i64 {
    let days = rules.iter().map(|rule| match rule.logic {
        Logic::FirstSeen { history_days, .. } => history_days,
        _ => 0,
    });
    days.max().unwrap_or(0)
}

/// Asks the rules.
///
/// # Errors
/// When the rows can't be read.
pub fn detections(question: &DetectionQuestion<'_>) -> PolarsResult<Detections> {
    let asked = Asked::new(question)?;
    let mut rules = Vec::with_capacity(question.rules.len());
    let mut found: Vec<Finding> = Vec::new();
    let ready = [Table::Invocations, Table::ApiEvents].map(|table| asked.rows(table));
    for rule in &question.rules {
        let [calls, events] = &ready;
        let of_table = if rule.table == Table::Invocations { calls } else { events };
        let rows = of_table.as_ref().map_err(Clone::clone)?;
        let reason = asked.reason_not(rule);
        let new = if reason.is_none() { asked.findings(rule, rows)? } else { Vec::new() };
        rules.push(outcome(rule, reason, new.len()));
        found.extend(new);
    }
    found.sort_by(|a, b| {
        let key = |f: &Finding| (Reverse(f.severity), f.from);
        key(a).cmp(&key(b)).then_with(|| (&a.rule, &a.group).cmp(&(&b.rule, &b.group)))
    });
    Ok(Detections {
        period: question.period,
        rules,
        findings: found,
        geoip: !question.places.is_empty(),
    })
}

fn outcome(rule: &Rule, reason: Option<String>, findings: usize) -> RuleOutcome {
    RuleOutcome {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        verdict: match (&reason, findings) {
            (Some(_), _) => RuleVerdict::NotEvaluated,
            (None, 0) => RuleVerdict::Quiet,
            (None, _) => RuleVerdict::Fired,
        },
        reason,
        findings,
    }
}

/// A question, and what is known before the rules are asked.
struct Asked<'a> {
    question: &'a DetectionQuestion<'a>,
    values: Values<'a>,
    held: [Held; 2],
}

impl<'a> Asked<'a> {
    fn new(question: &'a DetectionQuestion<'a>) -> PolarsResult<Self> {
        let held = [
            held(Table::Invocations, &question.invocations, &question.rules)?,
            held(Table::ApiEvents, &question.api_events, &question.rules)?,
        ];
        let values = Values::of(question)?;
        Ok(Self { question, values, held })
    }

    fn table(&self, table: Table) -> &TableRows {
        match table {
            Table::Invocations => &self.question.invocations,
            _ => &self.question.api_events,
        }
    }

    fn rows(&self, table: Table) -> PolarsResult<Rows<'_>> {
        let can_be_asked = |rule: &&Rule| rule.table == table && self.reason_not(rule).is_none();
        let rules: Vec<&Rule> = self.question.rules.iter().copied().filter(can_be_asked).collect();
        let of = self.table(table);
        Rows::new(table, of, self.question.period, &self.values, &rules, self.question.kept)
    }

    /// Why a rule can't be asked, if it can't.
    fn reason_not(&self, rule: &Rule) -> Option<String> {
        if let Some(setting) = self.values.missing(&rule.needs()) {
            return Some(format!("needs {setting}"));
        }
        let [calls, events] = &self.held;
        let held = if rule.table == Table::Invocations { calls } else { events };
        if let Some(missing) = held.missing(rule) {
            return Some(missing);
        }
        let Logic::FirstSeen { history_days, .. } = rule.logic else { return None };
        let since = self.question.period.from - Duration::days(history_days);
        let known = self.table(rule.table).known_from;
        let is_short = known.is_none_or(|known| known > since);
        is_short.then(|| {
            let begins = known.map_or_else(String::new, |at| {
                format!("; the store begins at {}", at.format("%Y-%m-%d"))
            });
            format!("needs {history_days} days of history before the period{begins}")
        })
    }

    fn findings(&self, rule: &Rule, rows: &Rows<'_>) -> PolarsResult<Vec<Finding>> {
        let frame = findings(rule, rows, self.question.period, self.question.kept)?;
        if frame.height() == 0 {
            return Ok(Vec::new());
        }
        let mut evidence = evidence(rule, rows, &frame)?;
        let columns = FindingColumns::of(rule, &frame)?;
        let finding = |index: usize| -> PolarsResult<Finding> {
            let group = columns.group(rule, index)?;
            let (from, to) = (columns.time(FIRST_MS, index)?, columns.time(LAST_MS, index)?);
            let named = |name: &str| {
                let term = group.iter().find(|(term, _)| term == name);
                term.and_then(|(_, value)| value.clone())
            };
            let source = named(SOURCE_IP_ADDRESS).filter(|_| !self.question.places.is_empty());
            let place = source.as_deref().and_then(address);
            Ok(Finding {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                severity: rule.severity,
                techniques: rule.techniques.clone(),
                from,
                to,
                principal: named(PRINCIPAL),
                account_id: named(ACCOUNT_ID),
                rows: columns.count(ROWS, index)?.unwrap_or_default(),
                of_rows: columns.count(OF_ROWS, index)?,
                distinct_values: columns.count(DISTINCT, index)?,
                place: place.map(|address| self.question.places.of(address)),
                evidence: evidence.remove(&index).unwrap_or_default(),
                query: command(rule, &self.values, self.shown(rule, from, to), &group),
                group,
            })
        };
        (0..frame.height()).map(finding).collect()
    }

    /// The period that the command of a finding asks about.
    fn shown(&self, rule: &Rule, from: DateTime<Utc>, to: DateTime<Utc>) -> Period {
        let period = self.question.period;
        match rule.logic {
            Logic::Match { .. } | Logic::Ratio { .. } => period,
            Logic::FirstSeen { history_days, .. } => {
                Period { from: period.from - Duration::days(history_days), to: period.to }
            }
            Logic::Threshold { .. } | Logic::Sequence { .. } => {
                Period { from, to: to + Duration::milliseconds(1) }
            }
        }
    }
}

/// The columns of a frame of findings.
struct FindingColumns<'f> {
    frame: &'f DataFrame,
    group: Vec<&'f Column>,
}

impl<'f> FindingColumns<'f> {
    fn of(rule: &Rule, frame: &'f DataFrame) -> PolarsResult<Self> {
        let group: PolarsResult<_> =
            rule.by.iter().map(|term| frame.column(&group_name(term))).collect();
        Ok(Self { frame, group: group? })
    }

    fn group(&self, rule: &Rule, index: usize) -> PolarsResult<Vec<(String, Option<String>)>> {
        let value = |column: &&Column| -> PolarsResult<Option<String>> {
            Ok(column.str()?.get(index).map(str::to_owned))
        };
        let values: Vec<Option<String>> =
            self.group.iter().map(value).collect::<PolarsResult<_>>()?;
        Ok(rule.by.iter().map(|term| term.name().to_owned()).zip(values).collect())
    }

    fn count(&self, name: &str, index: usize) -> PolarsResult<Option<i64>> {
        Ok(self.frame.column(name)?.i64()?.get(index))
    }

    fn time(&self, name: &str, index: usize) -> PolarsResult<DateTime<Utc>> {
        let ms = self.count(name, index)?.unwrap_or_default();
        Ok(DateTime::from_timestamp_millis(ms).unwrap_or_default())
    }
}
