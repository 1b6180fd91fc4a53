//! The journeys through the tool, one line per stage: ingest, query, chargeback, what-ifs, report.
//!
//! The only module that knows all stages. It hands stores, settings and templates to the pure stages
//! as values, and never decides what a figure means.

mod access;
mod alerts;
mod allocation;
mod anomalies;
mod capacity;
mod controls;
mod coverage;
mod daily;
mod detections;
mod drivers;
mod error;
mod figures;
mod forecast;
mod ingest;
mod kpis;
mod outages;
mod pack;
mod price_import;
mod prices;
mod profiles;
mod query;
mod report;
mod savings;
mod trends;
mod verify;
mod whole;

pub use access::{AccessRequest, UNUSED_DAYS, access};
pub use alerts::{
    AlertCheck, AlertQuestion, Destination, RETOLD, SkippedRule, Told, Way, acknowledge,
    alert_rules, alerts_since, check_alerts, tell,
};
pub use allocation::{allocation, budgets};
pub use anomalies::{AnomalyQuestion, anomalies, usual_dimensions};
pub use capacity::{CapacityAnswer, CapacityQuestion, capacity};
pub use controls::{
    ControlsAnswer, ControlsRequest, audit_controls, control_frameworks, verification,
};
pub use coverage::{CoverageAnswer, CoverageRequest, CoverageRow, Estimate, Join, audit_coverage};
pub use daily::{DaysRead, Followed, SeriesQuestion};
pub use detections::{DetectionsRequest, SecurityBasis, audit_detections, detection_rules, places};
pub use drivers::{DriversAnswer, DriversQuestion, PeriodFacts, drivers};
pub use error::{Error, SqlMistake};
pub use figures::Basis;
pub use forecast::{
    BackTestFigures, BudgetOutlook, ForecastAnswer, ForecastFigures, Horizon, Interval,
    LONGEST_HORIZON, MonthEnd, forecast_of,
};
pub use ingest::{
    Duplicates, History, Plan, Progress, Pruned, ReadOptions, RequestCounts, Selection, Silent,
    SourceRequest, Summary, request_cost_usd,
};
pub use kpis::{KpiAnswer, KpiFigure, key_figures};
pub use outages::{CountedOutage, OutageAnswer, OutageRequest, Unrecorded, audit_outages};
pub use pack::{PackIntegrity, PackRequest, Packed, ResultCounts, pack, verify_pack};
pub use price_import::{PriceImport, import_prices};
pub use prices::{
    CatalogueFacts, EMBEDDED, PriceCheck, PriceFiles, PriceFinding, PricesFileFacts, SyncedFacts,
    catalogue, check_prices, price_book,
};
pub use profiles::{
    SyncFailure, SyncRequest, SyncSummary, SyncedProfile, SyncedThroughput, sync_profiles,
};
pub use query::{QueryRequest, query, query_footing, sql};
pub use report::{
    Chosen, Comparison, PeriodChoice, ReportBasis, ReportForm, ReportRequest, headline, keep,
    rendered, report, write,
};
pub use savings::{Candidate, SavingsAnswer, savings};
pub use trends::{ComparisonFigures, ShiftFigures, SlopeFigures, TrendsAnswer, trends};
pub use verify::{Verified, VerifyRequest, verify};
pub use whole::write_whole;
