//! Who an ARN names: role, user, root, federated user.
//!
//! Reads the ARN's text only. One rule for both logs, so that `invocations.principal` and
//! `api_events.principal` can be compared.

/// The IAM user that stands behind a long-term Bedrock API key.
pub(crate) const API_KEY_USER: &str = "BedrockAPIKey-";

/// Roles that IAM Identity Center makes for its permission sets.
const SSO_ROLE: &str = "AWSReservedSSO_";

/// Who called, as far as the ARN tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    /// Role or user name without its path, `root`, or the federated user's name.
    pub principal: Option<&'a str>,
    /// Session name of an assumed role.
    pub session: Option<&'a str>,
    /// A value of [`PRINCIPAL_TYPE`](crate::schema::invocation::PRINCIPAL_TYPE).
    pub principal_type: Option<&'static str>,
}

/// Reads `arn:PARTITION:iam|sts::ACCOUNT:RESOURCE`, of any AWS partition.
///
/// Everything is `None` for other shapes, and for ARNs cut or masked in the name. A role name ends
/// at the slash before the session: an assumed role without that slash may be cut, and half a name
/// would be another caller.
pub(crate) fn identity(arn: &str) -> Identity<'_> {
    let Some((service, resource)) = service_and_resource(arn) else {
        return Identity::default();
    };
    let (kind, path) = resource.split_once('/').unwrap_or((resource, ""));
    match (service, kind) {
        ("iam" | "sts", "root") if path.is_empty() => named("root", "root"),
        ("iam", "user") => after_path(path).map(user).unwrap_or_default(),
        ("iam", "role") => after_path(path).map(role).unwrap_or_default(),
        ("sts", "assumed-role") => assumed_role(path),
        ("sts", "federated-user") => {
            readable(path).map(|name| named(name, "federated_user")).unwrap_or_default()
        }
        _ => Identity::default(),
    }
}

/// Service and resource of an ARN of AWS; the Region and account parts are not looked at.
fn service_and_resource(arn: &str) -> Option<(&str, &str)> {
    let arn = arn.trim();
    // Byte by byte, since the five parts are short.
    let mut colons = arn.bytes().enumerate().filter(|(_, byte)| *byte == b':').map(|(at, _)| at);
    let (scheme, partition, service) = (colons.next()?, colons.next()?, colons.next()?);
    let (_region, account) = (colons.next()?, colons.next()?);
    let named = arn.get(scheme + 1..partition)?;
    let of_aws = named == "aws" || named.starts_with("aws-");
    let parts = (arn.get(partition + 1..service)?, arn.get(account + 1..)?);
    (arn.starts_with("arn:") && of_aws).then_some(parts)
}

fn assumed_role(path: &str) -> Identity<'_> {
    let Some((before, session)) = split_last(path) else {
        return Identity::default();
    };
    let Some(name) = after_path(before) else {
        return Identity::default();
    };
    Identity { session: readable(session), ..role(name) }
}

fn role(name: &str) -> Identity<'_> {
    named(name, if name.starts_with(SSO_ROLE) { "sso" } else { "role" })
}

fn user(name: &str) -> Identity<'_> {
    named(name, if name.starts_with(API_KEY_USER) { "api_key" } else { "user" })
}

fn named<'a>(name: &'a str, principal_type: &'static str) -> Identity<'a> {
    Identity { principal: Some(name), session: None, principal_type: Some(principal_type) }
}

/// The name after an IAM path (`division/team/name`).
fn after_path(path: &str) -> Option<&str> {
    readable(split_last(path).map_or(path, |(_, name)| name))
}

/// What comes before and behind the last slash.
fn split_last(path: &str) -> Option<(&str, &str)> {
    let slash = memchr::memrchr(b'/', path.as_bytes())?;
    path.get(..slash).zip(path.get(slash + 1..))
}

/// The bytes of names that are neither masked nor cut.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'<' | b'>' | b'*');
        byte += 1;
    }
    plain
};

