//! Puts finished bytes somewhere: files, objects in S3, mailboxes.
//!
//! Knows nothing of reports or alerts: it is handed bytes, a mail's parts, addresses. What must happen
//! once is claimed in a ledger before and settled after; that is `pipeline`'s, since the ledger lies in
//! the store. What can't be told for sure (a connection that broke after the last byte was sent) is said
//! to be unknown and never taken for a failure, since sending again could be sending twice.

mod error;
pub mod file;
pub mod mail;
pub mod print;
pub mod s3;
pub mod sns;
pub mod webhook;

pub use error::Error;
