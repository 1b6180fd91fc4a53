//! What the generator says must be found, and the comparison with what the tool finds.
//!
//! Counts, tokens, money and percentiles must be equal to the last digit; ratios and means are
//! compared as floating point numbers. A sum over counts that no record of a group has is null in
//! the tool and 0 in the truth, which adds up known counts: these two are equal.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::support::Sandbox;

/// Counts that every group has.
const COUNTS: &str = "requests,ok,errors,throttled,unpriced_requests,guardrail_interventions";
/// Sums of tokens by kind.
const TOKENS: &str = "input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,total_tokens";
/// Ratios and money.
const DERIVED: &str = "cost_usd,error_rate,success_rate,throttle_rate,priced_share";
/// Times.
const TIMES: &str = "latency_known,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p95_ms,\
                     latency_p99_ms,first_byte_p50_ms";

/// The dimensions that the truth is split by, as the truth and the tool name them.
pub(crate) const SPLITS: [(&str, &str); 7] = [
    ("by_model", "model"),
    ("by_principal", "principal"),
    ("by_account", "account"),
    ("by_region", "region"),
    ("by_operation", "operation"),
    ("by_team", "tag:team"),
    ("by_day", "day"),
];

/// A truth file.
#[derive(Debug, Clone)]
pub(crate) struct Truth(Value);

impl Truth {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the truth file");
        Self(serde_json::from_str(&text).expect("the truth is JSON"))
    }

    /// The value at a path of keys.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or_else(|| panic!("the truth has no `{pointer}`"))
    }

    /// The names below a path.
    #[track_caller]
    pub(crate) fn names(&self, pointer: &str) -> Vec<String> {
        self.at(pointer).as_object().expect("an object").keys().cloned().collect()
    }

    /// Compares a store with everything that the truth says of a block (`/overall`, or one of
    /// `/weeks`): totals, and every split.
    #[track_caller]
    pub(crate) fn check_block(&self, sandbox: &Sandbox, block: &str, range: &[&str]) {
        let block = self.at(block);
        check_row(&one(sandbox.query("", &all_metrics(block), range)), block, "in all");
        for (split, dimension) in SPLITS {
            check_groups(sandbox, dimension, &block[split], range);
        }
        check_counts(sandbox, "status", &block["by_status"], range);
        check_error_codes(sandbox, block, range);
    }
}

/// Compares the groups of a dimension: the same groups, and in each the same figures.
#[track_caller]
pub(crate) fn check_groups(sandbox: &Sandbox, dimension: &str, groups: &Value, range: &[&str]) {
    let groups = groups.as_object().expect("groups");
    let first = groups.values().next().expect("a group");
    let mut found = by_name(sandbox.query(dimension, &all_metrics(first), range), dimension);
    for (name, figures) in groups {
        let row = found.remove(name).unwrap_or_else(|| panic!("{dimension} has no `{name}`"));
        check_row(&row, figures, &format!("{dimension} `{name}`"));
    }
    assert!(found.is_empty(), "{dimension} has groups that nobody made: {:?}", found.keys());
}

