//! From a logged `modelId` to the model it addresses, by form alone.
//!
//! Pure and ignorant of prices: [`quote`](super::quote) looks the model up. ARNs are unwrapped and one
//! profile prefix is stripped; what hides its model is told apart by kind, never guessed.

use crate::schema::cost::reason;

use super::book::Routing;

/// Profile prefixes, longest first; all but `global.` are a geography's and cost the same as none.
const PROFILE_PREFIXES: [&str; 9] =
    ["us-gov.", "global.", "apac.", "us.", "eu.", "jp.", "au.", "ca.", "in."];

/// What a logged model id addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved<'id> {
    /// A model, directly or through a system profile.
    Model {
        /// The id without ARN and profile prefix; may still be an alias or carry a context suffix.
        id: &'id str,
        /// Which price list the profile puts it on.
        routing: Routing,
        /// Region of the ARN, if there is one; prices go by the record's Region.
        arn_region: Option<&'id str>,
    },
    /// An application inference profile: only a mapping tells its model.
    ApplicationProfile {
        /// The whole ARN.
        arn: &'id str,
    },
    /// Not priced per token, or of no known form: one of [`reason`].
    Unpriced(&'static str),
}

/// Reads the form of a model id as logged.
pub fn resolve(model_id: &str) -> Resolved<'_> {
    if model_id.is_empty() {
        return Resolved::Unpriced(reason::NO_MODEL_ID);
    }
    if model_id.starts_with("arn:") {
        return resolve_arn(model_id);
    }
    model(model_id, None)
}

/// `arn:partition:service:region:account:type/rest`; the rest may hold colons.
fn resolve_arn(arn: &str) -> Resolved<'_> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (Some(service), Some(region), Some(_account), Some(resource)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Resolved::Unpriced(reason::UNKNOWN_MODEL);
    };
    match service {
        "bedrock" => {}
        "sagemaker" => return Resolved::Unpriced(reason::SAGEMAKER),
        _ => return Resolved::Unpriced(reason::OTHER_SERVICE),
    }
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    match kind {
        "foundation-model" | "inference-profile" if !rest.is_empty() => {
            model(rest, Some(region).filter(|region| !region.is_empty()))
        }
        "application-inference-profile" => Resolved::ApplicationProfile { arn },
        "provisioned-model" => Resolved::Unpriced(reason::PROVISIONED),
        "custom-model" | "custom-model-deployment" => Resolved::Unpriced(reason::CUSTOM),
        "imported-model" => Resolved::Unpriced(reason::IMPORTED),
        "prompt-router" | "default-prompt-router" => Resolved::Unpriced(reason::PROMPT_ROUTER),
        "marketplace" => Resolved::Unpriced(reason::MARKETPLACE),
        _ => Resolved::Unpriced(reason::UNKNOWN_MODEL),
    }
}

fn model<'id>(profiled: &'id str, arn_region: Option<&'id str>) -> Resolved<'id> {
    let stripped = PROFILE_PREFIXES
        .iter()
        .find_map(|prefix| profiled.strip_prefix(prefix).map(|id| (*prefix, id)));
    let (id, routing) = match stripped {
        Some(("global.", id)) => (id, Routing::Global),
        Some((_, id)) => (id, Routing::Regional),
        None => (profiled, Routing::Regional),
    };
    Resolved::Model { id, routing, arn_region }
}
