//! Where logs are read from: what the user names, and how it is reached.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::account::AccountArgs;
use super::{Context, Failure};
use crate::aws::Access;
use crate::pipeline::{Selection, SourceRequest};
use crate::records::key::ObjectKind;
use crate::settings::{self, SourceSettings};
use crate::sources::{
    self, EventHistory, Local, S3, S3Options, ServiceMetrics, Source, Zip, is_cloudtrail_url,
    is_cloudwatch_url, is_s3_url, is_zip_path,
};

/// How S3 is reached; each wins over the configuration of a named source.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options for S3")]
pub(super) struct S3Args {
    /// Profile of the AWS configuration files [default: `AWS_PROFILE`, and the usual places]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region of the bucket [default: `AWS_REGION` or the profile's; followed where it is another]
    #[arg(long, value_name = "REGION")]
    bucket_region: Option<String>,
    /// Another endpoint than AWS's [default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Put the bucket in the path of URLs [default: for endpoints that aren't AWS's]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    path_style: Option<bool>,
    /// Role to assume
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// External id that the role's trust policy asks for
    #[arg(long, value_name = "ID", requires = "role_arn")]
    external_id: Option<String>,
    /// Pay for the requests, where the bucket's owner doesn't
    #[arg(long)]
    requester_pays: bool,
}

impl S3Args {
    /// As an account is reached.
    pub(super) fn of(account: &AccountArgs) -> Self {
        let Access { profile, endpoint_url, role_arn, external_id, .. } = account.plain();
        Self { profile, endpoint_url, role_arn, external_id, ..Self::default() }
    }
}

/// Kinds of log, as users name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogKind {
    /// Bedrock model invocation logs.
    Invocations,
    /// CloudTrail events, Insights included.
    #[value(name = "cloudtrail")]
    CloudTrail,
}

impl LogKind {
    pub(super) fn kinds(self) -> &'static [ObjectKind] {
        match self {
            Self::Invocations => &[ObjectKind::Invocations],
            Self::CloudTrail => &[ObjectKind::CloudTrail, ObjectKind::CloudTrailInsight],
        }
    }
}

impl From<settings::LogKind> for LogKind {
    fn from(kind: settings::LogKind) -> Self {
        match kind {
            settings::LogKind::Invocations => Self::Invocations,
            settings::LogKind::CloudTrail => Self::CloudTrail,
        }
    }
}

/// The sources that the user named, or else all of the configuration's. A name is a configured
/// source's, else a folder, a file or an `s3://` URL.
pub(super) fn requests(
    names: &[String],
    selection: &Selection,
    args: &S3Args,
    context: &Context,
) -> Result<Vec<SourceRequest>, Failure> {
    let configured = &context.settings.sources;
    let chosen: Vec<SourceSettings> = if names.is_empty() {
        configured.clone()
    } else {
        let find = |name: &String| configured.iter().find(|source| source.name == *name).cloned();
        names.iter().map(|name| find(name).unwrap_or_else(|| unconfigured(name))).collect()
    };
    if chosen.is_empty() {
        return Err(Failure::usage(
            "no SOURCE is given, and the configuration file names no `[[source]]`",
        ));
    }
    chosen.iter().map(|source| request(source, selection, args, context)).collect()
}

/// A place that is looked into, and how AWS is reached for it.
pub(super) struct Place {
    pub(super) source: Box<dyn Source>,
    pub(super) access: Access,
}

/// One place: a configured source's, a folder, a file or an `s3://` URL.
pub(super) fn place(path: &Path, args: &S3Args, context: &Context) -> Result<Place, Failure> {
    let configured = &context.settings.sources;
    let Some(name) = path.to_str() else {
        return Ok(Place { source: Box::new(Local::new(path)), access: Access::default() });
    };
    let named = configured.iter().find(|source| source.name == name).cloned();
    let named = named.unwrap_or_else(|| unconfigured(name));
    let source = request(&named, &Selection::default(), args, context)?.source;
    Ok(Place { source, access: options(&named, args, context).access })
}

fn unconfigured(url: &str) -> SourceSettings {
    SourceSettings { url: url.to_owned(), ..SourceSettings::default() }
}

fn request(
    named: &SourceSettings,
    selection: &Selection,
    args: &S3Args,
    context: &Context,
) -> Result<SourceRequest, Failure> {
    let source = opened(named, selection, args, context)
        .map_err(|error| Failure::from(crate::pipeline::Error::Source(error)))?;
    Ok(SourceRequest { source, selection: narrowed(selection, named) })
}

/// The source that a place's form names.
fn opened(
    named: &SourceSettings,
    selection: &Selection,
    args: &S3Args,
    context: &Context,
) -> Result<Box<dyn Source>, sources::Error> {
    let url = &named.url;
    let options = options(named, args, context);
    Ok(if is_s3_url(url) {
        Box::new(S3::open(url, &options)?)
    } else if is_cloudtrail_url(url) {
        Box::new(EventHistory::open(url, &options.access, selection.range, context.now)?)
    } else if is_cloudwatch_url(url) {
        Box::new(ServiceMetrics::open(url, &options.access, selection.range, context.now)?)
    } else if is_zip_path(url) {
        Box::new(Zip::new(url))
    } else {
        Box::new(Local::new(url))
    })
}

/// What the command line asks for, else what the configuration says.
fn narrowed(selection: &Selection, named: &SourceSettings) -> Selection {
    fn either<T: Clone>(asked: &[T], configured: impl FnOnce() -> Vec<T>) -> Vec<T> {
        if asked.is_empty() { configured() } else { asked.to_vec() }
    }
    let kinds =
        || named.kinds.iter().flat_map(|kind| LogKind::from(*kind).kinds()).copied().collect();
    Selection {
        range: selection.range,
        accounts: either(&selection.accounts, || named.accounts.clone()),
        regions: either(&selection.regions, || named.regions.clone()),
        kinds: either(&selection.kinds, kinds),
    }
}

fn options(named: &SourceSettings, args: &S3Args, context: &Context) -> S3Options {
    let either = |asked: &Option<String>, configured: &Option<String>| {
        asked.clone().or_else(|| configured.clone())
    };
    S3Options {
        access: Access {
            profile: either(&args.profile, &named.profile),
            region: either(&args.bucket_region, &named.region),
            endpoint_url: either(&args.endpoint_url, &named.endpoint_url),
            path_style: args.path_style.or(named.path_style),
            role_arn: either(&args.role_arn, &named.role_arn),
            external_id: either(&args.external_id, &named.external_id),
            ca_bundle: context.settings.ca_bundle.clone(),
        },
        s3_endpoint_url: context.settings.s3_endpoint_url.clone(),
        requester_pays: args.requester_pays || named.requester_pays,
    }
}
