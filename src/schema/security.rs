//! What the user says is allowed: networks, Regions, models, hours. Detections and controls are
//! held against it; what is not said is not judged.

use chrono::NaiveTime;
use chrono_tz::Tz;
use ipnet::IpNet;

/// The `[security]` section of the configuration, resolved. `None`: not said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Security {
    /// Networks that calls are expected from.
    pub internal_networks: Option<Vec<IpNet>>,
    /// Regions that may be called and may do the work.
    pub allowed_regions: Option<Vec<String>>,
    /// Patterns of base model ids that may be called; `*` stands for any characters.
    pub allowed_models: Option<Vec<String>>,
    /// Patterns of base model ids that may not be called.
    pub denied_models: Option<Vec<String>>,
    /// Patterns of base model ids whose calls need a guardrail.
    pub guardrail_required: Option<Vec<String>>,
    /// Calls have to come through a VPC endpoint.
    pub vpc_endpoint_required: Option<EndpointRule>,
    /// When people are at work.
    pub business_hours: Option<BusinessHours>,
    /// The user's own accounts.
    pub own_accounts: Option<Vec<String>>,
    /// ISO codes of the countries that calls are expected from; takes a `GeoIP` database.
    pub allowed_countries: Option<Vec<String>>,
    /// Buckets that hold logs.
    pub log_buckets: Option<Vec<String>>,
}

/// Which VPC endpoints calls have to come through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointRule {
    /// Any.
    Any,
    /// One of these ids.
    OneOf(Vec<String>),
}

/// When people are at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessHours {
    /// Working days, Monday is 1.
    pub days: Vec<u8>,
    /// When work begins.
    pub from: NaiveTime,
    /// When it ends; later than `from`.
    pub to: NaiveTime,
    /// Whose days and hours.
    pub timezone: Tz,
}

/// Names of the settings, as rules and messages spell them.
pub mod setting {
    /// [`Security::internal_networks`](super::Security::internal_networks)
    pub const INTERNAL_NETWORKS: &str = "security.internal_networks";
    /// [`Security::allowed_regions`](super::Security::allowed_regions)
    pub const ALLOWED_REGIONS: &str = "security.allowed_regions";
    /// [`Security::allowed_models`](super::Security::allowed_models)
    pub const ALLOWED_MODELS: &str = "security.allowed_models";
    /// [`Security::denied_models`](super::Security::denied_models)
    pub const DENIED_MODELS: &str = "security.denied_models";
    /// [`Security::guardrail_required`](super::Security::guardrail_required)
    pub const GUARDRAIL_REQUIRED: &str = "security.guardrail_required";
    /// [`Security::vpc_endpoint_required`](super::Security::vpc_endpoint_required)
    pub const VPC_ENDPOINT_REQUIRED: &str = "security.vpc_endpoint_required";
    /// [`Security::business_hours`](super::Security::business_hours)
    pub const BUSINESS_HOURS: &str = "security.business_hours";
    /// [`Security::own_accounts`](super::Security::own_accounts)
    pub const OWN_ACCOUNTS: &str = "security.own_accounts";
    /// [`Security::allowed_countries`](super::Security::allowed_countries)
    pub const ALLOWED_COUNTRIES: &str = "security.allowed_countries";
    /// [`Security::log_buckets`](super::Security::log_buckets)
    pub const LOG_BUCKETS: &str = "security.log_buckets";
    /// The `MaxMind` databases that addresses are looked up in.
    pub const GEOIP_DATABASES: &str = "security.geoip_databases";
}
