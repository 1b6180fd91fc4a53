//! Allocation rules, budgets and candidates as files state them, and what is said of broken ones.

use std::path::PathBuf;

use super::{Environment, Error, Flags, Settings};
use crate::schema::allocation::{Attribute, Given, Split};
use crate::schema::budget::BudgetScope;

fn resolve(text: &str, maps: Option<&str>) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("lens.toml");
    std::fs::write(&config, text).expect("a file");
    if let Some(maps) = maps {
        std::fs::write(folder.path().join("maps.toml"), maps).expect("a file");
    }
    let flags =
        Flags { config: Some(config), store: Some(PathBuf::from("store")), ..Flags::default() };
    Settings::resolve(&flags, &Environment::default())
}

/// The message without its folder, and the hint.
#[track_caller]
fn refused(text: &str) -> String {
    let error = resolve(text, None).expect_err("broken");
    let message = error.to_string();
    let (start, end) = (message.find("in `"), message.find("lens.toml"));
    let (start, end) = (start.expect("a path"), end.expect("a path"));
    let hint = error.hint().map_or_else(String::new, |hint| format!(" | {hint}"));
    format!("{}in `{}{hint}", &message[..start], &message[end..])
}

#[test]
fn rules_are_read_in_order_with_their_mappings() {
    let settings = resolve(
        r#"
[allocation]
maps = "maps.toml"

[[allocation.rule]]
tag.team = ["chat", "search*"]
account = "1111*"
team = { from = "tag:team" }
cost_center = { from = "tag:team", map = { chat = "CC-1" } }

[[allocation.rule]]
principal = "etl-*"
team = "data"
cost_center = { from = "account", map = "accounts" }

[allocation.shared]
split = "fixed"
teams = ["platform"]
team_percent = { chat = "33.4", data = "66.6" }
"#,
        Some("[accounts]\n111122223333 = \"CC-9\"\n"),
    )
    .expect("sound");
    let [first, second] = settings.allocation.rules.as_slice() else { panic!("two rules") };
    assert_eq!(first.conditions.len(), 2);
    assert_eq!(first.team, Some(Given::Value(Attribute::Tag("team".into()))));
    let Some(Given::Mapped(Attribute::Account, map)) = &second.cost_center else {
        panic!("mapped")
    };
    assert_eq!(map["111122223333"], "CC-9");
    assert_eq!(settings.allocation.shared.split, Split::Fixed);
    assert_eq!(settings.allocation.shared.teams.weights["chat"], 3_340_000_000_000_000);
    let attributes = settings.allocation.attributes();
    assert_eq!(attributes.len(), 3, "{attributes:?}");
}

#[test]
fn budgets_are_for_one_thing_each() {
    let settings = resolve(
        "[[budget]]\nteam = \"chat\"\namount = \"500.00\"\n[[budget]]\namount = \"0.5\"\n",
        None,
    );
    let budgets = settings.expect("sound").budgets;
    assert_eq!(budgets[0].name, "team chat");
    assert_eq!(
        (&budgets[1].scope, budgets[1].amount.to_string()),
        (&BudgetScope::Total, "0.5".into())
    );
}

