//! `--if-complete`: whether a report would be final, and what is said when not.

use chrono::Duration;

use super::{Context, DeliveryArgs, Exit, Failure, output};
use crate::cli::time;
use crate::period::Period;
use crate::pipeline::{Completeness, completeness};
use crate::render::summary;
use crate::store::Reader;

/// Whether the period is complete; says why not.
pub(in crate::cli) fn is_complete(
    store: &Reader,
    (kind, period): (&str, Period),
    args: &DeliveryArgs,
    context: &Context,
) -> Result<bool, Failure> {
    let late = Duration::minutes(i64::from(context.settings.ingest.late_minutes));
    let why = match completeness(store, period, late, context.now)? {
        Completeness::Complete => return Ok(true),
        Completeness::TooEarly { until } => format!(
            "its logs may come until {} (`late_minutes` = {} in `[ingest]`)",
            time::text(until),
            context.settings.ingest.late_minutes
        ),
        Completeness::NotRead { since, last, source } => {
            let of = source.map_or_else(String::new, |source| format!(" from `{source}`"));
            let last =
                last.map_or_else(|| "never".to_owned(), |last| format!("at {}", time::text(last)));
            format!(
                "its logs were there at {}, and the store was last filled{of} {last}; \
                 `bedrock-lens ingest` first",
                time::text(since)
            )
        }
        Completeness::NoLogs => "the store holds no log of it".to_owned(),
    };
    let (from, to) = (time::text(period.from), time::text(period.to));
    context.output.note(&format!("no report: {from} to {to} is not complete: {why}"));
    if args.json {
        output::result(&format!("{}\n", summary::incomplete(kind, period, Exit::NotPassed as u8)))?;
    }
    Ok(false)
}
