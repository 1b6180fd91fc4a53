//! An access review as rows of text, exact: what CSV files hold.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::audit::access::{Denial, HintKind, PrincipalAccess, UnusedHint, Used};

/// Heads of [`principal`]'s cells.
pub const PRINCIPAL: [&str; 17] = [
    "principal",
    "account",
    "principal_types",
    "credential_classes",
    "first_seen",
    "last_seen",
    "active_days",
    "calls",
    "denied_calls",
    "admin_actions",
    "requests",
    "denied_requests",
    "cost_usd",
    "unpriced_requests",
    "models",
    "regions",
    "unused",
];

/// A principal in one row.
pub fn principal(one: &PrincipalAccess) -> Vec<String> {
    let names =
        |used: &[Used]| used.iter().map(|used| used.name.as_str()).collect::<Vec<_>>().join(" ");
    let unused = one
        .unused
        .iter()
        .map(|hint| format!("{} {} ({} days)", kind(hint.kind), hint.name, hint.days_unused));
    let [principal, account] = who(one);
    vec![
        principal,
        account,
        one.principal_types.join(" "),
        one.credential_classes.join(" "),
        moment(one.first_seen),
        moment(one.last_seen),
        one.active_days.to_string(),
        one.calls.to_string(),
        one.denied_calls.to_string(),
        one.admin_actions.to_string(),
        one.requests.to_string(),
        one.denied_requests.to_string(),
        one.cost_usd.map(|usd| usd.to_string()).unwrap_or_default(),
        one.unpriced_requests.to_string(),
        names(&one.models),
        names(&one.regions),
        unused.collect::<Vec<_>>().join("; "),
    ]
}

/// Heads of [`used`]'s cells; `what` names the kind of thing.
pub fn used_heads(what: &'static str) -> [&'static str; 8] {
    ["principal", "account", what, "first_seen", "last_seen", "calls", "requests", "denied"]
}

/// Something that a principal used.
pub fn used(one: &PrincipalAccess, used: &Used) -> Vec<String> {
    let [principal, account] = who(one);
    vec![
        principal,
        account,
        used.name.clone(),
        moment(used.first_seen),
        moment(used.last_seen),
        used.calls.to_string(),
        used.requests.to_string(),
        used.denied.to_string(),
    ]
}

/// Heads of [`unused`]'s cells.
pub const UNUSED: [&str; 6] = ["principal", "account", "kind", "name", "last_seen", "days_unused"];

/// Something that a principal used once.
pub fn unused(one: &PrincipalAccess, hint: &UnusedHint) -> Vec<String> {
    let [principal, account] = who(one);
    vec![
        principal,
        account,
        kind(hint.kind).to_owned(),
        hint.name.clone(),
        moment(Some(hint.last_seen)),
        hint.days_unused.to_string(),
    ]
}

/// Heads of [`denial`]'s cells.
pub const DENIAL: [&str; 8] =
    ["principal", "account", "action", "model_id", "region", "calls", "requests", "last_seen"];

/// What a principal was refused.
pub fn denial(one: &PrincipalAccess, denial: &Denial) -> Vec<String> {
    let [principal, account] = who(one);
    vec![
        principal,
        account,
        denial.action.clone(),
        denial.model_id.clone().unwrap_or_default(),
        denial.region.clone().unwrap_or_default(),
        denial.calls.to_string(),
        denial.requests.to_string(),
        moment(denial.last_seen),
    ]
}

/// The kind of thing that a hint is about.
pub fn kind(kind: HintKind) -> &'static str {
    match kind {
        HintKind::Principal => "principal",
        HintKind::Action => "action",
        HintKind::Model => "model",
        HintKind::Region => "region",
    }
}

fn who(one: &PrincipalAccess) -> [String; 2] {
    [&one.who.principal, &one.who.account].map(|part| part.clone().unwrap_or_default())
}

fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}
