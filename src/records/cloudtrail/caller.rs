//! Who called, and with which kind of credential: `userIdentity` and what else tells of it.

use std::borrow::Cow;

use crate::records::identity::{API_KEY_USER, Identity, identity};
use crate::schema::api_event::ApiEventRef;

use super::wire::{Event, UserIdentity};

/// What CloudTrail writes for a user name that may be a password typed into the wrong field.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// What the ARN of the last event tells, for the next one with the very same ARN.
#[derive(Debug, Default)]
pub(in crate::records) struct LastCaller<'a> {
    arn: &'a str,
    named: Named<'a>,
}

impl<'a> LastCaller<'a> {
    fn named(&mut self, arn: &Cow<'a, str>) -> Named<'a> {
        let Cow::Borrowed(arn) = arn else { return Named::of(arn) };
        // At the same place in memory: it was not even read again.
        if arn.is_empty() || !std::ptr::eq(*arn, self.arn) {
            *self = Self { arn, named: Named::of(&Cow::Borrowed(arn)) };
        }
        self.named.clone()
    }
}

/// Fills the row's caller; `event_type` and `recipient_account_id` are known by now.
pub(super) fn fill<'a>(event: &Event<'a>, row: &mut ApiEventRef<'a>, last: &mut LastCaller<'a>) {
    let user = &event.user_identity;
    let attributes = &user.session_context.attributes;
    let issuer = &user.session_context.session_issuer;

    row.user_identity_type = user.kind.text();
    row.identity_arn = user.arn.text();
    row.session_issuer_arn = issuer.arn.text();
    row.invoked_by = user.invoked_by.text();
    row.access_key_id = user.access_key_id.text();
    row.mfa_authenticated = attributes.mfa_authenticated.0;
    row.account_id = user.account_id.text().or_else(|| row.recipient_account_id.clone());

    let named = row.identity_arn.as_ref().map(|arn| last.named(arn)).unwrap_or_default();
    let bearer = calls_with_bearer_token(event) || has_api_key_name(&named, user);
    row.session = named.session.clone().or_else(|| role_session_name(user));
    row.principal = principal(named, user, row);
    row.from_console = from_console(event, row);
    row.credential_class = credential_class(row, bearer).map(Cow::Borrowed);
}

/// What an ARN tells, borrowed from where the ARN is.
#[derive(Debug, Clone, Default)]
struct Named<'r> {
    principal: Option<Cow<'r, str>>,
    session: Option<Cow<'r, str>>,
    principal_type: Option<&'static str>,
}

impl<'r> Named<'r> {
    fn of(arn: &Cow<'r, str>) -> Self {
        match arn {
            Cow::Borrowed(arn) => Self::by(identity(arn), Cow::Borrowed),
            Cow::Owned(arn) => Self::by(identity(arn), |part| Cow::Owned(part.to_owned())),
        }
    }

    fn by<'a>(identity: Identity<'a>, keep: impl Fn(&'a str) -> Cow<'r, str>) -> Self {
        Self {
            principal: identity.principal.map(&keep),
            session: identity.session.map(&keep),
            principal_type: identity.principal_type,
        }
    }
}

/// The ARN names the caller best. Without one: the account root, the session's role, the user name,
/// the person behind an Identity Center call, the AWS service.
fn principal<'r>(
    named: Named<'r>,
    user: &UserIdentity<'r>,
    row: &ApiEventRef<'r>,
) -> Option<Cow<'r, str>> {
    let by_type = || match row.user_identity_type.as_deref()? {
        "Root" => Some(Cow::Borrowed("root")),
        _ => Named::of(row.session_issuer_arn.as_ref()?).principal,
    };
    let by_name = || user.user_name.text().filter(|name| name != HIDDEN);
    named
        .principal
        .or_else(by_type)
        .or_else(by_name)
        .or_else(|| user.on_behalf_of.user_id.text())
        .or_else(|| row.invoked_by.clone())
}

/// `principalId` of an assumed role is `AROA…:SESSION`; callers from other accounts have only that.
fn role_session_name<'a>(user: &UserIdentity<'a>) -> Option<Cow<'a, str>> {
    let principal_id = user.principal_id.text()?;
    let at = principal_id.find(':')? + 1;
    let is_session = principal_id.starts_with("AROA") && at < principal_id.len();
    is_session.then(|| match principal_id {
        Cow::Borrowed(id) => Cow::Borrowed(&id[at..]),
        Cow::Owned(mut id) => Cow::Owned(id.split_off(at)),
    })
}

/// CloudTrail writes the flag only when it holds: without it and without a console event type the
/// answer is unknown.
fn from_console(event: &Event<'_>, row: &ApiEventRef<'_>) -> Option<bool> {
    let console_event =
        matches!(row.event_type.as_deref(), Some("AwsConsoleSignIn" | "AwsConsoleAction"));
    if console_event { Some(true) } else { event.session_credential_from_console.0 }
}

fn calls_with_bearer_token(event: &Event<'_>) -> bool {
    event.additional_event_data.value.call_with_bearer_token.0 == Some(true)
}

fn has_api_key_name(named: &Named<'_>, user: &UserIdentity<'_>) -> bool {
    named.principal_type == Some("api_key")
        || user.user_name.get().is_some_and(|name| name.starts_with(API_KEY_USER))
}

/// The first that holds, from what an auditor must not miss to what is usual:
///
/// 1. `root`: the account root, also in the console or when a service calls on for it.
/// 2. `bedrock_api_key`: a bearer token, whoever made it.
/// 3. `aws_service`: a service called, by itself or on for a caller who gave it no key.
/// 4. `console`: a person's browser session; its temporary keys would else look like a role's.
/// 5. `long_term_key`: an IAM user's access key (`AKIA…`).
/// 6. `role_session`: an assumed role, or temporary keys of any caller (`ASIA…`).
fn credential_class(row: &ApiEventRef<'_>, bearer: bool) -> Option<&'static str> {
    let kind = row.user_identity_type.as_deref();
    let key_starts = |prefix| row.access_key_id.as_deref().is_some_and(|k| k.starts_with(prefix));
    let service = row.invoked_by.as_deref().is_some_and(|by| by.ends_with(".amazonaws.com"));
    match kind {
        Some("Root") => Some("root"),
        _ if bearer => Some("bedrock_api_key"),
        Some("AWSService") => Some("aws_service"),
        _ if service => Some("aws_service"),
        _ if row.from_console == Some(true) => Some("console"),
        Some("IAMUser") if key_starts("AKIA") => Some("long_term_key"),
        Some("AssumedRole" | "Role") => Some("role_session"),
        _ if key_starts("ASIA") => Some("role_session"),
        _ => None,
    }
}
