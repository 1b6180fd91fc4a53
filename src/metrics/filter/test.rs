//! What is asked of a field, as an expression and as canonical text.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;
use polars::prelude::{
    AnyValue, DataType, Expr, Literal, NewChunkedArray, PolarsResult, Scalar, StringChunked,
    StringNameSpaceImpl, lit,
};

use super::balanced;
use super::field::{Field, Kind};
use super::lexer::quoted;
use crate::likeness::{ALIKE, nearest};
use crate::metrics::window::instant;
use crate::period::midnight;
use crate::units::Usd;

/// A test of one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Compare(Comparison, Value),
    In { negated: bool, values: Vec<Value> },
    Like(String),
    LikeNot(String),
    Matches(String),
    MatchesNot(String),
    IsNull,
    IsKnown,
}

/// How a field compares with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
}

/// A value of the field's own type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Usd(Usd),
    Instant(DateTime<Utc>),
    /// Midnight of a day in the zone of the question.
    Midnight(NaiveDate),
    Day(NaiveDate),
    /// The Monday it starts on.
    Week(NaiveDate),
    /// The first.
    Month(NaiveDate),
}

/// Why a text is no value of a field.
#[derive(Debug, Clone)]
pub(super) struct WrongValue {
    pub(super) problem: String,
    pub(super) hint: Option<String>,
}

impl Comparison {
    pub(super) fn from_sign(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" | "==" => Self::Eq,
            "!=" | "<>" => Self::NotEq,
            "<" => Self::Less,
            "<=" => Self::LessEq,
            ">" => Self::Greater,
            ">=" => Self::GreaterEq,
            _ => return None,
        })
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::NotEq => "!=",
            Self::Less => "<",
            Self::LessEq => "<=",
            Self::Greater => ">",
            Self::GreaterEq => ">=",
        }
    }

    fn expr(self, left: Expr, right: Expr) -> Expr {
        match self {
            Self::Eq => left.eq(right),
            Self::NotEq => left.neq(right),
            Self::Less => left.lt(right),
            Self::LessEq => left.lt_eq(right),
            Self::Greater => left.gt(right),
            Self::GreaterEq => left.gt_eq(right),
        }
    }
}

impl Test {
    pub(super) fn expr(&self, field: &Field, zone: Tz) -> PolarsResult<Expr> {
        let matches = |pattern: String| -> PolarsResult<Expr> {
            Ok(field.text(zone)?.str().contains(lit(pattern), true))
        };
        match self {
            Self::Compare(comparison, value) => value.compared(*comparison, field, zone),
            Self::In { negated, values } => {
                let equal: PolarsResult<Vec<Expr>> =
                    values.iter().map(|v| v.compared(Comparison::Eq, field, zone)).collect();
                let any = balanced(equal?, Expr::or);
                Ok(if *negated { any.not() } else { any })
            }
            Self::Like(pattern) => matches(like_as_regex(pattern)),
            Self::LikeNot(pattern) => matches(like_as_regex(pattern)).map(Expr::not),
            Self::Matches(pattern) => matches(pattern.clone()),
            Self::MatchesNot(pattern) => matches(pattern.clone()).map(Expr::not),
            Self::IsNull => field.key(zone).map(Expr::is_null),
            Self::IsKnown => field.key(zone).map(Expr::is_not_null),
        }
    }

    /// Why the pattern is none, if it isn't; patterns of `like` always are.
    pub(super) fn check_pattern(&self) -> Result<(), String> {
        let (Self::Matches(pattern) | Self::MatchesNot(pattern)) = self else { return Ok(()) };
        let text = StringChunked::from_slice("".into(), &[""]);
        text.contains(pattern, true).map(|_| ()).map_err(|error| {
            let error = error.to_string();
            let reason = error.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
            format!("not a regular expression: {}", reason.unwrap_or("it can't be read"))
        })
    }

    pub(super) fn write(&self, field: &Field, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |pattern: &str| quoted(pattern, '\'');
        match self {
            Self::Compare(comparison, value) => write!(f, "{field} {} {value}", comparison.sign()),
            Self::In { negated, values } => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                let not = if *negated { "not " } else { "" };
                write!(f, "{field} {not}in ({})", values.join(", "))
            }
            Self::Like(pattern) => write!(f, "{field} like {}", text(pattern)),
            Self::LikeNot(pattern) => write!(f, "{field} not like {}", text(pattern)),
            Self::Matches(pattern) => write!(f, "{field} ~ {}", text(pattern)),
            Self::MatchesNot(pattern) => write!(f, "{field} !~ {}", text(pattern)),
            Self::IsNull => write!(f, "{field} is null"),
            Self::IsKnown => write!(f, "{field} is not null"),
        }
    }
}

