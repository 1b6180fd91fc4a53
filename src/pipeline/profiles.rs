//! The journey of a sync: ask AWS per account and Region, keep what it says beside the store.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Error;
use crate::aws::{self, Access, Connection};
use crate::prices::PriceBook;
use crate::prices::resolve::{Resolved, resolve};
use crate::prices::synced::{Profile, Sync, Synced, Throughput, profile_target};
use crate::setup::profiles::{
    ApplicationProfile, ProvisionedThroughput, application_profiles, provisioned_throughputs,
};
use crate::store;

/// Whom to ask.
#[derive(Debug, Clone, Default)]
pub struct SyncRequest {
    /// The store's folder.
    pub store: PathBuf,
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// Roles to assume, one per account; none asks with the credentials found.
    pub roles: Vec<String>,
    /// What the roles' trust policies may ask for.
    pub external_id: Option<String>,
    /// Another endpoint than AWS's.
    pub endpoint_url: Option<String>,
    /// Regions; none asks in the Region of the environment.
    pub regions: Vec<String>,
    /// Certificates to trust beside the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Ask, and write nothing.
    pub dry_run: bool,
}

/// What a sync found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncSummary {
    /// The file that holds it now; null when nothing was written.
    pub written: Option<PathBuf>,
    /// Profiles listed now, by ARN.
    pub profiles: Vec<SyncedProfile>,
    /// Provisioned throughput listed now, by ARN.
    pub provisioned: Vec<SyncedThroughput>,
    /// Entries of earlier syncs that weren't listed now; they stay.
    pub kept: usize,
    /// Requests that failed.
    pub failures: Vec<SyncFailure>,
}

/// A profile as synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncedProfile {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The model id it stands for; null where its models don't agree.
    pub model_id: Option<String>,
    /// Whether the price book knows that model.
    pub model_known: bool,
    /// `new`, `changed` or `unchanged`.
    pub change: &'static str,
}

