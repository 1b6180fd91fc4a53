//! What makes a pack checkable: a manifest of its files, their sums, and a signature over it.
//!
//! Pure: bytes and hashes in, a manifest or a verdict out. The files of a pack are named in
//! [`SUMS`], in the form that `sha256sum -c` reads; [`MANIFEST`] holds the same with sizes, and the
//! SHA-256 of [`SUMS`] as that of the whole; [`SIGNATURE`] is the Ed25519 signature of the manifest's
//! bytes, 64 bytes, as `openssl pkeyutl -verify -rawin` takes it.

mod check;
mod keys;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use check::{Check, Found, PackProblem, PackProblemKind, SignatureState, check};
pub use keys::{KeyError, PublicKey, SigningKey};

use crate::period::Period;

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";
/// Name of the list of sums.
pub const SUMS: &str = "SHA256SUMS";
/// Name of the signature.
pub const SIGNATURE: &str = "manifest.sig";

/// Version of the manifest's layout.
const SCHEMA: u32 = 1;

/// A file of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// Path below the pack, with `/`.
    pub path: String,
    /// Size.
    pub size_bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
    /// Rows without the head, of tables.
    pub rows: Option<u64>,
}

/// Who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// `Ed25519`.
    pub algorithm: String,
    /// The public key, 32 bytes in base64.
    pub public_key: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout.
    pub schema: u32,
    /// What made the pack.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Short name of the pack.
    pub pack_id: String,
    /// Start of the pack's period.
    pub from: DateTime<Utc>,
    /// End of it, exclusive.
    pub to: DateTime<Utc>,
    /// When the pack was made (`--as-of`, else the clock).
    pub created: DateTime<Utc>,
    /// Every file but this one, its signature and the list of sums; by path.
    pub files: Vec<PackFile>,
    /// SHA-256 of the list of sums, and so of the whole.
    pub whole_sha256: String,
    /// Who signed; null when nobody did.
    pub signed_by: Option<Signer>,
}

impl Manifest {
    /// The manifest of these files.
    pub fn new(
        mut files: Vec<PackFile>,
        pack_id: String,
        version: &str,
        period: Period,
        created: DateTime<Utc>,
        key: Option<&SigningKey>,
    ) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            schema: SCHEMA,
            tool: "bedrock-lens".to_owned(),
            version: version.to_owned(),
            pack_id,
            from: period.from,
            to: period.to,
            created,
            whole_sha256: sha256(sums(&files).as_bytes()),
            files,
            signed_by: key.map(SigningKey::signer),
        }
    }
}

/// The list of sums of these files, in their order.
pub fn sums(files: &[PackFile]) -> String {
    let lines = files.iter().map(|file| [file.sha256.as_str(), "  ", file.path.as_str(), "\n"]);
    lines.flatten().collect()
}

/// SHA-256 as lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
