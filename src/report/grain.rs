//! What reports ask, so that a caller can read the rows once and answer from sums.

use chrono_tz::Tz;

use crate::metrics::cells::Grain;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;

/// Every dimension that a report groups sums by, for all metrics.
pub fn sums(timezone: Tz) -> Grain {
    let by = vec![
        Dimension::Hour,
        Dimension::Operation,
        Dimension::Account,
        Dimension::Region,
        Dimension::Principal,
        Dimension::Model,
        Dimension::Routing,
        Dimension::ServiceTier,
        Dimension::Status,
        Dimension::GuardrailAction,
    ];
    Grain { by, metrics: Metric::ALL.to_vec(), timezone }
}

/// Every dimension that a report groups percentiles and distinct names by.
pub fn values(timezone: Tz) -> Grain {
    let by = vec![Dimension::Hour, Dimension::Principal, Dimension::Model];
    Grain { by, ..sums(timezone) }
}
