//! Reading uses out of their frames.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, Engine, LazyFrame, PolarsResult};

use super::uses::{active_days, event_uses, request_uses};
use super::{Outcome, Source, Use, Who, Windows};
use crate::metrics::small_frame::{flags, integers, texts};
use crate::records::invocation::status_of_error;
use crate::schema::access::{ACTIVE_DAYS, FIRST_SEEN, IN_POLICY_DAYS, IN_REVIEW, LAST_SEEN};
use crate::schema::api_event::{CREDENTIAL_CLASS, EVENT_NAME, EVENT_SOURCE, READ_ONLY};
use crate::schema::invocation::{
    ACCOUNT_ID, ERROR_CODE, GUARDRAIL_ID, IDENTITY_ARN, MODEL_ID, OPERATION, PRINCIPAL,
    PRINCIPAL_TYPE, REGION, status,
};

/// IAM's name of the service that the invocation log is of.
const BEDROCK: &str = "bedrock";

/// All uses, and how many days each principal was active in the review.
pub(super) struct Uses {
    pub(super) uses: Vec<Use>,
    pub(super) active_days: BTreeMap<Who, u64>,
}

impl Uses {
    /// Reads both tables.
    ///
    /// # Errors
    /// When a frame can't be read.
    pub(super) fn read(
        api_events: &LazyFrame,
        invocations: &LazyFrame,
        windows: Windows,
    ) -> PolarsResult<Self> {
        let mut uses = of_events(&collect(event_uses(api_events.clone(), windows))?)?;
        uses.extend(of_requests(&collect(request_uses(invocations.clone(), windows))?)?);
        let days = collect(active_days(api_events.clone(), invocations.clone(), windows.review)?)?;
        let counts = integers(&days, ACTIVE_DAYS)?;
        let who = who(&days)?;
        let active_days = who.into_iter().zip(counts.into_iter().map(count)).collect();
        Ok(Self { uses, active_days })
    }
}

/// A part of the rows at a time: there may be millions.
fn collect(frame: LazyFrame) -> PolarsResult<DataFrame> {
    let collected = frame.collect_with_engine(Engine::Streaming)?;
    Ok(collected.unwrap_single())
}

fn of_events(df: &DataFrame) -> PolarsResult<Vec<Use>> {
    let mut uses = shared(df, Source::CloudTrail)?;
    let columns = [CREDENTIAL_CLASS, EVENT_SOURCE, EVENT_NAME].map(|name| texts(df, name));
    let [classes, sources, names] = columns;
    let own = classes?.into_iter().zip(sources?).zip(names?).zip(flags(df, READ_ONLY)?);
    for (one, (((class, source), name), read_only)) in uses.iter_mut().zip(own) {
        one.credential_class = class;
        if let Some(service) = source.as_deref().and_then(service) {
            service.clone_into(&mut one.service);
        }
        one.action = name;
        one.read_only = read_only;
    }
    Ok(uses)
}

fn of_requests(df: &DataFrame) -> PolarsResult<Vec<Use>> {
    let mut uses = shared(df, Source::Log)?;
    let own = texts(df, PRINCIPAL_TYPE)?.into_iter().zip(texts(df, OPERATION)?);
    for (one, (principal_type, operation)) in uses.iter_mut().zip(own) {
        one.principal_type = principal_type;
        one.action = operation;
        one.read_only = Some(true);
    }
    Ok(uses)
}

fn shared(df: &DataFrame, source: Source) -> PolarsResult<Vec<Use>> {
    let columns = [REGION, MODEL_ID, GUARDRAIL_ID, ERROR_CODE, IDENTITY_ARN];
    let [regions, models, guardrails, errors, arns] = columns.map(|name| texts(df, name));
    let (mut regions, mut models) = (regions?.into_iter(), models?.into_iter());
    let (mut guardrails, mut errors) = (guardrails?.into_iter(), errors?.into_iter());
    let mut arns = arns?.into_iter();
    let (first, last) = (times(df, FIRST_SEEN)?, times(df, LAST_SEEN)?);
    let counts = integers(df, IN_REVIEW)?.into_iter().zip(integers(df, IN_POLICY_DAYS)?);
    let figures = first.into_iter().zip(last).zip(counts);
    let uses = who(df)?.into_iter().zip(figures);
    Ok(uses
        .map(|(who, ((first, last), (in_review, in_policy_days)))| Use {
            who,
            source,
            service: BEDROCK.to_owned(),
            region: regions.next().flatten(),
            model_id: models.next().flatten(),
            guardrail_id: guardrails.next().flatten(),
            outcome: errors.next().flatten().map_or(Outcome::Allowed, |code| outcome(&code)),
            identity_arn: arns.next().flatten(),
            first,
            last,
            in_review: count(in_review),
            in_policy_days: count(in_policy_days),
            ..Use::default()
        })
        .collect())
}

fn who(df: &DataFrame) -> PolarsResult<Vec<Who>> {
    let both = texts(df, ACCOUNT_ID)?.into_iter().zip(texts(df, PRINCIPAL)?);
    Ok(both.map(|(account, principal)| Who { principal, account }).collect())
}

fn times(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<DateTime<Utc>>>> {
    let instants = integers(df, name)?;
    Ok(instants.into_iter().map(|ms| ms.and_then(DateTime::from_timestamp_millis)).collect())
}

/// What an error says about permission: throttled and failed calls were allowed, faulty ones may
/// have been refused before anybody looked at the permission.
fn outcome(error_code: &str) -> Outcome {
    match status_of_error(error_code) {
        status::ACCESS_DENIED => Outcome::Denied,
        status::CLIENT_ERROR => Outcome::Faulty,
        _ => Outcome::Allowed,
    }
}

/// Whether an error of CloudTrail's means that permission was wanting.
pub fn is_denial(error_code: &str) -> bool {
    outcome(error_code) == Outcome::Denied
}

/// `bedrock-mantle` of `bedrock-mantle.amazonaws.com`.
fn service(event_source: &str) -> Option<&str> {
    event_source.split('.').next().filter(|name| !name.is_empty())
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
}
