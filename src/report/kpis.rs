//! The six tiles of the business report: value, change, daily values, target.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::{LazyFrame, PolarsResult};

use super::compare::{beyond_chance, difference, tone_where_more_is_worse};
use super::facts::Facts;
use super::followed::{Followed, followed};
use super::inputs::Inputs;
use super::parts::{Kpi, Missing, Outcome, Spark, Tone, Value};
use super::read::{Rows, Usage, figures};
use super::words;
use crate::insight::kpi::{self as key, KpiUnit};
use crate::metrics::activity::{daily_active, mean_daily_active};
use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::efficiency::useful_tokens;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::schema::target;
use crate::schema::usage::activity::{ACTIVE_MODELS, ACTIVE_PRINCIPALS, MEAN_DAILY_MODELS};
use crate::schema::usage::dimension::DAY;
use crate::schema::usage::efficiency::{ALL_TOKENS, ENDED_TOKENS, TOKEN_EFFICIENCY, USEFUL_TOKENS};
use crate::units::Usd;

/// The six tiles, in order.
pub(super) fn tiles(facts: &Facts<'_>) -> PolarsResult<Vec<Kpi>> {
    let daily = Daily::read(facts)?;
    Ok(vec![
        active_models(facts, &daily)?,
        response_time(facts, &daily),
        success_rate(facts, &daily),
        cost_per_request(facts, &daily),
        active_principals(facts, &daily),
        token_efficiency(facts, &daily),
    ])
}

fn active_models(facts: &Facts<'_>, daily: &Daily) -> PolarsResult<Kpi> {
    let mean = |requests: &Requests, days: usize| -> PolarsResult<Option<f64>> {
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        let cells = requests.cells.clone();
        let rows = Rows::collect(mean_daily_active(cells, facts.zone(), days)?)?;
        rows.number(0, MEAN_DAILY_MODELS)
    };
    let current = mean(&facts.inputs.current, daily.days_with_logs(false))?;
    let previous = mean(&facts.inputs.previous, daily.days_with_logs(true))?;
    let goal = Goal::of(facts, "daily_active_models");
    Ok(Kpi {
        key: "daily_active_models",
        label: "Daily active models".to_owned(),
        value: current.map_or(Value::Missing(Missing::Unknown), Value::Mean),
        note: None,
        previous: previous.map_or(Value::Missing(Missing::New), Value::Mean),
        change: difference(current, previous, Value::MeanChange),
        tone: Tone::Neutral,
        spark: daily.spark(ACTIVE_MODELS, goal.limit(), |x| kpi_value(KpiUnit::Count, x)),
        outcome: goal.judge(current, previous),
        target: goal.words(),
    })
}

fn response_time(facts: &Facts<'_>, daily: &Daily) -> Kpi {
    let metric = Metric::LatencyMeanMs;
    let (current, previous) = (facts.current.number(metric), facts.previous.number(metric));
    let change = current.zip(previous).map_or(0.0, |(now, before)| now - before);
    let noise = previous.unwrap_or(0.0) * 0.02;
    let known = facts.current.count(Metric::LatencyKnown);
    let goal = Goal::of(facts, "response_time_mean_ms");
    Kpi {
        key: "response_time_mean_ms",
        label: "Mean response time".to_owned(),
        value: current.map_or(Value::Missing(Missing::NotInLog), Value::DurationMs),
        note: super::compare::share(known, facts.current.count(Metric::Requests))
            .filter(|share| *share < 1.0 && current.is_some())
            .map(|share| format!("known for {} of requests", words::part_of_hundred(share))),
        previous: previous.map_or(Value::Missing(Missing::New), Value::DurationMs),
        change: difference(current, previous, Value::DurationChange),
        tone: tone_where_more_is_worse(change, noise),
        spark: daily.spark(metric.name(), goal.limit(), Value::DurationMs),
        outcome: goal.judge(current, previous),
        target: goal.words(),
    }
}

fn success_rate(facts: &Facts<'_>, daily: &Daily) -> Kpi {
    let metric = Metric::SuccessRate;
    let (current, previous) = (facts.current.number(metric), facts.previous.number(metric));
    let change = current.zip(previous).map_or(0.0, |(now, before)| now - before);
    let goal = Goal::of(facts, "success_rate");
    Kpi {
        key: "success_rate",
        label: "Success rate".to_owned(),
        value: current.map_or(Value::Missing(Missing::Unknown), Value::Share),
        note: None,
        previous: previous.map_or(Value::Missing(Missing::New), Value::Share),
        change: difference(current, previous, Value::PointChange),
        tone: if beyond_chance(failed(&facts.current), failed(&facts.previous)) {
            tone_where_more_is_worse(-change, 0.0005)
        } else {
            Tone::Neutral
        },
        spark: daily.spark(metric.name(), goal.limit(), Value::Share),
        outcome: goal.judge(current, previous),
        target: goal.words(),
    }
}

/// Failed requests of all requests.
fn failed(usage: &Usage) -> (u64, u64) {
    (usage.count(Metric::Errors), usage.count(Metric::Requests))
}

