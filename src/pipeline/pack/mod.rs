//! The journey of an audit pack: ask every question of the audit, write the rows as evidence, then
//! the report over them, then what makes the whole checkable.

mod controls;
mod evidence;
mod findings;
mod integrity;
pub(in crate::pipeline) mod outages;
mod read;
mod tables;
mod target;

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::access::{UNUSED_DAYS, review_of};
use super::compared::Compared;
use super::coverage::coverage_of;
use super::outages::outages_of;
use super::{
    AccessRequest, Basis, ControlsAnswer, ControlsRequest, CoverageAnswer, CoverageRequest, Error,
    Join, OutageAnswer, OutageRequest, Progress, SecurityBasis, Verified, VerifyRequest,
    audit_controls, verify,
};
use crate::audit::access::{AccessReview, SuggestedPolicy};
use crate::audit::controls::Framework;
use crate::audit::detections::{Places, RuleSet};
use crate::audit::integrity::{Verdict, Verification};
use crate::audit::seal::{self, Manifest, PackFile, SigningKey};
use crate::metrics::coverage::CoverageDimension;
use crate::period::Period;
use crate::render::{self, Look, Theme};
use crate::report::pack::{
    ControlLine, ControlVerdict, CoverageFigures, InputObjects, IntegrityFacts, PackInputs,
    PackReport, PriceBookFacts, pack as report,
};
use crate::schema::Table;
use crate::schema::security::Security;
use crate::sources::Source;
use crate::store::Reader;
use target::Target;

pub use read::verify_pack;

/// What to pack.
pub struct PackRequest<'a> {
    /// The period.
    pub period: Period,
    /// The present time.
    pub now: DateTime<Utc>,
    /// The configuration as used, without secrets.
    pub configuration: serde_json::Value,
    /// Where to check the digests; nobody asked for it without.
    pub integrity: Option<PackIntegrity<'a>>,
    /// Detection rules, the databases that they look addresses up in, and what the user says is allowed.
    pub rules: &'a RuleSet,
    /// Frameworks of controls, and what they ask.
    pub frameworks: &'a [Framework],
    /// See `rules`.
    pub places: &'a Places,
    /// See `rules`.
    pub security: &'a Security,
    /// Buckets that hold logs, beside those that events and the store name.
    pub buckets: BTreeSet<String>,
    /// How the report looks.
    pub look: &'a Look,
    /// Who signs.
    pub key: Option<&'a SigningKey>,
    /// The command that makes the pack again.
    pub reproduce: String,
}

/// What digests to check, with what.
pub struct PackIntegrity<'a> {
    /// Where digests and log files lie.
    pub source: &'a dyn Source,
    /// The same as the user named it.
    pub name: String,
    /// Keys, metadata and strictness; the range is the pack's.
    pub request: VerifyRequest,
}

/// A pack that was written.
#[derive(Debug)]
pub struct Packed {
    /// Its manifest.
    pub manifest: Manifest,
    /// The verdict on integrity; none when it was not asked for.
    pub verdict: Option<Verdict>,
    /// Controls by result.
    pub controls: ResultCounts,
    /// Findings.
    pub findings: u64,
    /// Outages.
    pub outages: u64,
    /// What could not be read of the source with the digests.
    pub failures: Vec<String>,
}

/// Controls by what became of their tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ResultCounts {
    /// Pass.
    pub pass: u64,
    /// Fail.
    pub fail: u64,
    /// Not evaluated.
    pub not_evaluated: u64,
}

impl ResultCounts {
    fn of(lines: &[ControlLine]) -> Self {
        let number = |verdict| lines.iter().filter(|line| line.verdict == verdict).count() as u64;
        Self {
            pass: number(ControlVerdict::Pass),
            fail: number(ControlVerdict::Fail),
            not_evaluated: number(ControlVerdict::NotEvaluated),
        }
    }
}

