//! Tests of anomalies on generated series, whose generator knows nothing of the detector.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "generated figures are small"
)]

mod laws;
mod quality;
mod silence;
mod world;
