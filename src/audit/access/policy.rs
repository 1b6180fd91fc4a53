//! The IAM policy that a principal's use suggests: what it did and was allowed, and nothing else.
//!
//! Sources: the permissions at each operation in the Amazon Bedrock API reference (`Converse` needs
//! `bedrock:InvokeModel`, `ConverseStream` needs `bedrock:InvokeModelWithResponseStream`), and "IAM
//! policy requirements for geographic cross-Region inference" in the Amazon Bedrock user guide: a
//! call through a profile needs the profile and, in every Region it may go to, the model.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Outcome, Use, Who};
use crate::records::invocation::model::addressed;

/// A policy in IAM's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    /// Version of the language.
    pub version: &'static str,
    /// What is allowed.
    pub statement: Vec<Statement>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name, unique in the policy.
    pub sid: String,
    /// `Allow`.
    pub effect: &'static str,
    /// Actions, sorted.
    pub action: BTreeSet<String>,
    /// ARNs, sorted.
    pub resource: BTreeSet<String>,
    /// Operator → key → values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<String>>>,
}

/// What a principal's use suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuggestedPolicy {
    /// Whose.
    #[serde(flatten)]
    pub who: Who,
    /// The policy; null where nothing was used and allowed.
    pub policy: Option<Policy>,
    /// What it takes on trust, for people.
    pub remarks: Vec<&'static str>,
}

/// Longest policy that IAM takes for a role inline, characters without white space.
const LONGEST: usize = 10_240;

const HIDDEN_MODEL: &str = "an application inference profile hides its model: the policy allows any \
                            model through that profile";
const WITHOUT_RESOURCE: &str = "actions without a model are allowed on every resource of the Regions \
                                used: CloudTrail doesn't tell their resources apart";
const ANYWHERE: &str = "models behind an inference profile are allowed in every Region that the \
                        profile may choose, and only through the profile";
const NO_REGION: &str = "some calls name no Region or account; they are left out";
const TOO_LONG: &str =
    "longer than the 10,240 characters that IAM takes inline for a role: split it";

/// One policy for each principal, by name.
pub(super) fn suggested(uses: &[Use]) -> Vec<SuggestedPolicy> {
    let mut by_who: BTreeMap<&Who, Vec<&Use>> = BTreeMap::new();
    for one in uses {
        by_who.entry(&one.who).or_default().push(one);
    }
    by_who.into_iter().map(|(who, uses)| of_principal(who, &uses)).collect()
}

fn of_principal(who: &Who, uses: &[&Use]) -> SuggestedPolicy {
    let mut grants = Grants::default();
    let counts = |one: &&&Use| one.outcome == Outcome::Allowed && one.in_policy_days > 0;
    for one in uses.iter().filter(counts) {
        grants.add(one);
    }
    let policy = grants.policy();
    let length = policy.as_ref().and_then(|policy| serde_json::to_string(policy).ok());
    if length.is_some_and(|text| text.len() > LONGEST) {
        grants.remarks.insert(TOO_LONG);
    }
    SuggestedPolicy { who: who.clone(), policy, remarks: grants.remarks.into_iter().collect() }
}

/// What was used, resource by resource.
#[derive(Default)]
struct Grants {
    /// Models and the like in one Region: ARN → actions.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// Their Regions.
    direct_regions: BTreeSet<String>,
    /// Inference profiles: ARN → actions.
    profiles: BTreeMap<String, BTreeSet<String>>,
    /// Models behind profiles: ARN → profiles' ARNs.
    behind: BTreeMap<String, BTreeSet<String>>,
    /// Guardrails.
    guardrails: BTreeSet<String>,
    /// Actions without a resource that the logs tell.
    others: BTreeSet<String>,
    other_regions: BTreeSet<String>,
    remarks: BTreeSet<&'static str>,
}

impl Grants {
    fn add(&mut self, one: &Use) {
        let Some(name) = one.action.as_deref() else { return };
        let Some(region) = one.region.as_deref() else {
            self.remarks.insert(NO_REGION);
            return;
        };
        let action = format!("{}:{}", one.service, permission(name));
        let place =
            Place { partition: partition(one), region, account: one.who.account.as_deref() };
        let uses_models = permission(name).starts_with("InvokeModel");
        if let Some(model_id) = one.model_id.as_deref().filter(|_| uses_models) {
            self.add_model(model_id, action, place);
        } else {
            self.remarks.insert(WITHOUT_RESOURCE);
            self.others.insert(action);
            self.other_regions.insert(region.to_owned());
        }
        if let Some(guardrail) = one.guardrail_id.as_deref() {
            match place.arn("guardrail", guardrail) {
                Some(arn) => drop(self.guardrails.insert(arn)),
                None => drop(self.remarks.insert(NO_REGION)),
            }
        }
    }

