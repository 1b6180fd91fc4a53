//! Prices files, good and bad.
