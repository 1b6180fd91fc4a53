//! `drivers`: what made spend change between two periods.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::figures::{aligned, figure, part, row, text};
use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output, time};
use crate::insight::comparable::Against;
use crate::insight::drivers::{Contribution, DriverTree, Effect};
use crate::metrics::dimensions::Dimension;
use crate::period::{Cadence, Period};
use crate::pipeline::{self, DriversAnswer, DriversQuestion, PeriodFacts};
use crate::report::parts::{Missing, RowRole, TableRow, Value};

/// Say what made spend change: volume, model mix, tokens, cache, routing, price
///
/// Splits the change of list cost between two periods into effects that add up to it to the last
/// digit, and into the parts of models, principals, accounts and teams. docs/insight.md defines each
/// effect. Requests without a price are not in spend; how many there are is said beside it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens drivers                                    the last complete week against the one before
  bedrock-lens drivers --month 2026-10                    October against September
  bedrock-lens drivers --month 2026-10 --compare year     October against October a year before
  bedrock-lens drivers --last 7d --where \"tag:team = search\" --by model,principal --json
  bedrock-lens drivers --from 2026-11-09 --to 2026-11-16 --against-from 2026-10-05 --against-to 2026-10-12")]
pub(super) struct DriversArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// What to compare with: `previous` is the month, quarter or year before, else the same weekdays
    /// earlier; `year` the same months, else 52 weeks earlier
    #[arg(long, value_name = "WITH", default_value = "previous")]
    compare: Compare,
    /// Compare with a period of your own: its start, inclusive
    #[arg(long, value_name = "TIME", requires = "against_to", conflicts_with = "compare")]
    against_from: Option<String>,
    /// Its end, exclusive
    #[arg(long, value_name = "TIME", requires = "against_from")]
    against_to: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Dimensions to split the change by as well [default: model, principal, account, and team by
    /// your allocation rules, else tag:team]
    #[arg(long, value_name = "DIM,…", value_delimiter = ',')]
    by: Vec<String>,
    /// Groups to name per dimension; the rest is one row
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// One JSON object, money as exact decimal text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Compare {
    /// The period before.
    Previous,
    /// The same period a year before.
    Year,
}

pub(super) fn run(args: &DriversArgs, context: &Context) -> Result<Exit, Failure> {
    let question = question(args, context)?;
    let store = store_for(Some(question.period), context)?;
    let book = context.price_book()?;
    let answer = pipeline::drivers(context.basis(&store, &book), &question)?;
    if args.json {
        output::result(&json(&answer)?)?;
    } else {
        output::result(&shown(&answer, context))?;
    }
    for warning in warnings(&answer) {
        context.output.warn(&warning);
    }
    Ok(Exit::Done)
}

fn question(args: &DriversArgs, context: &Context) -> Result<DriversQuestion, Failure> {
    let zone = context.settings.timezone;
    let against = match (&args.against_from, &args.against_to, args.compare) {
        (Some(from), Some(to), _) => {
            Against::Period(time::period_of(from, to, zone, ["--against-from", "--against-to"])?)
        }
        (_, _, Compare::Previous) => Against::Previous,
        (_, _, Compare::Year) => Against::YearBefore,
    };
    Ok(DriversQuestion {
        period: args.range.period(context)?.unwrap_or_else(|| last_week(context)),
        against,
        filter: args.filter.filter()?,
        by: dimensions(args, context)?,
        most: args.limit,
        timezone: zone,
        now: context.now,
    })
}

/// The dimensions named, or the usual ones.
fn dimensions(args: &DriversArgs, context: &Context) -> Result<Vec<Dimension>, Failure> {
    if !args.by.is_empty() {
        return args.by.iter().map(|name| Ok(name.trim().parse()?)).collect();
    }
    let team = if context.settings.allocation.rules.is_empty() {
        Dimension::Tag("team".to_owned())
    } else {
        Dimension::Team
    };
    Ok(vec![Dimension::Model, Dimension::Principal, Dimension::Account, team])
}

/// The last complete ISO week.
fn last_week(context: &Context) -> Period {
    let zone = context.settings.timezone;
    let today = context.now.with_timezone(&zone).date_naive();
    Cadence::Weekly.before(Cadence::Weekly.period_of(today, zone), zone)
}

