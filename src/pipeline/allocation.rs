//! The journeys of chargeback: the statement of who pays what, and how budgets stand.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, LazyFrame, PolarsResult, col};

use super::daily::{Followed, SeriesQuestion};
use super::forecast::{Horizon, forecast_of};
use super::summed::Wanted;
use super::{Basis, Error, figures};
use crate::insight::budget::{BudgetState, Month, Spend, budget_states};
use crate::metrics::allocation::{Line, LineKind, Statement, StatementBy, statement};
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::metric::Metric;
use crate::metrics::small_frame::{integers, money, texts};
use crate::metrics::usage::UsageQuery;
use crate::period::Period;
use crate::report::parts::Value;
use crate::schema::Table;
use crate::schema::allocation::{COST_CENTER, TEAM};
use crate::schema::budget::{Budget, BudgetScope};
use crate::schema::cost::COST_UNITS;
use crate::schema::invocation::EVENT_TIME;
use crate::schema::usage::{derived, dimension, metric};
use crate::store::Reader;
use crate::units::Usd;

/// Who pays what in a period.
///
/// # Errors
/// When the store can't be read, or the shared-cost rule doesn't fit the statement.
pub fn allocation(
    basis: Basis<'_>,
    period: Option<Period>,
    filter: Option<&Filter>,
    by: StatementBy,
    timezone: Tz,
) -> Result<Statement, Error> {
    let dimension = match by {
        StatementBy::Team => Dimension::Team,
        StatementBy::CostCenter => Dimension::CostCenter,
    };
    let metrics =
        vec![Metric::Requests, Metric::TotalTokens, Metric::UnpricedRequests, Metric::CostUsd];
    let query = UsageQuery { by: vec![dimension], metrics, timezone };
    let groups = Wanted { basis, period, filter }.answered(&query)?;
    let groups = lines(&groups, by).map_err(Error::Compute)?;
    statement(groups, by, &basis.rules.shared).map_err(Error::Allocation)
}

fn lines(groups: &DataFrame, by: StatementBy) -> PolarsResult<Vec<Line>> {
    let names = texts(groups, by.as_str())?;
    let requests = integers(groups, metric::REQUESTS)?;
    let tokens = integers(groups, metric::TOTAL_TOKENS)?;
    let unpriced = integers(groups, metric::UNPRICED_REQUESTS)?;
    let costs = money(groups, COST_UNITS)?;
    let line = |row: usize| Line {
        line: LineKind::Attributed,
        name: names[row].clone(),
        requests: requests[row].unwrap_or(0),
        total_tokens: tokens[row],
        unpriced_requests: unpriced[row].unwrap_or(0),
        direct: costs[row],
        shared: Usd(0),
        total: None,
    };
    Ok((0..groups.height()).map(line).collect())
}

/// How the budgets stand in a month, at a time.
///
/// # Errors
/// When the store can't be read.
pub fn budgets(
    basis: Basis<'_>,
    budgets: &[Budget],
    month: Period,
    (timezone, now): (Tz, DateTime<Utc>),
) -> Result<(Month, Vec<BudgetState>), Error> {
    let until = Period { from: month.from, to: month.to.min(now).max(month.from) };
    let by_rules =
        |one: &Budget| matches!(one.scope, BudgetScope::Team(_) | BudgetScope::CostCenter(_));
    let mut by = vec![Dimension::Day, Dimension::Account, Dimension::Model];
    if budgets.iter().any(by_rules) {
        by.extend([Dimension::Team, Dimension::CostCenter]);
    }
    let metrics = vec![Metric::Requests, Metric::UnpricedRequests, Metric::CostUsd];
    let query = UsageQuery { by, metrics, timezone };
    let groups = Wanted { basis, period: Some(until), filter: None }.answered(&query)?;
    let spends = read_spends(&groups).map_err(Error::Compute)?;
    let month = Month { period: month, timezone, now, data: extent_of_store(basis.store)? };
    let mut states = budget_states(budgets, &spends, &month);
    if month.period.from <= now && now < month.period.to {
        for (budget, state) in budgets.iter().zip(&mut states) {
            if let Some((projected, exhaustion)) = foreseen(basis, budget, &month)? {
                state.foresee(projected, exhaustion);
            }
        }
    }
    Ok((month, states))
}

