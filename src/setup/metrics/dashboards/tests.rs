//! What `PutDashboard` and `PutMetricAlarm` would refuse, since stand-ins take everything.
//!
//! Structure: "Dashboard body structure and syntax" in the `CloudWatch` API reference.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Placeholders, alarms, dashboards};
use crate::setup::metrics::catalogue::{OF_BEDROCK, known};

fn placeholders(log_group: Option<&str>) -> Placeholders {
    Placeholders {
        region: "eu-west-1".to_owned(),
        namespace: "BedrockLens".to_owned(),
        service_level_ms: 3000,
        log_group: log_group.map(str::to_owned),
    }
}

fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn there_are_four_boards_that_are_whole_once_filled_in() {
    for group in [None, Some("/bedrock/invocations")] {
        let boards = dashboards(&placeholders(group)).expect("JSON");
        assert_eq!(boards.len(), 4);
        for board in boards {
            let text = board.body.to_string();
            assert!(!text.contains("${") && !text.contains("\"requires\""), "{}", board.name);
            let logs = text.contains("SOURCE '/bedrock/invocations'");
            assert_eq!(logs, group.is_some() && board.name == "bedrock-technical");
            assert!(!array(&board.body, "widgets").is_empty());
        }
    }
    let text = format!("{:?}", alarms(&placeholders(None)).expect("JSON"));
    assert!(!text.contains("${"), "{text}");
}

#[test]
fn widgets_are_of_known_form_on_a_grid_without_overlaps() {
    for board in dashboards(&placeholders(Some("g"))).expect("JSON") {
        let widgets = array(&board.body, "widgets");
        assert!(widgets.len() <= 500);
        let mut taken = BTreeSet::new();
        for widget in widgets {
            let number = |key: &str| widget[key].as_u64().expect("a number");
            let (x, y, width, height) =
                (number("x"), number("y"), number("width"), number("height"));
            assert!(width >= 1 && x + width <= 24 && (1..=1000).contains(&height), "{widget}");
            for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{}: {widget} overlaps", board.name);
            }
            let properties = &widget["properties"];
            match widget["type"].as_str().expect("a type") {
                "text" => assert!(properties["markdown"].is_string()),
                "log" => {
                    let query = properties["query"].as_str().expect("a query");
                    assert!(query.starts_with("SOURCE '") && properties["region"].is_string());
                }
                "metric" => check_graph(properties),
                other => panic!("{other}"),
            }
        }
    }
}

/// A graph shows something, of metrics that exist, and its formulas name only what it has.
fn check_graph(properties: &Value) {
    let title = properties["title"].as_str().expect("a title");
    assert!(properties["region"].is_string(), "{title}");
    let view = properties["view"].as_str().expect("a view");
    assert!(["timeSeries", "singleValue", "bar", "pie", "table"].contains(&view), "{title}");
    let metrics = array(properties, "metrics");
    assert!((1..=500).contains(&metrics.len()), "{title}");
    let ids: Vec<&str> = metrics.iter().filter_map(|one| options(one)["id"].as_str()).collect();
    let distinct: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{title}: {ids:?}");
    assert!(ids.iter().all(|id| id.starts_with(|c: char| c.is_ascii_lowercase())), "{title}");
    let shown = metrics.iter().filter(|one| options(one)["visible"] != Value::Bool(false));
    assert!(shown.count() > 0, "{title} shows nothing");
    for metric in metrics {
        if let Some(expression) = options(metric)["expression"].as_str() {
            check_expression(expression, &ids, title);
        } else {
            let parts = metric.as_array().expect("an array");
            let name = parts[1].as_str().expect("a metric");
            assert_eq!(parts[0], "BedrockLens", "{title}");
            let known = known(name).unwrap_or_else(|| panic!("{title}: no metric {name}"));
            assert!(known.dimensions.contains(&""), "{title}: {name} has no total");
            assert_eq!(parts.len(), 3, "{title}");
        }
    }
}

/// The object at the end of a metric's array.
fn options(metric: &Value) -> &Value {
    metric.as_array().and_then(|parts| parts.last()).expect("options")
}

fn check_expression(expression: &str, ids: &[&str], title: &str) {
    let Some(search) = expression.split("SEARCH('").nth(1) else {
        let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())) {
            assert!(ids.contains(&name), "{title}: `{name}` in `{expression}` is no id");
        }
        return;
    };
    let schema = search.split('}').next().expect("a schema").trim_start_matches('{');
    let (namespace, dimension) = schema.split_once(',').expect("a dimension");
    let name = search.split('"').nth(1).expect("a metric");
    match namespace {
        "AWS/Bedrock" => {
            assert_eq!(dimension, "ModelId", "{title}");
            assert!(OF_BEDROCK.contains(&name), "{title}: Bedrock has no {name}");
        }
        "BedrockLens" => {
            let known = known(name).unwrap_or_else(|| panic!("{title}: no metric {name}"));
            assert!(known.dimensions.contains(&dimension), "{title}: {name} not by {dimension}");
        }
        other => panic!("{title}: {other}"),
    }
    let open = expression.matches('(').count();
    assert_eq!(open, expression.matches(')').count(), "{title}: {expression}");
}

#[test]
fn alarms_watch_one_series_each_of_metrics_that_exist() {
    let found = alarms(&placeholders(None)).expect("JSON");
    let names: BTreeSet<&str> = found.iter().map(|alarm| alarm.alarm_name.as_str()).collect();
    assert_eq!(names.len(), found.len());
    for alarm in &found {
        let name = &alarm.alarm_name;
        let returned = alarm.metrics.iter().filter(|query| query.return_data).count();
        assert_eq!(returned, 1, "{name}");
        assert!(name.starts_with("bedrock-"), "the policy allows `bedrock-*`: {name}");
        assert!((1..=alarm.evaluation_periods).contains(&alarm.datapoints_to_alarm), "{name}");
        assert!(["breaching", "notBreaching"].contains(&alarm.treat_missing_data.as_str()));
        assert!(
            ["GreaterThanThreshold", "GreaterThanOrEqualToThreshold"]
                .contains(&alarm.comparison_operator.as_str())
        );
        let searches = alarm.metrics.iter().filter_map(|query| query.expression.as_deref());
        // SEARCH can't be alarmed on, and one query of Metrics Insights is the most.
        assert!(searches.clone().all(|text| !text.contains("SEARCH")), "{name}");
        assert!(searches.filter(|text| text.starts_with("SELECT")).count() <= 1, "{name}");
        for query in &alarm.metrics {
            assert!(query.expression.is_some() != query.metric_stat.is_some(), "{name}");
            if let Some(stat) = &query.metric_stat {
                let metric = known(&stat.metric.metric_name).expect("a metric of ours");
                assert!(metric.dimensions.contains(&""), "{name}");
                assert_eq!(stat.metric.namespace, "BedrockLens");
            }
            if let Some(select) = query.expression.as_deref().filter(|e| e.starts_with("SELECT")) {
                let metric = select.split(['(', ')']).nth(1).expect("a metric");
                let is_ours = known(metric).is_some_and(|one| one.dimensions.contains(&"Budget"));
                assert!(is_ours || OF_BEDROCK.contains(&metric), "{name}: {metric}");
            }
        }
    }
}
