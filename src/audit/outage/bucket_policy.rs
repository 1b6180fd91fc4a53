//! Whether a bucket's policy lets AWS deliver logs: as far as its text tells, without conditions.

use serde_json::Value;

/// Services that deliver Bedrock and CloudTrail logs.
const DELIVERING: [&str; 3] =
    ["cloudtrail.amazonaws.com", "bedrock.amazonaws.com", "delivery.logs.amazonaws.com"];

/// What a policy means for delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    Delivery,
    NoDelivery,
    Denied,
    Unknown,
}

/// Reads a policy document.
pub(super) fn of_policy(policy: &Value) -> Grants {
    let statements: Vec<&Value> = match &policy["Statement"] {
        Value::Array(statements) => statements.iter().collect(),
        Value::Object(_) => vec![&policy["Statement"]],
        _ => return Grants::Unknown,
    };
    let with = |effect: &'static str| {
        let statements = statements.clone();
        statements.into_iter().filter(move |one| one["Effect"].as_str() == Some(effect))
    };
    let denies = |one: &Value| {
        one["Condition"].is_null()
            && is_everybody(&one["Principal"])
            && texts(&one["Action"]).iter().any(|action| writes(action))
    };
    if with("Deny").any(denies) {
        return Grants::Denied;
    }
    let delivers = |one: &Value| {
        let services = texts(&one["Principal"]["Service"]);
        is_everybody(&one["Principal"])
            || services.iter().any(|service| DELIVERING.contains(service))
    };
    if with("Allow").any(delivers) { Grants::Delivery } else { Grants::NoDelivery }
}

fn is_everybody(principal: &Value) -> bool {
    principal.as_str() == Some("*") || texts(&principal["AWS"]).contains(&"*")
}

fn writes(action: &str) -> bool {
    matches!(action, "*" | "s3:*" | "s3:Put*" | "s3:PutObject")
}

/// A text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Grants, of_policy};

    #[test]
    fn a_policy_is_read_for_who_may_deliver() {
        let allow = json!({"Effect": "Allow", "Action": "s3:PutObject",
            "Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}});
        let other = json!({"Effect": "Allow", "Action": ["s3:GetObject"],
            "Principal": {"AWS": "arn:aws:iam::193672423079:root"}});
        let deny = json!({"Effect": "Deny", "Action": "s3:*", "Principal": "*"});
        let tls = json!({"Effect": "Deny", "Action": "s3:*", "Principal": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
        for (statements, grants) in [
            (json!([allow, tls]), Grants::Delivery),
            (json!(allow), Grants::Delivery),
            (json!([other]), Grants::NoDelivery),
            (json!([allow, deny]), Grants::Denied),
            (Value::Null, Grants::Unknown),
        ] {
            assert_eq!(of_policy(&json!({"Statement": statements})), grants, "{statements}");
        }
    }
}
