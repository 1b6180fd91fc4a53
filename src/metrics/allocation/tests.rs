//! Rules over small frames, and laws of the statement over random ones.

use std::collections::BTreeMap;

use polars::prelude::{IntoLazy, df};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::{
    Line, LineKind, Statement, StatementBy, allocation_keys, allocation_lookup, statement,
    tag_keys, with_allocation,
};
use crate::schema::allocation::{
    Allocation, Attribute, Condition, Given, Rule, SharedCost, Shares, Split,
};
use crate::units::Usd;

fn condition(attribute: Attribute, pattern: &str) -> Condition {
    Condition { attribute, patterns: vec![pattern.to_owned()] }
}

#[expect(clippy::unnecessary_wraps, reason = "rules hold options")]
fn name(name: &str) -> Option<Given> {
    Some(Given::Name(name.to_owned()))
}

const PROFILE: &str = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc1";

/// Team and cost centre per row.
fn allocated(rules: Vec<Rule>) -> Vec<String> {
    let frame = df![
        "row" => [0, 1, 2, 3, 4],
        "tag:team" => [Some("chat"), Some(""), None, Some("Data"), None],
        "principal" => [Some("svc-chat"), Some("svc-x"), Some("etl-1"), None, None],
        "model_id" => [Some("m"), Some(PROFILE), Some("m"), None, Some("m")],
        "region" => ["us-east-1"; 5],
    ];
    let frame = frame.unwrap();
    let allocation = Allocation { rules, ..Allocation::default() };
    let keys = allocation_keys(frame.clone().lazy(), &allocation).collect().unwrap();
    let lookup = allocation_lookup(&keys, &allocation).unwrap();
    let found = with_allocation(frame.lazy(), lookup, &allocation).collect().unwrap();
    let found = found.sort(["row"], polars::prelude::SortMultipleOptions::default()).unwrap();
    assert_eq!(found.height(), 5, "no row is lost or doubled");
    let column = |name: &str| -> Vec<String> {
        let texts = found.column(name).unwrap().str().unwrap();
        texts.iter().map(|text| text.unwrap_or("-").to_owned()).collect()
    };
    column("team").into_iter().zip(column("cost_center")).map(|(a, b)| format!("{a} {b}")).collect()
}

#[test]
fn without_rules_nothing_is_attributed() {
    assert_eq!(allocated(Vec::new()), ["- -"; 5]);
}

#[test]
fn the_first_rule_that_matches_and_has_a_name_decides_for_each_of_the_two() {
    let tag = Attribute::Tag("team".into());
    let rules = vec![
        Rule { team: Some(Given::Value(tag.clone())), ..Rule::default() },
        Rule {
            conditions: vec![condition(Attribute::Principal, "svc-*")],
            team: name("services"),
            cost_center: Some(Given::Mapped(
                tag.clone(),
                [("chat".to_owned(), "CC-1".to_owned())].into(),
            )),
        },
        Rule {
            conditions: vec![condition(Attribute::ApplicationProfile, "abc?")],
            cost_center: name("CC-2"),
            ..Rule::default()
        },
        Rule {
            conditions: vec![condition(Attribute::Principal, "*")],
            cost_center: name("CC-9"),
            ..Rule::default()
        },
    ];
    // An empty tag is none; a value that the mapping lacks leaves the word to the next rule.
    assert_eq!(allocated(rules), ["chat CC-1", "services CC-2", "- CC-9", "Data -", "- -"]);
}

#[test]
fn a_condition_on_what_a_row_lacks_does_not_match() {
    let rules = vec![Rule {
        conditions: vec![condition(Attribute::Tag("team".into()), "*")],
        team: name("tagged"),
        ..Rule::default()
    }];
    assert_eq!(tag_keys(&Allocation { rules: rules.clone(), ..Allocation::default() }), ["team"]);
    assert_eq!(allocated(rules), ["tagged -", "- -", "- -", "tagged -", "- -"]);
}

fn group(name: Option<&str>, direct: Option<i128>) -> Line {
    Line {
        line: LineKind::Attributed,
        name: name.map(str::to_owned),
        requests: 1,
        total_tokens: Some(10),
        unpriced_requests: i64::from(direct.is_none()),
        direct: direct.map(Usd),
        shared: Usd(0),
        total: None,
    }
}

fn shown(statement: &Statement) -> Vec<String> {
    let usd = |usd: Option<Usd>| usd.map_or_else(|| "-".to_owned(), |usd| usd.0.to_string());
    let line = |line: &Line| {
        let name = line.name.as_deref().unwrap_or("-");
        format!("{:?} {name} {} {} {}", line.line, usd(line.direct), line.shared.0, usd(line.total))
    };
    statement.lines.iter().chain([&statement.total]).map(line).collect()
}

