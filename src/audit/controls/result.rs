//! What a framework's tests came to. A test that passed is evidence; it attests nothing.

use serde::Serialize;

use crate::audit::detections::Evidence;
use crate::period::Period;

/// What is said with every answer.
pub const STATEMENT: &str = "Each test is evidence from the logs that were read; it is not an \
                             attestation. What logs cannot show is listed as not evaluated.";

/// A framework's controls over a period.
#[derive(Debug, Clone, Serialize)]
pub struct ControlsResult {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// The framework's id.
    pub framework: String,
    /// Its name and edition.
    pub title: String,
    /// What is said with every answer.
    pub statement: &'static str,
    /// Controls by verdict.
    pub counts: Counts,
    /// The controls, in the framework's order.
    pub controls: Vec<ControlResult>,
}

/// Controls by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All tests passed.
    pub pass: usize,
    /// Some test failed.
    pub fail: usize,
    /// None failed, and some could not be asked.
    pub not_evaluated: usize,
}

/// What a control came to.
#[derive(Debug, Clone, Serialize)]
pub struct ControlResult {
    /// The framework's own number.
    pub id: String,
    /// What it asks for, in our words.
    pub title: String,
    /// What is tested.
    pub tested: String,
    /// The worst of its tests.
    pub verdict: Verdict,
    /// Why it is not a pass; null for a pass.
    pub reason: Option<String>,
    /// Its tests.
    pub tests: Vec<TestResult>,
    /// What the tests can't say.
    pub limits: String,
}

/// What a test, or a control, came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The logs show what the test asks for.
    Pass,
    /// It could not be asked.
    NotEvaluated,
    /// The logs show otherwise.
    Fail,
}

impl Verdict {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotEvaluated => "not evaluated",
            Self::Fail => "fail",
        }
    }
}

/// What a test came to.
#[derive(Debug, Clone, Serialize)]
pub struct TestResult {
    /// The kind of test.
    pub test: &'static str,
    /// What it takes to pass.
    pub expects: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The figures behind the verdict, or why it could not be asked.
    pub because: String,
    /// Rows that speak against it, at most ten.
    pub evidence: Vec<Evidence>,
    /// Commands that show all of them.
    pub queries: Vec<String>,
}
