//! `[ingest]`: how logs are read.

use serde::{Deserialize, Serialize};

use super::Error;

/// `[ingest]`, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IngestSettings {
    /// Most bytes one object may inflate to.
    pub max_object_bytes: u64,
    /// Days before a source's last complete ingest from which on it is listed again for late files.
    pub trailing_days: u32,
    /// Stored bytes asked of S3 and not yet decoded, at most; a larger object travels alone.
    pub bytes_in_flight: u64,
    /// Objects asked of S3 and not yet there, at most.
    pub requests_in_flight: usize,
    /// Minutes after the end of a period in which its logs may still come.
    pub late_minutes: u32,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self {
            max_object_bytes: 1 << 30,
            trailing_days: 2,
            bytes_in_flight: 64 << 20,
            requests_in_flight: 32,
            late_minutes: 60,
        }
    }
}

/// `[ingest]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    max_object_bytes: Option<u64>,
    trailing_days: Option<u32>,
    bytes_in_flight: Option<u64>,
    requests_in_flight: Option<usize>,
    late_minutes: Option<u32>,
}

impl Written {
    /// # Errors
    /// [`Error::OutOfRange`] for a number that can't be meant.
    pub(super) fn resolve(&self) -> Result<IngestSettings, Error> {
        let default = IngestSettings::default();
        let resolved = IngestSettings {
            max_object_bytes: self.max_object_bytes.unwrap_or(default.max_object_bytes),
            trailing_days: self.trailing_days.unwrap_or(default.trailing_days),
            bytes_in_flight: self.bytes_in_flight.unwrap_or(default.bytes_in_flight),
            requests_in_flight: self.requests_in_flight.unwrap_or(default.requests_in_flight),
            late_minutes: self.late_minutes.unwrap_or(default.late_minutes),
        };
        let wrong = |key, wanted| Err(Error::OutOfRange { key, wanted });
        if resolved.max_object_bytes == 0 {
            return wrong("max_object_bytes", "at least 1");
        }
        if resolved.trailing_days > 3650 {
            return wrong("trailing_days", "at most 3650");
        }
        if !(1..=1024).contains(&resolved.requests_in_flight) {
            return wrong("requests_in_flight", "from 1 to 1024");
        }
        if resolved.late_minutes > 10_080 {
            return wrong("late_minutes", "at most 10080, a week");
        }
        Ok(resolved)
    }
}
