//! Files of controls: YAML, one framework each, checked when they are read.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::control::{Control, Framework, RecorderName, Share, Test};
use crate::audit::detections::{Condition, RuleSet};
use crate::schema::Table;
use crate::schema::sensitive::kind;

/// The frameworks that come with the tool.
const EMBEDDED: [(&str, &str); 7] = [
    ("soc2.yaml", include_str!("frameworks/soc2.yaml")),
    ("pci-dss-4.yaml", include_str!("frameworks/pci-dss-4.yaml")),
    ("hipaa.yaml", include_str!("frameworks/hipaa.yaml")),
    ("gdpr.yaml", include_str!("frameworks/gdpr.yaml")),
    ("fedramp-moderate.yaml", include_str!("frameworks/fedramp-moderate.yaml")),
    ("iso-27001.yaml", include_str!("frameworks/iso-27001.yaml")),
    ("iso-42001.yaml", include_str!("frameworks/iso-42001.yaml")),
];

/// A file of controls is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{problem} in `{}`, line {line}{}", path.display(), of_control(control.as_deref()))]
pub struct ControlError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// The control, where one can be named.
    pub control: Option<String>,
    /// What is wrong.
    pub problem: String,
}

fn of_control(control: Option<&str>) -> String {
    control.map_or_else(String::new, |id| format!(", control `{id}`"))
}

/// All frameworks, those of the user's files last; one of the same id takes the place of one that
/// comes with the tool. `rules` are the detection rules that tests may name.
///
/// # Errors
/// The first thing that is wrong with a file.
pub fn frameworks(
    files: &[(PathBuf, String)],
    rules: &RuleSet,
) -> Result<Vec<Framework>, ControlError> {
    let own = EMBEDDED.iter().map(|(name, text)| (Path::new(*name), *text));
    let added = files.iter().map(|(path, text)| (path.as_path(), text.as_str()));
    let mut frameworks: Vec<Framework> = Vec::new();
    for (path, text) in own.chain(added) {
        let framework = framework(path, text, rules)?;
        match frameworks.iter_mut().find(|other| other.id == framework.id) {
            Some(other) => *other = framework,
            None => frameworks.push(framework),
        }
    }
    Ok(frameworks)
}

/// A framework as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    framework: String,
    title: String,
    controls: Vec<Spanned<Written>>,
}

/// A control as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    title: String,
    tested: String,
    tests: Vec<WrittenTest>,
    limits: String,
}

/// A test as written: one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenTest {
    log_coverage: Option<f64>,
    no_outage: Option<Vec<RecorderName>>,
    integrity_verified: Option<bool>,
    no_findings: Option<Vec<String>>,
    rules_evaluated: Option<Vec<String>>,
    retention: Option<WrittenRetention>,
    every_day: Option<String>,
    share: Option<WrittenShare>,
    no_sensitive: Option<WrittenSensitive>,
    not_visible: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRetention {
    days: i64,
    table: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenShare {
    table: String,
    what: String,
    holds: String,
    of: String,
    at_least: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSensitive {
    kinds: Vec<String>,
    scanned: f64,
}

fn framework(path: &Path, text: &str, rules: &RuleSet) -> Result<Framework, ControlError> {
    let problem = |line, control: Option<&str>, problem: String| ControlError {
        path: path.to_owned(),
        line,
        control: control.map(str::to_owned),
        problem,
    };
    let file: File = serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let said = error.without_snippet().to_string();
        problem(line, None, said.lines().next().unwrap_or_default().to_owned())
    })?;
    let mut controls: Vec<Control> = Vec::with_capacity(file.controls.len());
    for written in file.controls {
        let (line, written) = (written.referenced.line(), written.value);
        let id = written.id.clone();
        let control = written.checked(rules).map_err(|said| problem(line, Some(&id), said))?;
        if controls.iter().any(|other| other.id == control.id) {
            return Err(problem(line, Some(&id), "two controls have this id".to_owned()));
        }
        controls.push(control);
    }
    Ok(Framework { id: file.framework, title: file.title, controls })
}

impl Written {
    fn checked(self, rules: &RuleSet) -> Result<Control, String> {
        if self.tests.is_empty() {
            return Err("`tests` is empty; what logs can't show is `not_visible`".to_owned());
        }
        let tests: Result<Vec<Test>, String> =
            self.tests.into_iter().map(|test| test.checked(rules)).collect();
        Ok(Control {
            id: self.id,
            title: folded(&self.title),
            tested: folded(&self.tested),
            tests: tests?,
            limits: folded(&self.limits),
        })
    }
}

impl WrittenTest {
    fn checked(self, rules: &RuleSet) -> Result<Test, String> {
        let known = |ids: Vec<String>| match ids.iter().find(|id| rules.rule(id).is_none()) {
            Some(id) => Err(format!("there is no detection rule `{id}`")),
            None => Ok(ids),
        };
        let parts: [Option<Result<Test, String>>; 10] = [
            self.log_coverage.map(|share| Ok(Test::LogCoverage { at_least: portion(share)? })),
            self.no_outage.map(|recorders| Ok(Test::NoOutage { recorders })),
            self.integrity_verified.map(|_| Ok(Test::IntegrityVerified)),
            self.no_findings.map(|ids| Ok(Test::NoFindings { rules: known(ids)? })),
            self.rules_evaluated.map(|ids| Ok(Test::RulesEvaluated { rules: known(ids)? })),
            self.retention.map(|retention| {
                Ok(Test::Retention { days: retention.days, table: table(&retention.table)? })
            }),
            self.every_day.map(|name| Ok(Test::EveryDay { table: table(&name)? })),
            self.share.map(|share| share.checked().map(Test::Share)),
            self.no_sensitive.map(|part| {
                if let Some(kind) = part.kinds.iter().find(|k| !kind::ALL.contains(&k.as_str())) {
                    let known = kind::ALL.join(", ");
                    return Err(format!("`{kind}` is no kind of sensitive data ({known})"));
                }
                Ok(Test::NoSensitive { kinds: part.kinds, scanned: portion(part.scanned)? })
            }),
            self.not_visible.map(|reason| Ok(Test::NotVisible { reason: folded(&reason) })),
        ];
        let mut parts = parts.into_iter().flatten();
        match (parts.next(), parts.next()) {
            (Some(test), None) => test,
            _ => Err("a test is one of log_coverage, no_outage, integrity_verified, no_findings, \
                      rules_evaluated, retention, every_day, share, no_sensitive, not_visible"
                .to_owned()),
        }
    }
}

impl WrittenShare {
    fn checked(self) -> Result<Share, String> {
        let table = table(&self.table)?;
        Ok(Share {
            table,
            what: folded(&self.what),
            holds: Condition::read(&self.holds, table)?,
            of: Condition::read(&self.of, table)?,
            at_least: portion(self.at_least)?,
        })
    }
}

fn table(name: &str) -> Result<Table, String> {
    match Table::from_name(name) {
        Some(table @ (Table::ApiEvents | Table::Invocations)) => Ok(table),
        _ => Err(format!("`{name}` is no table (api_events, invocations)")),
    }
}

fn portion(share: f64) -> Result<f64, String> {
    if share > 0.0 && share <= 1.0 {
        Ok(share)
    } else {
        Err(format!("`{share}` is no share: above 0 and at most 1"))
    }
}

/// On one line.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
