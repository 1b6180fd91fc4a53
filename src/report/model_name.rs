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

/// The name without a part of eight digits.
fn without_date(name: &str) -> String {
    let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    let kept: Vec<&str> = name.split('-').filter(|part| !is_date(part)).collect();
    kept.join("-")
}

#[cfg(test)]
mod tests {
    use super::short;

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
