//! Log coverage of the period: calls that CloudTrail saw against calls that were logged.

use chrono::{DateTime, Duration, Utc};
use polars::prelude::PolarsResult;

use crate::metrics::coverage::{gaps_in, places_of, totals_of};
use crate::report::inputs::Inputs;
use crate::report::read::Rows;
use crate::schema::api_event::{ACCOUNT_ID, REGION};
use crate::schema::usage::coverage as names;
use crate::schema::usage::derived::{FROM, TO};

/// Calls that CloudTrail saw, and what became of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::report) struct Coverage {
    /// Runtime calls in CloudTrail, failed ones included.
    pub(in crate::report) called: u64,
    /// Of these, calls with an invocation log.
    pub(in crate::report) logged: u64,
    /// Of these, calls without.
    pub(in crate::report) unlogged: u64,
    /// Logged calls without a CloudTrail event.
    pub(in crate::report) log_only: u64,
    /// Hours in which an account and region called and logged nothing, longest first.
    pub(in crate::report) gaps: Vec<Gap>,
    /// Accounts and Regions, most unlogged calls first.
    pub(in crate::report) places: Vec<PlaceCoverage>,
    /// Whether the report is about requests that CloudTrail can't tell from others.
    pub(in crate::report) is_of_others: bool,
}

/// Calls of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct PlaceCoverage {
    pub(in crate::report) account: Option<String>,
    pub(in crate::report) region: Option<String>,
    pub(in crate::report) called: u64,
    pub(in crate::report) logged: u64,
    pub(in crate::report) unlogged: u64,
}

/// A stretch without logs, by whole hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Gap {
    pub(in crate::report) account: String,
    pub(in crate::report) region: String,
    pub(in crate::report) from: DateTime<Utc>,
    pub(in crate::report) to: DateTime<Utc>,
    /// Calls in CloudTrail meanwhile.
    pub(in crate::report) unlogged: u64,
}

impl Gap {
    pub(in crate::report) fn length(&self) -> Duration {
        self.to - self.from
    }
}

/// Why log coverage is known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Verdict {
    /// Calls met logs: the ratio says something.
    Known,
    /// CloudTrail shows no runtime call, so there is nothing to check against.
    NoEvents,
    /// Both sides have calls and no id meets: the ids can't be compared.
    NoJoin,
    /// The report selects requests by what CloudTrail doesn't know.
    OtherScope,
}

impl Coverage {
    /// `requests` are logged in the period.
    pub(in crate::report) fn read(inputs: &Inputs, requests: u64) -> PolarsResult<Self> {
        let scope = &inputs.scope;
        if scope.filter.is_some() && !scope.narrows_events {
            return Ok(Self { is_of_others: true, ..Self::default() });
        }
        let none = || Self { log_only: requests, ..Self::default() };
        let Some(hours) = &inputs.coverage_hours else { return Ok(none()) };
        let hours = || hours.clone();
        let totals = Rows::collect(totals_of(hours()))?;
        let count = |name| totals.count(0, name).map(|count| count.unwrap_or(0));
        if count(names::CALLED)? == 0 {
            return Ok(none());
        }
        Ok(Self {
            called: count(names::CALLED)?,
            logged: count(names::LOGGED)?,
            unlogged: count(names::UNLOGGED)?,
            log_only: count(names::LOG_ONLY)?,
            gaps: read_gaps(&Rows::collect(gaps_in(hours())?)?)?,
            places: read_places(&Rows::collect(places_of(hours()))?)?,
            is_of_others: false,
        })
    }

    pub(in crate::report) fn verdict(&self) -> Verdict {
        if self.is_of_others {
            return Verdict::OtherScope;
        }
        match (self.called, self.logged, self.log_only) {
            (0, ..) => Verdict::NoEvents,
            (_, 0, 1..) => Verdict::NoJoin,
            _ => Verdict::Known,
        }
    }

    /// logged ÷ called, where it is known.
    pub(in crate::report) fn share(&self) -> Option<f64> {
        match self.verdict() {
            Verdict::Known => crate::report::compare::share(self.logged, self.called),
            Verdict::NoEvents | Verdict::NoJoin | Verdict::OtherScope => None,
        }
    }

    /// The gaps, unless the ids can't be compared at all.
    pub(in crate::report) fn known_gaps(&self) -> &[Gap] {
        if self.verdict() == Verdict::Known { &self.gaps } else { &[] }
    }
}

fn read_places(rows: &Rows) -> PolarsResult<Vec<PlaceCoverage>> {
    let count = |row, name| rows.count(row, name).map(|count| count.unwrap_or(0));
    let mut places = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        places.push(PlaceCoverage {
            account: rows.text(row, ACCOUNT_ID)?,
            region: rows.text(row, REGION)?,
            called: count(row, names::CALLED)?,
            logged: count(row, names::LOGGED)?,
            unlogged: count(row, names::UNLOGGED)?,
        });
    }
    places.retain(|place| place.called > 0);
    places.sort_by(|a, b| {
        (b.unlogged, b.called, &a.account, &a.region)
            .cmp(&(a.unlogged, a.called, &b.account, &b.region))
    });
    Ok(places)
}

fn read_gaps(rows: &Rows) -> PolarsResult<Vec<Gap>> {
    let mut gaps = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let text =
            |name| rows.text(row, name).map(|text| text.unwrap_or_else(|| "unknown".to_owned()));
        if let (Some(from), Some(to)) = (rows.time(row, FROM)?, rows.time(row, TO)?) {
            gaps.push(Gap {
                account: text(ACCOUNT_ID)?,
                region: text(REGION)?,
                from,
                to,
                unlogged: rows.count(row, names::UNLOGGED)?.unwrap_or(0),
            });
        }
    }
    gaps.sort_by_key(|gap| (std::cmp::Reverse((gap.length(), gap.unlogged)), gap.from));
    Ok(gaps)
}
