//! The journey of a check-up: every question is asked, whatever the ones before it brought.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::ingest::with_reason;
use super::{Error, SourceRequest};
use crate::aws::{Access, Connection};
use crate::records::key::{KeyFacts, classify};
use crate::schema::TimeMs;
use crate::setup::doctor::{
    Check, clock_check, identity, logging_check, mail_checks, region_check, topic_check,
    trail_checks,
};
use crate::sources::{ObjectEntry, Source};
use crate::store::Reader;

/// Logs come within minutes while models are called; after a day without one it is worth a look.
const STALE: TimeDelta = TimeDelta::days(1);

/// How much of an object is fetched to see whether it can be.
const PROBE_BYTES: u64 = 1;

/// What to check.
pub struct DoctorRequest<'a> {
    /// How the account is reached.
    pub access: Access,
    /// Regions whose trail and logging are checked; none is that of the environment.
    pub regions: &'a [String],
    /// The sources by name, each as far as it could be opened: its selection is what of it is listed.
    pub sources: Vec<(String, Result<SourceRequest, Check>)>,
    /// Buckets that the sources read.
    pub buckets: Vec<String>,
    /// What reports are sent by.
    pub mail: Mail,
    /// The topics that alerts go to.
    pub topics: Vec<String>,
    /// The store's folder.
    pub store: &'a Path,
    /// The present time, for how old things are.
    pub now: DateTime<Utc>,
    /// This machine's clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
}

/// What reports are sent by.
pub enum Mail {
    /// SES, from an address; reached in a way of its own where one is configured.
    Ses {
        /// The address alone.
        from: String,
        /// How SES is reached; none: as the account is.
        access: Option<Access>,
    },
    /// A mail server, which nothing is asked of.
    Smtp {
        /// The address alone.
        from: String,
        /// Its host.
        host: String,
    },
    /// Nobody is named.
    Unnamed,
}

/// Every check, in a fixed order.
pub fn doctor(request: &DoctorRequest<'_>) -> Vec<Check> {
    let mut checks = account(request);
    for (name, source) in &request.sources {
        match source {
            Ok(opened) => checks.extend(source_checks(name, opened, request.now)),
            Err(check) => checks.push(check.clone()),
        }
    }
    if request.sources.is_empty() {
        checks.push(Check::not_checked(
            "source",
            "-",
            "no SOURCE is given, and the configuration names no `[[source]]`",
        ));
    }
    checks.extend(store_checks(request.store, request.now));
    checks
}

/// What is asked of the account itself.
fn account(request: &DoctorRequest<'_>) -> Vec<Check> {
    const CREDENTIALS: &str = "credentials";
    let aws = match Connection::open(&request.access) {
        Ok(aws) => aws,
        Err(error) => {
            let mut checks = vec![Check::of_error(CREDENTIALS, "-", &error)];
            checks.extend(unasked(request, "AWS can't be reached"));
            return checks;
        }
    };
    let asked = (request.clock)();
    let caller = match identity(&aws) {
        Ok(caller) => caller,
        Err(error) => {
            let mut checks =
                vec![Check::failed(CREDENTIALS, "-", error.to_string(), hint(error.hint()))];
            checks.push(region_check(&aws));
            checks.extend(unasked(request, "without accepted credentials nothing can be asked"));
            return checks;
        }
    };
    let received = (request.clock)();
    let mut checks = vec![
        Check::ok(CREDENTIALS, &caller.account, caller.arn.clone()),
        clock_check(&caller, asked, received),
        region_check(&aws),
    ];
    let own: Vec<String> = aws.region().map(str::to_owned).into_iter().collect();
    let regions = if request.regions.is_empty() { &own } else { request.regions };
    for region in regions {
        let aws = aws.in_region(region);
        checks.push(logging_check(&aws, region, &request.buckets));
        checks.extend(trail_checks(&aws, region, request.now));
    }
    checks.extend(sender_checks(&request.mail, &aws));
    checks.extend(request.topics.iter().map(|arn| {
        // A topic is asked in its own Region.
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
        let there = region.map_or_else(|| aws.clone(), |region| aws.in_region(region));
        topic_check(&there, arn)
    }));
    checks.extend(request.topics.is_empty().then(no_topic));
    checks
}

