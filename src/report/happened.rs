//! What happened in a short while: the entries of an incident's timeline, in order of time.

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{LazyFrame, PolarsResult};

use super::read::Rows;
use crate::audit::access::is_denial;
use crate::audit::detections::Detections;
use crate::metrics::moments;
use crate::period::Period;
use crate::schema::access::{FIRST_SEEN, LAST_SEEN};
use crate::schema::api_event::{
    CREDENTIAL_CLASS, EVENT_ID, EVENT_NAME, EVENT_SOURCE, READ_ONLY, SOURCE_IP_ADDRESS, USER_AGENT,
};
use crate::schema::cost::COST_UNITS;
use crate::schema::invocation::{
    ACCOUNT_ID, ERROR_CODE, GUARDRAIL_ACTION, MODEL_ID, PRINCIPAL, REGION, REQUEST_ID, STATUS,
    guardrail_action, status,
};
use crate::schema::moment::{ADDRESSES, BUCKET, NUMBER, UNPRICED};
use crate::units::Usd;

/// Most columns of the chart: a window is cut into stretches so that there are no more.
const MOST_STRETCHES: i64 = 180;

/// What happened in a window.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// Length of a stretch: what is alike within one is one moment.
    pub step: Duration,
    /// The time that the report is about, if one was named.
    pub around: Option<DateTime<Utc>>,
    /// Events and calls by time.
    pub moments: Vec<Moment>,
    /// Events of other services that only read, which are left out.
    pub left_out: u64,
    /// What the detections find in the window; none where they were not asked.
    pub detections: Option<Detections>,
}

/// Where a moment was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// In CloudTrail.
    CloudTrail,
    /// In the invocation log.
    Log,
}

/// Events or calls alike within a stretch.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Start of the stretch.
    pub bucket: DateTime<Utc>,
    /// The first of them.
    pub first: DateTime<Utc>,
    /// The last of them.
    pub last: DateTime<Utc>,
    /// Where they were seen.
    pub seen: Seen,
    /// How many.
    pub number: u64,
    /// Who.
    pub principal: Option<String>,
    /// Whose account.
    pub account: Option<String>,
    /// Where.
    pub region: Option<String>,
    /// The service and the event's name; none for logged calls.
    pub event: Option<(String, String)>,
    /// Which model.
    pub model_id: Option<String>,
    /// Why they failed; none when they didn't.
    pub error: Option<String>,
    /// Whether they were refused for want of permission.
    pub denied: bool,
    /// Whether they change something.
    pub changes: bool,
    /// Whether a guardrail intervened.
    pub intervened: bool,
    /// With what kind of credential.
    pub credential: Option<String>,
    /// A source address, and how many there were.
    pub address: Option<(String, u64)>,
    /// What they called with.
    pub user_agent: Option<String>,
    /// Event id or request id of one of them.
    pub id: Option<String>,
    /// List cost; none where nothing is priced or nothing costs.
    pub cost_usd: Option<Usd>,
    /// Calls without a full price.
    pub unpriced: u64,
}

impl Moment {
    /// Whether it is worth a line whatever else there is.
    pub fn is_notable(&self) -> bool {
        self.changes || self.error.is_some() || self.intervened
    }
}

/// What a timeline is read from.
pub struct Frames {
    /// CloudTrail's events, with a margin around the window.
    pub api_events: LazyFrame,
    /// The log's calls, with a margin.
    pub invocations: LazyFrame,
    /// The log's calls of the window, priced.
    pub priced: LazyFrame,
}

impl Timeline {
    /// Reads what happened in the window; `all` takes in reads of other services too.
    ///
    /// # Errors
    /// When a frame can't be read.
    pub fn read(
        frames: &Frames,
        period: Period,
        around: Option<DateTime<Utc>>,
        all: bool,
    ) -> PolarsResult<Self> {
        let step = step(period);
        let unlogged = moments::not_logged(frames.api_events.clone(), frames.invocations.clone());
        let events = Rows::collect_many(moments::events(unlogged, period, step, all))?;
        let calls = Rows::collect_many(moments::calls(frames.priced.clone(), period, step))?;
        let left_out = if all {
            0
        } else {
            let rows = moments::left_out(frames.api_events.clone(), period);
            Rows::collect_many(rows)?.count(0, NUMBER)?.unwrap_or_default()
        };
        let mut all = of_events(&events)?;
        all.extend(of_calls(&calls)?);
        all.sort_by_key(|moment| (moment.first, moment.seen == Seen::Log));
        Ok(Self { step, around, moments: all, left_out, detections: None })
    }

