//! What the figures rest on: the trust bar, the checks behind it and the grade.
//!
//! Rules, each check graded on its own, the weakest decides:
//!
//! | check | A | B | C | D |
//! | --- | --- | --- | --- | --- |
//! | log coverage | ≥ 99.5% | ≥ 98% | ≥ 90%, or it can't be checked | less |
//! | price coverage, by tokens | ≥ 99.5% | ≥ 98% | ≥ 90% | less |
//! | longest logging gap | ≤ 1 h | ≤ 6 h | ≤ 24 h | more |
//! | days with logs | all | – | all but one | fewer |
//! | rejected records and objects | none | ≤ 1% | ≤ 5% | more |

mod bar;
mod counted;
mod coverage;
mod footing;
mod grade;
mod pricing;
mod reading;

pub(super) use bar::bar;
pub(super) use counted::Counted;
pub(super) use coverage::{Coverage, Gap, PlaceCoverage, Verdict};
pub use footing::{DaysWithLogs, Footing, footing};
pub(super) use grade::{Check, checks, grade};
pub(super) use pricing::Pricing;
pub(super) use reading::Reading;
