//! Whether monthly budgets last: spent, run rate, projection and the day of exhaustion.
//!
//! Where the history is long enough, the projection is the [`forecast`](super::forecast). Else it goes by
//! the run rate, the cost of the time that the data covers ÷ that time, added for the rest of the month. Nothing is added for time without data before the first record: what the
//! store doesn't hold isn't made up, the state says that it is partial.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::period::Period;
use crate::schema::budget::{Budget, BudgetScope};
use crate::units::Usd;

/// Less data than this gives no run rate: a morning doesn't tell a month.
pub const LEAST_DATA: Duration = Duration::days(1);

/// What was spent on one local day by one combination of what budgets are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spend {
    /// The local day.
    pub day: Option<NaiveDate>,
    /// By the allocation rules.
    pub team: Option<String>,
    /// By the allocation rules.
    pub cost_center: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Base model id.
    pub model: Option<String>,
    /// List cost; null when no request has a price.
    pub cost: Option<Usd>,
    /// Logged calls.
    pub requests: i64,
    /// Billed requests without a price, or not for all they used.
    pub unpriced_requests: i64,
}

/// The month that budgets are looked at in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// From its first to past its last instant.
    pub period: Period,
    /// The zone that days are cut in.
    pub timezone: Tz,
    /// The present time.
    pub now: DateTime<Utc>,
    /// From the first to past the last record of the whole store; none when it holds no invocations.
    pub data: Option<Period>,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Neither spent nor about to be.
    Within,
    /// Not spent yet, but the month's projection is more.
    ProjectedOver,
    /// Spent.
    Exhausted,
    /// The cost isn't known, or there is no data for the month.
    Unknown,
}

impl Standing {
    /// As JSON writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::ProjectedOver => "projected_over",
            Self::Exhausted => "exhausted",
            Self::Unknown => "unknown",
        }
    }
}

/// What a projection is made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectedBy {
    /// The run rate of the month so far: there is too little history for a forecast.
    RunRate,
    /// The same forecast as `forecast` makes.
    Forecast,
}

/// A budget in its month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetState {
    /// Its name.
    pub name: String,
    /// `total`, `team`, `cost_center`, `account` or `model`.
    pub scope: &'static str,
    /// Which of them; null for the total.
    pub value: Option<String>,
    /// The month's amount.
    pub amount_usd: Usd,
    /// List cost so far; null when there is no data or none of the requests has a price.
    pub spent_usd: Option<Usd>,
    /// What is left; negative when more was spent.
    pub remaining_usd: Option<Usd>,
    /// Cost per day of the time with data; null with less than a day of it.
    pub run_rate_usd_per_day: Option<Usd>,
    /// Cost at the end of the month: by [`projected_by`](Self::projected_by); what was spent when the
    /// month is over.
    pub projected_usd: Option<Usd>,
    /// What the projection and a day of exhaustion to come are made by.
    pub projected_by: ProjectedBy,
    /// Local day on which the budget was or will be spent; null when that isn't in this month, or
    /// can't be told.
    pub exhaustion_date: Option<NaiveDate>,
    /// How it stands.
    pub standing: Standing,
    /// Logged calls.
    pub requests: i64,
    /// Billed requests without a price, or not for all they used: the real cost is higher.
    pub unpriced_requests: i64,
    /// Why the figures tell less than the whole month so far; empty when they don't.
    pub partial: Vec<String>,
}

impl ProjectedBy {
    /// As JSON writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RunRate => "run_rate",
            Self::Forecast => "forecast",
        }
    }
}

impl Month {
    /// The time that the data covers: from the first record or the month's start to the last record,
    /// the present or the month's end. None when there is none.
    fn known(&self) -> Option<Period> {
        let data = self.data?;
        let from = data.from.max(self.period.from);
        let to = data.to.min(self.now).min(self.period.to);
        (from < to).then_some(Period { from, to })
    }

