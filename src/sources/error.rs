//! Why objects can't be listed or read, and what to do next.

use std::io;

use crate::aws;

/// Listing or reading log objects failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at this place.
    #[error("no such file or folder: `{location}`")]
    NotFound {
        /// The place, as the user named it.
        location: String,
    },
    /// A pipe, a device or the like.
    #[error("neither a file nor a folder: `{location}`")]
    NotAFile {
        /// The place, as the user named it.
        location: String,
    },
    /// Not the URL of a bucket.
    #[error("not a place in S3: `{location}`")]
    NotAUrl {
        /// What the user wrote.
        location: String,
    },
    /// Not the name of a Region to ask an API in.
    #[error("not a Region: `{location}`")]
    NotARegion {
        /// What the user wrote.
        location: String,
    },
    /// AWS can't be asked at all.
    #[error("no way to `{location}`")]
    Connect {
        /// The place, as the user named it.
        location: String,
        /// Why.
        #[source]
        source: aws::Error,
    },
    /// A place, or a folder below it, that can't be listed.
    #[error("could not list `{location}`")]
    List {
        /// The file or folder.
        location: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Listed, but could not be fetched.
    #[error("could not read `{location}`")]
    Read {
        /// The object.
        location: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A name that can't be kept as text.
    #[error("the name of `{location}` is not UTF-8")]
    NameNotUtf8 {
        /// The name, as far as it can be shown.
        location: String,
    },
}

/// Who said no.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// AWS.
    #[error(transparent)]
    Aws(#[from] aws::Error),
}

impl Error {
    /// Whether the user's words are wrong, rather than the place.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NotAUrl { .. } | Self::NotARegion { .. })
    }

    /// Whether the place as a whole is out of reach, so that other objects would fail the same way.
    pub fn is_lasting(&self) -> bool {
        matches!(self.aws(), Some(error) if error.is_lasting())
    }

    /// Whether permission was denied.
    pub fn is_denied(&self) -> bool {
        matches!(self.aws(), Some(error) if matches!(error.problem, aws::Problem::AccessDenied(_)))
    }

    fn aws(&self) -> Option<&aws::Error> {
        match self {
            Self::List { source: Cause::Aws(error), .. }
            | Self::Read { source: Cause::Aws(error), .. }
            | Self::Connect { source: error, .. } => Some(error),
            _ => None,
        }
    }

    /// What to do next, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        if let Some(error) = self.aws() {
            return error.hint();
        }
        let text = match self {
            Self::NotFound { .. } => {
                "is the path right? a bucket is written as `s3://bucket/prefix`"
            }
            Self::NotAUrl { .. } => {
                "write it as `s3://bucket/prefix`; a bucket's name has 3 to 63 lower-case letters, \
                 digits, dots and hyphens"
            }
            Self::NotARegion { .. } => {
                "write it as `cloudtrail:us-east-1`, `cloudtrail:us-east-1/bedrock.amazonaws.com` for \
                 the events of one service, or `cloudwatch:us-east-1`"
            }
            Self::List { source: Cause::Io(source), .. } if denied(source) => {
                "listing a folder needs read and execute permission on it for the user running this"
            }
            Self::Read { source: Cause::Io(source), .. } if denied(source) => {
                "the file needs read permission for the user running this"
            }
            Self::NotAFile { .. } => "write it to a file, and name that",
            Self::NameNotUtf8 { .. } => "rename the file and run again",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

fn denied(source: &io::Error) -> bool {
    source.kind() == io::ErrorKind::PermissionDenied
}