impl Value {
    /// The value that the text is for the field.
    pub(super) fn of(field: &Field, text: &str) -> Result<Self, WrongValue> {
        let expected = |what: &str| WrongValue {
            problem: format!("`{text}` is no value of `{field}`: {what} is expected"),
            hint: None,
        };
        match field.kind() {
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::OneOf(known) => one_of(field, text, known),
            Kind::Number => number(text).ok_or_else(|| expected("a number")),
            Kind::Range(first, last) => number(text)
                .filter(|value| matches!(value, Self::Integer(n) if (first..=last).contains(n)))
                .ok_or_else(|| expected(&format!("a whole number from {first} to {last}"))),
            Kind::Usd => Usd::parse(text.strip_prefix('$').unwrap_or(text))
                .map(Self::Usd)
                .ok_or_else(|| expected("an amount in US dollars such as 0.25")),
            Kind::Time | Kind::Hour => {
                time(text).ok_or_else(|| expected("a date (2026-11-09) or an RFC 3339 time"))
            }
            Kind::Day => text.parse().map(Self::Day).map_err(|_| expected("a day (2026-11-09)")),
            Kind::Week => {
                week(text).map(Self::Week).ok_or_else(|| expected("an ISO week (2026-W46)"))
            }
            Kind::Month => format!("{text}-01")
                .parse()
                .map(Self::Month)
                .map_err(|_| expected("a month (2026-11)")),
        }
    }

    fn compared(&self, comparison: Comparison, field: &Field, zone: Tz) -> PolarsResult<Expr> {
        let key = field.key(zone)?;
        // An hour's key has a zone of its own; instants compare as numbers.
        let is_hour = field.kind() == Kind::Hour;
        let at = |time: DateTime<Utc>, key: Expr| {
            if is_hour {
                comparison.expr(key.cast(DataType::Int64), lit(time.timestamp_millis()))
            } else {
                comparison.expr(key, instant(time))
            }
        };
        Ok(match self {
            Self::Text(text) => comparison.expr(key, lit(text.clone())),
            Self::Integer(n) => comparison.expr(key, lit(*n)),
            Self::Number(x) => comparison.expr(key, lit(*x)),
            Self::Usd(Usd(units)) => {
                let units = Scalar::new(DataType::Int128, AnyValue::Int128(*units)).lit();
                comparison.expr(key, units)
            }
            Self::Instant(time) => at(*time, key),
            Self::Midnight(day) => at(midnight(*day, zone), key),
            Self::Day(day) | Self::Week(day) | Self::Month(day) => {
                comparison.expr(key, Scalar::new_date(days_since_epoch(*day)).lit())
            }
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quoted(text, '\'')),
            Self::Integer(n) => n.fmt(f),
            Self::Number(x) => x.fmt(f),
            Self::Usd(amount) => amount.fmt(f),
            Self::Instant(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Midnight(day) | Self::Day(day) => day.fmt(f),
            Self::Week(day) => write!(f, "{}", day.format("%G-W%V")),
            Self::Month(day) => write!(f, "{}", day.format("%Y-%m")),
        }
    }
}

fn one_of(field: &Field, text: &str, known: &[&str]) -> Result<Value, WrongValue> {
    if known.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let list = format!("values of `{field}`: {}", known.join(", "));
    let hint = match nearest(text, known.iter().copied(), ALIKE) {
        Some(meant) => format!("did you mean `{meant}`? {list}"),
        None => list,
    };
    Err(WrongValue { problem: format!("`{text}` is no value of `{field}`"), hint: Some(hint) })
}

/// A whole number where it is one, so that `5` and `5.0` are the same.
fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse() {
        return Some(Value::Integer(whole));
    }
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() {
        return None;
    }
    let digits = number.to_string();
    Some(digits.parse().map_or(Value::Number(number), Value::Integer))
}

fn time(text: &str) -> Option<Value> {
    if let Ok(day) = text.parse() {
        return Some(Value::Midnight(day));
    }
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    Some(Value::Instant(time))
}

fn week(text: &str) -> Option<NaiveDate> {
    let (year, week) = text.split_once("-W")?;
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if week.len() != 2 || !is_number(year) || !is_number(week) {
        return None;
    }
    NaiveDate::from_isoywd_opt(year.parse().ok()?, week.parse().ok()?, chrono::Weekday::Mon)
}

fn days_since_epoch(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - EPOCH_FROM_CE
}

/// Days from the first day of the common era to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

/// A SQL pattern as a regular expression over the whole text.
fn like_as_regex(pattern: &str) -> String {
    let mut regex = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            // A backslash takes the next character as it is; at the end it is itself.
            '\\' => push_literal(&mut regex, characters.next().unwrap_or('\\')),
            plain => push_literal(&mut regex, plain),
        }
    }
    regex.push('$');
    regex
}

fn push_literal(regex: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(c);
}