/// Writes a pack.
///
/// # Errors
/// When the store holds nothing of the period or can't be read, the digests can't be checked, or the
/// pack can't be written. Then there is no pack.
pub fn pack(
    basis: Basis<'_>,
    request: &PackRequest<'_>,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Packed, Error> {
    check_held(basis.store, request.period)?;
    let mut target = Target::create(path)?;
    let answers = Answers::gather(basis, request, progress)?;
    answers.write(&mut target)?;
    tables::admin_actions(&mut target, basis.store, request.period)?;
    let objects = tables::inputs(&mut target, basis.store, request.period)?;
    let prices = tables::method(&mut target, basis.book, request)?;
    let listed = target.files().to_vec();
    let inputs = answers.inputs(request, &listed, objects, prices);
    let report = report(&inputs);
    let manifest = finish(target, &report, request, &inputs.pack_id)?;
    Ok(Packed {
        manifest,
        verdict: answers.verification().map(|verification| verification.verdict),
        controls: ResultCounts::of(&inputs.controls),
        findings: inputs.findings.len() as u64,
        outages: inputs.outages.len() as u64,
        failures: answers.verified.map(|verified| verified.failures).unwrap_or_default(),
    })
}

/// What the questions of the audit came to.
struct Answers {
    verified: Option<Verified>,
    coverage: CoverageAnswer,
    outages: OutageAnswer,
    controls: ControlsAnswer,
    review: AccessReview,
    policies: Vec<SuggestedPolicy>,
}

impl Answers {
    fn gather(
        basis: Basis<'_>,
        request: &PackRequest<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let Basis { store, book, .. } = basis;
        let (period, now) = (request.period, request.now);
        let verified = request.integrity.as_ref().map(|asked| {
            let mut wanted = asked.request.clone();
            wanted.scope.range = Some(period);
            verify(asked.source, &wanted, progress)
        });
        let verified = verified.transpose()?;
        let wanted = CoverageRequest {
            period,
            by: vec![CoverageDimension::Account, CoverageDimension::Region, CoverageDimension::Day],
            timezone: chrono_tz::UTC,
            as_of: now,
        };
        let compared = Compared::read(store, period, now)?;
        let coverage = coverage_of(&compared, book, &wanted)?;
        let wanted = OutageRequest { period, as_of: now, buckets: request.buckets.clone() };
        let outages = outages_of(&compared, book, &wanted)?;
        drop(compared); // the ids of all calls
        let held = SecurityBasis { security: request.security, places: request.places, period };
        let wanted = ControlsRequest {
            frameworks: request.frameworks.iter().collect(),
            rules: request.rules,
            asks_all_rules: true,
            ledger: Some((&coverage, &outages)),
            basis: held,
            verification: verified.as_ref().map(|found| controls::facts(&found.verification)),
            as_of: now,
        };
        let controls = audit_controls(store, book, &wanted)?;
        let wanted = AccessRequest { period, unused_days: UNUSED_DAYS, now };
        let (review, policies) = review_of(store, book, wanted)?;
        Ok(Self { verified, coverage, outages, controls, review, policies })
    }

    fn write(&self, target: &mut Target) -> Result<(), Error> {
        tables::coverage(target, &self.coverage)?;
        outages::write(target, &self.outages)?;
        findings::write(target, &self.controls.detections)?;
        controls::write(target, &self.controls)?;
        tables::access(target, &self.review, &self.policies)?;
        match self.verification() {
            Some(verification) => integrity::write(target, verification),
            None => Ok(()),
        }
    }

    fn verification(&self) -> Option<&Verification> {
        self.verified.as_ref().map(|verified| &verified.verification)
    }

    fn inputs<'a>(
        &'a self,
        request: &'a PackRequest<'_>,
        files: &'a [PackFile],
        objects: InputObjects,
        prices: PriceBookFacts,
    ) -> PackInputs<'a> {
        let review = &self.review;
        let asked = request.integrity.as_ref();
        PackInputs {
            pack_id: pack_id(request.period, &seal::sums(files)),
            period: request.period,
            generated: request.now,
            version: env!("CARGO_PKG_VERSION"),
            accounts: names(review, |one| one.who.account.iter().cloned().collect()),
            regions: names(review, |one| {
                one.regions.iter().map(|used| used.name.clone()).collect()
            }),
            integrity: asked.zip(self.verification()).map(|(asked, verification)| IntegrityFacts {
                verification,
                source: asked.name.clone(),
            }),
            controls: controls::lines(&self.controls),
            findings: findings::lines(&self.controls.detections),
            rules: findings::rules(&self.controls.detections),
            coverage: coverage_figures(&self.coverage),
            outages: outages::lines(&self.outages),
            access: review,
            prices,
            objects,
            files,
            reproduce: request.reproduce.clone(),
        }
    }
}

