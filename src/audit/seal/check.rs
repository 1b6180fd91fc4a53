//! Whether a pack is as its manifest says: each changed, missing and added file, and the signature.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{MANIFEST, Manifest, PackFile, PublicKey, SCHEMA, SIGNATURE, SUMS, sha256, sums};

/// What was found of a pack.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The manifest's bytes; none when there is none.
    pub manifest: Option<Vec<u8>>,
    /// The list of sums.
    pub sums: Option<Vec<u8>>,
    /// The signature.
    pub signature: Option<Vec<u8>>,
    /// Every other file: size and SHA-256, by path.
    pub files: BTreeMap<String, (u64, String)>,
    /// What the reading itself found wrong.
    pub problems: Vec<PackProblem>,
}

/// What is wrong with a file of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PackProblemKind {
    /// Its content is not what the manifest says.
    Changed,
    /// The manifest names it, and it is not there.
    Missing,
    /// It is there, and the manifest doesn't name it.
    Added,
    /// Its name leads out of the pack, or is no name on some system.
    UnsafePath,
    /// Its name is there twice.
    Duplicate,
    /// It is no plain file: a link or a device.
    NotAFile,
    /// It could not be read, or inflates to more than it says.
    Unreadable,
    /// There is no manifest that can be read.
    NoManifest,
    /// The list of sums is not that of the manifest.
    SumsDiffer,
    /// The signature doesn't fit.
    SignatureInvalid,
    /// The pack should be signed and is not.
    SignatureMissing,
}

/// Something that keeps a pack from being valid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PackProblem {
    /// What.
    pub kind: PackProblemKind,
    /// The file.
    pub path: String,
    /// In words.
    pub detail: String,
}

impl PackProblem {
    /// A problem of a file.
    pub fn new(kind: PackProblemKind, path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, path: path.into(), detail: detail.into() }
    }
}

/// What is known of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// It fits the key that was given.
    Valid,
    /// It fits the key that the pack itself names: nobody says whose that is.
    OwnKeyOnly,
    /// It doesn't fit.
    Invalid,
    /// It should be there and is not.
    Missing,
    /// The pack is not signed, and nobody asked for it.
    Unsigned,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether everything fits.
    pub valid: bool,
    /// Files that the manifest names.
    pub files: u64,
    /// Files that are as it says.
    pub unchanged: u64,
    /// The signature.
    pub signature: SignatureState,
    /// What is wrong, by kind and path.
    pub problems: Vec<PackProblem>,
    /// The manifest, where there is one.
    pub manifest: Option<Manifest>,
}

/// Holds a pack against its manifest; with a key, its signature against that.
pub fn check(found: &Found, key: Option<&PublicKey>) -> Check {
    let mut problems = found.problems.clone();
    let manifest = manifest(found).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    let named = manifest.as_ref().map(|manifest| manifest.files.as_slice()).unwrap_or_default();
    let before = problems.len();
    problems.extend(named.iter().filter_map(|file| differs(file, found)));
    let unchanged = named.len() - (problems.len() - before);
    if let Some(manifest) = &manifest {
        problems.extend(added(manifest, found));
        problems.extend(twice(manifest));
        problems.extend(sums_differ(manifest, found));
    }
    let signature = signature(manifest.as_ref(), found, key, &mut problems);
    problems.sort();
    problems.dedup();
    Check {
        valid: problems.is_empty(),
        files: named.len() as u64,
        unchanged: unchanged as u64,
        signature,
        problems,
        manifest,
    }
}

fn manifest(found: &Found) -> Result<Option<Manifest>, PackProblem> {
    let problem = |detail: String| PackProblem::new(PackProblemKind::NoManifest, MANIFEST, detail);
    let bytes = found.manifest.as_ref().ok_or_else(|| problem("there is none".to_owned()))?;
    let manifest: Manifest =
        serde_json::from_slice(bytes).map_err(|error| problem(format!("not readable: {error}")))?;
    if manifest.schema != SCHEMA {
        return Err(problem(format!(
            "of layout {}; this version reads layout {SCHEMA}",
            manifest.schema
        )));
    }
    Ok(Some(manifest))
}

