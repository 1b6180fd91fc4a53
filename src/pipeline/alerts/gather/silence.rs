//! Rules asked of what isn't there: logs that don't come, and calls that were not logged.

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{DataFrame, IntoLazy, PolarsResult};

use super::{Asked, Found};
use crate::alerts::{self, Breach, Kind, Quietness, Rule, Silent};
use crate::metrics::coverage::gaps_in;
use crate::metrics::dimensions::Dimension;
use crate::metrics::small_frame::{integers, texts};
use crate::metrics::windows::{silences, windows};
use crate::period::{Period, midnight};
use crate::pipeline::compared::Compared;
use crate::pipeline::ingest::LOG_DELIVERY;
use crate::pipeline::{Error, figures};
use crate::schema::Table;
use crate::schema::api_event::{ACCOUNT_ID, REGION};
use crate::schema::usage::coverage::UNLOGGED;
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::{dimension, window};

/// Time in which it is learnt how long places are silent.
const LEARNT: Duration = Duration::days(14);
/// Less history than this says nothing of it.
const LEAST_LEARNT: Duration = Duration::days(2);
/// Unlogged calls that an hour without logs takes, so that it is told.
const LEAST_UNLOGGED: i64 = 5;

impl Asked<'_> {
    /// Places whose logs don't come any more.
    pub(super) fn silence(&self, found: &mut Found) -> Result<(), Error> {
        let is_asked = |rule: &&Rule| rule.silent == Some(Silent::Objects);
        let rules: Vec<&Rule> = self.rules(Kind::Silence).filter(is_asked).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let end = self.judged.period.to;
        let learnt = Period { from: end - LEARNT, to: end };
        let by = [Dimension::Account, Dimension::Region];
        let rows = figures::invocations(self.basis.store, Some(learnt))?;
        let sums = windows(rows, 5, &by, self.question.timezone).map_err(Error::Compute)?;
        let frame = figures::collect(silences(sums))?;
        let first = self.basis.store.days(Table::Invocations).map_err(Error::Store)?;
        let first = first.map(|(first, _)| midnight(first, chrono_tz::UTC));
        if first.is_none_or(|first| end - first < LEAST_LEARNT) {
            for rule in rules {
                found.skip(rule, "two days of logs are needed to know how long silence is usual");
            }
            return Ok(());
        }
        let places = quiet_places(&frame).map_err(Error::Compute)?;
        for rule in rules {
            found.breaches.extend(alerts::silence(rule, &places, self.question.now));
        }
        Ok(())
    }

    /// Hours with calls in CloudTrail and none of them logged.
    pub(super) fn unlogged(&self, found: &mut Found) -> Result<(), Error> {
        let is_asked = |rule: &&Rule| rule.silent == Some(Silent::Logging);
        let rules: Vec<&Rule> = self.rules(Kind::Silence).filter(is_asked).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let to = self.judged.period.to.min(self.question.now - LOG_DELIVERY);
        let period = Period { from: self.judged.period.from, to };
        if period.to <= period.from {
            return Ok(());
        }
        let hours = Compared::read(self.basis.store, period, self.question.now)?.hours;
        let gaps = gaps_in(hours.lazy()).map_err(Error::Compute)?;
        let gaps = unlogged(&figures::collect(gaps)?).map_err(Error::Compute)?;
        for rule in rules {
            found.breaches.extend(gaps.iter().filter(|gap| gap.calls >= LEAST_UNLOGGED).map(
                |gap| Breach {
                    from: gap.from,
                    to: gap.to,
                    sample: Some(gap.calls),
                    detail: format!("{} calls and not one of them logged", gap.calls),
                    query: format!(
                        "bedrock-lens audit coverage {} --by account,region,hour",
                        alerts::range(Period { from: gap.from, to: gap.to })
                    ),
                    ..Breach::about(rule, gap.place.clone())
                },
            ));
        }
        Ok(())
    }
}

fn quiet_places(frame: &DataFrame) -> PolarsResult<Vec<Quietness>> {
    let (accounts, regions) = (texts(frame, dimension::ACCOUNT)?, texts(frame, dimension::REGION)?);
    let newest = integers(frame, window::START)?;
    let longest = integers(frame, window::LONGEST_SILENCE_MS)?;
    let places = (0..frame.height()).filter_map(|row| {
        Some(Quietness {
            place: [accounts[row].clone(), regions[row].clone()],
            since: DateTime::from_timestamp_millis(newest[row]?)? + Duration::minutes(5),
            usual: Duration::milliseconds(longest[row]?),
        })
    });
    Ok(places.collect())
}

struct Gap {
    place: Vec<(String, Option<String>)>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    calls: i64,
}

fn unlogged(frame: &DataFrame) -> PolarsResult<Vec<Gap>> {
    let (accounts, regions) = (texts(frame, ACCOUNT_ID)?, texts(frame, REGION)?);
    let (from, to, calls) =
        (integers(frame, FROM)?, integers(frame, TO)?, integers(frame, UNLOGGED)?);
    let place = |row: usize| {
        let names = [(dimension::ACCOUNT, &accounts), (dimension::REGION, &regions)];
        names.map(|(name, values)| (name.to_owned(), values[row].clone())).to_vec()
    };
    let gaps = (0..frame.height()).filter_map(|row| {
        Some(Gap {
            place: place(row),
            from: DateTime::from_timestamp_millis(from[row]?)?,
            to: DateTime::from_timestamp_millis(to[row]?)?,
            calls: calls[row]?,
        })
    });
    Ok(gaps.collect())
}
