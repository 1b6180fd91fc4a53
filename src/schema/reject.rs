//! `rejects`: what could not be read, and why. Never the content.

use super::{Table, TimeMs, table};

table! {
    Table::Rejects, partitioned by object_time;

    /// One record, or one whole object, that could not be read.
    pub struct Reject {
        /// The log object: bucket and key, or the path below the source folder.
        OBJECT object: String,
        /// When the object was written: the time in its key, else its last modification.
        OBJECT_TIME object_time: TimeMs,
        /// The record's number in its object, from 1; null when the whole object is meant.
        RECORD record: i64,
        /// Offset of the record in the uncompressed object, bytes.
        BYTE_OFFSET byte_offset: i64,
        /// Why: one of [`reason`].
        REASON reason: String,
        /// Size of what was rejected, bytes.
        SIZE_BYTES size_bytes: i64,
        /// What the object holds, as far as known: `invocations`, `cloudtrail` or null.
        KIND kind: String,
    }
}

/// Values of [`REASON`].
pub mod reason {
    /// A gzip stream ends early: what came before the cut was kept.
    pub const CUT_GZIP: &str = "cut_gzip";
    /// The gzip data is damaged: what came before the damage was kept.
    pub const CORRUPT_GZIP: &str = "corrupt_gzip";
    /// The object inflates to more than the cap: what came before the cap was kept.
    pub const OVERSIZE_OBJECT: &str = "oversize_object";
    /// The last line ends in the middle of a record.
    pub const CUT_RECORD: &str = "cut_record";
    /// Not JSON.
    pub const INVALID_JSON: &str = "invalid_json";
    /// JSON, but neither an invocation record nor a CloudTrail event nor a known wrapper of them.
    pub const UNKNOWN_SCHEMA: &str = "unknown_schema";
    /// The time is missing or not a time: the row can't be placed in any period.
    pub const BAD_TIMESTAMP: &str = "bad_timestamp";
    /// A field that the row can't do without has the wrong type.
    pub const WRONG_TYPE: &str = "wrong_type";
    /// A wrapper's inner message (base64, gzip or JSON text) can't be unpacked.
    pub const BAD_ENVELOPE: &str = "bad_envelope";
    /// The bytes are not UTF-8.
    pub const INVALID_UTF8: &str = "invalid_utf8";
}