    fn add_model(&mut self, model_id: &str, action: String, place: Place<'_>) {
        let told = addressed(model_id);
        let Some(profile) = told.inference_profile else {
            let arn = place.model(model_id);
            self.direct.entry(arn).or_default().insert(action);
            self.direct_regions.insert(place.region.to_owned());
            return;
        };
        let is_application = told.model.starts_with("application-inference-profile/");
        let kind =
            if is_application { "application-inference-profile" } else { "inference-profile" };
        let Some(arn) = place.arn(kind, if is_application { model_id } else { profile }) else {
            self.remarks.insert(NO_REGION);
            return;
        };
        let model = if is_application { "*" } else { told.model };
        self.remarks.insert(if is_application { HIDDEN_MODEL } else { ANYWHERE });
        let behind = format!("arn:{}:bedrock:*::foundation-model/{model}", place.partition);
        self.behind.entry(behind).or_default().insert(arn.clone());
        self.profiles.entry(arn).or_default().insert(action);
    }

    fn policy(&self) -> Option<Policy> {
        let mut statement = Vec::new();
        let regions = |regions: &BTreeSet<String>| {
            one_condition("StringEquals", "aws:RequestedRegion", regions.clone())
        };
        for (action, resource) in by_actions(&self.direct) {
            let condition = regions(&self.direct_regions);
            push(&mut statement, "InvokeModels", action, resource, condition);
        }
        for (action, resource) in by_actions(&self.profiles) {
            push(
                &mut statement,
                "InvokeProfiles",
                action.clone(),
                resource.clone(),
                BTreeMap::new(),
            );
            let behind =
                self.behind.iter().filter(|(_, profiles)| !profiles.is_disjoint(&resource));
            let models = behind.map(|(model, _)| model.clone()).collect();
            let through = one_condition("StringEquals", "bedrock:InferenceProfileArn", resource);
            push(&mut statement, "ModelsOfProfiles", action, models, through);
        }
        if !self.guardrails.is_empty() {
            let action = BTreeSet::from(["bedrock:ApplyGuardrail".to_owned()]);
            let guardrails = self.guardrails.clone();
            push(&mut statement, "ApplyGuardrails", action, guardrails, BTreeMap::new());
        }
        if !self.others.is_empty() {
            let everything = BTreeSet::from(["*".to_owned()]);
            let condition = regions(&self.other_regions);
            push(&mut statement, "OtherActions", self.others.clone(), everything, condition);
        }
        (!statement.is_empty()).then_some(Policy { version: "2012-10-17", statement })
    }
}

/// Where a call went, and whose it was.
#[derive(Clone, Copy)]
struct Place<'a> {
    partition: &'a str,
    region: &'a str,
    account: Option<&'a str>,
}

impl Place<'_> {
    /// The ARN of something in the caller's account; an ARN stays as it is.
    fn arn(self, kind: &str, id: &str) -> Option<String> {
        if id.starts_with("arn:") {
            return Some(id.to_owned());
        }
        let account = self.account?;
        Some(format!("arn:{}:bedrock:{}:{account}:{kind}/{id}", self.partition, self.region))
    }

    /// The ARN of a model of AWS's in the Region that was called; an ARN stays as it is.
    fn model(self, model_id: &str) -> String {
        if model_id.starts_with("arn:") {
            return model_id.to_owned();
        }
        format!("arn:{}:bedrock:{}::foundation-model/{model_id}", self.partition, self.region)
    }
}

/// The permission that an operation needs; most are called alike.
fn permission(operation: &str) -> &str {
    match operation {
        "Converse" | "StartAsyncInvoke" => "InvokeModel",
        "ConverseStream" => "InvokeModelWithResponseStream",
        other => other,
    }
}

fn partition(one: &Use) -> &str {
    let named = one.identity_arn.as_deref().and_then(|arn| arn.split(':').nth(1));
    named.filter(|name| *name == "aws" || name.starts_with("aws-")).unwrap_or("aws")
}

/// Resources that share their actions, together.
fn by_actions(
    resources: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<BTreeSet<String>, BTreeSet<String>> {
    let mut groups: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
    for (resource, actions) in resources {
        groups.entry(actions.clone()).or_default().insert(resource.clone());
    }
    groups
}

fn push(
    statements: &mut Vec<Statement>,
    name: &str,
    action: BTreeSet<String>,
    resource: BTreeSet<String>,
    condition: BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<String>>>,
) {
    let alike = statements.iter().filter(|other| other.sid.starts_with(name)).count();
    let sid = if alike == 0 { name.to_owned() } else { format!("{name}{}", alike + 1) };
    statements.push(Statement { sid, effect: "Allow", action, resource, condition });
}

fn one_condition(
    operator: &'static str,
    key: &'static str,
    values: BTreeSet<String>,
) -> BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<String>>> {
    BTreeMap::from([(operator, BTreeMap::from([(key, values)]))])
}