fn sender_checks(mail: &Mail, account: &Connection) -> Vec<Check> {
    let (from, access) = match mail {
        Mail::Ses { from, access } => (from, access),
        Mail::Smtp { .. } | Mail::Unnamed => return vec![unasked_sender(mail, "")],
    };
    let aws = match access.as_ref().map(Connection::open) {
        Some(Err(error)) => return vec![Check::of_error("mail", from, &error)],
        Some(Ok(own)) => own,
        None => account.clone(),
    };
    match aws.region() {
        Some(_) => mail_checks(&aws, from),
        None => vec![Check::not_checked("mail", from, "no Region is set")],
    }
}

/// The questions that were not asked, and why.
fn unasked(request: &DoctorRequest<'_>, why: &str) -> Vec<Check> {
    let region = request.regions.first().map_or("-", String::as_str);
    let mut checks: Vec<Check> =
        [("clock", "this machine"), ("invocation logging", region), ("trail", region)]
            .into_iter()
            .map(|(check, subject)| Check::not_checked(check, subject, why))
            .collect();
    checks.push(unasked_sender(&request.mail, why));
    checks.extend(request.topics.iter().map(|arn| Check::not_checked("topic", arn, why)));
    checks.extend(request.topics.is_empty().then(no_topic));
    checks
}

/// The question about the sender, not asked.
fn unasked_sender(mail: &Mail, why: &str) -> Check {
    match mail {
        Mail::Ses { from, .. } => Check::not_checked("mail", from, why),
        Mail::Smtp { from, host } => Check::not_checked(
            "mail",
            from,
            format!("mail goes by the server `{host}`, which is asked nothing"),
        ),
        Mail::Unnamed => Check::not_checked(
            "mail",
            "-",
            "no sender is named (`--mail-from`, or `from` in `[mail]`)",
        ),
    }
}

fn no_topic() -> Check {
    let why = "no topic is named (`--topic`, or an `[[alerts.channel]]` of kind `sns`)";
    Check::not_checked("topic", "-", why)
}

/// Whether a source can be listed and read, as `ingest` would, and how fresh it is.
fn source_checks(name: &str, request: &SourceRequest, now: DateTime<Utc>) -> Vec<Check> {
    const SOURCE: &str = "source";
    let source = request.source.as_ref();
    let listing = match source.list(&request.selection) {
        Ok(listing) => listing,
        Err(error) => {
            return vec![Check::failed(SOURCE, name, with_reason(&error), hint(error.hint()))];
        }
    };
    let mut checks: Vec<Check> = listing
        .failures
        .iter()
        .take(3)
        .map(|error| Check::failed(SOURCE, name, with_reason(error), hint(error.hint())))
        .collect();
    let newest = newest_by_kind(&listing.objects);
    if newest.is_empty() {
        checks.push(Check::warning(
            SOURCE,
            name,
            format!(
                "it can be listed; no log of the last days is there ({} other objects)",
                listing.objects.len()
            ),
            "are models called, is logging on, and is the prefix right?",
        ));
        return checks;
    }
    for (kind, object) in by_kind(&newest) {
        checks.push(probe(name, source, kind, object));
    }
    let ages = newest.iter().map(|((account, region, kind), (_, written))| {
        freshness("freshness at the source", &subject(account, region, kind), Some(*written), now)
    });
    checks.extend(ages);
    checks
}