fn cost_per_request(facts: &Facts<'_>, daily: &Daily) -> Kpi {
    let metric = Metric::CostPerRequestUsd;
    let (current, previous) = (facts.current.usd(metric), facts.previous.usd(metric));
    let both = current.zip(previous);
    let goal = Goal::of(facts, "cost_per_request_usd");
    let change =
        both.map(|(now, before)| now.to_f64() / before.to_f64() - 1.0).filter(|x| x.is_finite());
    Kpi {
        key: "cost_per_request_usd",
        label: "Cost per request".to_owned(),
        value: current.map_or(Value::Missing(Missing::NotPriced), Value::UnitUsd),
        note: None,
        previous: previous.map_or(Value::Missing(Missing::New), Value::UnitUsd),
        change: change.map_or(Value::Missing(Missing::New), Value::RelativeChange),
        tone: change.map_or(Tone::Neutral, |change| tone_where_more_is_worse(change, 0.01)),
        spark: daily.spark(metric.name(), goal.limit(), |dollars| Value::UnitUsd(usd(dollars))),
        outcome: goal.judge(current.map(Usd::to_f64), previous.map(Usd::to_f64)),
        target: goal.words(),
    }
}

fn active_principals(facts: &Facts<'_>, daily: &Daily) -> Kpi {
    let (current, previous) =
        (facts.current.count(Metric::Principals), facts.previous.count(Metric::Principals));
    let has_previous = facts.previous.count(Metric::Requests) > 0;
    let change = current.cast_signed() - previous.cast_signed();
    let goal = Goal::of(facts, "active_principals");
    #[expect(clippy::cast_precision_loss, reason = "principals, far below 2⁵³")]
    let [now, before] = [current as f64, previous as f64];
    Kpi {
        key: "active_principals",
        label: "Active principals".to_owned(),
        value: Value::Count(current),
        note: None,
        previous: if has_previous { Value::Count(previous) } else { Value::Missing(Missing::New) },
        change: if has_previous {
            Value::CountChange(change)
        } else {
            Value::Missing(Missing::New)
        },
        tone: match change {
            1.. if has_previous => Tone::Good,
            ..=-1 if has_previous => Tone::Bad,
            _ => Tone::Neutral,
        },
        spark: daily.spark(ACTIVE_PRINCIPALS, goal.limit(), |x| kpi_value(KpiUnit::Count, x)),
        outcome: goal.judge(Some(now), has_previous.then_some(before)),
        target: goal.words(),
    }
}

fn token_efficiency(facts: &Facts<'_>, daily: &Daily) -> Kpi {
    let (now, before) = (Tokens::of(&daily.current), Tokens::of(&daily.previous));
    let (current, previous) = (now.efficiency(), before.efficiency());
    let coverage = super::compare::share(now.ended, now.all);
    let goal = Goal::of(facts, "token_efficiency");
    let change = current.zip(previous).map_or(0.0, |(now, before)| now - before);
    Kpi {
        key: "token_efficiency",
        label: "Token efficiency".to_owned(),
        value: current.map_or(Value::Missing(Missing::NotInLog), Value::Share),
        note: coverage
            .filter(|share| *share < 0.9995 && current.is_some())
            .map(|share| format!("known for {} of output", words::part_of_hundred(share))),
        previous: previous.map_or(Value::Missing(Missing::New), Value::Share),
        change: difference(current, previous, Value::PointChange),
        tone: tone_where_more_is_worse(-change, 0.002),
        spark: daily.spark(TOKEN_EFFICIENCY, goal.limit(), Value::Share),
        outcome: goal.judge(current, previous),
        target: goal.words(),
    }
}

/// What a tile should be; nothing where the list of key figures lacks it.
pub(super) struct Goal<'a>(Option<&'a key::Kpi>);

impl<'a> Goal<'a> {
    pub(super) fn of(facts: &Facts<'a>, name: &str) -> Self {
        Self(facts.inputs.key_figures.iter().find(|kpi| kpi.name == name))
    }

    pub(super) fn judge(&self, value: Option<f64>, previous: Option<f64>) -> Outcome {
        match self.0.map(|kpi| kpi.judge(value, previous)) {
            Some(target::Outcome::Met) => Outcome::Pass,
            Some(target::Outcome::Missed) => Outcome::Miss,
            Some(target::Outcome::NotEvaluated) | None => Outcome::NotEvaluated,
        }
    }

    pub(super) fn words(&self) -> String {
        self.0.and_then(key::Kpi::target_in_words).unwrap_or_default()
    }

    /// Where the target is a number.
    pub(super) fn limit(&self) -> Option<f64> {
        self.0.and_then(|kpi| kpi.target?.limit())
    }
}

/// The number of a key figure as a value of its unit.
pub fn kpi_value(unit: KpiUnit, number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count, or a mean of counts shown as one"
    )]
    let whole = number.max(0.0).round() as u64;
    match unit {
        KpiUnit::Usd | KpiUnit::Mean => Value::Mean(number),
        KpiUnit::Share => Value::Rate(number),
        KpiUnit::Milliseconds => Value::DurationMs(number),
        KpiUnit::Count => Value::Count(whole),
        KpiUnit::Tokens => Value::Tokens(whole),
        KpiUnit::Bytes => Value::Bytes(whole),
    }
}

