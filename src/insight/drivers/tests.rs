//! Splits worked out by hand, and laws on random periods.

use proptest::prelude::*;

use super::cells::{Cell, Kind, TokenSum};
use super::{DriverTree, Effects, Side, split};
use crate::units::Usd;

/// Input tokens at a price, on a line.
fn cell(model: &str, requests: i128, tokens: [(Kind, i128, i128); 2]) -> Cell {
    let mut cell = Cell { model: Some(model.to_owned()), requests, ..Cell::default() };
    for (kind, tokens, price) in tokens {
        let index = Kind::ALL.iter().position(|other| *other == kind).unwrap();
        cell.tokens[index] = TokenSum { tokens, cost: tokens * price };
    }
    cell
}

fn input(model: &str, requests: i128, tokens: i128, price: i128) -> Cell {
    cell(model, requests, [(Kind::Input, tokens, price), (Kind::Output, 0, 0)])
}

fn on(line: &str, cell: Cell) -> Cell {
    Cell { line: [Some(line.to_owned()), None, None], ..cell }
}

fn week(cells: Vec<Cell>) -> Side {
    Side { days: 7.0, cells }
}

#[track_caller]
fn check(before: &Side, after: &Side, expected: Effects) -> DriverTree {
    let tree = split(before, after);
    assert_eq!(tree.effects, expected);
    assert_eq!(tree.effects.total(), tree.change_usd);
    tree
}

#[test]
fn what_moves_alone_takes_all() {
    let none = Effects::default();
    let before = week(vec![input("a", 10, 1000, 3)]);
    check(&before, &week(vec![input("a", 20, 2000, 3)]), Effects { volume_usd: Usd(3000), ..none });
    check(&before, &week(vec![input("a", 10, 1000, 5)]), Effects { price_usd: Usd(2000), ..none });
    let longer = week(vec![input("a", 10, 1500, 3)]);
    check(&before, &longer, Effects { tokens_per_request_usd: Usd(1500), ..none });
    let fortnight = Side { days: 14.0, cells: vec![input("a", 20, 2000, 3)] };
    check(&before, &fortnight, Effects { period_length_usd: Usd(3000), ..none });
    check(&before, &before, none);
}

#[test]
fn half_as_many_calls_to_the_dear_model_is_mix() {
    let before = week(vec![input("dear", 50, 50, 10), input("cheap", 50, 50, 1)]);
    let after = week(vec![input("dear", 25, 25, 10), input("cheap", 75, 75, 1)]);
    let tree = check(&before, &after, Effects { model_mix_usd: Usd(-225), ..Effects::default() });
    assert_eq!(tree.models[0].model.as_deref(), Some("dear"));
    assert_eq!(tree.models[0].change_usd, Usd(-250));
    assert_eq!(tree.models[1].effects.model_mix_usd, Usd(25));
}

#[test]
fn tokens_read_from_the_cache_are_the_cache_s_work() {
    let before = week(vec![input("a", 10, 1000, 10)]);
    let cached = cell("a", 10, [(Kind::Input, 200, 10), (Kind::CacheRead, 800, 1)]);
    check(&before, &week(vec![cached]), Effects { cache_usd: Usd(-7200), ..Effects::default() });
}

#[test]
fn the_same_tokens_on_another_price_list_is_routing() {
    let before = week(vec![on("in_region", input("a", 10, 1000, 11))]);
    let after =
        week(vec![on("in_region", input("a", 5, 500, 11)), on("global", input("a", 5, 500, 10))]);
    check(&before, &after, Effects { routing_usd: Usd(-500), ..Effects::default() });
}

#[test]
fn longer_contexts_at_their_own_price_are_tokens_per_request() {
    let before = week(vec![input("a", 10, 1000, 3)]);
    let long = Cell { long_context: true, ..input("a", 10, 1000, 6) };
    let expected = Effects { tokens_per_request_usd: Usd(3000), ..Effects::default() };
    check(&before, &week(vec![long]), expected);
}

#[test]
fn images_per_request_are_units_per_request() {
    let images = |requests, cost| Cell {
        model: Some("painter".to_owned()),
        requests,
        other_cost: cost,
        ..Cell::default()
    };
    let expected = Effects { tokens_per_request_usd: Usd(400), ..Effects::default() };
    check(&week(vec![images(10, 400)]), &week(vec![images(10, 800)]), expected);
}

#[test]
fn two_factors_share_what_they_do_together() {
    // 10 requests at 3 become 20 at 5. Volume: (10 × 3 + 10 × 5) / 2; price: (10 × 2 + 20 × 2) / 2.
    let before = week(vec![input("a", 10, 10, 3)]);
    let after = week(vec![input("a", 20, 20, 5)]);
    let expected = Effects { volume_usd: Usd(40), price_usd: Usd(30), ..Effects::default() };
    check(&before, &after, expected);
}

