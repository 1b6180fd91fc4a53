//! Short names of models, for people: a full id is longer than a table column.

/// The id without provider, date and first version: `claude-sonnet-4-5` for
/// `anthropic.claude-sonnet-4-5-20250929-v1:0`. Later versions keep their number, so that two
/// versions of a model stay apart. An id of another shape stays as it is.
pub fn short(id: &str) -> String {
    if let Some(profile) = id.strip_prefix("application-inference-profile/") {
        return format!("app profile {profile}");
    }
    let Some((provider, name)) = id.split_once('.') else { return id.to_owned() };
    if provider.contains(['/', ':']) || name.is_empty() {
        return id.to_owned();
    }
    let name = name.strip_suffix(":0").unwrap_or(name);
    let name = name.strip_suffix("-v1").unwrap_or(name);
    without_date(name)
}

/// The model that an id addresses as it is logged, short: of ARNs the last part, of profiles the model,
/// with the geography that they route in: `claude-haiku-4-5 (global)`.
pub fn short_addressed(model_id: &str) -> String {
    let is_arn = model_id.starts_with("arn:");
    let (kind, last) = match model_id.rsplit_once('/') {
        Some((head, last)) if is_arn => (head.rsplit(':').next().unwrap_or_default(), last),
        _ => ("", model_id),
    };
    if kind == "application-inference-profile" {
        return short(&format!("{kind}/{last}"));
    }
    match last.split_once('.') {
        Some((geography, model)) if model.contains('.') && PROFILES.contains(&geography) => {
            format!("{} ({geography})", short(model))
        }
        _ => short(last),
    }
}

/// What ids of system profiles begin with.
const PROFILES: [&str; 9] = ["us-gov", "global", "apac", "us", "eu", "jp", "au", "ca", "in"];

/// The name without a part of eight digits.
fn without_date(name: &str) -> String {
    let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    let kept: Vec<&str> = name.split('-').filter(|part| !is_date(part)).collect();
    kept.join("-")
}

#[cfg(test)]
mod tests {
    use super::{short, short_addressed};

    #[test]
    fn arns_and_profiles_go_by_their_model_and_what_hides_it_by_its_own_name() {
        let arn = |rest: &str| format!("arn:aws:bedrock:eu-west-1:111122223333:{rest}");
        for (id, name) in [
            ("anthropic.claude-haiku-4-5-20251001-v1:0".to_owned(), "claude-haiku-4-5"),
            ("eu.anthropic.claude-haiku-4-5-20251001-v1:0".to_owned(), "claude-haiku-4-5 (eu)"),
            (
                arn("inference-profile/global.anthropic.claude-haiku-4-5-20251001-v1:0"),
                "claude-haiku-4-5 (global)",
            ),
            (arn("foundation-model/amazon.nova-lite-v1:0"), "nova-lite"),
            (arn("application-inference-profile/9tr38q319pda"), "app profile 9tr38q319pda"),
            ("amazon.titan-embed-text-v2:0".to_owned(), "titan-embed-text-v2"),
            ("x.y.z".to_owned(), "y.z"),
        ] {
            assert_eq!(short_addressed(&id), name);
        }
    }

    #[test]
    fn provider_date_and_first_version_are_left_out() {
        for (id, name) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-v2"),
            ("anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet"),
            ("amazon.titan-embed-text-v2:0", "titan-embed-text-v2"),
            ("meta.llama3-3-70b-instruct-v1:0", "llama3-3-70b-instruct"),
            ("application-inference-profile/9tr38q319pda", "app profile 9tr38q319pda"),
            ("provisioned-model/abcd1234efgh", "provisioned-model/abcd1234efgh"),
            ("gpt", "gpt"),
        ] {
            assert_eq!(short(id), name);
        }
    }
}