/// A drawn amount back as money, for the text alternative of a spark line.
#[expect(clippy::cast_possible_truncation, reason = "a drawn value, not a sum")]
fn usd(dollars: f64) -> Usd {
    Usd((dollars * 1e14) as i128)
}

/// Daily values of both periods.
struct Daily {
    previous: Vec<Day>,
    current: Vec<Day>,
}

/// One local day; what it has no value for is absent.
#[derive(Default)]
struct Day {
    date: NaiveDate,
    has_logs: bool,
    tokens: Tokens,
    values: BTreeMap<&'static str, f64>,
}

/// Output tokens, by what became of them.
#[derive(Clone, Copy, Default)]
struct Tokens {
    useful: u64,
    ended: u64,
    all: u64,
}

impl Tokens {
    fn of(days: &[Day]) -> Self {
        days.iter().map(|day| day.tokens).fold(Self::default(), |sum, tokens| Self {
            useful: sum.useful + tokens.useful,
            ended: sum.ended + tokens.ended,
            all: sum.all + tokens.all,
        })
    }

    fn efficiency(self) -> Option<f64> {
        super::compare::share(self.useful, self.ended)
    }
}

impl Daily {
    fn read(facts: &Facts<'_>) -> PolarsResult<Self> {
        let inputs = facts.inputs;
        Ok(Self {
            previous: days(
                inputs,
                &inputs.previous,
                &inputs.previous_endings,
                inputs.previous_period,
            )?,
            current: days(inputs, &inputs.current, &inputs.endings, inputs.period)?,
        })
    }

    fn days_with_logs(&self, previous: bool) -> usize {
        let days = if previous { &self.previous } else { &self.current };
        days.iter().filter(|day| day.has_logs).count()
    }

    fn spark(&self, name: &'static str, target: Option<f64>, form: impl Fn(f64) -> Value) -> Spark {
        let days = self.previous.iter().chain(&self.current);
        let days: Vec<(NaiveDate, Option<f64>)> =
            days.map(|day| (day.date, day.values.get(name).copied())).collect();
        let Followed { step, values, previous, days } = followed(&days, self.previous.len());
        let known = || values.iter().flatten().copied();
        let entries = [
            ("first", known().next()),
            ("last", known().next_back()),
            ("lowest", known().min_by(f64::total_cmp)),
            ("highest", known().max_by(f64::total_cmp)),
        ];
        let summary = entries
            .into_iter()
            .filter_map(|(word, value)| Some((word.to_owned(), form(value?))))
            .collect();
        Spark { step, days, values, previous, target, summary }
    }
}

const DAILY_METRICS: [Metric; 4] =
    [Metric::Requests, Metric::LatencyMeanMs, Metric::SuccessRate, Metric::CostPerRequestUsd];

fn days(
    inputs: &Inputs,
    requests: &Requests,
    endings: &LazyFrame,
    period: Period,
) -> PolarsResult<Vec<Day>> {
    let zone = inputs.timezone;
    let day = |date: NaiveDate| (date.to_string(), Day { date, ..Day::default() });
    let mut by_day: BTreeMap<String, Day> = period.local_days(zone).map(day).collect();
    for usage in figures(requests, &[Dimension::Day], &DAILY_METRICS, zone)? {
        if let Some(day) = usage.key().and_then(|key| by_day.get_mut(key)) {
            day.has_logs = true;
            day.learn(&usage);
        }
    }
    let activity = Rows::collect(daily_active(requests.cells.clone(), zone)?)?;
    for row in 0..activity.len() {
        let key = activity.text(row, DAY)?.unwrap_or_default();
        let Some(day) = by_day.get_mut(&key) else { continue };
        for column in [ACTIVE_MODELS, ACTIVE_PRINCIPALS] {
            if let Some(value) = activity.number(row, column)? {
                day.values.insert(column, value);
            }
        }
    }
    let tokens = useful_tokens(endings.clone(), &[Dimension::Day], zone)?;
    let tokens = Rows::collect(tokens)?;
    for row in 0..tokens.len() {
        let key = tokens.text(row, DAY)?.unwrap_or_default();
        let Some(day) = by_day.get_mut(&key) else { continue };
        let count = |name| tokens.count(row, name).map(|count| count.unwrap_or(0));
        day.tokens = Tokens {
            useful: count(USEFUL_TOKENS)?,
            ended: count(ENDED_TOKENS)?,
            all: count(ALL_TOKENS)?,
        };
        if let Some(share) = day.tokens.efficiency() {
            day.values.insert(TOKEN_EFFICIENCY, share);
        }
    }
    Ok(by_day.into_values().collect())
}

impl Day {
    fn learn(&mut self, usage: &Usage) {
        for metric in [Metric::LatencyMeanMs, Metric::SuccessRate] {
            if let Some(value) = usage.number(metric) {
                self.values.insert(metric.name(), value);
            }
        }
        if let Some(cost) = usage.usd(Metric::CostPerRequestUsd) {
            self.values.insert(Metric::CostPerRequestUsd.name(), cost.to_f64());
        }
    }
}
