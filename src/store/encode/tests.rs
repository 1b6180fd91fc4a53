//! What is written is read back as it was.

use polars::prelude::{DataFrame, LazyFrame};
use proptest::prelude::*;

use super::super::segment;
use super::super::staged::OfDay;
use super::{at_least, cut, encode};
use crate::schema::api_event::{self, ApiEvent};
use crate::schema::columns::Piece;
use crate::schema::{Row as _, Table, TimeMs};

/// What a file of these rows reads back as.
fn read_back(blocks: &[api_event::Columns]) -> DataFrame {
    let pieces = blocks.iter().map(|columns| Piece { columns, rows: 0..columns.len() }).collect();
    let mut bytes = b"of the file before".to_vec();
    encode(Table::ApiEvents, &OfDay(pieces), &mut bytes).expect("encoded");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    std::fs::write(&path, bytes).expect("written");
    segment::scan(&[path], Table::ApiEvents.schema()).and_then(LazyFrame::collect).expect("rows")
}

fn check(blocks: &[Vec<ApiEvent>]) {
    let columns: Vec<api_event::Columns> =
        blocks.iter().map(|rows| rows.iter().cloned().collect()).collect();
    let expected = ApiEvent::frame(blocks.concat()).expect("a frame");
    let found = read_back(&columns);
    assert!(found.equals_missing(&expected), "{found}\n{expected}");
}

fn row() -> impl Strategy<Value = ApiEvent> {
    let text = || prop::option::of("[ab]{0,2}|[a-z0-9]{36}|é{40}");
    let count = prop_oneof![0..9_i64, any::<i64>()];
    let time = prop::option::of((0..1_000_i64).prop_map(TimeMs));
    (text(), text(), prop::option::of(count), time, prop::option::of(any::<bool>())).prop_map(
        |(event_id, event_name, input_tokens, event_time, read_only)| ApiEvent {
            event_id,
            event_time,
            event_name,
            read_only,
            input_tokens,
            ..ApiEvent::default()
        },
    )
}

proptest! {
    #[test]
    fn bounds_hold_the_text_and_are_short(
        start in "[a-zé]{0,70}",
        greatest in 0_usize..4,
        rest in "\\PC{0,80}",
    ) {
        let text = format!("{start}{}{rest}", char::MAX.to_string().repeat(greatest));
        let (least, most) = (cut(&text), at_least(&text));
        prop_assert!(*least <= *text && *text <= *most, "{least} {text} {most}");
        prop_assert!(text.len() > 64 || (least, most.as_str()) == (&text, &text));
        prop_assert!(least.len() <= 64 && most.len() <= 64 + (greatest + 1) * 4 || rest.contains(char::MAX));
    }

    #[test]
    fn rows_read_back_as_a_frame_of_them_would(
        blocks in prop::collection::vec(prop::collection::vec(row(), 1..200), 1..4),
    ) {
        check(&blocks);
    }
}

#[test]
fn many_ids_many_numbers_and_many_rows_take_several_pages_and_groups() {
    let rows = |from: i64, to: i64| -> Vec<ApiEvent> {
        let row = |n: i64| ApiEvent {
            event_id: (n % 7 > 0).then(|| format!("{n:036}")),
            event_name: Some(format!("name {}", n % 5000)),
            input_tokens: (n % 3 > 0).then_some(n * 1_000_003),
            output_tokens: Some(n % 100),
            read_only: (n % 11 > 3).then_some(n % 2 == 0),
            event_time: Some(TimeMs(n * 1000)),
            error_code: (n == 5).then(|| "once, on the first page".to_owned()),
            ..ApiEvent::default()
        };
        (from..to).map(row).collect()
    };
    check(&[rows(0, 150_000), rows(150_000, 300_001)]);
    check(&[rows(0, 1)]);
}
