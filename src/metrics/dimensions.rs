//! What rows are grouped by: each dimension as an expression over `invocations`.
//!
//! A dimension has a *key*, the small typed value that rows are grouped and sorted by, and a
//! *label*, made from the key once per group. Calendar dimensions are in the given time zone.
//! `tag:KEY` reads the column that [`tags`](super::tags) adds, `team` and `cost_center` those of
//! [`allocation`](super::allocation); nothing here parses JSON or knows a rule.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use polars::prelude::{DataType, Expr, PolarsResult, TimeZone, col, lit};

use super::names::UnknownName;
use crate::schema::invocation;
use crate::schema::usage::dimension;

/// What rows are grouped by. A row without the dimension has null there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Base model id.
    Model,
    /// Model id as logged.
    ModelId,
    /// Provider.
    Provider,
    /// Operation.
    Operation,
    /// Account that made the call.
    Account,
    /// Region that received the call.
    Region,
    /// Region that did the work.
    InferenceRegion,
    /// `in_region`, geography or `global`.
    Routing,
    /// Role or user.
    Principal,
    /// Identity ARN as logged.
    IdentityArn,
    /// Kind of principal.
    PrincipalType,
    /// Outcome class.
    Status,
    /// Error name.
    ErrorCode,
    /// Why generation ended.
    StopReason,
    /// What a guardrail did.
    GuardrailAction,
    /// Service tier.
    ServiceTier,
    /// Keyed hash of the prompt.
    PromptHash,
    /// Hour, as the local time it starts at with its offset: the two hours of a clock change differ.
    Hour,
    /// Day.
    Day,
    /// ISO week, named with its ISO year.
    Week,
    /// Month.
    Month,
    /// Day of the week, 1 (Monday) to 7.
    Weekday,
    /// Hour of the day, 0 to 23.
    HourOfDay,
    /// Team, by the user's allocation rules.
    Team,
    /// Cost centre, by the user's allocation rules.
    CostCenter,
    /// A key of the request metadata; any characters.
    Tag(String),
}

impl Dimension {
    /// All dimensions but the tags, in the order of [`dimension::ALL`].
    pub const NAMED: [Self; 25] = [
        Self::Model,
        Self::ModelId,
        Self::Provider,
        Self::Operation,
        Self::Account,
        Self::Region,
        Self::InferenceRegion,
        Self::Routing,
        Self::Principal,
        Self::IdentityArn,
        Self::PrincipalType,
        Self::Status,
        Self::ErrorCode,
        Self::StopReason,
        Self::GuardrailAction,
        Self::ServiceTier,
        Self::PromptHash,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Weekday,
        Self::HourOfDay,
        Self::Team,
        Self::CostCenter,
    ];

    /// The name: the column of the result and the key of a JSON row.
    pub fn name(&self) -> String {
        match self {
            Self::Tag(key) => format!("{}{key}", dimension::TAG_PREFIX),
            named => named.fixed_name().to_owned(),
        }
    }

    /// The value that rows are grouped and sorted by, under the dimension's name.
    ///
    /// Days, weeks and months are the `Date` they start at; hours the instant they start at.
    ///
    /// # Errors
    /// When Polars doesn't know the time zone.
    pub fn key(&self, timezone: Tz) -> PolarsResult<Expr> {
        let key = match self {
            Self::Hour => local_time(timezone)?.dt().truncate(lit("1h")),
            Self::Day => local_day(timezone)?,
            Self::Week => local_day(timezone)?.dt().truncate(lit("1w")),
            Self::Month => local_day(timezone)?.dt().truncate(lit("1mo")),
            Self::Weekday => local_time(timezone)?.dt().weekday().cast(DataType::Int64),
            Self::HourOfDay => local_time(timezone)?.dt().hour().cast(DataType::Int64),
            Self::Tag(_) => col(self.name()),
            column => col(column.column()),
        };
        Ok(key.alias(self.name()))
    }

