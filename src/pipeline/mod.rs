//! The journeys through the tool, one line per stage: ingest, query, chargeback, what-ifs, report.
//!
//! The only module that knows all stages. It hands stores, settings and templates to the pure stages
//! as values, and never decides what a figure means.

mod access;
mod alerts;
mod allocation;
mod anomalies;
mod boards;
mod call_hours;
mod capacity;
mod compared;
mod complete;
mod controls;
mod coverage;
mod daily;
mod day_sums;
mod detections;
mod doctor;
mod drivers;
mod endings;
mod error;
mod figures;
mod forecast;
mod forms;
mod ingest;
mod kept_findings;
mod kpis;
mod logging;
mod mail;
mod once;
mod outages;
mod pack;
mod presence;
mod price_import;
mod prices;
mod profiles;
mod publish;
mod query;
mod report;
mod savings;
mod sensitive;
mod summed;
mod three_counts;
mod trends;
mod verify;

pub use access::{AccessRequest, UNUSED_DAYS, access};
pub use alerts::{
    AlertCheck, AlertQuestion, Destination, RETOLD, SkippedRule, Told, Way, acknowledge,
    alert_rules, alerts_since, check_alerts, tell,
};
pub use allocation::{allocation, budgets};
pub use anomalies::{AnomalyQuestion, anomalies, anomaly_rules, usual_dimensions};
pub use boards::{Boards, BoardsPut, PutBoards, boards, put_boards, region_of};
pub use capacity::{CapacityAnswer, CapacityQuestion, capacity};
pub use complete::{Completeness, completeness};
pub use controls::{
    ControlsAnswer, ControlsRequest, audit_controls, control_frameworks, verification,
};
pub use coverage::{CoverageAnswer, CoverageRequest, CoverageRow, Estimate, Join, audit_coverage};
pub use daily::{DaysRead, Followed, SeriesQuestion};
pub use detections::{DetectionsRequest, SecurityBasis, audit_detections, detection_rules, places};
pub use doctor::{DoctorRequest, Mail, doctor};
pub use drivers::{DriversAnswer, DriversQuestion, PeriodFacts, drivers};
pub use error::{Error, SqlMistake};
pub use figures::Basis;
pub use forecast::{
    BackTestFigures, BudgetOutlook, ForecastAnswer, ForecastFigures, Horizon, Interval,
    LONGEST_HORIZON, MonthEnd, forecast_of,
};
pub use forms::{Press, ReportForm, file_name, headline, rendered, write_whole};
pub use ingest::{
    Duplicates, History, Plan, Progress, Pruned, ReadOptions, RequestCounts, Selection, Silent,
    SourceRequest, Summary, request_cost_usd,
};
pub use kpis::{KpiAnswer, KpiFigure, key_figures, known_targets};
pub use logging::{RegionLogging, change_logging, logging_of};
pub use mail::{MailPlan, mail, report_item};
pub use once::{Delivery, Fate, deliver_once};
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
pub use publish::{PublishRequest, PublishSummary, publish, publish_dry_run};
pub use query::{Queried, QueryRequest, query, query_footing, sql};
pub use report::{
    Chosen, Comparison, PeriodChoice, ReportBasis, ReportRequest, keep, report, report_period,
    report_range,
};
pub use savings::{Candidate, SavingsAnswer, savings};
pub use sensitive::{SensitiveAnswer, SensitiveDimension, SensitiveRow, audit_sensitive};
pub use three_counts::{CountedCalls, counted_calls};
pub use trends::{NamedComparison, ShiftFigures, SlopeFigures, TrendsAnswer, trends};
pub use verify::{Verified, VerifyRequest, verify};
