//! The journey of invocation logging's configuration: read it per Region, change it, read it again.

use serde::Serialize;

use super::Error;
use crate::aws::{self, Access, Connection};
use crate::setup::logging::{self, Change, LoggingConfig, changes};

/// A Region's configuration, and what is to become of it.
#[derive(Debug, Serialize)]
pub struct RegionLogging {
    /// The Region.
    pub region: String,
    /// What is configured; null when logging is off, or when it could not be read.
    pub before: Option<LoggingConfig>,
    /// What is wanted; null for logging that is off.
    pub after: Option<LoggingConfig>,
    /// What differs.
    pub changes: Vec<Change>,
    /// Whether the change was made, and read back.
    pub applied: bool,
    /// Why the Region could not be asked, or changed.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    #[serde(skip)]
    connection: Connection,
}

/// The configurations of these Regions, beside what is wanted of them; without Regions that of the
/// environment's. `wanted` is asked for each, with what is there.
///
/// # Errors
/// When there is no way to AWS, no Region is known, or no Region could be asked.
pub fn logging_of(
    access: &Access,
    regions: &[String],
    wanted: impl Fn(Option<&LoggingConfig>) -> Option<LoggingConfig>,
) -> Result<Vec<RegionLogging>, Error> {
    let connection = Connection::open(access).map_err(Error::Aws)?;
    let own = || connection.region().map(str::to_owned).ok_or(Error::NoRegion);
    let regions = if regions.is_empty() { vec![own()?] } else { regions.to_vec() };
    let mut found = Vec::with_capacity(regions.len());
    let mut failure = None;
    for region in regions {
        let connection = connection.in_region(&region);
        let (before, error) = match logging::read(&connection) {
            Ok(before) => (before, None),
            Err(error) => (None, Some(error)),
        };
        let after = wanted(before.as_ref());
        let changes =
            if error.is_some() { Vec::new() } else { changes(before.as_ref(), after.as_ref()) };
        found.push(RegionLogging {
            region,
            before,
            after,
            changes,
            applied: false,
            error: error.as_ref().map(ToString::to_string),
            hint: error.as_ref().and_then(aws::Error::hint),
            connection,
        });
        failure = error.or(failure);
    }
    match failure {
        Some(error) if found.iter().all(|one| one.error.is_some()) => Err(Error::Aws(error)),
        _ => Ok(found),
    }
}

/// Makes the change in a Region, and reads back whether it is as wanted; what fails is noted in it.
pub fn change_logging(one: &mut RegionLogging) {
    let made = match &one.after {
        Some(config) => logging::enable(&one.connection, config),
        None => logging::disable(&one.connection),
    };
    let found = made.and_then(|()| logging::read(&one.connection));
    match found {
        Ok(now) if changes(now.as_ref(), one.after.as_ref()).is_empty() => one.applied = true,
        Ok(_) => {
            one.error = Some("AWS took the change, and answers with another configuration".into());
            one.hint = Some("does somebody else change it, too? run the command again".into());
        }
        Err(error) => (one.error, one.hint) = (Some(error.to_string()), error.hint()),
    }
}