fn differs(file: &PackFile, found: &Found) -> Option<PackProblem> {
    let problem = |kind, detail: &str| Some(PackProblem::new(kind, file.path.as_str(), detail));
    match found.files.get(&file.path) {
        None if found.problems.iter().any(|one| one.path == file.path) => {
            problem(PackProblemKind::Unreadable, "its content is not known")
        }
        None => problem(PackProblemKind::Missing, "named in the manifest, and not in the pack"),
        Some((size, _)) if *size != file.size_bytes => {
            let detail = format!("{size} bytes, {} in the manifest", file.size_bytes);
            problem(PackProblemKind::Changed, &detail)
        }
        Some((_, sha256)) if *sha256 != file.sha256 => {
            problem(PackProblemKind::Changed, "its SHA-256 is not that of the manifest")
        }
        Some(_) => None,
    }
}

fn added(manifest: &Manifest, found: &Found) -> Vec<PackProblem> {
    let named: BTreeSet<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    let unknown = found.files.keys().filter(|path| !named.contains(path.as_str()));
    unknown
        .map(|path| {
            let detail = "in the pack, and not in the manifest";
            PackProblem::new(PackProblemKind::Added, path.as_str(), detail)
        })
        .collect()
}

fn twice(manifest: &Manifest) -> Vec<PackProblem> {
    let mut seen = BTreeSet::new();
    let again = manifest.files.iter().filter(|file| !seen.insert(file.path.as_str()));
    let detail = "named twice in the manifest";
    again.map(|file| PackProblem::new(PackProblemKind::Duplicate, &*file.path, detail)).collect()
}

/// The list of sums and the sum of the whole must both be those of the manifest's files.
fn sums_differ(manifest: &Manifest, found: &Found) -> Vec<PackProblem> {
    let expected = sums(&manifest.files);
    let mut problems = Vec::new();
    if manifest.whole_sha256 != sha256(expected.as_bytes()) {
        let detail = "`whole_sha256` is not the sum of the files it names";
        problems.push(PackProblem::new(PackProblemKind::Changed, MANIFEST, detail));
    }
    match &found.sums {
        Some(text) if text == expected.as_bytes() => {}
        Some(_) => {
            let detail = "names other files or sums than the manifest";
            problems.push(PackProblem::new(PackProblemKind::SumsDiffer, SUMS, detail));
        }
        None => {
            let detail = "the list of sums is not in the pack";
            problems.push(PackProblem::new(PackProblemKind::Missing, SUMS, detail));
        }
    }
    problems
}

fn signature(
    manifest: Option<&Manifest>,
    found: &Found,
    key: Option<&PublicKey>,
    problems: &mut Vec<PackProblem>,
) -> SignatureState {
    let mut wrong = |kind, detail: &str| problems.push(PackProblem::new(kind, SIGNATURE, detail));
    let signer = manifest.and_then(|manifest| manifest.signed_by.as_ref());
    let own = signer.and_then(PublicKey::of);
    let (Some(bytes), Some(signature)) = (&found.manifest, &found.signature) else {
        if key.is_none() && signer.is_none() && found.signature.is_none() {
            return SignatureState::Unsigned;
        }
        let detail = "the pack has no signature that could be checked";
        wrong(PackProblemKind::SignatureMissing, detail);
        return SignatureState::Missing;
    };
    let state = match (key, own) {
        (Some(key), _) if key.fits(bytes, signature) => SignatureState::Valid,
        (None, Some(own)) if own.fits(bytes, signature) => SignatureState::OwnKeyOnly,
        _ => SignatureState::Invalid,
    };
    if state == SignatureState::Invalid {
        let own = signer.and_then(PublicKey::of);
        let detail = match (key, own) {
            (Some(key), Some(own)) if *key != own => "made with another key than the one given",
            (None, None) => "the manifest names no key that it was made with",
            _ => "not the signature of this manifest",
        };
        wrong(PackProblemKind::SignatureInvalid, detail);
    }
    state
}