/// Compares the number of requests of each group.
#[track_caller]
fn check_counts(sandbox: &Sandbox, dimension: &str, counts: &Value, range: &[&str]) {
    let counts = counts.as_object().expect("counts");
    let expected: BTreeMap<String, i64> = counts
        .iter()
        .filter_map(|(name, count)| Some((name.clone(), count.as_i64()?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let found: BTreeMap<String, i64> =
        by_name(sandbox.query(dimension, "requests", range), dimension)
            .into_iter()
            .map(|(name, row)| (name, row["requests"].as_i64().expect("a count")))
            .collect();
    assert_eq!(found, expected, "requests by {dimension}");
}

/// Requests by error name; those without an error have none.
#[track_caller]
fn check_error_codes(sandbox: &Sandbox, block: &Value, range: &[&str]) {
    let mut codes = block["by_error_code"].as_object().expect("codes").clone();
    codes.insert(NONE.to_owned(), block["ok"].clone());
    check_counts(sandbox, "error_code", &Value::Object(codes), range);
}

/// The name of the group without the dimension, as the truth calls it.
const NONE: &str = "(untagged)";

fn by_name(rows: Vec<Value>, dimension: &str) -> BTreeMap<String, Value> {
    let count = rows.len();
    let named: BTreeMap<String, Value> = rows
        .into_iter()
        .map(|row| {
            let name = row[dimension].as_str().unwrap_or(NONE).to_owned();
            (name, row)
        })
        .collect();
    assert_eq!(named.len(), count, "{dimension} names a group twice");
    named
}

/// Every metric that a block of the truth tells.
fn all_metrics(figures: &Value) -> String {
    let mut metrics = vec![COUNTS, TOKENS, DERIVED];
    if figures.get("latency").is_some() {
        metrics.push(TIMES);
    }
    for optional in ["principals", "models", "input_bytes", "output_bytes"] {
        if figures.get(optional).is_some() {
            metrics.push(optional);
        }
    }
    metrics.join(",")
}

/// Compares one row with its figures in the truth, all metrics at once.
#[track_caller]
pub(crate) fn check_row(row: &Value, figures: &Value, what: &str) {
    let row = row.as_object().expect("a row object");
    let expected = expected(figures);
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(metric, value)| !row.get(*metric).is_some_and(|found| same(metric, found, value)))
        .map(|(metric, value)| format!("{metric}: found {:?}, truth {value}", row.get(metric)))
        .collect();
    assert!(wrong.is_empty(), "{what}: {}", wrong.join("; "));
}

/// The figures of a block under the names of the metrics.
fn expected(figures: &Value) -> Map<String, Value> {
    let mut expected = Map::new();
    let mut copy = |metric: &str, value: &Value| {
        if !value.is_null() || metric.ends_with("_usd") || metric.ends_with("_ms") {
            expected.insert(metric.to_owned(), value.clone());
        }
    };
    for name in COUNTS.split(',').chain(["cost_usd"]) {
        copy(name, &figures[name]);
    }
    for (kind, count) in figures["tokens"].as_object().expect("tokens") {
        copy(&format!("{kind}_tokens"), count);
    }
    for name in ["principals", "models", "input_bytes", "output_bytes"] {
        copy(name, &figures[name]);
    }
    let requests = number(&figures["requests"]);
    let priced = number(&figures["priced_requests"]);
    let billed = requests - number(&figures["not_billed"]);
    copy("error_rate", &ratio(number(&figures["errors"]), requests));
    copy("success_rate", &ratio(number(&figures["ok"]), requests));
    copy("throttle_rate", &ratio(number(&figures["throttled"]), requests));
    copy("priced_share", &ratio(priced, billed));
    if let Some(latency) = figures.get("latency") {
        copy("latency_known", &latency["known"]);
        copy("latency_mean_ms", &ratio(number(&latency["sum_ms"]), number(&latency["known"])));
        copy("first_byte_p50_ms", &latency["first_byte_p50_ms"]);
        for percent in [50, 90, 95, 99] {
            copy(&format!("latency_p{percent}_ms"), &latency[format!("p{percent}_ms")]);
        }
    }
    expected
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn ratio(part: f64, whole: f64) -> Value {
    if whole > 0.0 { Value::from(part / whole) } else { Value::Null }
}

fn same(metric: &str, found: &Value, truth: &Value) -> bool {
    let is_sum = metric.ends_with("_tokens") || metric.ends_with("_bytes");
    if is_sum && found.is_null() {
        return truth.as_i64() == Some(0);
    }
    match (found.as_f64(), truth.as_f64()) {
        (Some(found), Some(truth)) if is_exact(metric) => found.total_cmp(&truth).is_eq(),
        (Some(found), Some(truth)) => (found - truth).abs() <= 1e-12 * truth.abs(),
        _ => found == truth,
    }
}

/// Whether a metric is a whole number, which must be equal to the last digit.
fn is_exact(metric: &str) -> bool {
    !metric.ends_with("_rate") && !metric.ends_with("_share") && metric != "latency_mean_ms"
}

/// The only row.
#[track_caller]
pub(crate) fn one(rows: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(rows) {
        Ok([row]) => row,
        Err(rows) => panic!("{} rows instead of one", rows.len()),
    }
}