/// What the month will cost by the forecast of the budget's own requests, and the day on which it is
/// expected to be spent; none with too little history.
fn foreseen(
    basis: Basis<'_>,
    budget: &Budget,
    month: &Month,
) -> Result<Option<(Usd, Option<NaiveDate>)>, Error> {
    let dimension = match &budget.scope {
        BudgetScope::Total => None,
        BudgetScope::Team(_) => Some(Dimension::Team),
        BudgetScope::CostCenter(_) => Some(Dimension::CostCenter),
        BudgetScope::Account(_) => Some(Dimension::Account),
        BudgetScope::Model(_) => Some(Dimension::Model),
    };
    let of_scope = |dimension| Filter::equals(&dimension, budget.scope.value()).ok();
    let question = SeriesQuestion {
        followed: Followed::CostUsd,
        period: None,
        filter: dimension.and_then(of_scope),
        timezone: month.timezone,
        now: month.now,
    };
    let made = match forecast_of(basis, &question, Horizon::MonthEnd, Some(budget.amount)) {
        Err(Error::NoData { .. }) => None,
        made => made?.forecast,
    };
    let of_month = made.filter(|made| {
        made.month_end.month
            == month.period.from.with_timezone(&month.timezone).format("%Y-%m").to_string()
    });
    Ok(of_month.and_then(|made| match made.month_end.expected.expected {
        Value::Usd(projected) => Some((projected, made.budget.and_then(|budget| budget.expected))),
        _ => None,
    }))
}

fn read_spends(groups: &DataFrame) -> PolarsResult<Vec<Spend>> {
    let days = texts(groups, dimension::DAY)?;
    let (accounts, models) = (texts(groups, dimension::ACCOUNT)?, texts(groups, dimension::MODEL)?);
    let optional = |name: &str| -> PolarsResult<Vec<Option<String>>> {
        if groups.schema().contains(name) {
            texts(groups, name)
        } else {
            Ok(vec![None; groups.height()])
        }
    };
    let (teams, cost_centers) = (optional(TEAM)?, optional(COST_CENTER)?);
    let requests = integers(groups, metric::REQUESTS)?;
    let unpriced = integers(groups, metric::UNPRICED_REQUESTS)?;
    let costs = money(groups, COST_UNITS)?;
    let spend = |row: usize| Spend {
        day: days[row].as_deref().and_then(|day| day.parse().ok()),
        team: teams[row].clone(),
        cost_center: cost_centers[row].clone(),
        account: accounts[row].clone(),
        model: models[row].clone(),
        cost: costs[row],
        requests: requests[row].unwrap_or(0),
        unpriced_requests: unpriced[row].unwrap_or(0),
    };
    Ok((0..groups.height()).map(spend).collect())
}

/// From the first to past the last invocation of the store; reads its first and its last day only.
fn extent_of_store(store: &Reader) -> Result<Option<Period>, Error> {
    let info = store.info()?;
    let table = info.tables.iter().find(|table| table.table == Table::Invocations.name());
    let Some((first, last)) = table.and_then(|table| table.first_day.zip(table.last_day)) else {
        return Ok(None);
    };
    let of_day = |day: NaiveDate| {
        let from = day.and_time(chrono::NaiveTime::MIN).and_utc();
        let period = Period { from, to: from + Duration::days(1) };
        extent(figures::invocations(store, Some(period))?)
    };
    let (first, last) = (of_day(first)?, of_day(last)?);
    Ok(first.zip(last).map(|(first, last)| Period { from: first.from, to: last.to }))
}

/// From the first to past the last `event_time` of the rows; none without rows.
pub(super) fn extent(invocations: LazyFrame) -> Result<Option<Period>, Error> {
    let ends = invocations
        .select([
            col(EVENT_TIME).min().alias(derived::FROM),
            col(EVENT_TIME).max().alias(derived::TO),
        ])
        .collect()
        .map_err(Error::Compute)?;
    let instant = |name: &str| -> PolarsResult<Option<DateTime<Utc>>> {
        let milliseconds = integers(&ends, name)?;
        Ok(milliseconds.first().copied().flatten().and_then(DateTime::from_timestamp_millis))
    };
    let read = || {
        let ends = instant(derived::FROM)?.zip(instant(derived::TO)?);
        Ok(ends.map(|(from, last)| Period { from, to: last + Duration::milliseconds(1) }))
    };
    read().map_err(Error::Compute)
}