    fn gaps(&self) -> Vec<String> {
        let Some(data) = self.data else {
            return vec!["the store holds no invocations".to_owned()];
        };
        let local = |at: DateTime<Utc>| at.with_timezone(&self.timezone).date_naive();
        let first = local(data.from);
        let last = local(data.to - Duration::milliseconds(1));
        let end = self.period.to.min(self.now) - Duration::milliseconds(1);
        let mut gaps = Vec::new();
        if first > local(self.period.from) {
            gaps.push(format!("the store's first record is of {first}"));
        }
        if last < local(end) {
            gaps.push(format!("the store's last record is of {last}"));
        }
        gaps
    }
}

/// The state of every budget, in their order.
pub fn budget_states(budgets: &[Budget], spends: &[Spend], month: &Month) -> Vec<BudgetState> {
    budgets.iter().map(|budget| state(budget, spends, month)).collect()
}

fn state(budget: &Budget, spends: &[Spend], month: &Month) -> BudgetState {
    let own: Vec<&Spend> = spends.iter().filter(|spend| is_for(&budget.scope, spend)).collect();
    let requests = own.iter().map(|spend| spend.requests).sum();
    let unpriced_requests = own.iter().map(|spend| spend.unpriced_requests).sum();
    let known = month.known();
    let costs = own.iter().filter_map(|spend| spend.cost).reduce(|a, b| a + b);
    let spent = known.and(if requests == 0 { Some(Usd(0)) } else { costs });
    let rate = known.zip(spent).and_then(|(known, spent)| Rate::of(spent, known));
    let is_over = month.now >= month.period.to;
    let projected = match (spent, rate, known) {
        (Some(spent), _, _) if is_over => Some(spent),
        (Some(spent), Some(rate), Some(known)) => {
            Some(spent + rate.cost_of(month.period.to - known.to))
        }
        _ => None,
    };
    let mut partial = month.gaps();
    if unpriced_requests > 0 {
        partial
            .push(format!("{unpriced_requests} requests have no price, or not for all they used"));
    }
    BudgetState {
        name: budget.name.clone(),
        scope: budget.scope.kind(),
        value: budget.scope.value().map(str::to_owned),
        amount_usd: budget.amount,
        spent_usd: spent,
        remaining_usd: spent.map(|spent| budget.amount - spent),
        run_rate_usd_per_day: rate.map(|rate| rate.cost_of(Duration::days(1))),
        projected_usd: projected,
        projected_by: ProjectedBy::RunRate,
        exhaustion_date: exhaustion(budget.amount, spent, &own, rate, month),
        standing: standing(budget.amount, spent, projected),
        requests,
        unpriced_requests,
        partial,
    }
}

fn standing(amount: Usd, spent: Option<Usd>, projected: Option<Usd>) -> Standing {
    match (spent, projected) {
        (None, _) => Standing::Unknown,
        (Some(spent), _) if spent >= amount => Standing::Exhausted,
        (_, Some(projected)) if projected > amount => Standing::ProjectedOver,
        (_, Some(_)) => Standing::Within,
        (Some(_), None) => Standing::Unknown,
    }
}

impl BudgetState {
    /// Puts a forecast of the month in place of the run rate; what is spent already stays.
    pub fn foresee(&mut self, projected: Usd, exhaustion: Option<NaiveDate>) {
        if self.spent_usd.is_none() || self.standing == Standing::Exhausted {
            return;
        }
        self.projected_usd = Some(projected);
        self.exhaustion_date = exhaustion;
        self.projected_by = ProjectedBy::Forecast;
        self.standing = standing(self.amount_usd, self.spent_usd, self.projected_usd);
    }
}

fn is_for(scope: &BudgetScope, spend: &Spend) -> bool {
    match scope {
        BudgetScope::Total => true,
        BudgetScope::Team(name) => spend.team.as_ref() == Some(name),
        BudgetScope::CostCenter(name) => spend.cost_center.as_ref() == Some(name),
        BudgetScope::Account(id) => spend.account.as_ref() == Some(id),
        BudgetScope::Model(id) => spend.model.as_ref() == Some(id),
    }
}

/// Cost over a time with data.
#[derive(Debug, Clone, Copy)]
struct Rate {
    cost: Usd,
    milliseconds: i128,
    known_to: DateTime<Utc>,
}

