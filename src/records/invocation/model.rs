//! What a model id addresses: base model, provider, routing, inference profile.
//!
//! Reads the id's text only (grammar: `ConversationalModelId` of the Bedrock runtime API). What an
//! ARN hides stays hidden: a user's mapping may name it later.

#[cfg(doc)]
use crate::schema::invocation::{INFERENCE_PROFILE, MODEL, PROVIDER, ROUTING};

/// Prefixes of system inference profiles. Others are told by the provider that follows them.
const PROFILE_PREFIXES: [&str; 9] =
    ["us-gov", "global", "apac", "us", "eu", "jp", "au", "ca", "in"];

/// Providers that ids of base models start with; only used to recognise profile prefixes that are
/// younger than this list of prefixes.
const PROVIDERS: [&str; 17] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
];

/// What is addressed where no profile stands between: the Region that got the call does the work.
const IN_REGION: &str = "in_region";

/// What a model id tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Addressed<'a> {
    /// See [`MODEL`].
    pub(crate) model: &'a str,
    /// See [`PROVIDER`].
    pub(crate) provider: Option<&'a str>,
    /// See [`ROUTING`].
    pub(crate) routing: Option<&'a str>,
    /// See [`INFERENCE_PROFILE`].
    pub(crate) inference_profile: Option<&'a str>,
}

/// Reads a bare id or an ARN of any partition.
pub(crate) fn addressed(model_id: &str) -> Addressed<'_> {
    let Some(resource) = arn_resource(model_id) else {
        return by_id(model_id);
    };
    match resource.split_once('/') {
        Some(("foundation-model" | "inference-profile", id)) => by_id(id),
        Some(("application-inference-profile", id)) => {
            Addressed { inference_profile: Some(id), ..hidden(resource) }
        }
        Some(("custom-model", id)) => custom(resource, id),
        Some(("provisioned-model" | "custom-model-deployment" | "imported-model", _)) => {
            Addressed { routing: Some(IN_REGION), ..hidden(resource) }
        }
        _ => hidden(resource),
    }
}

/// `kind/id` of `arn:PARTITION:SERVICE:REGION:ACCOUNT:kind/id`.
fn arn_resource(model_id: &str) -> Option<&str> {
    model_id.strip_prefix("arn:")?.splitn(5, ':').nth(4)
}

fn hidden(resource: &str) -> Addressed<'_> {
    Addressed { model: resource, ..Addressed::default() }
}

/// `custom-model/<base id>/<12 characters>` keeps the base id.
fn custom<'a>(resource: &'a str, id: &'a str) -> Addressed<'a> {
    match id.split_once('/') {
        Some((base, _)) => by_id(base),
        None => Addressed { routing: Some(IN_REGION), ..hidden(resource) },
    }
}

/// A base id, or a system profile's id: a geography in front of the base id.
fn by_id(id: &str) -> Addressed<'_> {
    match profile_prefix(id) {
        Some((prefix, base)) => Addressed {
            model: base,
            provider: provider(base),
            routing: Some(prefix),
            inference_profile: Some(id),
        },
        None => Addressed {
            model: id,
            provider: provider(id),
            routing: provider(id).map(|_| IN_REGION),
            inference_profile: None,
        },
    }
}

fn profile_prefix(id: &str) -> Option<(&str, &str)> {
    let (prefix, base) = id.split_once('.')?;
    let (next, _) = base.split_once('.')?;
    let known = PROFILE_PREFIXES.contains(&prefix);
    let new = PROVIDERS.contains(&next) && !PROVIDERS.contains(&prefix);
    (known || new).then_some((prefix, base))
}

/// The part before the first dot; ids without one hide their provider.
fn provider(base: &str) -> Option<&str> {
    base.split_once('.').map(|(provider, _)| provider).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Addressed, addressed};

    const SONNET: &str = "anthropic.claude-sonnet-4-20250514-v1:0";

    fn check(id: &str, model: &str, provider: &str, routing: &str, profile: &str) {
        let expected = Addressed {
            model,
            provider: Some(provider).filter(|text| !text.is_empty()),
            routing: Some(routing).filter(|text| !text.is_empty()),
            inference_profile: Some(profile).filter(|text| !text.is_empty()),
        };
        assert_eq!(addressed(id), expected, "{id}");
    }

    fn arn(resource: &str) -> String {
        format!("arn:aws:bedrock:us-east-1:111122223333:{resource}")
    }

    #[test]
    fn base_ids_are_kept_with_their_context_suffix() {
        check(SONNET, SONNET, "anthropic", "in_region", "");
        let long = "anthropic.claude-3-haiku-20240307-v1:0:200k";
        check(long, long, "anthropic", "in_region", "");
        check("deepseek.v3.1", "deepseek.v3.1", "deepseek", "in_region", "");
        let foundation = format!("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/{SONNET}");
        check(&foundation, SONNET, "anthropic", "in_region", "");
    }

    #[test]
    fn system_profiles_lose_their_prefix() {
        for prefix in ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "in", "global", "sa"] {
            let profile = format!("{prefix}.{SONNET}");
            check(&profile, SONNET, "anthropic", prefix, &profile);
            let arn = arn(&format!("inference-profile/{profile}"));
            check(&arn, SONNET, "anthropic", prefix, &profile);
        }
    }

    #[test]
    fn arns_that_hide_the_model_keep_kind_and_id() {
        let profile = "application-inference-profile/9tr38q319pda";
        check(&arn(profile), profile, "", "", "9tr38q319pda");
        for resource in [
            "provisioned-model/abcd1234efgh",
            "custom-model-deployment/abcd1234efgh",
            "imported-model/abcd1234efgh",
        ] {
            check(&arn(resource), resource, "", "in_region", "");
        }
        for resource in ["prompt/ABCDEFGHIJ:1", "default-prompt-router/meta.llama:1"] {
            check(&arn(resource), resource, "", "", "");
        }
        let endpoint = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/mine";
        check(endpoint, "endpoint/mine", "", "", "");
    }

    #[test]
    fn custom_models_keep_the_base_id() {
        let resource = "custom-model/amazon.titan-text-lite-v1:0:4k/abcd1234efgh";
        check(&arn(resource), "amazon.titan-text-lite-v1:0:4k", "amazon", "in_region", "");
    }

    #[test]
    fn unknown_shapes_are_kept_as_they_are() {
        check("dummy-model-v1", "dummy-model-v1", "", "", "");
        check("", "", "", "", "");
        check("arn:aws:bedrock", "arn:aws:bedrock", "", "", "");
    }
}
