//! The journeys through the tool, one line per stage: ingest, query, chargeback, what-ifs, report.
//!
//! The only module that knows all stages. It hands stores, settings and templates to the pure stages
//! as values, and never decides what a figure means.

mod allocation;
mod daily;
mod drivers;
mod error;
mod figures;
mod forecast;
mod ingest;
mod prices;
mod query;
mod report;
mod savings;
mod verify;
mod whole;

pub use allocation::{allocation, budgets};
pub use error::{Error, SqlMistake};
pub use figures::Basis;
mod trends;

pub use daily::{DaysRead, Followed, SeriesQuestion};
pub use drivers::{DriversAnswer, DriversQuestion, PeriodFacts, drivers};
pub use forecast::{
    BackTestFigures, BudgetOutlook, ForecastAnswer, ForecastFigures, Horizon, Interval,
    LONGEST_HORIZON, MonthEnd, forecast_of,
};
pub use ingest::{
    Duplicates, History, Plan, Progress, RequestCounts, Selection, Silent, SourceRequest, Summary,
    request_cost_usd,
};
pub use prices::{
    CatalogueFacts, PriceCheck, PriceFinding, PricesFileFacts, catalogue, check_prices, price_book,
};
pub use query::{QueryRequest, query, query_footing, sql};
pub use report::{PeriodChoice, ReportForm, ReportRequest, headline, rendered, weekly, write};
pub use savings::{Candidate, SavingsAnswer, savings};
pub use trends::{ComparisonFigures, ShiftFigures, SlopeFigures, TrendsAnswer, trends};
pub use verify::{Verified, VerifyRequest, verify};
pub use whole::write_whole;
