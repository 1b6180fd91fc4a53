//! Exit codes: part of the contract (README, "Exit codes").

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed, nothing produced.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Done, but some input was rejected or could not be read, or some output not delivered.
    Partial = 3,
    /// Done, and a threshold was crossed or a verification did not pass.
    NotPassed = 4,
}

impl Exit {
    /// The same ending under `--strict`: whatever is not clean is a failure.
    #[must_use]
    pub fn under(self, strict: bool) -> Self {
        match self {
            Self::Partial | Self::NotPassed if strict => Self::Failed,
            other => other,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