    /// The value that people read, from a [`key`](Self::key): ISO text for calendar dimensions,
    /// the key itself for all others.
    pub fn label(&self, key: Expr, timezone: Tz) -> Expr {
        let label = match self {
            Self::Hour if is_utc(timezone) => key.dt().to_string("%Y-%m-%dT%H:%M:%SZ"),
            Self::Hour => key.dt().to_string("%Y-%m-%dT%H:%M:%S%:z"),
            Self::Day => key.dt().to_string("%Y-%m-%d"),
            Self::Week => key.dt().to_string("%G-W%V"),
            Self::Month => key.dt().to_string("%Y-%m"),
            _ => key,
        };
        label.alias(self.name())
    }

    /// The label straight from a row, for filters and for frames that are not grouped.
    ///
    /// # Errors
    /// When Polars doesn't know the time zone.
    pub fn expr(&self, timezone: Tz) -> PolarsResult<Expr> {
        Ok(self.label(self.key(timezone)?, timezone))
    }

    /// Whether it is cut from the time of the call.
    pub(crate) fn is_calendar(&self) -> bool {
        use Dimension::{Day, Hour, HourOfDay, Month, Week, Weekday};
        matches!(self, Hour | Day | Week | Month | Weekday | HourOfDay)
    }

    /// The column of the rows that it is read from; for all but calendar dimensions.
    pub(crate) fn column_name(&self) -> String {
        match self {
            Self::Tag(_) => self.name(),
            column => column.column().to_owned(),
        }
    }

    fn fixed_name(&self) -> &'static str {
        match self {
            Self::Model => dimension::MODEL,
            Self::ModelId => dimension::MODEL_ID,
            Self::Provider => dimension::PROVIDER,
            Self::Operation => dimension::OPERATION,
            Self::Account => dimension::ACCOUNT,
            Self::Region => dimension::REGION,
            Self::InferenceRegion => dimension::INFERENCE_REGION,
            Self::Routing => dimension::ROUTING,
            Self::Principal => dimension::PRINCIPAL,
            Self::IdentityArn => dimension::IDENTITY_ARN,
            Self::PrincipalType => dimension::PRINCIPAL_TYPE,
            Self::Status => dimension::STATUS,
            Self::ErrorCode => dimension::ERROR_CODE,
            Self::StopReason => dimension::STOP_REASON,
            Self::GuardrailAction => dimension::GUARDRAIL_ACTION,
            Self::ServiceTier => dimension::SERVICE_TIER,
            Self::PromptHash => dimension::PROMPT_HASH,
            Self::Hour => dimension::HOUR,
            Self::Day => dimension::DAY,
            Self::Week => dimension::WEEK,
            Self::Month => dimension::MONTH,
            Self::Weekday => dimension::WEEKDAY,
            Self::HourOfDay => dimension::HOUR_OF_DAY,
            Self::Team => dimension::TEAM,
            Self::CostCenter => dimension::COST_CENTER,
            Self::Tag(_) => dimension::TAG_PREFIX,
        }
    }

    /// The column of `invocations` that holds the dimension; they share their names but for one.
    fn column(&self) -> &'static str {
        match self {
            Self::Account => invocation::ACCOUNT_ID,
            same_name => same_name.fixed_name(),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for Dimension {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        if let Some(key) = name.strip_prefix(dimension::TAG_PREFIX) {
            return Ok(Self::Tag(key.to_owned()));
        }
        let named = Self::NAMED.into_iter().find(|dimension| dimension.fixed_name() == name);
        named.ok_or_else(|| {
            let tag = format!("{}KEY", dimension::TAG_PREFIX);
            let known: Vec<&str> = dimension::ALL.into_iter().chain([tag.as_str()]).collect();
            UnknownName::new("dimension", name, &known)
        })
    }
}

/// When the call was made, on the clocks of the time zone.
pub(crate) fn local_time(timezone: Tz) -> PolarsResult<Expr> {
    let zone = TimeZone::opt_try_new(Some(timezone.name()))?.unwrap_or(TimeZone::UTC);
    Ok(col(invocation::EVENT_TIME).dt().convert_time_zone(zone))
}

/// The local day of the call, as a `Date`.
pub(crate) fn local_day(timezone: Tz) -> PolarsResult<Expr> {
    Ok(local_time(timezone)?.dt().date())
}

pub(super) fn is_utc(timezone: Tz) -> bool {
    matches!(timezone, Tz::UTC | Tz::Etc__UTC)
}
