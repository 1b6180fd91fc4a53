//! What is kept of a report, so that the next one of its kind can say what changed.
//!
//! A reader of a later report compares key figures and findings with these; nothing else of a
//! report is kept. Knows no file: entries arrive and leave as values.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::parts::{Finding, Kpi, Missing, Outcome, Report, Severity, Value};
use crate::units::Usd;

/// Version of this layout; an entry of another is taken for none.
const SCHEMA: u32 = 1;

/// The last report of this kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Since {
    /// Nothing is kept: the report is made without a store.
    #[default]
    NotKept,
    /// There is no earlier report.
    First,
    /// There is one.
    Report(Box<Entry>),
}

/// What is kept of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    schema: u32,
    /// Its kind.
    pub kind: String,
    /// Its audience.
    pub audience: Option<String>,
    /// The condition that selected its requests.
    pub scope: Option<String>,
    /// The zone of its days.
    pub timezone: String,
    /// First instant of its period.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
    /// When it was made.
    pub generated: DateTime<Utc>,
    /// Its grade, A to D.
    pub grade: String,
    /// Its figures, in order.
    pub figures: Vec<Kept>,
    /// What it found.
    pub findings: Vec<KeptFinding>,
}

/// A figure of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its stable name.
    pub key: String,
    /// Its label.
    pub label: String,
    /// Its value.
    pub value: KeptValue,
    /// Whether its target was met; null where it has none.
    pub met: Option<bool>,
}

/// A value that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", content = "value", rename_all = "snake_case")]
pub enum KeptValue {
    /// Not known.
    Missing,
    /// A count.
    Count(u64),
    /// A mean count.
    Mean(f64),
    /// Money, exact.
    #[serde(with = "exact")]
    Usd(Usd),
    /// Money per unit, exact.
    #[serde(with = "exact")]
    UnitUsd(Usd),
    /// A share.
    Share(f64),
    /// A duration in milliseconds.
    DurationMs(f64),
}

/// A finding of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// Its name, the same from run to run.
    pub id: String,
    /// How grave it was.
    pub severity: Severity,
    /// In words.
    pub title: String,
}

impl Entry {
    /// What is kept of a report; `scope` is the condition that selected its requests, `say` puts a
    /// finding's title into words.
    pub fn of(
        report: &Report,
        scope: Option<&str>,
        say: impl Fn(&super::parts::Prose) -> String,
    ) -> Self {
        let findings = findings(report).into_iter().map(|finding| KeptFinding {
            id: finding.id.clone(),
            severity: finding.severity,
            title: say(&finding.title),
        });
        Self {
            schema: SCHEMA,
            kind: report.kind.to_owned(),
            audience: report.audience.map(str::to_owned),
            scope: scope.map(str::to_owned),
            timezone: report.timezone.clone(),
            from: report.period.from,
            to: report.period.to,
            generated: report.generated,
            grade: format!("{:?}", report.trust.grade),
            figures: figures(report),
            findings: findings.collect(),
        }
    }

    /// Whether it can be read by this version.
    pub fn is_readable(&self) -> bool {
        self.schema == SCHEMA
    }

    /// The figure of this name.
    pub(super) fn figure(&self, key: &str) -> Option<&Kept> {
        self.figures.iter().find(|kept| kept.key == key)
    }
}

/// The findings of a report, each once: two sections may name the same. Those of the comparison are
/// not its own.
pub(super) fn findings(report: &Report) -> Vec<&Finding> {
    let mut found: Vec<&Finding> = Vec::new();
    let own = report.sections.iter().filter(|section| section.id != "changes");
    for finding in own.flat_map(|section| &section.findings) {
        if !found.iter().any(|other| other.id == finding.id) {
            found.push(finding);
        }
    }
    found
}

/// The totals and the tiles of a report, as the comparison shows them.
pub(super) fn figures(report: &Report) -> Vec<Kept> {
    let totals = &report.totals;
    let plain = |key: &str, label: &str, value| Kept {
        key: key.to_owned(),
        label: label.to_owned(),
        value,
        met: None,
    };
    let share = |share: Option<f64>| share.map_or(KeptValue::Missing, KeptValue::Share);
    let mut kept = vec![
        plain("requests", "Requests", KeptValue::Count(totals.requests)),
        plain("errors", "Failed requests", KeptValue::Count(totals.errors)),
        plain("cost_usd", "Spend", totals.cost_usd.map_or(KeptValue::Missing, KeptValue::Usd)),
        plain("log_coverage", "Log coverage", share(totals.log_coverage)),
        plain("price_coverage", "Price coverage", share(totals.price_coverage)),
    ];
    kept.extend(report.kpis.iter().map(tile));
    kept
}

fn tile(kpi: &Kpi) -> Kept {
    Kept {
        key: kpi.key.to_owned(),
        label: kpi.label.clone(),
        value: KeptValue::of(&kpi.value),
        met: match kpi.outcome {
            Outcome::Pass => Some(true),
            Outcome::Miss => Some(false),
            Outcome::NotEvaluated => None,
        },
    }
}

impl KeptValue {
    fn of(value: &Value) -> Self {
        match value {
            Value::Count(n) | Value::Tokens(n) | Value::Bytes(n) => Self::Count(*n),
            Value::Mean(x) | Value::Number(x) => Self::Mean(*x),
            Value::Usd(amount) => Self::Usd(*amount),
            Value::UnitUsd(amount) => Self::UnitUsd(*amount),
            Value::Share(x) | Value::Rate(x) => Self::Share(*x),
            Value::DurationMs(x) => Self::DurationMs(*x),
            _ => Self::Missing,
        }
    }

    /// As a report's value.
    pub(super) fn value(self) -> Value {
        match self {
            Self::Missing => Value::Missing(Missing::Unknown),
            Self::Count(n) => Value::Count(n),
            Self::Mean(x) => Value::Mean(x),
            Self::Usd(amount) => Value::Usd(amount),
            Self::UnitUsd(amount) => Value::UnitUsd(amount),
            Self::Share(x) => Value::Share(x),
            Self::DurationMs(x) => Value::DurationMs(x),
        }
    }

    /// The change from `then` to this, in the form that suits it.
    pub(super) fn change(self, then: Self) -> Value {
        match (self, then) {
            (Self::Count(now), Self::Count(then)) => {
                Value::CountChange(now.cast_signed().wrapping_sub(then.cast_signed()))
            }
            (Self::Mean(now), Self::Mean(then)) => Value::MeanChange(now - then),
            (Self::Usd(now), Self::Usd(then)) => Value::UsdChange(now - then),
            (Self::UnitUsd(now), Self::UnitUsd(then)) if then.0 > 0 => {
                Value::RelativeChange(now.to_f64() / then.to_f64() - 1.0)
            }
            (Self::Share(now), Self::Share(then)) => Value::PointChange(now - then),
            (Self::DurationMs(now), Self::DurationMs(then)) => Value::DurationChange(now - then),
            _ => Value::Missing(Missing::NotApplicable),
        }
    }
}

/// Money as exact decimal text.
mod exact {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::units::Usd;

    pub(super) fn serialize<S: Serializer>(amount: &Usd, serializer: S) -> Result<S::Ok, S::Error> {
        amount.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Usd, D::Error> {
        let text = String::deserialize(input)?;
        Usd::parse(&text).ok_or_else(|| D::Error::custom("not an amount of money"))
    }
}
