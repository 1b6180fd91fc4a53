//! Lines, values that span lines, and what is between them.

use proptest::prelude::*;

use crate::records::tests::{gzip, ids, read, read_capped, record, rejects};
use crate::schema::reject::reason;

fn check(object: &[u8], expected: &[&str], expected_rejects: &[(Option<i64>, &str)]) {
    let decoded = read(object);
    let text = String::from_utf8_lossy(object);
    assert_eq!(ids(&decoded), expected, "{text}");
    assert_eq!(rejects(&decoded), expected_rejects, "{text}");
}

fn compact(id: &str) -> String {
    record(id).to_string()
}

fn laid_out(id: &str) -> String {
    format!("{:#}", record(id))
}

#[test]
fn layouts_of_two_records_that_are_all_read() {
    let (a, b) = (compact("a"), compact("b"));
    let (long_a, long_b) = (laid_out("a"), laid_out("b"));
    for object in [
        format!("{a}\n{b}\n"),
        format!("{a}\n{b}"),
        format!("{a}\r\n\r\n{b}\r\n"),
        format!("\u{feff}{a}\n{b}"),
        format!("{a}{b}"),
        format!("  {a} \t {b}  "),
        format!("{long_a}\n{long_b}\n"),
        format!("{long_a}{long_b}"),
        format!("{a}{long_b}"),
        format!("{long_a}{b}"),
        format!("\u{feff}{}", format!("{long_a}\n{long_b}\n").replace('\n', "\r\n")),
        format!("[\n{a},\n{b}\n]"),
        format!("{{\"Records\":[\n{a}\n,{b}]}}\n"),
    ] {
        check(object.as_bytes(), &["a", "b"], &[]);
        check(&gzip(object.as_bytes()), &["a", "b"], &[]);
    }
}

#[test]
fn a_bad_line_costs_only_itself() {
    let (a, b) = (compact("a"), laid_out("b"));
    for bad in [
        "garbage",
        "{",
        "{\"schemaType\":\"ModelInvocationLog\",\"timestamp\":\"2026",
        "{\"Records\":[",
        "[",
        "{\"a\":1}}",
        "\"",
        "\0\0",
        "{\"schemaType\":",
    ] {
        let decoded = read(format!("{a}\n{bad}\n{b}\n").as_bytes());
        assert_eq!(ids(&decoded), ["a", "b"], "{bad}");
        assert!(!decoded.rejects.is_empty(), "{bad}");
        assert!(
            decoded
                .rejects
                .iter()
                .all(|reject| reject.record == Some(2) || reject.record == Some(3)),
            "{bad}"
        );
    }
}

#[test]
fn lines_that_together_are_json_do_not_hide_the_record_between_them() {
    for (before, after) in [
        ("{\"a\":", "}"),
        ("{\"schemaType\":\"ModelInvocationLog\",\"timestamp\":", "}"),
        ("{\"Records\":[],\"x\":", "}"),
        ("{\"a\":[", "]}"),
    ] {
        for record in [compact("a"), laid_out("a")] {
            let object = format!("{before}\n{record}\n{after}\n");
            let invalid = reason::INVALID_JSON;
            check(object.as_bytes(), &["a"], &[(Some(1), invalid), (Some(3), invalid)]);
        }
    }
}

#[test]
fn an_open_line_before_the_last_record_does_not_swallow_it() {
    for before in ["{\"a\":", "{\"Records\":[{}],\"x\":"] {
        for record in [compact("a"), laid_out("a")] {
            let decoded = read(format!("{before}\n{record}\n").as_bytes());
            assert_eq!(ids(&decoded), ["a"], "{before}");
        }
    }
}

#[test]
fn bytes_that_are_no_text_cost_their_line() {
    let a = compact("a");
    let mut object = format!("{a}\n").into_bytes();
    object.extend(b"{\"schemaType\":\"\xff\"}\n");
    object.extend(format!("{a}{{\"x\":\"").as_bytes());
    object.extend(b"\xc3\"}\n");
    object.extend(a.as_bytes());
    let utf8 = reason::INVALID_UTF8;
    check(&object, &["a", "a", "a"], &[(Some(2), utf8), (Some(4), utf8)]);
}

#[test]
fn a_cut_last_record_is_one_cut_record() {
    for whole in [compact("b"), laid_out("b")] {
        let from = whole.find("schemaType").unwrap_or(1) + 12;
        for end in [from, whole.len() - 1] {
            let mut object = format!("{}\n", compact("a")).into_bytes();
            object.extend(&whole.as_bytes()[..end]);
            check(&object, &["a"], &[(Some(2), reason::CUT_RECORD)]);
        }
    }
    let mut in_character = format!("{}\n{{\"x\":\"", compact("a")).into_bytes();
    in_character.push(0xc3);
    check(&in_character, &["a"], &[(Some(2), reason::CUT_RECORD)]);
}

