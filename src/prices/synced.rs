//! What AWS says of application inference profiles and provisioned throughput, as synced to a file.
//!
//! `prices sync-profiles` writes the file into the store's folder; every command that costs reads it.
//! Entries that a later sync no longer lists stay, with the time they were last seen: logs still
//! name them. The file is JSON; what it says that isn't known is an error, not dropped.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::resolve::{Resolved, resolve};

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synced {
    /// Each account and Region that was asked, with the time of the last answer.
    pub syncs: Vec<Sync>,
    /// Application inference profiles by ARN.
    pub profiles: BTreeMap<String, Profile>,
    /// Provisioned throughput by ARN.
    pub provisioned: BTreeMap<String, Throughput>,
}

/// An answer of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// The Region asked.
    pub region: String,
    /// The account, where an ARN in the answer names it.
    pub account: Option<String>,
    /// When.
    pub synced_at: DateTime<Utc>,
    /// Profiles in the answer.
    pub profiles: usize,
    /// Provisioned throughput in the answer.
    pub provisioned: usize,
}

/// An application inference profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The model id it stands for, `global.` before it for a global profile; null where its models
    /// don't agree.
    pub model_id: Option<String>,
    /// ARNs of its models, as AWS lists them.
    pub models: Vec<String>,
    /// `ACTIVE`, as AWS says.
    pub status: String,
    /// When AWS last listed it.
    pub last_seen: DateTime<Utc>,
}

/// Provisioned throughput. AWS doesn't list what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    /// Its name.
    pub name: String,
    /// ARN of the foundation model it is based on.
    pub foundation_model_arn: String,
    /// ARN of the model it serves, which may be a custom one.
    pub model_arn: String,
    /// Model units.
    pub model_units: i32,
    /// `OneMonth`, `SixMonths`; null without a commitment.
    pub commitment: Option<String>,
    /// When the commitment ends.
    pub commitment_ends: Option<DateTime<Utc>>,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// As AWS says.
    pub status: String,
    /// When AWS last listed it.
    pub last_seen: DateTime<Utc>,
}

impl Synced {
    /// Reads the file.
    ///
    /// # Errors
    /// When it isn't what `prices sync-profiles` writes.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The profile with this ARN.
    pub fn profile(&self, arn: &str) -> Option<&Profile> {
        self.profiles.get(arn)
    }

    /// The oldest of the last answers: everything is at least as new.
    pub fn oldest(&self) -> Option<DateTime<Utc>> {
        self.syncs.iter().map(|sync| sync.synced_at).min()
    }

    /// Takes in what an answer says: newer entries replace older ones, others stay.
    pub fn take(&mut self, answer: Self) {
        self.profiles.extend(answer.profiles);
        self.provisioned.extend(answer.provisioned);
        for sync in answer.syncs {
            self.syncs.retain(|old| {
                let same_account = old.account == sync.account || old.account.is_none();
                old.region != sync.region || !same_account
            });
            self.syncs.push(sync);
        }
        self.syncs.sort_by(|a, b| (&a.region, &a.account).cmp(&(&b.region, &b.account)));
    }
}

/// The model that a profile over these model ARNs stands for: their one model; `global.` before it when
/// one of the ARNs names no Region, as those of global profiles do (unverified).
pub fn profile_target(model_arns: &[String]) -> Option<String> {
    let mut ids: Vec<(&str, bool)> = Vec::with_capacity(model_arns.len());
    for arn in model_arns {
        match resolve(arn) {
            Resolved::Model { id, arn_region, .. } => ids.push((id, arn_region.is_none())),
            _ => return None,
        }
    }
    let (id, _) = *ids.first()?;
    if ids.iter().any(|(other, _)| *other != id) {
        return None;
    }
    let global = ids.iter().any(|(_, no_region)| *no_region);
    Some(if global { format!("global.{id}") } else { id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::profile_target;

    #[test]
    fn a_profile_stands_for_the_one_model_of_its_arns() {
        let target = |arns: &[&str]| {
            profile_target(&arns.iter().map(|arn| (*arn).to_owned()).collect::<Vec<_>>())
        };
        let east = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";
        let west = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0";
        let nowhere = "arn:aws:bedrock:::foundation-model/amazon.nova-pro-v1:0";
        let other = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
        assert_eq!(target(&[east]).as_deref(), Some("amazon.nova-pro-v1:0"));
        assert_eq!(target(&[east, west]).as_deref(), Some("amazon.nova-pro-v1:0"));
        assert_eq!(target(&[east, nowhere]).as_deref(), Some("global.amazon.nova-pro-v1:0"));
        assert_eq!(target(&[east, other]), None);
        assert_eq!(target(&["arn:aws:bedrock:us-east-1:1:custom-model/x"]), None);
        assert_eq!(target(&[]), None);
    }
}