#[test]
fn a_new_model_beside_unchanged_ones_is_mix_and_volume_and_nothing_else() {
    let old = input("old", 100, 100, 2);
    let tree = split(&week(vec![old.clone()]), &week(vec![old.clone(), input("new", 100, 100, 6)]));
    // Twice the requests at the old mix, and half of them moved: (100 × 2 + 0 … ) by hand:
    // volume: old (100 + 50) / 2 × 2 … new (0 + 50) / 2 × 6; mix: the rest.
    assert_eq!(tree.effects.volume_usd, Usd(150 + 150));
    assert_eq!(tree.effects.model_mix_usd, Usd(-150 + 450));
    let [new, old] = &tree.models[..] else { panic!("two models") };
    assert_eq!((new.requests_before, new.change_usd), (0, Usd(600)));
    assert_eq!((old.change_usd, old.effects.total()), (Usd(0), Usd(0)));
}

#[test]
fn from_nothing_and_to_nothing_is_volume() {
    let (some, none) = (week(vec![input("a", 10, 100, 7)]), week(vec![]));
    let up = Effects { volume_usd: Usd(700), ..Effects::default() };
    check(&none, &some, up);
    check(&some, &none, Effects { volume_usd: Usd(-700), ..Effects::default() });
    check(&none, &none, Effects::default());
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let text = |names: &'static [&'static str]| {
        prop::option::weighted(0.9, prop::sample::select(names).prop_map(str::to_owned))
    };
    let tokens = (0_i128..1_000_000_000, 0_i128..2_000_000_000)
        .prop_map(|(tokens, price)| TokenSum { tokens, cost: tokens * price });
    (
        text(&["a", "b", "c", "d"]),
        text(&["in_region", "us", "global"]),
        text(&["us-east-1", "eu-west-1"]),
        any::<bool>(),
        1_i128..100_000,
        prop::array::uniform6(tokens),
        0_i128..1_000_000_000_000_000,
    )
        .prop_map(|(model, routing, region, long_context, requests, tokens, other_cost)| {
            Cell {
                model,
                line: [routing, region, None],
                long_context,
                requests,
                tokens,
                other_cost,
            }
        })
}

fn any_side() -> impl Strategy<Value = Side> {
    (
        prop::sample::select(&[1.0, 7.0, 28.0, 30.0, 6.958_333_333][..]),
        prop::collection::vec(any_cell(), 0..12),
    )
        .prop_map(|(days, cells)| Side { days, cells })
}

fn spend(side: &Side) -> i128 {
    side.cells.iter().map(Cell::cost).sum()
}

proptest! {
    #[test]
    fn parts_add_up_to_the_change_to_the_last_digit(before in any_side(), after in any_side()) {
        let tree = split(&before, &after);
        prop_assert_eq!((tree.before_usd.0, tree.after_usd.0), (spend(&before), spend(&after)));
        prop_assert_eq!(tree.change_usd.0, spend(&after) - spend(&before));
        prop_assert_eq!(tree.effects.total(), tree.change_usd);
        for model in &tree.models {
            prop_assert_eq!(model.effects.total(), model.change_usd);
            prop_assert_eq!(model.change_usd, model.after_usd - model.before_usd);
        }
        let of_models: Usd = tree.models.iter().map(|model| model.change_usd).sum();
        prop_assert_eq!(of_models, tree.change_usd);
    }

    #[test]
    fn the_order_of_rows_changes_nothing(before in any_side(), after in any_side(), turn in 0_usize..12) {
        let turned = |side: &Side| {
            let mut cells = side.cells.clone();
            cells.reverse();
            let by = turn.min(cells.len());
            cells.rotate_left(by);
            Side { days: side.days, cells }
        };
        prop_assert_eq!(split(&before, &after), split(&turned(&before), &turned(&after)));
    }

    #[test]
    fn backwards_every_part_turns_its_sign(before in any_side(), after in any_side()) {
        let (there, back) = (split(&before, &after), split(&after, &before));
        // Give and take the units that could not be divided, and the width of a float.
        let slack = 8 * i128::try_from(there.models.len()).unwrap()
            + (spend(&before) + spend(&after)) / 1_000_000_000_000;
        for ((_, one), (_, other)) in there.effects.named().into_iter().zip(back.effects.named()) {
            prop_assert!((one.0 + other.0).abs() <= slack, "{} {}", one, other);
        }
    }
}
