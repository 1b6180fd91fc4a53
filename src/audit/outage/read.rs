//! Reading acts and hours out of frames.

use chrono::{DateTime, Utc};
use polars::prelude::{
    AnyValue, DataFrame, Expr, LazyFrame, PolarsResult, SortMultipleOptions, col, lit,
};
use serde_json::Value;

use super::acts::{EVENTS, Reading, readings};
use super::{Act, Effect, Hour};
use crate::schema::api_event::{
    ACCOUNT_ID, CREDENTIAL_CLASS, ERROR_CODE, EVENT_ID, EVENT_NAME, EVENT_SOURCE, EVENT_TIME,
    IDENTITY_ARN, INSIGHT_DETAILS, PRINCIPAL, RECIPIENT_ACCOUNT_ID, REGION, REQUEST_PARAMETERS,
    SOURCE_IP_ADDRESS, USER_AGENT,
};
use crate::schema::usage::coverage::{CALLED, FIRST_LOGGED, LAST_LOGGED, LOGGED, SUCCEEDED};
use crate::schema::usage::derived::FROM;
use crate::schema::usage::metric::REQUESTS;

/// Whether an event, or counts of some, may concern recording.
pub fn is_candidate() -> Expr {
    let one_of = |names: &[&'static str]| {
        names.iter().fold(lit(false), |any, name| any.or(col(EVENT_NAME).eq(lit(*name))))
    };
    let concerns = EVENTS.iter().fold(lit(false), |any: Expr, (source, names)| {
        any.or(col(EVENT_SOURCE).eq(lit(*source)).and(one_of(names)))
    });
    concerns.and(col(INSIGHT_DETAILS).is_null())
}

/// The events that may concern recording, with the columns that [`read_acts`] reads; sorted by time.
pub fn candidates(api_events: LazyFrame) -> LazyFrame {
    let columns = [
        EVENT_ID,
        EVENT_TIME,
        EVENT_SOURCE,
        EVENT_NAME,
        ACCOUNT_ID,
        RECIPIENT_ACCOUNT_ID,
        REGION,
        PRINCIPAL,
        IDENTITY_ARN,
        CREDENTIAL_CLASS,
        SOURCE_IP_ADDRESS,
        USER_AGENT,
        ERROR_CODE,
        REQUEST_PARAMETERS,
    ];
    api_events
        .filter(is_candidate())
        .select(columns.map(col))
        .sort([EVENT_TIME, EVENT_ID], SortMultipleOptions::default())
}

/// The acts that events of [`candidates`] stand for; an event may be several, one for each aspect.
///
/// # Errors
/// When the frame lacks a column.
pub fn read_acts(events: &DataFrame) -> PolarsResult<Vec<Act>> {
    let mut acts = Vec::new();
    for row in 0..events.height() {
        let text = |name| text(events, row, name);
        let (Some(source), Some(name), Some(time)) =
            (text(EVENT_SOURCE)?, text(EVENT_NAME)?, time(events, row, EVENT_TIME)?)
        else {
            continue;
        };
        let parameters: Value = text(REQUEST_PARAMETERS)?
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or(Value::Null);
        let error_code = text(ERROR_CODE)?;
        for reading in readings(&source, &name, &parameters) {
            let Reading { recorder, target, aspect, effect, detail } = reading;
            let (effect, detail) = match &error_code {
                Some(code) => (Effect::Refused, format!("failed ({code}); else {detail}")),
                None => (effect, detail),
            };
            acts.push(Act {
                time,
                event_id: text(EVENT_ID)?,
                event_name: name.clone(),
                recorder,
                target,
                aspect,
                effect,
                detail,
                account: text(RECIPIENT_ACCOUNT_ID)?.or(text(ACCOUNT_ID)?),
                region: text(REGION)?,
                principal: text(PRINCIPAL)?,
                identity_arn: text(IDENTITY_ARN)?,
                credential_class: text(CREDENTIAL_CLASS)?,
                source_ip_address: text(SOURCE_IP_ADDRESS)?,
                user_agent: text(USER_AGENT)?,
                error_code: error_code.clone(),
            });
        }
    }
    Ok(acts)
}

/// The hours of [`metrics::coverage::hourly`](crate::metrics::coverage::hourly).
///
/// # Errors
/// When the frame lacks a column.
pub fn read_hours(hours: &DataFrame) -> PolarsResult<Vec<Hour>> {
    let mut found = Vec::with_capacity(hours.height());
    for row in 0..hours.height() {
        let count = |name| hours.column(name)?.get(row).map(|n| n.extract::<i64>().unwrap_or(0));
        let Some(start) = time(hours, row, FROM)? else { continue };
        found.push(Hour {
            account: text(hours, row, ACCOUNT_ID)?,
            region: text(hours, row, REGION)?,
            start,
            called: count(CALLED)?,
            succeeded: count(SUCCEEDED)?,
            logged: count(LOGGED)?,
            requests: count(REQUESTS)?,
            first_logged: time(hours, row, FIRST_LOGGED)?,
            last_logged: time(hours, row, LAST_LOGGED)?,
        });
    }
    Ok(found)
}

fn text(frame: &DataFrame, row: usize, column: &str) -> PolarsResult<Option<String>> {
    Ok(match frame.column(column)?.get(row)? {
        AnyValue::String(text) => Some(text.to_owned()),
        AnyValue::StringOwned(text) => Some(text.to_string()),
        _ => None,
    })
}

/// Times are in milliseconds throughout ([`schema`](crate::schema)).
fn time(frame: &DataFrame, row: usize, column: &str) -> PolarsResult<Option<DateTime<Utc>>> {
    Ok(match frame.column(column)?.get(row)? {
        AnyValue::Datetime(ms, ..) | AnyValue::DatetimeOwned(ms, ..) => {
            DateTime::from_timestamp_millis(ms)
        }
        _ => None,
    })
}