impl Rate {
    fn of(cost: Usd, known: Period) -> Option<Self> {
        let length = known.to - known.from;
        let milliseconds = i128::from(length.num_milliseconds());
        (length >= LEAST_DATA).then_some(Self { cost, milliseconds, known_to: known.to })
    }

    /// Cost of so much time at this rate, rounded half up to 10⁻¹⁴ USD.
    fn cost_of(self, time: Duration) -> Usd {
        let product = self.cost.0 * i128::from(time.num_milliseconds().max(0));
        Usd((product + self.milliseconds / 2) / self.milliseconds)
    }

    /// When so much more is spent at this rate; none when nothing is spent at all.
    fn reaches(self, more: Usd) -> Option<DateTime<Utc>> {
        if self.cost <= Usd(0) {
            return None;
        }
        let wait = more.0.checked_mul(self.milliseconds)? / self.cost.0;
        let wait = Duration::try_milliseconds(i64::try_from(wait).ok()?)?;
        self.known_to.checked_add_signed(wait)
    }
}

/// The day on which the budget was spent by the days' costs, or will be at the rate.
fn exhaustion(
    amount: Usd,
    spent: Option<Usd>,
    own: &[&Spend],
    rate: Option<Rate>,
    month: &Month,
) -> Option<NaiveDate> {
    let spent = spent?;
    if spent < amount {
        let at = rate?.reaches(amount - spent).filter(|at| *at < month.period.to)?;
        return Some(at.with_timezone(&month.timezone).date_naive());
    }
    let mut days: Vec<(NaiveDate, Usd)> =
        own.iter().filter_map(|spend| Some((spend.day?, spend.cost?))).collect();
    days.sort_unstable();
    let mut sum = Usd(0);
    days.into_iter().find_map(|(day, cost)| {
        sum += cost;
        (sum >= amount).then_some(day)
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::{Europe::Berlin, Tz};

    use super::{BudgetState, Month, Spend, Standing, budget_states};
    use crate::period::{Cadence, Period};
    use crate::schema::budget::{Budget, BudgetScope};
    use crate::units::Usd;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    fn november(zone: Tz, now: &str, data: Option<(&str, &str)>) -> Month {
        let period = Cadence::Monthly.period_of("2026-11-01".parse().expect("a day"), zone);
        let data = data.map(|(from, to)| Period { from: at(from), to: at(to) });
        Month { period, timezone: zone, now: at(now), data }
    }

    fn spend(day: &str, cost: &str) -> Spend {
        Spend {
            day: day.parse().ok(),
            team: Some("chat".to_owned()),
            cost: Usd::parse(cost),
            requests: 1,
            ..Spend::default()
        }
    }

    fn of(amount: &str, spends: &[Spend], month: &Month) -> BudgetState {
        let amount = Usd::parse(amount).expect("an amount");
        let scope = BudgetScope::Team("chat".to_owned());
        let budget = Budget { name: "b".to_owned(), scope, amount };
        budget_states(&[budget], spends, month).remove(0)
    }

    fn usd(amount: Option<Usd>) -> String {
        amount.map_or_else(|| "-".to_owned(), |amount| amount.to_string())
    }

    #[test]
    fn a_budget_that_will_not_last_knows_its_last_day() {
        // 10 days with data: 10 USD a day, 200 more until the end of November.
        let data = Some(("2026-10-03T00:00:00Z", "2026-11-11T00:00:00Z"));
        let month = november(Tz::UTC, "2026-11-11T00:00:00Z", data);
        let other = Spend { team: None, ..spend("2026-11-02", "999") };
        let spends = [spend("2026-11-02", "60"), other, spend("2026-11-09", "40")];
        let state = of("250", &spends, &month);
        assert_eq!(usd(state.spent_usd), "100");
        assert_eq!(usd(state.remaining_usd), "150");
        assert_eq!(usd(state.run_rate_usd_per_day), "10");
        assert_eq!(usd(state.projected_usd), "300");
        assert_eq!(state.exhaustion_date, "2026-11-26".parse().ok());
        assert_eq!(state.standing, Standing::ProjectedOver);
        assert!(state.partial.is_empty(), "{:?}", state.partial);
        let state = of("300", &spends, &month);
        assert_eq!((state.standing, state.exhaustion_date), (Standing::Within, None));
    }

    #[test]
    fn a_spent_budget_names_the_day_it_was_spent_on() {
        let data = Some(("2026-10-03T00:00:00Z", "2026-11-11T00:00:00Z"));
        let month = november(Tz::UTC, "2026-11-11T00:00:00Z", data);
        let spends =
            [spend("2026-11-09", "40"), spend("2026-11-02", "60"), spend("2026-11-03", "1")];
        let state = of("61", &spends, &month);
        assert_eq!(state.exhaustion_date, "2026-11-03".parse().ok());
        assert_eq!((state.standing, usd(state.remaining_usd)), (Standing::Exhausted, "-40".into()));
    }

    #[test]
    fn what_the_store_does_not_hold_is_said_and_not_made_up() {
        let data = Some(("2026-11-06T00:00:00Z", "2026-11-16T00:00:00Z"));
        let month = november(Tz::UTC, "2026-11-20T12:00:00Z", data);
        let state = of("500", &[spend("2026-11-08", "100")], &month);
        assert_eq!(usd(state.run_rate_usd_per_day), "10");
        assert_eq!(usd(state.projected_usd), "250"); // 15 days after the last record
        assert_eq!(
            state.partial,
            [
                "the store's first record is of 2026-11-06",
                "the store's last record is of 2026-11-15"
            ]
        );
    }

    #[test]
    fn a_morning_tells_no_month_and_no_data_tells_nothing() {
        let data = Some(("2026-10-03T00:00:00Z", "2026-11-01T06:00:00Z"));
        let month = november(Tz::UTC, "2026-11-01T06:00:00Z", data);
        let state = of("500", &[spend("2026-11-01", "100")], &month);
        assert_eq!(
            (usd(state.spent_usd), usd(state.run_rate_usd_per_day)),
            ("100".into(), "-".into())
        );
        assert_eq!((state.standing, state.projected_usd), (Standing::Unknown, None));
        for data in [None, Some(("2026-09-01T00:00:00Z", "2026-10-20T00:00:00Z"))] {
            let state = of("500", &[], &november(Tz::UTC, "2026-11-15T00:00:00Z", data));
            assert_eq!((state.standing, state.spent_usd), (Standing::Unknown, None));
            assert!(!state.partial.is_empty());
        }
    }

    #[test]
    fn requests_without_a_price_are_no_cost_of_nothing() {
        let data = Some(("2026-10-03T00:00:00Z", "2026-11-11T00:00:00Z"));
        let month = november(Tz::UTC, "2026-11-11T00:00:00Z", data);
        let unpriced = Spend { cost: None, unpriced_requests: 1, ..spend("2026-11-02", "0") };
        let state = of("61", std::slice::from_ref(&unpriced), &month);
        assert_eq!((state.spent_usd, state.standing), (None, Standing::Unknown));
        assert_eq!(state.partial.len(), 1);
        assert_eq!(usd(of("61", &[], &month).spent_usd), "0");
    }

    #[test]
    fn days_of_exhaustion_are_the_zone_s() {
        let data = Some(("2026-10-03T00:00:00Z", "2026-11-10T23:00:00Z"));
        let month = november(Berlin, "2026-11-10T23:00:00Z", data);
        let state = of("101", &[spend("2026-11-02", "100")], &month);
        // A tenth of a day after midnight in Berlin, where the month began an hour early.
        assert_eq!(state.exhaustion_date, "2026-11-11".parse().ok());
        assert_eq!(usd(state.projected_usd), "300");
    }

    #[test]
    fn a_month_that_is_over_is_projected_to_what_was_spent() {
        let data = Some(("2026-10-03T00:00:00Z", "2026-12-01T10:00:00Z"));
        let month = november(Tz::UTC, "2026-12-02T00:00:00Z", data);
        let state = of("250", &[spend("2026-11-02", "100")], &month);
        assert_eq!((usd(state.projected_usd), state.exhaustion_date), ("100".into(), None));
        assert_eq!(state.standing, Standing::Within);
        assert!(state.partial.is_empty());
    }
}
