//! The one way to reach AWS: credentials, Region, endpoint, time limits, retries, errors.
//!
//! A leaf: knows how to reach AWS and what its errors mean, not what is asked of it. The SDK finds
//! credentials, Region and endpoints in the usual places (`AWS_…` variables, profiles, SSO, container
//! and instance roles); [`Access`] says what differs. The modules at the edge build their clients from
//! [`Connection::config`] and run them with [`Connection::wait`], which blocks:
//!
//! ```text
//! let aws = aws::Connection::open(&Access { profile: Some("audit".into()), ..Access::default() })?;
//! let client = aws_sdk_cloudtrail::Client::new(aws.config());
//! let call = Call::new("cloudtrail:ListPublicKeys", "*");
//! let keys = aws.wait(client.list_public_keys().send()).map_err(|e| aws::Error::of(&e, &call))?;
//! ```

mod backoff;
mod error;
mod http;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use tokio::runtime::{Builder, Handle, Runtime};

pub use backoff::Backoff;
pub use error::{Call, Error, Problem};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long AWS may stay silent, before the first byte or between two.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// Attempts at one request, the first included, when neither environment nor profile says.
const ATTEMPTS: u32 = 6;
/// What the SDK takes when nobody says.
const SDK_ATTEMPTS: u32 = 3;
/// The Region of requests that need one when none is known: S3 answers with the right one.
const ANY_REGION: &str = "us-east-1";

/// What the user says about reaching AWS; `None` leaves it to the usual places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Access {
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The Region of the endpoint.
    pub region: Option<String>,
    /// Another endpoint than AWS's, for every service.
    pub endpoint_url: Option<String>,
    /// Whether buckets stand in the path of the URL; see [`Connection::path_style`].
    pub path_style: Option<bool>,
    /// A role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// Certificates to trust beside the system's, PEM (`AWS_CA_BUNDLE`).
    pub ca_bundle: Option<PathBuf>,
}

/// Resolved access: configuration for SDK clients, and the threads they run on.
#[derive(Debug, Clone)]
pub struct Connection {
    config: SdkConfig,
    path_style: Option<bool>,
    has_region: bool,
    threads: Handle,
}

impl Connection {
    /// Resolves configuration and credential sources; asks AWS nothing yet, except that a role is
    /// assumed when the first request needs it.
    ///
    /// # Errors
    /// [`Problem::Setup`] when a certificate file can't be read or no threads can be started.
    pub fn open(access: &Access) -> Result<Self, Error> {
        let http = http::client(access.ca_bundle.as_deref())?;
        let threads = runtime()?.handle().clone();
        let config = threads.block_on(load(access, http));
        let has_region = config.region().is_some();
        let config = if has_region { config } else { in_region(&config, ANY_REGION) };
        Ok(Self { config, path_style: access.path_style, has_region, threads })
    }

    /// For SDK clients: `Client::new(connection.config())`.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same access in another Region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { config: in_region(&self.config, region), has_region: true, ..self.clone() }
    }

    /// The Region that requests go to; `None` when nobody named one, which only S3 can do without.
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref).filter(|_| self.has_region)
    }

    /// Whether buckets stand in the path of the URL: as the user says, else when the endpoint isn't
    /// AWS's own, since a host name per bucket takes DNS that few others have.
    ///
    /// An endpoint named for S3 alone (`AWS_ENDPOINT_URL_S3`) comes as `s3_endpoint`.
    pub fn path_style(&self, s3_endpoint: Option<&str>) -> bool {
        let endpoint = s3_endpoint.or(self.config.endpoint_url());
        self.path_style.unwrap_or_else(|| endpoint.is_some_and(|url| !is_of_aws(url)))
    }

    /// Attempts at one request, the first included (`AWS_MAX_ATTEMPTS`, profile, default 6).
    pub fn attempts(&self) -> u32 {
        self.config.retry_config().map_or(ATTEMPTS, RetryConfig::max_attempts)
    }

    /// Runs a request to its end and blocks until then. Not to be called from within another.
    pub fn wait<F: Future>(&self, work: F) -> F::Output {
        self.threads.block_on(work)
    }

    /// The threads that requests run on, to start several at once.
    pub fn threads(&self) -> &Handle {
        &self.threads
    }
}

async fn load(access: &Access, http: aws_sdk_s3::config::SharedHttpClient) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build();
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts);
    if let Ok(name) = AppName::new("bedrock-lens") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &access.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = with_attempts(&loader.load().await);
    match &access.role_arn {
        Some(role) => in_role(config, role, access.external_id.as_deref()).await,
        None => config,
    }
}

/// More attempts than the SDK's default, unless somebody chose a number: a nightly run has time.
fn with_attempts(config: &SdkConfig) -> SdkConfig {
    let found = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let chosen = found.max_attempts() != SDK_ATTEMPTS;
    let retries = if chosen { found } else { found.with_max_attempts(ATTEMPTS) };
    config.to_builder().retry_config(retries).build()
}

async fn in_role(config: SdkConfig, role: &str, external_id: Option<&str>) -> SdkConfig {
    let mut role = aws_config::sts::AssumeRoleProvider::builder(role)
        .session_name("bedrock-lens")
        .configure(&config);
    if config.region().is_none() {
        role = role.region(Region::from_static(ANY_REGION));
    }
    if let Some(id) = external_id {
        role = role.external_id(id);
    }
    let provider = role.build().await;
    let provider = aws_sdk_s3::config::SharedCredentialsProvider::new(provider);
    // A cache of its own: the other one holds the credentials that assume the role.
    let cache = aws_config::identity::IdentityCache::lazy().build();
    config.into_builder().credentials_provider(provider).identity_cache(cache).build()
}

fn in_region(config: &SdkConfig, region: &str) -> SdkConfig {
    config.to_builder().region(Region::new(region.to_owned())).build()
}

/// The partition that a Region belongs to, as ARNs name it.
pub fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

fn is_of_aws(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end))
}

/// The threads that all requests of the process share; they end with it.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let started = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("aws").enable_all();
        builder.build().map_err(|error| error.to_string())
    });
    started.as_ref().map_err(|why| Error::setup(format!("could not start threads: {why}")))
}
