//! `audit access`: who used Bedrock with what, and the policy that this use suggests.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Context, Exit, Failure, output};
use crate::audit::access::{
    AccessReview, Denial, POLICY_DAYS, PrincipalAccess, SuggestedPolicy, UnusedHint, Used, Who,
};
use crate::cli::answer::{self, DASH, Form, FormArgs, fixed};
use crate::cli::range::RangeArgs;
use crate::period::Period;
use crate::pipeline::{self, AccessRequest, UNUSED_DAYS};
use crate::render::format::number::grouped;
use crate::render::table::Row;
use crate::report::access;
use crate::report::parts::Align;
use crate::store::Reader;

/// Review who used Bedrock: principals, credentials, models, regions, refused calls, cost
///
/// Shows use, never grants: what a principal may do is not in these logs. What it did, what it was
/// refused, and what it no longer does is. `--policy` prints the IAM policy that the last 90 days of
/// use suggest.
#[derive(Debug, Args)]
#[command(after_help = "\
Figures:
  calls     CloudTrail events of Bedrock, refused ones included
  denied    of these, refused for want of permission
  admin     of these, changes (readOnly is false)
  requests  model calls in the invocation log, failed ones included
  cost      list cost of the requests

Examples:
  bedrock-lens audit access --from 2026-07-01 --to 2026-10-01
  bedrock-lens audit access --last 3m --by model --format csv
  bedrock-lens audit access --last 90d --policy svc-chat > policy.json")]
pub(in crate::cli) struct AccessArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// One row for each principal, or for each thing of this kind that a principal used
    #[arg(long, value_name = "WHAT", default_value = "principal")]
    by: By,
    /// Only this principal; `ACCOUNT/PRINCIPAL` where two accounts have one of that name
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// Call unused what was last used more than so many days before the range's end
    #[arg(long, value_name = "DAYS", default_value_t = UNUSED_DAYS)]
    unused_days: u32,
    /// Print the policy that this principal's last 90 days of use suggest, as IAM JSON
    #[arg(long, value_name = "PRINCIPAL", conflicts_with_all = ["by", "principal", "format", "json"])]
    policy: Option<String>,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Principal,
    Action,
    Model,
    Region,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    review: &'a AccessReview,
    policies: &'a [SuggestedPolicy],
}

pub(super) fn run(args: &AccessArgs, context: &Context) -> Result<Exit, Failure> {
    let period = args.range.period(context)?.unwrap_or(Period {
        from: context.now - chrono::Duration::days(POLICY_DAYS),
        to: context.now,
    });
    let store = Reader::open(&context.settings.store)?;
    let book = context.price_book()?;
    let request = AccessRequest { period, unused_days: args.unused_days, now: context.now };
    let (mut review, mut policies) = pipeline::access(&store, &book, request)?;
    if let Some(name) = &args.policy {
        warn_of_short_history(&review, context);
        return print_policy(one(&policies, name, |policy| &policy.who)?, context);
    }
    if let Some(name) = &args.principal {
        let who = one(&review.principals, name, |principal| &principal.who)?.who.clone();
        review.principals.retain(|principal| principal.who == who);
        policies.retain(|policy| policy.who == who);
    }
    output::result(&match args.form.form() {
        Form::Json => answer::json(&Answer { review: &review, policies: &policies })?,
        Form::Csv => csv(&review, args.by)?,
        Form::Table => told(&review, args, context),
    })?;
    if args.form.form() == Form::Table {
        warn_of_short_history(&review, context);
    }
    Ok(Exit::Done)
}

/// The one of this name, with its account in front where that is needed.
fn one<'a, T>(all: &'a [T], name: &str, who: impl Fn(&T) -> &Who) -> Result<&'a T, Failure> {
    let of_account = |who: &Who| who.account.as_deref().map(|account| format!("{account}/"));
    let named = |one: &&T| {
        let who = who(one);
        let principal = who.principal.as_deref().unwrap_or_default();
        principal == name
            || of_account(who).is_some_and(|account| {
                name.strip_prefix(account.as_str()).is_some_and(|rest| rest == principal)
            })
    };
    let found: Vec<&T> = all.iter().filter(named).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::usage(format!(
            "no principal `{name}` used Bedrock; `bedrock-lens audit access` lists those that did"
        ))),
        several => {
            let accounts = several.iter().filter_map(|one| who(one).account.clone());
            let accounts: Vec<String> = accounts.map(|a| format!("`{a}/{name}`")).collect();
            Err(Failure::usage(format!(
                "`{name}` is a principal of several accounts: name one of {}",
                accounts.join(", ")
            )))
        }
    }
}

fn print_policy(suggested: &SuggestedPolicy, context: &Context) -> Result<Exit, Failure> {
    let Some(policy) = &suggested.policy else {
        return Err(pipeline::Error::NoData {
            what: "allowed use by that principal in the last 90 days of the range",
            period: String::new(),
        }
        .into());
    };
    output::result(&answer::json(policy)?)?;
    for remark in &suggested.remarks {
        context.output.note(&format!("note: {remark}"));
    }
    context
        .output
        .note("note: a suggestion by use; what the principal may do now is not in the logs");
    Ok(Exit::Done)
}

fn warn_of_short_history(review: &AccessReview, context: &Context) {
    if review.policy_days_held < POLICY_DAYS {
        context.output.warn(&format!(
            "the store holds {} of the {POLICY_DAYS} days that policies are suggested from: rarer \
             use may be missing",
            review.policy_days_held
        ));
    }
}

