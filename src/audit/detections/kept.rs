//! What somebody may have kept of days, so that their rows need not be read again.

use polars::prelude::{LazyFrame, PolarsResult};

use super::rows::PickedRows;
use super::rule::Rule;

/// Keeps what detections look for in the rows of days.
pub trait Kept {
    /// The followers of a sequence in the period of the question, as
    /// [`FollowedRule`](super::FollowedRule) sums them up; none where they are not kept.
    ///
    /// # Errors
    /// When they can't be read.
    fn followers(&self, rule: &Rule) -> PolarsResult<Option<LazyFrame>>;

    /// Rows among which are all that are wanted of the period of the question; none where they are not
    /// kept.
    ///
    /// # Errors
    /// When they can't be read.
    fn picked(&self, wanted: &PickedRows) -> PolarsResult<Option<LazyFrame>>;
}