/// Provisioned throughput as synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncedThroughput {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The foundation model's ARN.
    pub foundation_model_arn: String,
    /// Model units.
    pub model_units: i32,
    /// Whether the prices file has a rate for it.
    pub has_rate: bool,
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncFailure {
    /// The role asked with; null for the credentials found.
    pub role: Option<String>,
    /// The Region asked.
    pub region: String,
    /// What AWS said.
    pub error: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Reads what was synced; nothing where there is no file.
///
/// # Errors
/// When the file can't be read or isn't what a sync writes.
pub(super) fn synced(root: &Path) -> Result<Synced, Error> {
    match store::profiles::read(root)? {
        None => Ok(Synced::default()),
        Some(text) => Synced::from_json(&text)
            .map_err(|source| Error::Synced { path: store::profiles::path(root), source }),
    }
}

/// Asks every account and Region and takes what they say into the store's file.
///
/// # Errors
/// When no Region is known, the file can't be read or written, or every request failed.
pub fn sync_profiles(
    request: &SyncRequest,
    book: &PriceBook,
    now: DateTime<Utc>,
) -> Result<SyncSummary, Error> {
    let before = synced(&request.store)?;
    let mut answer = Synced::default();
    let mut failures: Vec<(SyncFailure, aws::Error)> = Vec::new();
    let mut asked = 0;
    for role in roles(request) {
        let access = Access {
            profile: request.profile.clone(),
            region: request.regions.first().cloned(),
            endpoint_url: request.endpoint_url.clone(),
            role_arn: role.clone(),
            external_id: request.external_id.clone(),
            ca_bundle: request.ca_bundle.clone(),
            ..Access::default()
        };
        let connection = Connection::open(&access).map_err(Error::Aws)?;
        for region in regions(request, &connection)? {
            asked += 2;
            let failed = |error: aws::Error| {
                let failure = SyncFailure {
                    role: role.clone(),
                    region: region.clone(),
                    error: error.to_string(),
                    hint: error.hint(),
                };
                (failure, error)
            };
            let errors = ask(&connection.in_region(&region), &region, now, &mut answer);
            failures.extend(errors.into_iter().map(failed));
        }
    }
    let all_failed = failures.len() == asked;
    if let Some((_, error)) = failures.pop_if(|_| all_failed) {
        return Err(Error::Aws(error));
    }
    let mut after = before.clone();
    after.take(answer.clone());
    let written = (!request.dry_run).then(|| store::profiles::path(&request.store));
    if written.is_some() {
        let text = serde_json::to_string_pretty(&after).map_err(Error::Json)? + "\n";
        store::profiles::write(&request.store, &text)?;
    }
    let failures = failures.into_iter().map(|(failure, _)| failure).collect();
    Ok(summary(&before, &after, &answer, book, written, failures))
}

/// The roles to ask with; none is the credentials found.
fn roles(request: &SyncRequest) -> Vec<Option<String>> {
    if request.roles.is_empty() {
        return vec![None];
    }
    request.roles.iter().cloned().map(Some).collect()
}

fn regions(request: &SyncRequest, connection: &Connection) -> Result<Vec<String>, Error> {
    if !request.regions.is_empty() {
        return Ok(request.regions.clone());
    }
    let own = connection.region().ok_or(Error::NoRegion)?;
    Ok(vec![own.to_owned()])
}

/// Asks one Region both questions; each may fail on its own.
fn ask(
    connection: &Connection,
    region: &str,
    now: DateTime<Utc>,
    answer: &mut Synced,
) -> Vec<aws::Error> {
    let mut errors = Vec::new();
    let profiles = application_profiles(connection).map_err(|error| errors.push(error)).ok();
    let throughputs = provisioned_throughputs(connection).map_err(|error| errors.push(error)).ok();
    let arns = profiles.iter().flatten().map(|one| &one.arn);
    let account = arns.chain(throughputs.iter().flatten().map(|one| &one.arn)).find_map(|arn| {
        arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
    });
    if let (Some(profiles), Some(throughputs)) = (&profiles, &throughputs) {
        answer.syncs.push(Sync {
            region: region.to_owned(),
            account,
            synced_at: now,
            profiles: profiles.len(),
            provisioned: throughputs.len(),
        });
    }
    for one in profiles.into_iter().flatten() {
        answer.profiles.insert(one.arn.clone(), profile(one, now));
    }
    for one in throughputs.into_iter().flatten() {
        answer.provisioned.insert(one.arn.clone(), throughput(one, now));
    }
    errors
}

fn profile(listed: ApplicationProfile, now: DateTime<Utc>) -> Profile {
    Profile {
        name: listed.name,
        model_id: profile_target(&listed.models),
        models: listed.models,
        status: listed.status,
        last_seen: now,
    }
}

fn throughput(listed: ProvisionedThroughput, now: DateTime<Utc>) -> Throughput {
    Throughput {
        name: listed.name,
        foundation_model_arn: listed.foundation_model_arn,
        model_arn: listed.model_arn,
        model_units: listed.model_units,
        commitment: listed.commitment,
        commitment_ends: listed.commitment_ends,
        created: listed.created,
        status: listed.status,
        last_seen: now,
    }
}

fn summary(
    before: &Synced,
    after: &Synced,
    answer: &Synced,
    book: &PriceBook,
    written: Option<PathBuf>,
    failures: Vec<SyncFailure>,
) -> SyncSummary {
    let known = |id: &str| match resolve(id) {
        Resolved::Model { id, .. } => book.model(id).is_some(),
        _ => false,
    };
    let change = |arn: &str, now: &Profile| match before.profile(arn) {
        None => "new",
        Some(old) if old.model_id == now.model_id => "unchanged",
        Some(_) => "changed",
    };
    let profiles = answer.profiles.iter().map(|(arn, one)| SyncedProfile {
        arn: arn.clone(),
        name: one.name.clone(),
        model_known: one.model_id.as_deref().is_some_and(known),
        model_id: one.model_id.clone(),
        change: change(arn, one),
    });
    let has_rate = |arn: &str| book.provisioned().iter().any(|own| own.arn == arn);
    let provisioned = answer.provisioned.iter().map(|(arn, one)| SyncedThroughput {
        arn: arn.clone(),
        name: one.name.clone(),
        foundation_model_arn: one.foundation_model_arn.clone(),
        model_units: one.model_units,
        has_rate: has_rate(arn),
    });
    let all = |synced: &Synced| synced.profiles.len() + synced.provisioned.len();
    SyncSummary {
        written,
        profiles: profiles.collect(),
        provisioned: provisioned.collect(),
        kept: all(after) - all(answer),
        failures,
    }
}