    /// How many of the moments' events and calls a test holds for.
    pub fn number(&self, test: impl Fn(&Moment) -> bool) -> u64 {
        self.moments.iter().filter(|one| test(one)).map(|one| one.number).sum()
    }
}

/// A minute, or longer where the window would have too many of them.
fn step(period: Period) -> Duration {
    let minutes = (period.to - period.from).num_minutes();
    let steps = [1, 5, 15, 60, 240, 1_440];
    let fits = steps.into_iter().find(|step| minutes / step <= MOST_STRETCHES);
    Duration::minutes(fits.unwrap_or(1_440))
}

fn of_events(rows: &Rows) -> PolarsResult<Vec<Moment>> {
    let moment = |row: usize| -> PolarsResult<Moment> {
        let text = |column| rows.text(row, column);
        let error = text(ERROR_CODE)?;
        let service = text(EVENT_SOURCE)?.unwrap_or_default();
        let service = service.split('.').next().unwrap_or_default().to_owned();
        let addresses = rows.count(row, ADDRESSES)?.unwrap_or_default();
        Ok(Moment {
            event: Some((service, text(EVENT_NAME)?.unwrap_or_default())),
            denied: error.as_deref().is_some_and(is_denial),
            changes: text(READ_ONLY)?.as_deref() == Some("false"),
            intervened: false,
            error,
            credential: text(CREDENTIAL_CLASS)?,
            address: text(SOURCE_IP_ADDRESS)?.map(|address| (address, addresses)),
            user_agent: text(USER_AGENT)?,
            id: text(EVENT_ID)?,
            cost_usd: None,
            unpriced: 0,
            ..shared(rows, row, Seen::CloudTrail)?
        })
    };
    (0..rows.len()).map(moment).collect()
}

fn of_calls(rows: &Rows) -> PolarsResult<Vec<Moment>> {
    let moment = |row: usize| -> PolarsResult<Moment> {
        let text = |column| rows.text(row, column);
        let outcome = text(STATUS)?;
        let failed = outcome.as_deref().is_some_and(|outcome| outcome != status::OK);
        Ok(Moment {
            error: text(ERROR_CODE)?.or(outcome.clone().filter(|_| failed)),
            denied: outcome.as_deref() == Some(status::ACCESS_DENIED),
            intervened: text(GUARDRAIL_ACTION)?.as_deref() == Some(guardrail_action::INTERVENED),
            id: text(REQUEST_ID)?,
            cost_usd: rows.usd(row, COST_UNITS)?,
            unpriced: rows.count(row, UNPRICED)?.unwrap_or_default(),
            ..shared(rows, row, Seen::Log)?
        })
    };
    (0..rows.len()).map(moment).collect()
}

fn shared(rows: &Rows, row: usize, seen: Seen) -> PolarsResult<Moment> {
    let time =
        |column| -> PolarsResult<DateTime<Utc>> { Ok(rows.time(row, column)?.unwrap_or_default()) };
    Ok(Moment {
        bucket: time(BUCKET)?,
        first: time(FIRST_SEEN)?,
        last: time(LAST_SEEN)?,
        seen,
        number: rows.count(row, NUMBER)?.unwrap_or_default(),
        principal: rows.text(row, PRINCIPAL)?,
        account: rows.text(row, ACCOUNT_ID)?,
        region: rows.text(row, REGION)?,
        model_id: rows.text(row, MODEL_ID)?,
        event: None,
        error: None,
        denied: false,
        changes: false,
        intervened: false,
        credential: None,
        address: None,
        user_agent: None,
        id: None,
        cost_usd: None,
        unpriced: 0,
    })
}