#[test]
fn a_cut_list_keeps_its_complete_records() {
    for list in [
        format!("{{\"Records\":[{},{},{}", compact("a"), compact("b"), &compact("c")[..90]),
        format!("[{}\n,{}\n,{}", laid_out("a"), laid_out("b"), &laid_out("c")[..90]),
    ] {
        check(list.as_bytes(), &["a", "b"], &[(Some(3), reason::CUT_RECORD)]);
    }
}

#[test]
fn a_cut_or_damaged_gzip_is_one_reject_of_the_object() {
    let lines = [compact("a"), compact("b"), laid_out("c")].join("\n");
    let whole = gzip(lines.as_bytes());
    let decoded = read(&whole[..whole.len() - 9]);
    assert_eq!(rejects(&decoded), [(None, reason::CUT_GZIP)]);
    let mut damaged = whole.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let decoded = read(&damaged);
    assert_eq!(ids(&decoded), ["a", "b", "c"]);
    assert_eq!(rejects(&decoded), [(None, reason::CORRUPT_GZIP)]);
}

#[test]
fn an_object_over_the_cap_keeps_what_is_below_it() {
    let a = compact("a");
    let object = format!("{a}\n{a}\n{a}\n");
    let cap = u64::try_from(a.len() * 2 + 10).expect("small");
    for bytes in [object.clone().into_bytes(), gzip(object.as_bytes())] {
        let decoded = read_capped(&bytes, cap);
        assert_eq!(ids(&decoded), ["a", "a"]);
        assert_eq!(rejects(&decoded), [(None, reason::OVERSIZE_OBJECT)]);
        let reject = &decoded.rejects[0];
        let end = i64::try_from(2 * (a.len() + 1)).ok();
        assert_eq!((reject.byte_offset, reject.size_bytes), (end, Some(8)));
    }
}

#[test]
fn thousands_of_open_values_are_read_in_reasonable_time() {
    let started = std::time::Instant::now();
    for line in ["{\"a\":[", "[", "[{\"a\":", "{\"a\":{\"Records\":["] {
        let object = format!("{line}\n").repeat(50_000);
        let decoded = read(object.as_bytes());
        assert!(!decoded.rejects.is_empty());
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "quadratic");
}

#[test]
fn rejects_without_end_cost_bounded_memory_and_no_record() {
    use crate::records::container::MAX_REJECTS;
    let many = MAX_REJECTS + 1000;
    let object = format!("{}\n{}\n", "{} ".repeat(many), record("after"));
    let decoded = read(object.as_bytes());
    assert_eq!(decoded.rejects.len(), MAX_REJECTS);
    let sizes = decoded.rejects.iter().filter_map(|reject| reject.size_bytes);
    assert_eq!(sizes.sum::<i64>(), i64::try_from(2 * many).expect("small"));
    assert_eq!(ids(&decoded), ["after"]);
    assert_eq!(
        decoded.invocations.rows().next().and_then(|row| row.record),
        i64::try_from(many + 1).ok()
    );
}

proptest! {
    #[test]
    fn cutting_a_gzip_keeps_the_records_before_the_cut(
        cut in any::<prop::sample::Index>(),
        count in 1..30_usize,
        members in any::<bool>(),
        layout in 0..4_usize,
    ) {
        let separator = ["\n", "", "\n", ","][layout];
        let texts: Vec<String> = (0..count)
            .map(|n| if layout == 2 { laid_out(&n.to_string()) } else { compact(&n.to_string()) })
            .collect();
        let start = if layout == 3 { "{\"Records\":[" } else { "" };
        let object: Vec<u8> = if members {
            let parts = texts.iter().enumerate();
            parts.flat_map(|(n, text)| {
                gzip(format!("{}{text}", if n == 0 { start } else { separator }).as_bytes())
            }).collect()
        } else {
            gzip(format!("{start}{}", texts.join(separator)).as_bytes())
        };
        let end = cut.index(object.len());
        let plain = super::super::gunzip::inflate(&object[..end], 1 << 24);
        let available = plain.bytes.len();
        let mut complete = 0;
        let mut at = start.len();
        for text in &texts {
            at += text.len();
            complete += usize::from(at <= available);
            at += separator.len();
        }
        let decoded = read(&object[..end]);
        let expected: Vec<String> = (0..complete).map(|n| n.to_string()).collect();
        prop_assert_eq!(ids(&decoded), expected);
        let whole_members = plain.damage.is_none();
        if whole_members && layout != 3 {
            prop_assert_eq!(rejects(&decoded), vec![]);
        } else if !whole_members {
            prop_assert_eq!(rejects(&decoded), vec![(None, reason::CUT_GZIP)]);
        }
    }
}
