//! What the placeholders of conditions become: the user's settings as SQL.

use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveTime, Offset, TimeZone, Timelike, Utc};
use polars::prelude::{PolarsResult, UniqueKeepStrategy, col};

use super::condition::{
    Condition, EXTERNAL_SOURCE, FOREIGN_COUNTRY, OFF_HOURS, OUTSIDE_VPC_ENDPOINT, list, literal,
};
use super::evaluate::DetectionQuestion;
use super::places::Places;
use super::rows::TableRows;
use crate::period::Period;
use crate::schema::api_event::{EVENT_TIME, SOURCE_IP_ADDRESS, VPC_ENDPOINT_ID};
use crate::schema::security::{BusinessHours, EndpointRule, Security, setting};

/// The user's settings, as conditions ask for them.
pub(super) struct Values<'a> {
    security: &'a Security,
    /// The times that conditions are asked about.
    period: Period,
    /// Addresses outside of the user's networks.
    external: Option<String>,
    /// Addresses of countries that calls are not expected from.
    foreign: Option<String>,
}

impl<'a> Values<'a> {
    /// Looks the source addresses up where a setting is about them.
    pub(super) fn of(question: &'a DetectionQuestion<'a>) -> PolarsResult<Self> {
        let security = question.security;
        let by_address =
            security.internal_networks.is_some() || security.allowed_countries.is_some();
        let addresses = if by_address { addresses(&question.api_events)? } else { Vec::new() };
        Ok(Self::new(security, question.places, question.period, &addresses))
    }

    pub(super) fn new(
        security: &'a Security,
        places: &Places,
        period: Period,
        addresses: &[String],
    ) -> Self {
        let external = security.internal_networks.as_ref().map(|networks| {
            let is_external = |address: IpAddr| !networks.iter().any(|net| net.contains(&address));
            chosen(addresses, is_external)
        });
        let foreign =
            security.allowed_countries.as_ref().filter(|_| !places.is_empty()).map(|allowed| {
                let is_foreign = |address| {
                    let country = places.of(address).country;
                    country.is_some_and(|code| !allowed.contains(&code))
                };
                chosen(addresses, is_foreign)
            });
        Self { security, period, external, foreign }
    }

    /// The condition's SQL.
    pub(super) fn sql(&self, condition: &Condition) -> String {
        condition.sql(|name| self.value(name))
    }

