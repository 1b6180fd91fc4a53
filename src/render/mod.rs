//! `Report` → HTML, text and JSON; tables and CSV for the terminal; charts; number formatting.
//!
//! Pure: reads no file, clock or environment; templates arrive as values. The only place that
//! rounds. Log text is a stranger's text: it is stripped of control characters, capped and
//! escaped here, whatever the output.

/// Makes the fields of a view visible to the templates.
macro_rules! shown {
    ($view:ident { $($field:ident),* $(,)? }) => {
        impl From<$view> for minijinja::Value {
            fn from(view: $view) -> Self {
                minijinja::context! { $($field => view.$field),* }
            }
        }
    };
}

pub mod alert;
pub mod answer;
mod archive;
pub mod brand;
pub mod charts;
pub mod csv;
pub mod email;
pub mod format;
pub mod html;
mod json;
mod png;
pub mod summary;
pub mod table;
mod text;
pub mod xlsx;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use archive::archive;
pub use brand::{Brand, BrandProblem};
pub use html::templates::Templates;
pub use html::{Look, Theme, html, pack_html};
pub use json::json;
pub use text::{TextOptions, headline, text, trust_line};
pub use xlsx::report_workbook as workbook;

/// Rendering failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template doesn't parse, or asks for something the report doesn't have.
    #[error("could not fill the report template `{name}`")]
    Template {
        /// File name of the template.
        name: String,
        /// Where and why.
        #[source]
        source: Box<minijinja::Error>,
    },
    /// A chart could not be drawn.
    #[error("could not draw the chart `{title}`")]
    Chart {
        /// Title of the chart.
        title: String,
        /// What the drawing library says.
        reason: String,
    },
    /// The data holds something JSON can't.
    #[error("could not write JSON")]
    Json(#[source] serde_json::Error),
    /// A workbook could not be written.
    #[error("could not write a table as XLSX")]
    Xlsx(#[source] rust_xlsxwriter::XlsxError),
    /// More rows than a sheet holds.
    #[error(
        "{rows} rows do not fit on a sheet, which holds {}; write CSV or Parquet",
        xlsx::MOST_ROWS
    )]
    TooManyRows {
        /// The rows.
        rows: usize,
    },
    /// A Parquet file could not be written.
    #[error("could not write a table as Parquet")]
    Parquet(#[source] polars::prelude::PolarsError),
    /// The style of a mail could not be put in place.
    #[error("could not put the style of the mail in place: {0}")]
    Css(String),
    /// The zip of tables could not be written.
    #[error("could not write the tables as a zip")]
    Zip(#[source] std::io::Error),
    /// A row could not be written as CSV.
    #[error("could not write a table as CSV")]
    Csv(#[source] ::csv::Error),
}
