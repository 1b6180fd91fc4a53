//! `tag:KEY`: values of request-metadata keys, read once per distinct metadata text.
//!
//! `request_metadata` is JSON text that repeats over millions of rows, so the caller collects the
//! distinct texts ([`distinct_metadata`]), [`tag_lookup`] parses each of them once, and [`with_tags`]
//! joins the result. This keeps JSON out of the expressions and `collect` out of this module.

use std::collections::BTreeMap;

use polars::prelude::{
    Column, DataFrame, DataType, IntoLazy, JoinArgs, JoinType, LazyFrame, NamedFrom, PolarsResult,
    Series, UniqueKeepStrategy, col,
};
use serde_json::value::RawValue;

use super::dimensions::Dimension;
use crate::schema::invocation::REQUEST_METADATA;

/// The tag keys among the dimensions, each once, in order of first use.
pub fn tag_keys(dimensions: &[Dimension]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for dimension in dimensions {
        if let Dimension::Tag(key) = dimension
            && !keys.contains(key)
        {
            keys.push(key.clone());
        }
    }
    keys
}

/// The distinct, known request metadata: one text column, for the caller to collect.
pub fn distinct_metadata(invocations: LazyFrame) -> LazyFrame {
    invocations
        .select([col(REQUEST_METADATA)])
        .filter(col(REQUEST_METADATA).is_not_null())
        .unique(None, UniqueKeepStrategy::Any)
}

/// One row per metadata text with a text column `tag:KEY` per key.
///
/// Text values are taken as they are, all others as their compact JSON. A key that is missing or
/// JSON null is null, as are all keys of a text that is not a JSON object.
///
/// # Errors
/// When `distinct` lacks the metadata column, or has it with another type.
pub fn tag_lookup(distinct: &DataFrame, keys: &[String]) -> PolarsResult<DataFrame> {
    let texts = distinct.column(REQUEST_METADATA)?.str()?;
    let mut values: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(texts.len()); keys.len()];
    for text in texts.iter() {
        let object = text.map(json_object).unwrap_or_default();
        for (key, column) in keys.iter().zip(&mut values) {
            column.push(object.get(key.as_str()).and_then(|value| tag_text(value)));
        }
    }
    let mut columns: Vec<Column> = vec![distinct.column(REQUEST_METADATA)?.clone()];
    for (key, column) in keys.iter().zip(values) {
        let name = Dimension::Tag(key.clone()).name();
        columns.push(Series::new(name.into(), column).cast(&DataType::String)?.into());
    }
    DataFrame::new(distinct.height(), columns)
}

/// The invocations with the columns of a [`tag_lookup`]; rows without metadata have null there.
pub fn with_tags(invocations: LazyFrame, lookup: DataFrame) -> LazyFrame {
    let key = [col(REQUEST_METADATA)];
    invocations.join(lookup.lazy(), &key, &key, JoinArgs::new(JoinType::Left))
}

fn json_object(text: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

fn tag_text(value: &RawValue) -> Option<String> {
    match value.get() {
        "null" => None,
        json => Some(serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, df};

    use super::{distinct_metadata, tag_keys, tag_lookup, with_tags};
    use crate::metrics::dimensions::Dimension;

    #[test]
    fn tags_of_any_key_and_any_json_type_reach_their_rows() {
        let metadata = [
            Some(r#"{"a.b \"c\"":"x","n":1.50,"o":{"k":[1,2]},"z":null}"#),
            None,
            Some(r#"{"n":true}"#),
            Some("not json"),
            Some(r#"{"n":true}"#),
        ];
        let invocations = df!["request_metadata" => metadata, "row" => [0, 1, 2, 3, 4]].unwrap();
        let distinct = distinct_metadata(invocations.clone().lazy()).collect().unwrap();
        assert_eq!(distinct.height(), 3);

        let keys = ["a.b \"c\"", "n", "o", "z"].map(str::to_owned);
        let lookup = tag_lookup(&distinct, &keys).unwrap();
        let tagged = with_tags(invocations.lazy(), lookup).collect().unwrap();
        let tagged = tagged.sort(["row"], polars::prelude::SortMultipleOptions::default()).unwrap();
        let values = |name: &str| -> Vec<Option<String>> {
            let column = tagged.column(name).unwrap().str().unwrap();
            column.iter().map(|value| value.map(str::to_owned)).collect()
        };
        let text = |value: &str| Some(value.to_owned());
        assert_eq!(values("tag:a.b \"c\""), [text("x"), None, None, None, None]);
        assert_eq!(values("tag:n"), [text("1.50"), None, text("true"), None, text("true")]);
        assert_eq!(values("tag:o"), [text(r#"{"k":[1,2]}"#), None, None, None, None]);
        assert_eq!(values("tag:z"), [None, None, None, None, None]);
    }

    #[test]
    fn no_metadata_at_all_leaves_null_tags() {
        let invocations = df!["request_metadata" => [None::<&str>, None]].unwrap();
        let distinct = distinct_metadata(invocations.clone().lazy()).collect().unwrap();
        let lookup = tag_lookup(&distinct, &["team".to_owned()]).unwrap();
        let tagged = with_tags(invocations.lazy(), lookup).collect().unwrap();
        assert_eq!(tagged.height(), 2);
        assert_eq!(tagged.column("tag:team").unwrap().null_count(), 2);
    }

    #[test]
    fn each_tag_key_is_looked_up_once() {
        let tag = |key: &str| Dimension::Tag(key.to_owned());
        assert_eq!(tag_keys(&[tag("b"), Dimension::Day, tag("a"), tag("b")]), ["b", "a"]);
    }
}
