//! A table of requests whose cost was computed by a separate program with exact fractions.
//!
//! `golden.tsv` was written by a script that shares nothing with this crate but the catalogue; a dash
//! is null. A price row that changes changes its lines: close the old row instead, and none does.

use chrono::NaiveDate;

use crate::prices::{CacheConvention, PriceBook, Query, Usage, cost_of};

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != "-")
}

fn count(text: &str) -> Option<i64> {
    known(text).map(|text| text.parse().expect("a count"))
}

#[test]
fn every_line_of_the_golden_table_is_reproduced_to_the_last_digit() {
    let book = PriceBook::embedded().expect("the embedded book is sound");
    let mut lines = 0;
    for line in include_str!("golden.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            model_id,
            region,
            tier,
            day,
            input,
            output,
            read,
            write,
            write_1h,
            status,
            reason,
            cost,
        ] = fields[..]
        else {
            panic!("twelve fields: {line}");
        };
        let day: NaiveDate = day.parse().expect("a day");
        let query = Query {
            model_id: known(model_id),
            region: known(region),
            service_tier: known(tier),
            day: Some(day),
        };
        let usage = Usage {
            input_tokens: count(input),
            output_tokens: count(output),
            cache_read_tokens: count(read),
            cache_write_tokens: count(write),
            cache_write_1h_tokens: count(write_1h),
            ..Usage::default()
        };
        let found = cost_of(&book.quote(&query), &usage, CacheConvention::Documented);
        let total = found.total.map(|total| total.to_string());
        assert_eq!(
            (found.status, found.reason.as_deref(), total.as_deref()),
            (status, known(reason), known(cost)),
            "{line}"
        );
        lines += 1;
    }
    assert!(lines >= 150, "{lines} lines");
}
