//! Controls as data: what logs of Bedrock can say about frameworks of compliance, and what not.
//!
//! ```text
//! read      files of frameworks → controls and their tests
//! control   what those are
//! facts     what the rest of the audit found: coverage, outages, integrity, sensitive data
//! shares    tests on shares of rows
//! evaluate  all tests
//! result    what comes out
//! ```

mod control;
mod evaluate;
mod facts;
mod read;
mod result;
mod shares;
#[cfg(test)]
mod tests;

pub use control::{Control, Framework, RecorderName, Share, Test};
pub use evaluate::{ControlQuestion, controls};
pub use facts::{
    CoverageFacts, Facts, OutageFact, SensitiveFacts, VerificationFacts, VerifiedHours,
};
pub use read::{ControlError, frameworks};
pub use result::{ControlResult, ControlsResult, Counts, STATEMENT, TestResult, Verdict};