/// Account, Region and kind as the path tells them.
type Stream = (String, String, &'static str);

/// The newest log object of each account, Region and kind.
fn newest_by_kind(objects: &[ObjectEntry]) -> BTreeMap<Stream, (&ObjectEntry, TimeMs)> {
    let mut newest: BTreeMap<Stream, (&ObjectEntry, TimeMs)> = BTreeMap::new();
    for object in objects {
        let KeyFacts { kind: Some(kind), skip: None, account, region, written, .. } =
            classify(&object.key)
        else {
            continue;
        };
        let Some(written) = written.or(object.modified) else { continue };
        let stream = (account.unwrap_or_default(), region.unwrap_or_default(), kind.as_str());
        let known = newest.entry(stream).or_insert((object, written));
        if known.1 < written {
            *known = (object, written);
        }
    }
    newest
}

/// One object of each kind: bucket policies and keys may differ between them.
fn by_kind<'o>(
    newest: &BTreeMap<Stream, (&'o ObjectEntry, TimeMs)>,
) -> BTreeMap<&'static str, &'o ObjectEntry> {
    newest.iter().map(|((.., kind), (object, _))| (*kind, *object)).collect()
}

/// Fetches a byte of an object: permission to read it, and to decrypt it.
fn probe(name: &str, source: &dyn Source, kind: &str, object: &ObjectEntry) -> Check {
    const READ: &str = "source";
    match source.fetch(object, PROBE_BYTES) {
        Ok(_) => Check::ok(READ, name, format!("listed and read ({kind})")),
        Err(error) => Check::failed(READ, name, with_reason(&error), hint(error.hint())),
    }
}

fn subject(account: &str, region: &str, kind: &str) -> String {
    let known = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    format!("{} {} {kind}", known(account), known(region))
}

fn freshness(
    check: &'static str,
    subject: &str,
    newest: Option<TimeMs>,
    now: DateTime<Utc>,
) -> Check {
    let Some(at) = newest.and_then(|at| DateTime::from_timestamp_millis(at.0)) else {
        return Check::not_checked(check, subject, "no object tells when it was written");
    };
    let age = now - at;
    let found =
        format!("newest object of {}, {} h ago", at.format("%Y-%m-%d %H:%M UTC"), age.num_hours());
    if age > STALE {
        let fix =
            "were models called since? if so, `setup doctor` says more of logging and trail above";
        Check::warning(check, subject, found, fix)
    } else {
        Check::ok(check, subject, found)
    }
}

fn store_checks(root: &Path, now: DateTime<Utc>) -> Vec<Check> {
    const STORE: &str = "store";
    let name = root.display().to_string();
    if !Reader::exists(root) {
        let why = "there is none yet; the first `ingest` makes it";
        return vec![Check::not_checked(STORE, &name, why)];
    }
    let opened = Reader::open(root).and_then(|reader| {
        let info = reader.info()?;
        let missing =
            reader.live_files()?.iter().filter(|file| !root.join(&file.path).is_file()).count();
        Ok((info, missing))
    });
    let (info, missing) = match opened {
        Ok(found) => found,
        Err(error) => {
            let fix = hint(error.hint());
            let reason = Error::Store(error).to_string();
            return vec![Check::failed(STORE, &name, reason, fix)];
        }
    };
    let rejects: u64 = info.rejects.iter().map(|(_, count)| count).sum();
    let last = info.last_ingest.map_or_else(
        || "nothing was ingested yet".to_owned(),
        |at| format!("last object taken in at {}", at.format("%Y-%m-%d %H:%M UTC")),
    );
    let found = format!("{} objects, {rejects} rejects; {last}", info.objects);
    let whole = if missing > 0 {
        Check::failed(
            STORE,
            &name,
            format!("{missing} of its files are missing"),
            "`bedrock-lens store verify` names them; restore the folder from a backup, or ingest into a \
             new store",
        )
    } else if rejects > 0 {
        Check::warning(
            STORE,
            &name,
            found,
            "`bedrock-lens query --sql \"select * from rejects\"` lists what could not be read",
        )
    } else {
        Check::ok(STORE, &name, found)
    };
    let streams = info.freshness.iter().filter(|one| one.kind.is_some()).map(|one| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let subject = subject(&text(&one.account), &text(&one.region), &text(&one.kind));
        let newest = one.newest.map(|at| TimeMs(at.timestamp_millis()));
        freshness("freshness in the store", &subject, newest, now)
    });
    std::iter::once(whole).chain(streams).collect()
}

fn hint(hint: Option<String>) -> String {
    hint.unwrap_or_else(|| "the message says why; run again with it mended".to_owned())
}