/// One object and a newline.
pub(super) fn json<T: serde::Serialize>(answer: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(answer)
        .map(|text| text + "\n")
        .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
}

fn warnings(answer: &DriversAnswer) -> Vec<String> {
    let mut warnings = Vec::new();
    if !answer.complete {
        warnings.push("the period is not over: both are cut to the days that are".to_owned());
    }
    for (name, facts) in [("period", &answer.period), ("earlier period", &answer.against)] {
        if facts.logged_days < facts.touched_days {
            warnings.push(format!(
                "the log speaks of {} of the {} days of the {name}: days without logs look like less volume",
                facts.logged_days, facts.touched_days
            ));
        }
        if facts.unpriced_requests > 0 {
            warnings.push(format!(
                "{} requests of the {name} have no full price and are not, or not fully, in spend",
                facts.unpriced_requests
            ));
        }
    }
    if !answer.same_weekdays {
        warnings.push("the periods hold other weekdays, which is part of the volume effect".into());
    }
    warnings
}

fn shown(answer: &DriversAnswer, context: &Context) -> String {
    let zone = context.settings.timezone;
    let dates = |facts: &PeriodFacts| {
        let local =
            |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
        format!("{} to {}", local(facts.from), local(facts.to))
    };
    let head = format!(
        "List cost of {} against {} ({})\n\n{}",
        dates(&answer.period),
        dates(&answer.against),
        answer.timezone,
        effects(&answer.tree, context)
    );
    let by_dimension = answer.by.iter().map(|(dimension, split)| {
        let groups = split.groups.iter().map(|group| group_row(group, RowRole::Body));
        let other = split.other.iter().map(|group| group_row(group, RowRole::Note));
        let rows = groups.chain(other).chain([total(&answer.tree)]).collect();
        format!("\n{}", aligned(columns(dimension), rows, context))
    });
    std::iter::once(head).chain(by_dimension).collect()
}

fn effects(tree: &DriverTree, context: &Context) -> String {
    let columns = vec![text("effect", "driver"), part("change_usd", "change, USD")];
    let mut rows: Vec<TableRow> = tree
        .effects
        .named()
        .into_iter()
        .map(|(effect, amount)| {
            let name = Value::Text(name(effect).to_owned());
            row(RowRole::Body, vec![name, Value::UsdChange(amount)])
        })
        .collect();
    let total = vec![Value::Text("all".to_owned()), Value::UsdChange(tree.change_usd)];
    rows.push(row(RowRole::Total, total));
    aligned(columns, rows, context)
}

fn name(effect: Effect) -> &'static str {
    match effect {
        Effect::PeriodLength => "length of the period",
        Effect::Volume => "volume: requests per day",
        Effect::ModelMix => "model mix",
        Effect::TokensPerRequest => "tokens per request",
        Effect::Cache => "cache",
        Effect::Routing => "routing, Region and tier",
        Effect::Price => "price",
    }
}

fn columns(dimension: &str) -> Vec<crate::report::parts::Column> {
    vec![
        text("name", dimension),
        figure("requests_before", "requests before"),
        figure("requests_after", "requests"),
        part("previous_cost_usd", "before, USD"),
        part("cost_usd", "now, USD"),
        part("cost_change_usd", "change, USD"),
    ]
}

fn group_row(group: &Contribution, role: RowRole) -> TableRow {
    let name = match (&group.name, group.groups) {
        (Some(name), _) => Value::Id(name.clone()),
        (None, 1) if role == RowRole::Body => Value::Missing(Missing::Unknown),
        (None, others) => Value::Text(format!("other ({others})")),
    };
    row(
        role,
        vec![
            name,
            Value::Count(group.requests_before),
            Value::Count(group.requests_after),
            group.before_usd.map_or(Value::Missing(Missing::NotPriced), Value::Usd),
            group.after_usd.map_or(Value::Missing(Missing::NotPriced), Value::Usd),
            group.change_usd.map_or(Value::Missing(Missing::NotPriced), Value::UsdChange),
        ],
    )
}

fn total(tree: &DriverTree) -> TableRow {
    row(
        RowRole::Total,
        vec![
            Value::Text("all".to_owned()),
            Value::Missing(Missing::Blank),
            Value::Missing(Missing::Blank),
            Value::Usd(tree.before_usd),
            Value::Usd(tree.after_usd),
            Value::UsdChange(tree.change_usd),
        ],
    )
}
