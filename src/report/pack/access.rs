//! The access review: who used Bedrock, for somebody to decide what stays.

use super::super::parts::{Missing, Prose, RowRole, Table, TableCell, TableRow, Tone, Value};
use super::Sheet;
use super::inputs::PackInputs;
use super::table::{bad_if_any, count, figure, row, table, text, toned, usd, words};
use crate::audit::access::{POLICY_DAYS, PrincipalAccess};
use crate::units::Usd;

/// Most principals that the sheet shows.
const SHOWN: usize = 12;

/// Classes of credentials that an auditor asks about first.
const LASTING: [&str; 3] = ["root", "long_term_key", "bedrock_api_key"];

/// The sheet.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let active: Vec<&PrincipalAccess> =
        inputs.access.principals.iter().filter(|one| one.is_active()).collect();
    let mut notes = vec![Prose::text(
        "Shown first: principals with administrative actions, lasting credentials or refused calls, \
         then those with most requests. What each principal was allowed to do is not in these logs \
         and is not evaluated. All stand in evidence/access-review.csv, the policies that their use \
         suggests in evidence/access-policies.json.",
    )];
    let held = inputs.access.policy_days_held;
    if held < POLICY_DAYS {
        notes.push(
            Prose::text("The store holds ")
                .value(Value::Count(held.unsigned_abs()))
                .say(format!(" of the {POLICY_DAYS} days that policies are suggested from.")),
        );
    }
    Sheet {
        id: "access",
        label: "Access review",
        heading: heading(&active),
        figure: None,
        tables: vec![principals(&active)],
        notes,
        empty: None,
    }
}

fn is_lasting(one: &PrincipalAccess) -> bool {
    one.credential_classes.iter().any(|class| LASTING.contains(&class.as_str()))
}

fn heading(active: &[&PrincipalAccess]) -> Prose {
    let counted = |test: &dyn Fn(&PrincipalAccess) -> bool| {
        active.iter().filter(|one| test(one)).count() as u64
    };
    let all = active.len() as u64;
    Prose::default()
        .value(Value::Count(all))
        .say(if all == 1 { " principal used Bedrock; " } else { " principals used Bedrock; " })
        .value(Value::Count(counted(&is_lasting)))
        .say(" with root or lasting keys, ")
        .value(Value::Count(counted(&|one| one.admin_actions > 0)))
        .say(" took administrative actions.")
}

fn principals(active: &[&PrincipalAccess]) -> Table {
    let columns = vec![
        text("principal", "Principal"),
        text("class", "Credentials"),
        figure("active_days", "Days active"),
        figure("calls", "Calls"),
        figure("requests", "Logged"),
        figure("admin_actions", "Admin actions"),
        figure("denied", "Denied"),
        usd("cost_usd", "Cost"),
        text("last_seen", "Last used"),
        text("decision", "Decision"),
    ];
    let mut order: Vec<&&PrincipalAccess> = active.iter().collect();
    order.sort_by_key(|one| {
        let notable = one.admin_actions > 0 || is_lasting(one) || one.denied_calls > 0;
        (!notable, std::cmp::Reverse(one.requests.max(one.calls)), one.who.clone())
    });
    let (shown, rest) = order.split_at(order.len().min(SHOWN));
    let mut rows: Vec<TableRow> = shown.iter().map(|one| line(one)).collect();
    if !rest.is_empty() {
        let rest: Vec<&PrincipalAccess> = rest.iter().map(|one| **one).collect();
        let label = if rest.len() == 1 { "1 other" } else { "others" };
        let label =
            if rest.len() == 1 { label.to_owned() } else { format!("{} {label}", rest.len()) };
        rows.push(sum(RowRole::Note, label, &rest, "listed one by one"));
    }
    rows.push(sum(RowRole::Total, "Total".to_owned(), active, ""));
    table("Access review", columns, rows)
}

fn line(one: &PrincipalAccess) -> TableRow {
    let classes = if one.credential_classes.is_empty() {
        Value::Missing(Missing::Unknown).into()
    } else {
        let tone = if is_lasting(one) { Tone::Warn } else { Tone::Neutral };
        toned(Value::Text(one.credential_classes.join(", ").replace('_', " ")), tone)
    };
    let last = one
        .last_seen
        .map_or(Value::Missing(Missing::Unknown), |at| Value::Text(at.date_naive().to_string()));
    row(
        RowRole::Body,
        vec![
            Value::Lines(known(one.who.principal.as_deref()), known(one.who.account.as_deref()))
                .into(),
            classes,
            count(one.active_days),
            count(one.calls),
            count(one.requests),
            count(one.admin_actions),
            bad_if_any(one.denied_calls + one.denied_requests),
            cost(one.cost_usd, one.requests),
            last.into(),
            words("\u{25a1} keep  \u{25a1} change  \u{25a1} remove"),
        ],
    )
}

fn sum(role: RowRole, label: String, all: &[&PrincipalAccess], remark: &str) -> TableRow {
    let counted = |value: &dyn Fn(&PrincipalAccess) -> u64| -> TableCell {
        count(all.iter().map(|one| value(one)).sum())
    };
    let spent: Vec<Usd> = all.iter().filter_map(|one| one.cost_usd).collect();
    let total = (!spent.is_empty())
        .then(|| Usd(spent.iter().fold(0_i128, |sum, usd| sum.saturating_add(usd.0))));
    row(
        role,
        vec![
            words(label),
            words(""),
            words(""),
            counted(&|one| one.calls),
            counted(&|one| one.requests),
            counted(&|one| one.admin_actions),
            counted(&|one| one.denied_calls + one.denied_requests),
            cost(total, all.iter().map(|one| one.requests).sum()),
            words(""),
            words(remark),
        ],
    )
}

fn cost(cost: Option<Usd>, requests: u64) -> TableCell {
    match (cost, requests) {
        (Some(cost), _) => Value::Usd(cost),
        (None, 0) => Value::Missing(Missing::NotApplicable),
        (None, _) => Value::Missing(Missing::NotPriced),
    }
    .into()
}

fn known(name: Option<&str>) -> String {
    name.unwrap_or("unknown").to_owned()
}