type Column<'a> = (&'a str, Align);

fn csv(review: &AccessReview, by: By) -> Result<String, Failure> {
    let principals = review.principals.iter();
    if by == By::Principal {
        return answer::csv(&access::PRINCIPAL, principals.map(access::principal));
    }
    let rows =
        principals.flat_map(|one| things(one, by).iter().map(|used| access::used(one, used)));
    answer::csv(&access::used_heads(name(by)), rows)
}

fn told(review: &AccessReview, args: &AccessArgs, context: &Context) -> String {
    let active = review.principals.iter().filter(|one| one.is_active());
    let mut text = match args.by {
        By::Principal => principals(active, context),
        by => used(active, by, context),
    };
    for (title, lines) in [
        ("Refused for want of permission", denials(review)),
        ("Used before, not since", hints(review)),
    ] {
        if !lines.is_empty() {
            text.extend(["\n", title, "\n", &answer::aligned(&lines.0, &lines.1, context)]);
        }
    }
    text
}

fn principals<'a>(
    principals: impl Iterator<Item = &'a PrincipalAccess>,
    context: &Context,
) -> String {
    let left = |name| (name, Align::Left);
    let right = |name| (name, Align::Right);
    let heads = [
        left("principal"),
        left("account"),
        left("credentials"),
        left("first seen"),
        left("last seen"),
        right("days"),
        right("calls"),
        right("denied"),
        right("admin"),
        right("requests"),
        right("cost USD"),
        right("unpriced"),
    ];
    let rows: Vec<Row> = principals
        .map(|one| {
            vec![
                shown(one.who.principal.as_deref()),
                shown(one.who.account.as_deref()),
                shown(
                    Some(one.credential_classes.join(" ")).filter(|all| !all.is_empty()).as_deref(),
                ),
                day(one.first_seen),
                day(one.last_seen),
                count(one.active_days),
                count(one.calls),
                count(one.denied_calls + one.denied_requests),
                count(one.admin_actions),
                count(one.requests),
                fixed(one.cost_usd, 2),
                count(one.unpriced_requests),
            ]
            .into()
        })
        .collect();
    answer::aligned(&heads, &rows, context)
}

fn used<'a>(
    principals: impl Iterator<Item = &'a PrincipalAccess>,
    by: By,
    context: &Context,
) -> String {
    let heads = [
        ("principal", Align::Left),
        (name(by), Align::Left),
        ("first seen", Align::Left),
        ("last seen", Align::Left),
        ("calls", Align::Right),
        ("requests", Align::Right),
        ("denied", Align::Right),
    ];
    let rows: Vec<Row> = principals
        .flat_map(|one| {
            let row = |used: &Used| {
                Row::from(vec![
                    shown(one.who.principal.as_deref()),
                    used.name.clone(),
                    day(used.first_seen),
                    day(used.last_seen),
                    count(used.calls),
                    count(used.requests),
                    count(used.denied),
                ])
            };
            things(one, by).iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    answer::aligned(&heads, &rows, context)
}

/// Heads and rows of a table.
struct Lines(Vec<Column<'static>>, Vec<Row>);

impl Lines {
    fn is_empty(&self) -> bool {
        self.1.is_empty()
    }
}

fn denials(review: &AccessReview) -> Lines {
    let heads = vec![
        ("principal", Align::Left),
        ("action", Align::Left),
        ("model", Align::Left),
        ("region", Align::Left),
        ("calls", Align::Right),
        ("requests", Align::Right),
        ("last", Align::Left),
    ];
    let rows = review.principals.iter().flat_map(|one| {
        let row = |denial: &Denial| {
            Row::from(vec![
                shown(one.who.principal.as_deref()),
                denial.action.clone(),
                shown(denial.model_id.as_deref()),
                shown(denial.region.as_deref()),
                count(denial.calls),
                count(denial.requests),
                day(denial.last_seen),
            ])
        };
        one.denials.iter().map(row).collect::<Vec<_>>()
    });
    Lines(heads, rows.collect())
}

fn hints(review: &AccessReview) -> Lines {
    let heads = vec![
        ("principal", Align::Left),
        ("what", Align::Left),
        ("name", Align::Left),
        ("last used", Align::Left),
        ("days ago", Align::Right),
    ];
    let rows = review.principals.iter().flat_map(|one| {
        let row = |hint: &UnusedHint| {
            Row::from(vec![
                shown(one.who.principal.as_deref()),
                access::kind(hint.kind).to_owned(),
                hint.name.clone(),
                day(Some(hint.last_seen)),
                hint.days_unused.to_string(),
            ])
        };
        one.unused.iter().map(row).collect::<Vec<_>>()
    });
    Lines(heads, rows.collect())
}

fn things(one: &PrincipalAccess, by: By) -> &[Used] {
    match by {
        By::Principal => &[],
        By::Action => &one.actions,
        By::Model => &one.models,
        By::Region => &one.regions,
    }
}

fn name(by: By) -> &'static str {
    match by {
        By::Principal => "principal",
        By::Action => "action",
        By::Model => "model_id",
        By::Region => "region",
    }
}

fn shown(text: Option<&str>) -> String {
    text.unwrap_or(DASH).to_owned()
}

fn count(number: u64) -> String {
    grouped(number.into())
}

fn day(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| DASH.to_owned(), |at| at.date_naive().to_string())
}