#[test]
fn what_is_broken_is_named_with_its_line_and_what_is_allowed() {
    for (text, expected) in [
        (
            "[[budget]]\nteam = \"a\"\namount = 500\n",
            "`amount` must be US dollars per month as decimal text above 0, such as \"500.00\" in `lens.toml`, line 3",
        ),
        (
            "[[budget]]\namount = \"-1\"\n",
            "`amount` must be US dollars per month as decimal text above 0, such as \"500.00\", not \"-1\" in `lens.toml`, line 2",
        ),
        (
            "[[budget]]\namuont = \"1\"\n",
            "unknown key `amuont` in `lens.toml`, line 2 | did you mean `amount`?",
        ),
        (
            "\n[[budget]]\namount = \"1\"\nteam = \"a\"\nmodel = \"b\"\n",
            "a budget is for one thing, not for both a `team` and a `model` (without `team`, `cost_center`, `account` and `model` it is for everything) in `lens.toml`, line 2",
        ),
        (
            "[[budget]]\namount = \"1\"\n[[budget]]\namount = \"2\"\n",
            "`name`: two budgets are called `total`; give each a `name` of its own in `lens.toml`, line 3",
        ),
        (
            "[[quota]]\nregion = \"eu-west-1\"\nmodel = \"m\"\nrpm = 0\n",
            "`rpm` must be requests per minute, a whole number from 1, not 0 in `lens.toml`, line 4",
        ),
        (
            "[[quota]]\nregion = \"eu-west-1\"\nmodel = \"m\"\ntpm = \"1\"\n",
            "`tpm` must be tokens per minute, a whole number from 1 in `lens.toml`, line 4",
        ),
        (
            "[[quota]]\nregion = \"eu-west-1\"\nmodel = \"m\"\noutput_burndown = 101\n",
            "`output_burndown` must be the quota tokens of an output token, a whole number from 1 to 100, not 101 in `lens.toml`, line 4",
        ),
        (
            "[[quota]]\nregion = \"eu-west-1\"\nmodle = \"m\"\nrpm = 1\n",
            "unknown key `modle` in `lens.toml`, line 3 | did you mean `model`?",
        ),
        (
            "\n[[quota]]\nregion = \"eu-west-1\"\nmodel = \"m\"\n",
            "a quota needs `rpm`, `tpm` or `output_burndown` (allowed beside `region` and `model`: `account`, `routing`) in `lens.toml`, line 2",
        ),
        (
            "[[quota]]\nregion = \"\"\nmodel = \"m\"\nrpm = 1\n",
            "`region` of a quota is empty in `lens.toml`, line 1",
        ),
        (
            "[[quota]]\nregion = \"r\"\nmodel = \"m\"\nrpm = 1\n[[quota]]\nregion = \"r\"\nmodel = \"m\"\ntpm = 1\n",
            "two quotas are for `m`, Region `r`; give them an `account` or a `routing` that differs in `lens.toml`, line 5",
        ),
        (
            "[[allocation.rule]]\nzzz = \"1\"\nteam = \"x\"\n",
            "unknown key `zzz` in `lens.toml`, line 2 | keys that may stand here: tag, principal, identity_arn, principal_type, account, region, model, model_id, provider, operation, application_profile, team, cost_center",
        ),
        (
            "[[allocation.rule]]\nprincipal = 7\n",
            "must be a pattern such as \"svc-*\", or a list of patterns in `lens.toml`, line 2",
        ),
        (
            "[[allocation.rule]]\nteam = { from = \"tags\" }\n",
            "`from` must be `tag:KEY`, `principal`, `identity_arn`, `principal_type`, `account`, `region`, `model`, `model_id`, `provider`, `operation` or `application_profile`, not `tags` in `lens.toml`, line 2",
        ),
        (
            "[[allocation.rule]]\nteam = { from = \"account\", map = \"nope\" }\n",
            "`map`: no mapping is called `nope` (known: none) in `lens.toml`, line 2",
        ),
        (
            "\n[[allocation.rule]]\nprincipal = \"a\"\n",
            "a rule must give a `team`, a `cost_center` or both in `lens.toml`, line 2",
        ),
        (
            "[allocation.shared]\nsplit = \"half\"\n",
            "`split` must be `none`, `proportional` or `fixed`, not `half` in `lens.toml`, line 2",
        ),
        (
            "[allocation.shared]\nsplit = \"fixed\"\nteam_percent = { a = \"50\", b = \"49.99\" }\n",
            "`team_percent` must add up to 100, but is 99.99 in all in `lens.toml`, line 3",
        ),
        (
            "[allocation.shared]\nsplit = \"fixed\"\n",
            "`split = \"fixed\"` needs `team_percent` or `cost_center_percent`, such as `team_percent = { chat = \"60\", search = \"40\" }` in `lens.toml`, line 1",
        ),
        (
            "[allocation.shared]\nteam_percent = { a = \"100\" }\n",
            "`team_percent` is only for `split = \"fixed\"` in `lens.toml`, line 2",
        ),
        ("[[savings.substitute]]\nfrom = \"a\"\n", "missing field `to` in `lens.toml`, line 1"),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn a_mapping_file_that_is_broken_or_missing_is_named() {
    let error = resolve("[allocation]\nmaps = \"maps.toml\"\n", Some("[a]\nb = 1\n"));
    let error = error.expect_err("broken").to_string();
    assert!(error.ends_with("maps.toml`, line 2"), "{error}");
    let error = resolve("[allocation]\nmaps = \"maps.toml\"\n", None).expect_err("missing");
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
}