/// A name that is whole: not empty, not masked (`<redacted>`, `***`), not cut (`prod…`).
fn readable(name: &str) -> Option<&str> {
    // Without a branch for each byte: names are short.
    let is_plain = |plain, byte: u8| plain & PLAIN[usize::from(byte)];
    if !name.is_empty() && name.bytes().fold(true, is_plain) {
        return Some(name).filter(|name| !name.ends_with("..."));
    }
    let masked = name.contains(['<', '>', '*']) || name.contains(char::is_control);
    let cut = name.ends_with('…') || name.ends_with("...");
    (!name.trim().is_empty() && !masked && !cut).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Identity, identity};

    fn check(arn: &str, principal: &str, session: Option<&str>, principal_type: &'static str) {
        let expected =
            Identity { principal: Some(principal), session, principal_type: Some(principal_type) };
        assert_eq!(identity(arn), expected, "{arn}");
    }

    #[test]
    fn users_are_named_without_their_path() {
        check("arn:aws:iam::111122223333:user/ana", "ana", None, "user");
        check("arn:aws:iam::111122223333:user/ana@example.com", "ana@example.com", None, "user");
        check("arn:aws-cn:iam::111122223333:user/sales/emea/ana", "ana", None, "user");
        check("arn:aws:iam::XXXXXXXXXXXXX:user/ana", "ana", None, "user");
    }

    #[test]
    fn roles_are_named_with_their_session_apart() {
        let sts = |rest: &str| format!("arn:aws:sts::111122223333:assumed-role/{rest}");
        check(&sts("app/i-0abc"), "app", Some("i-0abc"), "role");
        check(&sts("app/job:7"), "app", Some("job:7"), "role");
        check(&sts("app/"), "app", None, "role");
        check(&sts("app/<redacted>"), "app", None, "role");
        check("arn:aws-us-gov:sts::111122223333:assumed-role/app/s", "app", Some("s"), "role");
        check("arn:aws:iam::111122223333:role/service-role/app", "app", None, "role");
    }

    #[test]
    fn identity_center_roles_root_federated_users_and_api_keys_are_told_apart() {
        let sso = "AWSReservedSSO_Analyst_0123456789abcdef";
        check(
            &format!("arn:aws:sts::111122223333:assumed-role/{sso}/ana@example.com"),
            sso,
            Some("ana@example.com"),
            "sso",
        );
        check(
            &format!("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/{sso}"),
            sso,
            None,
            "sso",
        );
        check("arn:aws:iam::111122223333:root", "root", None, "root");
        check("arn:aws:sts::111122223333:federated-user/ana", "ana", None, "federated_user");
        check(
            "arn:aws:iam::111122223333:user/BedrockAPIKey-k1x9",
            "BedrockAPIKey-k1x9",
            None,
            "api_key",
        );
    }

    #[test]
    fn cut_masked_and_foreign_arns_name_nobody() {
        for arn in [
            "",
            "<redacted>",
            "arn:aws:iam::111122223333",
            "arn:aws:iam::111122223333:",
            "arn:aws:iam::111122223333:user",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam::111122223333:user/<redacted>",
            "arn:aws:iam::111122223333:user/an…",
            "arn:aws:iam::111122223333:user/***",
            "arn:aws:sts::111122223333:assumed-role/app",
            "arn:aws:sts::111122223333:assumed-role//s",
            "arn:aws:iam::111122223333:root/x",
            "arn:aws:lambda:us-east-1:111122223333:function:f",
            "arn:other:iam::111122223333:user/ana",
            "user/ana",
        ] {
            assert_eq!(identity(arn), Identity::default(), "{arn}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*", rest in "[a-z:/é…<.]{0,20}") {
            identity(&text);
            let arn = format!("arn:aws:sts::1:assumed-role/{rest}");
            let found = identity(&arn);
            prop_assert_eq!(found.principal.is_some(), found.principal_type.is_some());
            prop_assert!(found.principal.is_some() || found.session.is_none());
        }
    }
}
