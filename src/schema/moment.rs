//! Columns of a timeline: what happened in a short stretch of time; derived on reading, never stored.

/// Start of the stretch, UTC.
pub const BUCKET: &str = "bucket";
/// Events or calls alike in the stretch.
pub const NUMBER: &str = "number";
/// Different source addresses among them.
pub const ADDRESSES: &str = "addresses";
/// Billed calls among them of which nothing, or not everything, could be priced.
pub const UNPRICED: &str = "unpriced";
