//! `[security]`: what the user says is allowed; `[audit]`: which rules are added.

use std::path::{Path, PathBuf};

use chrono::NaiveTime;
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::Error;
use super::place::Place;
use crate::schema::security::{BusinessHours, EndpointRule, Security};

/// `[audit]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Audit {
    /// Files of detection rules, on top of the ones that come with the tool.
    detections: Vec<PathBuf>,
    /// Files of control frameworks, likewise.
    controls: Vec<PathBuf>,
}

/// `[audit]`, resolved: files that add to the data that comes with the tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSettings {
    /// Files of detection rules.
    pub detections: Vec<PathBuf>,
    /// Files of control frameworks.
    pub controls: Vec<PathBuf>,
    /// `MaxMind` databases that addresses are looked up in.
    pub geoip_databases: Vec<PathBuf>,
}

/// `[security]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    internal_networks: Option<Spanned<Vec<String>>>,
    allowed_regions: Option<Spanned<Vec<String>>>,
    allowed_models: Option<Spanned<Vec<String>>>,
    denied_models: Option<Spanned<Vec<String>>>,
    guardrail_required: Option<Spanned<Required>>,
    vpc_endpoint_required: Option<Spanned<Required>>,
    business_hours: Option<Spanned<Hours>>,
    own_accounts: Option<Spanned<Vec<String>>>,
    allowed_countries: Option<Spanned<Vec<String>>>,
    log_buckets: Option<Spanned<Vec<String>>>,
    geoip_databases: Vec<PathBuf>,
}

/// `true`, `false`, or a list of what it is for.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`true`, `false` or a list of texts")]
enum Required {
    Flag(bool),
    Of(Vec<String>),
}

/// `[security.business_hours]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    #[serde(default)]
    days: Option<Vec<u8>>,
    from: String,
    to: String,
    timezone: Option<String>,
}

impl Audit {
    pub(super) fn resolve(self, security: &Contents, folder: &Path) -> AuditSettings {
        let below = |paths: &[PathBuf]| paths.iter().map(|path| folder.join(path)).collect();
        AuditSettings {
            detections: below(&self.detections),
            controls: below(&self.controls),
            geoip_databases: below(&security.geoip_databases),
        }
    }
}

impl Contents {
    /// # Errors
    /// When a value can't be meant: no network, no time, an empty list.
    pub(super) fn resolve(self, place: Place<'_>, zone: chrono_tz::Tz) -> Result<Security, Error> {
        let list = |name, written| listed(name, written, place);
        Ok(Security {
            internal_networks: networks(self.internal_networks, place)?,
            allowed_regions: list("allowed_regions", self.allowed_regions)?,
            allowed_models: list("allowed_models", self.allowed_models)?,
            denied_models: list("denied_models", self.denied_models)?,
            guardrail_required: match required(
                "guardrail_required",
                self.guardrail_required,
                place,
            )? {
                Some(Required::Flag(true)) => Some(vec!["*".to_owned()]),
                Some(Required::Of(models)) => Some(models),
                Some(Required::Flag(false)) | None => None,
            },
            vpc_endpoint_required: match required(
                "vpc_endpoint_required",
                self.vpc_endpoint_required,
                place,
            )? {
                Some(Required::Flag(true)) => Some(EndpointRule::Any),
                Some(Required::Of(ids)) => Some(EndpointRule::OneOf(ids)),
                Some(Required::Flag(false)) | None => None,
            },
            business_hours: self
                .business_hours
                .map(|hours| resolved(hours, place, zone))
                .transpose()?,
            own_accounts: list("own_accounts", self.own_accounts)?,
            allowed_countries: list("allowed_countries", self.allowed_countries)?,
            log_buckets: list("log_buckets", self.log_buckets)?,
        })
    }
}

type Written = Option<Spanned<Vec<String>>>;

fn listed(name: &str, written: Written, place: Place<'_>) -> Result<Option<Vec<String>>, Error> {
    let Some(written) = written else { return Ok(None) };
    let (span, values) = (written.span(), written.into_inner());
    filled(name, values).map(Some).map_err(|problem| place.problem(span, problem))
}

/// The values of a list that says something.
fn filled(name: &str, values: Vec<String>) -> Result<Vec<String>, String> {
    if values.is_empty() {
        return Err(format!("`{name}` is empty; leave it out where there is nothing to say"));
    }
    if values.iter().any(|value| value.trim().is_empty()) {
        return Err(format!("`{name}` holds an empty text"));
    }
    Ok(values)
}

fn networks(written: Written, place: Place<'_>) -> Result<Option<Vec<IpNet>>, Error> {
    let Some(written) = written else { return Ok(None) };
    let (span, values) = (written.span(), written.into_inner());
    let networks = filled("internal_networks", values)
        .and_then(|values| values.iter().map(|text| network(text)).collect::<Result<Vec<_>, _>>());
    networks.map(Some).map_err(|problem| place.problem(span, problem))
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address).ok_or_else(|| {
        format!("`{text}` in `internal_networks` is no network (10.0.0.0/8, 2001:db8::/32)")
    })
}

fn required(
    name: &str,
    written: Option<Spanned<Required>>,
    place: Place<'_>,
) -> Result<Option<Required>, Error> {
    let Some(written) = written else { return Ok(None) };
    let span = written.span();
    match written.into_inner() {
        Required::Of(values) => filled(name, values)
            .map(|values| Some(Required::Of(values)))
            .map_err(|problem| place.problem(span, problem)),
        flag @ Required::Flag(_) => Ok(Some(flag)),
    }
}

fn resolved(
    written: Spanned<Hours>,
    place: Place<'_>,
    zone: chrono_tz::Tz,
) -> Result<BusinessHours, Error> {
    let (span, hours) = (written.span(), written.into_inner());
    let problem = |text: String| place.problem(span.clone(), text);
    let time = |text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M")
            .map_err(|_| problem(format!("`{text}` in `business_hours` is no time (08:30)")))
    };
    let days = hours.days.unwrap_or_else(|| vec![1, 2, 3, 4, 5]);
    if days.is_empty() || days.iter().any(|day| !(1..=7).contains(day)) {
        return Err(problem(
            "`days` of `business_hours` are numbers from 1 (Monday) to 7".to_owned(),
        ));
    }
    let (from, to) = (time(&hours.from)?, time(&hours.to)?);
    if to <= from {
        return Err(problem("`business_hours` must end later than they begin".to_owned()));
    }
    let timezone = match &hours.timezone {
        Some(name) => name
            .parse()
            .map_err(|_| problem(format!("unknown time zone `{name}` in `business_hours`")))?,
        None => zone,
    };
    Ok(BusinessHours { days, from, to, timezone })
}
