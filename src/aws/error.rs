//! What AWS's errors mean, and what to do next.
//!
//! Codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// A request as IAM sees it: what must be allowed, on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The action, e.g. `s3:ListBucket`.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
}

impl Call {
    /// An action on a resource.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into() }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No credentials where the SDK looks for them, or they can't be fetched.
    NoCredentials,
    /// The credentials, or the SSO session they come from, have expired.
    ExpiredCredentials,
    /// AWS doesn't know the key, or the signature doesn't fit it.
    WrongCredentials,
    /// The role can't be assumed.
    RoleDenied,
    /// A permission is missing.
    AccessDenied(Call),
    /// The bucket or service is elsewhere; the right Region where AWS told it.
    WrongRegion(Option<String>),
    /// There is no such bucket.
    NoSuchBucket,
    /// There is no such object, trail, …
    NotFound,
    /// The object is in an archive class and must be restored first.
    Archived,
    /// This machine's clock differs too much from AWS's.
    ClockSkew,
    /// Too many requests.
    Throttled,
    /// No connection, a connection that broke off, or no answer in time.
    Unreachable,
    /// AWS had a fault.
    Server,
    /// The access itself can't be set up.
    Setup,
    /// Whatever else AWS says.
    Other,
}

/// A request to AWS failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.text())]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// What AWS or the connection said: error code and message, or the causes in one line.
    said: String,
}