fn shared(split: Split) -> SharedCost {
    let weights: BTreeMap<String, i128> = [("chat".to_owned(), 2), ("new".to_owned(), 1)].into();
    let weights = if split == Split::Fixed { weights } else { BTreeMap::new() };
    let teams = Shares { shared: vec!["platform".to_owned()], weights };
    SharedCost { split, teams, ..SharedCost::default() }
}

fn groups() -> Vec<Line> {
    vec![
        group(Some("chat"), Some(300)),
        group(Some("data"), Some(100)),
        group(Some("platform"), Some(10)),
        group(None, Some(7)),
    ]
}

#[test]
fn shared_cost_stays_a_line_is_split_in_proportion_or_by_fixed_weights() {
    let of = |split| shown(&statement(groups(), StatementBy::Team, &shared(split)).unwrap());
    let rest = ["Shared platform 10 -10 0", "Unattributed - 7 0 7", "Total - 417 0 417"];
    assert_eq!(
        of(Split::None),
        [
            "Attributed chat 300 0 300",
            "Attributed data 100 0 100",
            "Shared platform 10 0 10",
            rest[1],
            rest[2]
        ]
    );
    // 7.5 and 2.5: equal remainders, so the first by name takes the unit.
    assert_eq!(
        of(Split::Proportional),
        ["Attributed chat 300 8 308", "Attributed data 100 2 102", rest[0], rest[1], rest[2]]
    );
    assert_eq!(
        of(Split::Fixed),
        [
            "Attributed chat 300 7 307",
            "Attributed data 100 0 100",
            "Attributed new 0 3 3",
            rest[0],
            rest[1],
            rest[2]
        ]
    );
}

#[test]
fn what_cannot_be_split_stays_and_says_so() {
    let groups = vec![group(Some("platform"), Some(10)), group(Some("chat"), None)];
    let split = statement(groups, StatementBy::Team, &shared(Split::Proportional)).unwrap();
    assert!(split.not_split.is_some());
    assert_eq!(shown(&split)[0], "Attributed chat - 0 -");
    assert_eq!(shown(&split)[1], "Shared platform 10 0 10");
    assert!(statement(Vec::new(), StatementBy::CostCenter, &shared(Split::Fixed)).is_err());
}

#[test]
fn the_unattributed_line_is_there_even_if_it_is_nothing() {
    let lines = shown(&statement(Vec::new(), StatementBy::Team, &SharedCost::default()).unwrap());
    assert_eq!(lines, ["Unattributed - 0 0 0", "Total - 0 0 0"]);
}

fn any_groups() -> impl Strategy<Value = Vec<Line>> {
    let direct = option::weighted(0.9, 0_i128..(1 << 100));
    vec((select(&["chat", "data", "new", "platform", "z", ""][..]), direct), 0..8).prop_map(
        |rows| {
            let mut by_name: BTreeMap<&str, Option<i128>> = BTreeMap::new();
            by_name.extend(rows);
            let line = |(name, direct): (&str, _)| {
                group(Some(name).filter(|name| !name.is_empty()), direct)
            };
            by_name.into_iter().map(line).collect()
        },
    )
}

proptest! {
    #[test]
    fn parts_add_up_to_the_total_for_every_split_and_rounding(
        groups in any_groups(),
        split in select(&[Split::None, Split::Proportional, Split::Fixed][..]),
        unattributed in any::<bool>(),
        decimals in 0_u32..=14,
    ) {
        let expected: i128 = groups.iter().filter_map(|line| line.direct).map(|usd| usd.0).sum();
        let rule = SharedCost { unattributed, ..shared(split) };
        let exact = statement(groups, StatementBy::Team, &rule).unwrap();
        let rounded = exact.clone().rounded(decimals);
        let step = 10_i128.pow(14 - decimals);
        prop_assert_eq!(exact.total.total.unwrap_or_default().0, expected);
        prop_assert_eq!(rounded.total.total.unwrap_or_default(), Usd(expected).round_to(decimals));
        for statement in [&exact, &rounded] {
            let sum = |of: fn(&Line) -> Option<Usd>| statement.lines.iter().filter_map(of).sum::<Usd>();
            prop_assert_eq!(sum(|line| line.total), statement.total.total.unwrap_or_default());
            prop_assert_eq!(sum(|line| line.direct), statement.total.direct.unwrap_or_default());
            prop_assert_eq!(sum(|line| Some(line.shared)), Usd(0));
            for line in &statement.lines {
                prop_assert_eq!(line.total.unwrap_or_default(), line.direct.unwrap_or_default() + line.shared);
                prop_assert!(line.total.unwrap_or_default() >= Usd(0), "{:?}", line);
            }
        }
        for (line, exact) in rounded.lines.iter().zip(&exact.lines) {
            prop_assert_eq!(line.total.unwrap_or_default().0 % step, 0);
            let off = line.direct.unwrap_or_default().0 - exact.direct.unwrap_or_default().0;
            prop_assert!(off.abs() < step, "{:?} {:?}", line, exact);
        }
    }
}