    /// The first setting of these that is not said.
    pub(super) fn missing(&self, needs: &[&'static str]) -> Option<&'static str> {
        needs.iter().copied().find(|need| !self.has(need))
    }

    fn has(&self, name: &str) -> bool {
        let security = self.security;
        match name {
            setting::INTERNAL_NETWORKS => security.internal_networks.is_some(),
            setting::ALLOWED_REGIONS => security.allowed_regions.is_some(),
            setting::ALLOWED_MODELS => security.allowed_models.is_some(),
            setting::DENIED_MODELS => security.denied_models.is_some(),
            setting::GUARDRAIL_REQUIRED => security.guardrail_required.is_some(),
            setting::VPC_ENDPOINT_REQUIRED => security.vpc_endpoint_required.is_some(),
            setting::BUSINESS_HOURS => security.business_hours.is_some(),
            setting::OWN_ACCOUNTS => security.own_accounts.is_some(),
            setting::ALLOWED_COUNTRIES => security.allowed_countries.is_some(),
            setting::LOG_BUCKETS => security.log_buckets.is_some(),
            // Without a database no country is known.
            setting::GEOIP_DATABASES => self.foreign.is_some(),
            _ => false,
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let security = self.security;
        let texts = |texts: &Vec<String>| list(texts.iter().map(String::as_str));
        match name {
            "allowed_regions" => security.allowed_regions.as_ref().map(texts),
            "own_accounts" => security.own_accounts.as_ref().map(texts),
            "allowed_models" => security.allowed_models.as_ref().map(|models| pattern(models)),
            "denied_models" => security.denied_models.as_ref().map(|models| pattern(models)),
            "guardrail_required" => security.guardrail_required.as_ref().map(|m| pattern(m)),
            "log_buckets" => security.log_buckets.as_ref().map(|buckets| pattern(buckets)),
            OUTSIDE_VPC_ENDPOINT => security.vpc_endpoint_required.as_ref().map(outside),
            OFF_HOURS => security.business_hours.as_ref().map(|hours| off(hours, self.period)),
            EXTERNAL_SOURCE => self.external.clone(),
            FOREIGN_COUNTRY => self.foreign.clone(),
            _ => None,
        }
    }
}

/// Every source address of history and period.
fn addresses(events: &TableRows) -> PolarsResult<Vec<String>> {
    let name = SOURCE_IP_ADDRESS;
    let distinct = events.counts.clone().select([col(name)]);
    let frame = distinct.unique(None, UniqueKeepStrategy::Any).collect()?;
    Ok(frame.column(name)?.str()?.iter().flatten().map(str::to_owned).collect())
}

/// A condition that names the addresses for which this holds; what is no address is none of them.
fn chosen(addresses: &[String], holds: impl Fn(IpAddr) -> bool) -> String {
    let mut chosen: Vec<&str> = addresses
        .iter()
        .map(String::as_str)
        .filter(|text| address(text).is_some_and(&holds))
        .collect();
    chosen.sort_unstable();
    if chosen.is_empty() {
        return "FALSE".to_owned();
    }
    format!("{SOURCE_IP_ADDRESS} IN {}", list(chosen))
}

/// The address a text is. Anonymised logs pad with zeros (`035.249.253.232`).
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let unpadded = || {
        let parts: Vec<String> = text
            .split('.')
            .map(|part| u8::from_str(part).map(|number| number.to_string()))
            .collect::<Result<_, _>>()
            .ok()?;
        parts.join(".").parse().ok()
    };
    text.parse().ok().or_else(unpadded)
}

/// A regular expression that the patterns match: a whole name, or what follows a `/`, `:` or `.`.
fn pattern(patterns: &[String]) -> String {
    let parts: Vec<String> = patterns.iter().map(|pattern| one_pattern(pattern)).collect();
    literal(&format!("(^|[/:.])({})$", parts.join("|")))
}

fn one_pattern(pattern: &str) -> String {
    pattern.chars().fold(String::new(), |mut done, c| {
        match c {
            '*' => done.push_str(".*"),
            c if c.is_alphanumeric() || "-_".contains(c) => done.push(c),
            c => done.extend(['\\', c]),
        }
        done
    })
}

fn outside(rule: &EndpointRule) -> String {
    let none = format!("{VPC_ENDPOINT_ID} IS NULL");
    match rule {
        EndpointRule::Any => none,
        EndpointRule::OneOf(ids) => {
            let ids = list(ids.iter().map(String::as_str));
            format!("({none} OR {VPC_ENDPOINT_ID} NOT IN {ids})")
        }
    }
}

/// Times outside of business hours: one condition per stretch in which clocks keep their distance
/// to UTC, as SQL knows no time zones here.
fn off(hours: &BusinessHours, period: Period) -> String {
    let stretches = stretches(hours.timezone, period);
    let several = stretches.len() > 1;
    let parts: Vec<String> = stretches
        .iter()
        .map(|(stretch, minutes)| {
            let off = off_at(hours, *minutes);
            if several {
                let (from, to) = (stretch.from.timestamp(), stretch.to.timestamp());
                let epoch = format!("EXTRACT(EPOCH FROM {EVENT_TIME})");
                format!("({epoch} >= {from} AND {epoch} < {to} AND {off})")
            } else {
                off
            }
        })
        .collect();
    format!("({})", parts.join(" OR "))
}

fn off_at(hours: &BusinessHours, minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let local = format!("{EVENT_TIME} {sign} INTERVAL '{} minutes'", minutes.abs());
    let days: Vec<String> = hours.days.iter().map(u8::to_string).collect();
    let of = |part: &str| format!("CAST(EXTRACT({part} FROM {local}) AS INTEGER)");
    let minute = format!("{} * 60 + {}", of("HOUR"), of("MINUTE"));
    format!(
        "({} NOT IN ({}) OR {minute} < {} OR {minute} >= {})",
        of("ISODOW"),
        days.join(", "),
        minute_of_day(hours.from),
        minute_of_day(hours.to)
    )
}

fn minute_of_day(time: NaiveTime) -> u32 {
    time.hour() * 60 + time.minute()
}

/// The period cut where clocks change, each with the minutes that local time is ahead of UTC.
fn stretches(zone: chrono_tz::Tz, period: Period) -> Vec<(Period, i32)> {
    let ahead = |at: DateTime<Utc>| {
        zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() / 60
    };
    let step = Duration::hours(1);
    let mut done = Vec::new();
    let (mut from, mut minutes, mut at) = (period.from, ahead(period.from), period.from);
    while at < period.to {
        // Clocks change on the hour, or half past it in a few zones.
        let here = ahead(at);
        if here != minutes {
            let change = if ahead(at - step / 2) == here { at - step / 2 } else { at };
            done.push((Period { from, to: change }, minutes));
            (from, minutes) = (change, here);
        }
        at += step;
    }
    done.push((Period { from, to: period.to }, minutes));
    done
}
