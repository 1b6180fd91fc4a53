//! What `forecast` and `trends` follow over days: the options they share, and what they say of the
//! days they read.

use clap::{Args, ValueEnum};

use super::range::{FilterArgs, RangeArgs};
use super::{Context, Failure};
use crate::pipeline::{DaysRead, Followed, SeriesQuestion};

/// Which figure, of which requests, over which days.
#[derive(Debug, Args)]
pub(super) struct FollowedArgs {
    /// The figure to follow
    #[arg(long, value_name = "METRIC", default_value = "cost_usd")]
    metric: MetricChoice,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MetricChoice {
    /// List cost in US dollars.
    #[value(name = "cost_usd")]
    CostUsd,
    /// Tokens, cached ones once.
    #[value(name = "total_tokens")]
    TotalTokens,
    /// Requests, failed ones included.
    #[value(name = "requests")]
    Requests,
}

impl FollowedArgs {
    /// The question, checked.
    pub(super) fn question(&self, context: &Context) -> Result<SeriesQuestion, Failure> {
        Ok(SeriesQuestion {
            followed: match self.metric {
                MetricChoice::CostUsd => Followed::CostUsd,
                MetricChoice::TotalTokens => Followed::TotalTokens,
                MetricChoice::Requests => Followed::Requests,
            },
            period: self.range.period(context)?,
            filter: self.filter.filter()?,
            timezone: context.settings.timezone,
            now: context.now,
        })
    }
}

/// Says what the figures rest on, where that is less than it seems.
pub(super) fn warn_of_gaps(history: &DaysRead, context: &Context) {
    let output = context.output;
    if let [first, ..] = history.unknown_days.as_slice() {
        output.warn(&format!(
            "{} days are not known, the first of them {first}: they are left out, not taken for zero",
            history.unknown_days.len()
        ));
    }
    if history.unpriced_requests > 0 {
        output.warn(&format!(
            "{} requests have no full price and are not, or not fully, in spend",
            history.unpriced_requests
        ));
    }
    let yesterday = context.now.with_timezone(&context.settings.timezone).date_naive().pred_opt();
    if let (Some(to), Some(yesterday)) = (history.to, yesterday)
        && to < yesterday
    {
        output.warn(&format!("the complete days end before {to}: newer logs are not in the store"));
    }
}

/// `2026-08-01 to 2026-11-16, 105 known days`, the end included.
pub(super) fn days_read(history: &DaysRead) -> String {
    match (history.from, history.to.and_then(|day| day.pred_opt())) {
        (Some(from), Some(to)) => format!("{from} to {to}, {} known days", history.known_days),
        _ => "no complete day".to_owned(),
    }
}
