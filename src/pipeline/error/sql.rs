//! What is wrong with a SQL query.

use polars::prelude::PolarsError;

use crate::likeness::{ALIKE, nearest};

/// What Polars says is wrong with a SQL query, without the plan it had made until then.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct SqlMistake {
    said: String,
    /// The known name most like one that Polars doesn't know.
    nearest: Option<String>,
}

impl SqlMistake {
    /// `known` are the names of tables and columns.
    pub(in crate::pipeline) fn new(error: &PolarsError, known: &[&str]) -> Self {
        let text = error.to_string();
        let said = text.split("\n\nResolved plan until failure").next().unwrap_or_default();
        let said = said.trim_end();
        // Polars quotes the name it doesn't know, or ends with it.
        let quoted = said.split(['\'', '"', '`']).nth(1);
        let name = quoted.or_else(|| said.rsplit([' ', ':']).next()).unwrap_or_default();
        let nearest = nearest(name, known.iter().copied(), ALIKE).map(str::to_owned);
        Self { said: said.to_owned(), nearest: nearest.filter(|nearest| nearest != name) }
    }

    pub(super) fn hint(&self) -> String {
        let tables = "the tables are `invocations`, `api_events`, `rejects`, `service_metrics` and `costs`; \
                      text literals stand in single quotes";
        match &self.nearest {
            Some(nearest) => format!("did you mean `{nearest}`? {tables}"),
            None => tables.to_owned(),
        }
    }
}
