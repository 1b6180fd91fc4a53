//! What can be wrong with the settings; always the user's to mend, exit code 2.

use std::path::PathBuf;

/// The settings can't be resolved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration file can't be read.
    #[error("could not read the configuration file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A configuration file says something unknown or ill-formed.
    #[error("{message} in `{}`, line {line}", path.display())]
    Invalid {
        /// What is wrong.
        message: String,
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The known key most like an unknown one.
        nearest: Option<String>,
        /// The known keys, instead of an unknown one.
        allowed: Option<String>,
    },
    /// A source that can't be meant as it is written.
    #[error("source `{name}` in the configuration file: {problem}")]
    Source {
        /// The source's name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A number that can't be meant.
    #[error("`{key}` in the configuration file is out of range")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What it may be.
        wanted: &'static str,
    },
    /// Not a time zone.
    #[error("unknown time zone `{name}` in {origin}")]
    UnknownZone {
        /// What was given.
        name: String,
        /// Where it was given.
        origin: &'static str,
        /// The known zone most like it.
        nearest: Option<String>,
    },
    /// The platform names no folder for data.
    #[error("no folder for the store: this platform names no data directory")]
    NoDataDirectory,
}

impl Error {
    /// What the user can do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => {
                Some("is the path right, and is it a text file that this user may read?".into())
            }
            Self::Invalid { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Invalid { nearest: None, allowed, .. } => {
                allowed.as_ref().map(|keys| format!("keys that may stand here: {keys}"))
            }
            Self::UnknownZone { nearest: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Self::UnknownZone { nearest: None, .. } => {
                Some("give an IANA name such as `Europe/Berlin` or `UTC`".into())
            }
            Self::Source { .. } => Some(
                "`bedrock-lens config check --help` shows what a source is written like".into(),
            ),
            Self::OutOfRange { wanted, .. } => Some(format!("it may be {wanted}")),
            Self::NoDataDirectory => Some("name a folder with `--store DIR`".into()),
        }
    }
}