impl Error {
    /// Reads an SDK error; `call` is what was asked.
    pub fn of<E>(error: &SdkError<E, HttpResponse>, call: &Call) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(found) => {
                Answer::of(found.raw(), found.err().code(), found.err().message()).read(call)
            }
            SdkError::TimeoutError(_) => Self::unreachable("no answer in time"),
            SdkError::ResponseError(found) if found.raw().status().as_u16() >= 500 => {
                Answer::of(found.raw(), None, None).read(call)
            }
            SdkError::ResponseError(_) => Self::unreachable(causes(error)),
            SdkError::DispatchFailure(failure) if failure.is_timeout() || failure.is_io() => {
                Self::unreachable(causes(error))
            }
            _ => Self::before_sending(causes(error)),
        }
    }

    /// A connection that can't be made or broke off.
    pub fn unreachable(why: impl Into<String>) -> Self {
        Self { problem: Problem::Unreachable, said: why.into() }
    }

    /// An answer that broke off, or whose checksum is wrong.
    pub fn broken_off(error: &dyn StdError) -> Self {
        Self::unreachable(format!("{error}: {}", causes(error)))
    }

    pub(super) fn setup(why: String) -> Self {
        Self { problem: Problem::Setup, said: why }
    }

    /// The request was never sent: mostly for want of credentials.
    fn before_sending(said: String) -> Self {
        let lower = said.to_ascii_lowercase();
        let says = |word: &str| lower.contains(word);
        let problem = if says("assumerole") || says("assume role") || says("sts") && says("denied")
        {
            Problem::RoleDenied
        } else if says("expired") || says("invalidgrant") || says("sso login") {
            Problem::ExpiredCredentials
        } else if says("credential") || says("token") || says("identity") {
            Problem::NoCredentials
        } else if says("connect") || says("dns") || says("timed out") || says("io error") {
            Problem::Unreachable
        } else {
            Problem::Other
        };
        Self { problem, said }
    }

    /// Whether the same request may succeed a little later.
    pub fn may_pass(&self) -> bool {
        matches!(self.problem, Problem::Throttled | Problem::Unreachable | Problem::Server)
    }

    /// Whether every further request would fail the same way.
    pub fn is_lasting(&self) -> bool {
        matches!(
            self.problem,
            Problem::NoCredentials
                | Problem::ExpiredCredentials
                | Problem::WrongCredentials
                | Problem::RoleDenied
                | Problem::WrongRegion(_)
                | Problem::NoSuchBucket
                | Problem::ClockSkew
                | Problem::Setup
        )
    }

    /// Whether what was asked for isn't there.
    pub fn is_absence(&self) -> bool {
        matches!(self.problem, Problem::NotFound | Problem::NoSuchBucket)
    }

    fn text(&self) -> String {
        let what = match &self.problem {
            Problem::NoCredentials => "no AWS credentials",
            Problem::ExpiredCredentials => "the AWS credentials have expired",
            Problem::WrongCredentials => "AWS doesn't accept these credentials",
            Problem::RoleDenied => "the role can't be assumed",
            Problem::AccessDenied(call) => {
                return format!(
                    "access denied: `{}` on `{}`{}",
                    call.action,
                    call.resource,
                    self.aside()
                );
            }
            Problem::WrongRegion(Some(region)) => {
                return format!("wrong Region: it is in `{region}`{}", self.aside());
            }
            Problem::WrongRegion(None) => "wrong Region",
            Problem::NoSuchBucket => "there is no such bucket",
            Problem::NotFound => "not found",
            Problem::Archived => {
                "the object is archived and must be restored before it can be read"
            }
            Problem::ClockSkew => "this machine's clock differs too much from AWS's",
            Problem::Throttled => "AWS throttles the requests",
            Problem::Unreachable => "AWS can't be reached",
            Problem::Server => "AWS had a fault",
            Problem::Setup => return self.said.clone(),
            Problem::Other => "the request failed",
        };
        format!("{what}{}", self.aside())
    }

    fn aside(&self) -> String {
        if self.said.is_empty() { String::new() } else { format!(" ({})", self.said) }
    }

    /// What the user can do next.
    pub fn hint(&self) -> Option<String> {
        let text = match &self.problem {
            Problem::NoCredentials => {
                "name a profile with `--profile`, set `AWS_PROFILE` or `AWS_ACCESS_KEY_ID` and \
                 `AWS_SECRET_ACCESS_KEY`, or run `aws sso login`"
            }
            Problem::ExpiredCredentials => {
                "get new ones (`aws sso login`, or a new session token) and run again; what was \
                 read before is kept"
            }
            Problem::WrongCredentials => {
                "`aws sts get-caller-identity` with the same profile says who AWS takes you for; an \
                 access key may be deleted, or its secret mistyped"
            }
            Problem::RoleDenied => {
                "the role's trust policy must name this identity, with the external id if it asks \
                 for one, and this identity needs `sts:AssumeRole` on the role"
            }
            Problem::AccessDenied(call) => return Some(permission_hint(call)),
            Problem::WrongRegion(Some(region)) => {
                return Some(format!(
                    "name it with `AWS_REGION={region}`, or `region` of the source"
                ));
            }
            Problem::WrongRegion(None) => "name the bucket's Region with `AWS_REGION`",
            Problem::NoSuchBucket => {
                "is the name spelt right, and the bucket in this partition and endpoint? `aws s3 ls` \
                 lists those of the account"
            }
            Problem::NotFound => "it may have been deleted or renamed meanwhile",
            Problem::Archived => {
                "restore it (`aws s3api restore-object`) and run again, or leave its days out with \
                 `--from` and `--to`"
            }
            Problem::ClockSkew => "set the clock (`timedatectl` shows whether it is synchronised)",
            Problem::Throttled => "run again later, or with fewer requests at a time",
            Problem::Unreachable => {
                "is the network up, and are endpoint and proxy right (`--endpoint-url`, \
                 `AWS_ENDPOINT_URL`, `HTTPS_PROXY`)?"
            }
            Problem::Server => "run again later",
            Problem::Setup | Problem::Other => return None,
        };
        Some(text.to_owned())
    }
}

fn permission_hint(call: &Call) -> String {
    if call.action.starts_with("kms:") {
        return format!(
            "the object is encrypted: the identity and the key's policy must allow `{}` on `{}`",
            call.action, call.resource
        );
    }
    format!(
        "the identity needs `{}` on `{}`, and no policy of the bucket, endpoint or organization may \
         deny it; `bedrock-lens config check` prints the policy that the sources need",
        call.action, call.resource
    )
}

