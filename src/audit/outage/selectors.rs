//! Whether the event selectors of a trail take in model calls: read-only management events of Bedrock.
//!
//! Source: "Logging management events" in the AWS CloudTrail user guide.

use serde_json::Value;

use crate::schema::api_event::BEDROCK_SOURCE;

/// What selectors leave out that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    Nothing,
    ManagementEvents,
    ReadEvents,
    Bedrock,
    /// The event doesn't tell.
    Unknown,
}

/// Reads `PutEventSelectors` parameters: several selectors add up.
pub(super) fn of_selectors(parameters: &Value) -> Leaves {
    let leaves: Vec<Leaves> = match (
        parameters["eventSelectors"].as_array(),
        parameters["advancedEventSelectors"].as_array(),
    ) {
        (Some(basic), _) => basic.iter().map(basic_selector).collect(),
        (_, Some(advanced)) => advanced.iter().map(advanced_selector).collect(),
        _ => return Leaves::Unknown,
    };
    if leaves.contains(&Leaves::Nothing) {
        return Leaves::Nothing;
    }
    // The selector that comes nearest to taking them in tells why.
    let nearest = [Leaves::Bedrock, Leaves::ReadEvents, Leaves::ManagementEvents];
    nearest.into_iter().find(|why| leaves.contains(why)).unwrap_or(Leaves::ManagementEvents)
}

fn basic_selector(selector: &Value) -> Leaves {
    if selector["includeManagementEvents"].as_bool() == Some(false) {
        return Leaves::ManagementEvents;
    }
    let left_out = texts(&selector["excludeManagementEventSources"]);
    match selector["readWriteType"].as_str() {
        Some("WriteOnly") => Leaves::ReadEvents,
        _ if left_out.contains(&BEDROCK_SOURCE) => Leaves::Bedrock,
        _ => Leaves::Nothing,
    }
}

fn advanced_selector(selector: &Value) -> Leaves {
    let fields = || selector["fieldSelectors"].as_array().into_iter().flatten();
    let field =
        |name: &'static str| fields().find(move |field| field["field"].as_str() == Some(name));
    let is_management = field("eventCategory")
        .is_some_and(|category| texts(&category["equals"]).contains(&"Management"));
    if !is_management {
        return Leaves::ManagementEvents;
    }
    if field("readOnly").is_some_and(|read_only| texts(&read_only["equals"]) == ["false"]) {
        return Leaves::ReadEvents;
    }
    let leaves_bedrock = field("eventSource").is_some_and(|source| {
        let wanted = texts(&source["equals"]);
        texts(&source["notEquals"]).contains(&BEDROCK_SOURCE)
            || !wanted.is_empty() && !wanted.contains(&BEDROCK_SOURCE)
    });
    if leaves_bedrock { Leaves::Bedrock } else { Leaves::Nothing }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Leaves, of_selectors};

    #[test]
    fn basic_selectors_add_up() {
        let all = json!({"readWriteType": "All", "includeManagementEvents": true});
        let writes = json!({"readWriteType": "WriteOnly", "includeManagementEvents": true});
        let data = json!({"readWriteType": "ReadOnly", "includeManagementEvents": false});
        for (selectors, leaves) in [
            (json!([all]), Leaves::Nothing),
            (json!([writes]), Leaves::ReadEvents),
            (json!([data]), Leaves::ManagementEvents),
            (json!([data, writes]), Leaves::ReadEvents),
            (json!([data, all]), Leaves::Nothing),
            (json!([]), Leaves::ManagementEvents),
        ] {
            assert_eq!(of_selectors(&json!({"eventSelectors": selectors})), leaves, "{selectors}");
        }
        assert_eq!(of_selectors(&json!({"trailName": "t"})), Leaves::Unknown);
    }

    #[test]
    fn advanced_selectors_are_read_field_by_field() {
        let selector = |more: serde_json::Value| {
            let mut fields = vec![json!({"field": "eventCategory", "equals": ["Management"]})];
            fields.extend(more.as_array().cloned().unwrap_or_default());
            json!({"advancedEventSelectors": [{"name": "n", "fieldSelectors": fields}]})
        };
        for (more, leaves) in [
            (json!([]), Leaves::Nothing),
            (json!([{"field": "readOnly", "equals": ["true"]}]), Leaves::Nothing),
            (json!([{"field": "readOnly", "equals": ["false"]}]), Leaves::ReadEvents),
            (
                json!([{"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}]),
                Leaves::Nothing,
            ),
            (
                json!([{"field": "eventSource", "notEquals": ["bedrock.amazonaws.com"]}]),
                Leaves::Bedrock,
            ),
        ] {
            assert_eq!(of_selectors(&selector(more.clone())), leaves, "{more}");
        }
        let data = json!({"advancedEventSelectors": [{"fieldSelectors": [
            {"field": "eventCategory", "equals": ["Data"]}]}]});
        assert_eq!(of_selectors(&data), Leaves::ManagementEvents);
    }
}
