//! A failed run: the error, the exit code it stands for, and what to do next.

use super::Exit;
use crate::metrics::filter::FilterError;
use crate::metrics::names::UnknownName;
use crate::{pipeline, settings, store};

/// Why a run produced nothing.
#[derive(Debug)]
pub(super) struct Failure {
    /// The error with its causes.
    pub(super) error: anyhow::Error,
    /// The exit code.
    pub(super) exit: Exit,
}

impl Failure {
    /// Wrong usage, said in one sentence.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { error: anyhow::Error::msg(message.into()), exit: Exit::Usage }
    }

    /// What the user can do next, from the first error in the chain that knows.
    pub(super) fn hint(&self) -> Option<String> {
        self.error.chain().find_map(|cause| {
            cause
                .downcast_ref::<settings::Error>()
                .and_then(settings::Error::hint)
                .or_else(|| cause.downcast_ref::<store::Error>().and_then(store::Error::hint))
                .or_else(|| cause.downcast_ref::<UnknownName>().map(UnknownName::hint))
                .or_else(|| {
                    let error = cause.downcast_ref::<FilterError>();
                    error.and_then(FilterError::hint).map(str::to_owned)
                })
                .or_else(|| cause.downcast_ref::<pipeline::Error>().and_then(pipeline::Error::hint))
        })
    }
}

impl From<settings::Error> for Failure {
    fn from(error: settings::Error) -> Self {
        Self { error: error.into(), exit: Exit::Usage }
    }
}

impl From<UnknownName> for Failure {
    fn from(error: UnknownName) -> Self {
        Self { error: error.into(), exit: Exit::Usage }
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        Self { error: error.into(), exit: Exit::Usage }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self { error: error.into(), exit: Exit::Failed }
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        let exit = if error.is_usage() { Exit::Usage } else { Exit::Failed };
        Self { error: error.into(), exit }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self {
            error: anyhow::Error::new(error).context("could not write to standard output"),
            exit: Exit::Failed,
        }
    }
}
