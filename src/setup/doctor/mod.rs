//! What can be checked of an account: each question on its own, each answer with what to do next.
//!
//! Asks AWS and judges what it says; never changes anything. A question that can't be asked (no
//! permission, no such service) is *not checked*, which is neither good nor bad.

mod identity;
mod logging;
mod notify;
mod trail;

use serde::Serialize;

use crate::aws::{Error, Problem};

pub use identity::{Caller, clock_check, identity, region_check};
pub use logging::logging_check;
pub use notify::{mail_checks, topic_check};
pub use trail::trail_checks;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It works, with something to know or to mend.
    Warning,
    /// It does not work.
    Failed,
    /// It could not be asked, or there is nothing to ask about.
    NotChecked,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        }
    }
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What kind of question: `credentials`, `source`, `trail`, …
    pub check: &'static str,
    /// About what: a Region, a bucket, an address.
    pub subject: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in a sentence.
    pub found: String,
    /// What to do about it; null when there is nothing to do.
    pub fix: Option<String>,
}

impl Check {
    /// A check that came out well.
    pub fn ok(check: &'static str, subject: &str, found: impl Into<String>) -> Self {
        Self::new(check, subject, Outcome::Ok, found, None)
    }

    /// A check that found something to know or to mend.
    pub fn warning(
        check: &'static str,
        subject: &str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(check, subject, Outcome::Warning, found, Some(fix.into()))
    }

    /// A check that found something that doesn't work.
    pub fn failed(
        check: &'static str,
        subject: &str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(check, subject, Outcome::Failed, found, Some(fix.into()))
    }

    /// A question that was not asked, and why.
    pub fn not_checked(check: &'static str, subject: &str, why: impl Into<String>) -> Self {
        Self::new(check, subject, Outcome::NotChecked, why, None)
    }

    /// What a failed request tells. Where only the permission to *ask* is missing, nothing is known
    /// of what was asked about.
    pub fn of_error(check: &'static str, subject: &str, error: &Error) -> Self {
        let unasked = matches!(error.problem, Problem::AccessDenied(_) | Problem::Server);
        let outcome = if unasked { Outcome::NotChecked } else { Outcome::Failed };
        Self::new(check, subject, outcome, error.to_string(), error.hint())
    }

    fn new(
        check: &'static str,
        subject: &str,
        outcome: Outcome,
        found: impl Into<String>,
        fix: Option<String>,
    ) -> Self {
        Self { check, subject: subject.to_owned(), outcome, found: found.into(), fix }
    }
}