/// An error that a service answered.
struct Answer<'a> {
    status: u16,
    code: Option<&'a str>,
    message: &'a str,
    region: Option<String>,
}

impl<'a> Answer<'a> {
    fn of(raw: &HttpResponse, code: Option<&'a str>, message: Option<&'a str>) -> Self {
        let message = message.unwrap_or_default();
        let header = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
        let region = header.or_else(|| expected_region(message).map(str::to_owned));
        Self { status: raw.status().as_u16(), code, message, region }
    }

    fn read(self, call: &Call) -> Error {
        let problem = self.problem(call);
        let said = match (self.code, self.message) {
            (Some(code), "") => code.to_owned(),
            (Some(code), message) => format!("{code}: {message}"),
            (None, _) => format!("HTTP status {}", self.status),
        };
        Error { problem, said }
    }

    fn problem(&self, call: &Call) -> Problem {
        match self.code.unwrap_or_default() {
            "ExpiredToken"
            | "ExpiredTokenException"
            | "TokenRefreshRequired"
            | "RequestExpired" => Problem::ExpiredCredentials,
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "AuthFailure"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => Problem::WrongCredentials,
            "RequestTimeTooSkewed" => Problem::ClockSkew,
            "PermanentRedirect" | "TemporaryRedirect" | "IllegalLocationConstraintException" => {
                Problem::WrongRegion(self.region.clone())
            }
            "AuthorizationHeaderMalformed" if self.region.is_some() => {
                Problem::WrongRegion(self.region.clone())
            }
            "NoSuchBucket" => Problem::NoSuchBucket,
            "NoSuchKey" | "NotFound" | "ResourceNotFoundException" => Problem::NotFound,
            "InvalidObjectState" => Problem::Archived,
            "SlowDown" | "SlowDownRead" | "RequestLimitExceeded" | "BandwidthLimitExceeded" => {
                Problem::Throttled
            }
            code if code.starts_with("Throttl") || code.starts_with("TooManyRequests") => {
                Problem::Throttled
            }
            "RequestTimeout" | "RequestTimeoutException" => Problem::Unreachable,
            code if code.starts_with("AccessDenied") || code.starts_with("KMS.") => {
                Problem::AccessDenied(self.denied(call))
            }
            "AllAccessDisabled" | "AccountProblem" | "UnauthorizedOperation" => {
                Problem::AccessDenied(self.denied(call))
            }
            "InternalError" | "ServiceUnavailable" | "InternalFailure" => Problem::Server,
            _ => self.by_status(call),
        }
    }

    /// Answers without a code: to `HEAD`, from proxies, or with one that is not listed.
    fn by_status(&self, call: &Call) -> Problem {
        match self.status {
            301 | 307 => Problem::WrongRegion(self.region.clone()),
            401 | 403 => Problem::AccessDenied(self.denied(call)),
            404 => Problem::NotFound,
            429 | 503 => Problem::Throttled,
            500.. => Problem::Server,
            _ => Problem::Other,
        }
    }

    /// What was denied: as the message says (a key of KMS, say), else what was asked.
    fn denied(&self, call: &Call) -> Call {
        named_in(self.message).unwrap_or_else(|| call.clone())
    }
}

/// `… is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:… because …`.
fn named_in(message: &str) -> Option<Call> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let mut words = rest.split_whitespace();
    let action = words.next()?;
    let resource = rest.split_once("on resource: ")?.1.split_whitespace().next()?;
    Some(Call::new(action, resource.trim_matches(['"', '.', ','])))
}

/// `… the region 'us-east-1' is wrong; expecting 'eu-west-1'`.
fn expected_region(message: &str) -> Option<&str> {
    message.split_once("expecting '")?.1.split('\'').next()
}

/// The error's causes in one line, without the SDK's own wrapping, each once.
fn causes(error: &dyn StdError) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    let said = if parts.is_empty() { error.to_string() } else { parts.join(": ") };
    said.strip_prefix("other: ").map(str::to_owned).unwrap_or(said)
}
