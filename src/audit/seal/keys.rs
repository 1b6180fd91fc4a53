//! Ed25519 keys in PEM, as `openssl genpkey -algorithm ed25519` writes them (RFC 8410).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::Signer;

/// A key file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no block of the kind that is needed.
    #[error("no `{wanted}` in PEM form")]
    NotPem {
        /// The block's label.
        wanted: &'static str,
    },
    /// The block is no base64.
    #[error("the PEM block is not base64")]
    NotBase64,
    /// The private key is behind a passphrase.
    #[error("the key is encrypted")]
    Encrypted,
    /// A key of another kind.
    #[error("not an Ed25519 key")]
    OtherKind,
}

/// What precedes the 32 bytes of an Ed25519 key in `SubjectPublicKeyInfo` (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key that signs. Never shown.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a PKCS #8 key.
    ///
    /// # Errors
    /// When it is none, encrypted, or of another kind.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return Err(KeyError::Encrypted);
        }
        let der = block(text, "PRIVATE KEY")?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        pair.map(Self).map_err(|_| KeyError::OtherKind)
    }

    /// The signature of these bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }

    /// Who signs with it, as a manifest says.
    pub(super) fn signer(&self) -> Signer {
        let public_key = STANDARD.encode(self.0.public_key().as_ref());
        Signer { algorithm: "Ed25519".to_owned(), public_key }
    }
}

/// A key that checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// When it is none, or of another kind.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = block(text, "PUBLIC KEY")?;
        let key = der.strip_prefix(&SPKI[..]).filter(|key| key.len() == 32);
        key.map(|key| Self(key.to_vec())).ok_or(KeyError::OtherKind)
    }

    /// The key that a manifest says it was signed with.
    pub(super) fn of(signer: &Signer) -> Option<Self> {
        let bytes = STANDARD.decode(&signer.public_key).ok()?;
        (signer.algorithm == "Ed25519" && bytes.len() == 32).then_some(Self(bytes))
    }

    /// Whether the signature is this key's, of these bytes.
    pub(super) fn fits(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, signature).is_ok()
    }
}

/// The bytes of the first block of this kind.
fn block(text: &str, wanted: &'static str) -> Result<Vec<u8>, KeyError> {
    let not_pem = || KeyError::NotPem { wanted };
    let begin = format!("-----BEGIN {wanted}-----");
    let (_, after) = text.split_once(&begin).ok_or_else(not_pem)?;
    let (body, _) = after.split_once(&format!("-----END {wanted}-----")).ok_or_else(not_pem)?;
    let compact: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(compact).map_err(|_| KeyError::NotBase64)
}
