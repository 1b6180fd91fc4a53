//! The digest check as evidence: every file, every hour, every problem.

use super::super::Error;
use super::evidence;
use super::outages::{moment, name};
use super::target::Target;
use crate::audit::integrity::Verification;

/// Writes the tables of a check.
///
/// # Errors
/// When a file can't be written.
pub(super) fn write(target: &mut Target, verification: &Verification) -> Result<(), Error> {
    let Verification { verdict, range, digests, logs, hours, problems, .. } = verification;
    let counts = serde_json::json!({
        "verdict": verdict, "range": range, "digests": digests, "logs": logs, "hours": hours,
    });
    evidence::json(target, "integrity/verdict.json", &counts)?;
    let rows = problems.iter().map(|problem| {
        vec![
            name(&problem.kind),
            problem.object.clone(),
            moment(problem.from),
            moment(problem.to),
            problem.effect.clone(),
        ]
    });
    let heads = ["kind", "object", "from", "to", "effect"];
    evidence::table(target, "integrity/problems.csv", &heads, rows)?;
    let rows = verification.files.iter().map(|file| {
        vec![
            file.object.clone(),
            name(&file.kind),
            name(&file.status),
            file.reason.as_ref().map(name).unwrap_or_default(),
        ]
    });
    evidence::table(target, "integrity/files.csv", &["object", "kind", "status", "reason"], rows)?;
    let rows = verification.hour_verdicts.iter().map(|hour| {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        vec![
            moment(Some(hour.hour)),
            part(&hour.trail.account),
            part(&hour.trail.region),
            part(&hour.trail.trail),
            hour.proven.to_string(),
        ]
    });
    let heads = ["hour", "account", "region", "trail", "proven"];
    evidence::table(target, "integrity/hours.csv", &heads, rows)
}
