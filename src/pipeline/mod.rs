//! The journeys through the tool, one line per stage: ingest, query, report.
//!
//! The only module that knows all stages. It hands stores, settings and templates to the pure stages
//! as values, and never decides what a figure means.

mod coverage;
mod error;
mod figures;
mod ingest;
mod prices;
mod query;
mod report;
mod verify;

pub use coverage::{CoverageAnswer, CoverageRequest, CoverageRow, Join, audit_coverage};
pub use error::{Error, SqlMistake};
pub use ingest::{Duplicates, Plan, Progress, Selection, Silent, Summary};
pub use prices::{
    CatalogueFacts, PriceCheck, PriceFinding, PricesFileFacts, catalogue, check_prices, price_book,
};
pub use query::{QueryAnswer, query, sql};
pub use report::{PeriodChoice, ReportForm, ReportRequest, headline, rendered, weekly, write};
pub use verify::{Verified, VerifyRequest, verify};