/// Writes what stands over the evidence: the report, the sums, the manifest and its signature.
fn finish(
    mut target: Target,
    report: &PackReport,
    request: &PackRequest<'_>,
    pack_id: &str,
) -> Result<Manifest, Error> {
    let page = render::pack_html(report, request.look, Theme::Auto);
    let page = page.map_err(Error::Render)?;
    evidence::bytes(&mut target, "report.html", page.as_bytes())?;
    evidence::json(&mut target, "report.json", report)?;
    let manifest = Manifest::new(
        target.files().to_vec(),
        pack_id.to_owned(),
        env!("CARGO_PKG_VERSION"),
        request.period,
        request.now,
        request.key,
    );
    let mut text = serde_json::to_string_pretty(&manifest).map_err(Error::Json)?;
    text.push('\n');
    target.beside(seal::SUMS, seal::sums(&manifest.files).as_bytes())?;
    target.beside(seal::MANIFEST, text.as_bytes())?;
    if let Some(key) = request.key {
        target.beside(seal::SIGNATURE, &key.sign(text.as_bytes()))?;
    }
    target.finish()?;
    Ok(manifest)
}

/// Refuses a period of which nothing was read, and says what was.
fn check_held(store: &Reader, period: Period) -> Result<(), Error> {
    if store.objects_in(period)?.read > 0 {
        return Ok(());
    }
    let days = [store.days(Table::Invocations)?, store.days(Table::ApiEvents)?];
    let first = days.iter().flatten().map(|(first, _)| *first).min();
    let last = days.iter().flatten().map(|(_, last)| *last).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Err(Error::NoData { what: "logs", period: super::error::phrase(period) });
    };
    let midnight = |day| crate::period::midnight(day, chrono_tz::UTC);
    let after = last.succ_opt().unwrap_or(last);
    let known = Period { from: midnight(first), to: midnight(after) };
    Err(Error::NothingToPack { period, known })
}

/// `2026Q3-9d41`, or the days of another range; ends with the first digits of the evidence's hash.
fn pack_id(period: Period, sums: &str) -> String {
    let day = period.from.date_naive();
    let name = if crate::period::Cadence::Quarterly.period_of(day, chrono_tz::UTC) == period {
        use chrono::Datelike as _;
        format!("{}Q{}", day.year(), day.month0() / 3 + 1)
    } else {
        let (first, last) = period.utc_days();
        format!("{}-{}", first.format("%Y%m%d"), last.format("%Y%m%d"))
    };
    format!("{name}-{}", &seal::sha256(sums.as_bytes())[..4])
}

fn names(
    review: &AccessReview,
    of: impl Fn(&crate::audit::access::PrincipalAccess) -> Vec<String>,
) -> Vec<String> {
    let active = review.principals.iter().filter(|one| one.is_active());
    let all: BTreeSet<String> = active.flat_map(of).collect();
    all.into_iter().collect()
}

fn coverage_figures(answer: &CoverageAnswer) -> CoverageFigures {
    let number = |n: i64| n.unsigned_abs();
    CoverageFigures {
        called: number(answer.called),
        logged: number(answer.logged),
        unlogged: number(answer.unlogged),
        share: answer.coverage,
        unknown_because: match answer.join {
            Join::ByRequestId => None,
            Join::NotPossible => Some("no request id of CloudTrail is in the log"),
            Join::NoEvents => Some("CloudTrail shows no runtime call"),
            Join::NothingLogged => Some("the invocation log holds nothing"),
        },
        requests: number(answer.requests),
        estimate: answer.estimate.as_ref().and_then(|estimate| estimate.cost_usd),
    }
}
