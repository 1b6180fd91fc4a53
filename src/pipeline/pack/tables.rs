//! The tables of a pack that need no more than writing: coverage, access, changes, inputs, method.

use polars::prelude::{SortMultipleOptions, col, lit};

use super::super::{CoverageAnswer, Error};
use super::target::Target;
use super::{PackRequest, evidence};
use crate::audit::access::{AccessReview, SuggestedPolicy};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::prices::list::{Filter, list};
use crate::render::csv::CsvRows;
use crate::report::access as access_rows;
use crate::report::pack::{InputObjects, PriceBookFacts};
use crate::schema::{Table, api_event};
use crate::store::Reader;

/// Writes calls against the log.
///
/// # Errors
/// When a file can't be written.
pub(super) fn coverage(target: &mut Target, answer: &CoverageAnswer) -> Result<(), Error> {
    evidence::json(target, "evidence/coverage.json", answer)?;
    let heads = ["account", "region", "day", "called", "logged", "unlogged", "late", "log_only"];
    evidence::objects(target, "evidence/coverage.csv", &heads, &answer.rows)?;
    let heads = ["account_id", "region", "from", "to", "unlogged", "hours"];
    evidence::objects(target, "evidence/coverage-gaps.csv", &heads, &answer.gaps)?;
    let heads = ["account_id", "region", "unlogged"];
    evidence::objects(target, "evidence/coverage-silent.csv", &heads, &answer.silent_places)?;
    let heads = ["event_source", "event_name", "requests"];
    evidence::objects(target, "evidence/coverage-outside.csv", &heads, &answer.outside)
}

/// Writes the access review.
///
/// # Errors
/// When a file can't be written.
pub(super) fn access(
    target: &mut Target,
    review: &AccessReview,
    policies: &[SuggestedPolicy],
) -> Result<(), Error> {
    let all = &review.principals;
    let rows = all.iter().map(access_rows::principal);
    evidence::table(target, "evidence/access-review.csv", &access_rows::PRINCIPAL, rows)?;
    for (what, path, of) in [
        ("action", "evidence/access-actions.csv", 0),
        ("model_id", "evidence/access-models.csv", 1),
        ("region", "evidence/access-regions.csv", 2),
    ] {
        let rows = all.iter().flat_map(|one| {
            let used = [&one.actions, &one.models, &one.regions][of];
            used.iter().map(move |used| access_rows::used(one, used))
        });
        evidence::table(target, path, &access_rows::used_heads(what), rows)?;
    }
    let rows = all
        .iter()
        .flat_map(|one| one.unused.iter().map(move |hint| access_rows::unused(one, hint)));
    evidence::table(target, "evidence/access-unused.csv", &access_rows::UNUSED, rows)?;
    let rows = all
        .iter()
        .flat_map(|one| one.denials.iter().map(move |denial| access_rows::denial(one, denial)));
    evidence::table(target, "evidence/access-denied.csv", &access_rows::DENIAL, rows)?;
    evidence::json(target, "evidence/access-policies.json", &policies)
}

/// Columns of an event that evidence shows: who did what when, and where to find the record.
const EVENT: [&str; 16] = [
    api_event::EVENT_TIME,
    api_event::EVENT_ID,
    api_event::REQUEST_ID,
    api_event::ACCOUNT_ID,
    api_event::REGION,
    api_event::EVENT_SOURCE,
    api_event::EVENT_NAME,
    api_event::PRINCIPAL,
    api_event::IDENTITY_ARN,
    api_event::CREDENTIAL_CLASS,
    api_event::SOURCE_IP_ADDRESS,
    api_event::USER_AGENT,
    api_event::ERROR_CODE,
    api_event::MODEL_ID,
    api_event::OBJECT,
    api_event::RECORD,
];

/// Writes the events of Bedrock that change something.
///
/// # Errors
/// When the store can't be read or the file can't be written.
pub(super) fn admin_actions(
    target: &mut Target,
    store: &Reader,
    period: Period,
) -> Result<(), Error> {
    let of_bedrock = col(api_event::EVENT_SOURCE).str().starts_with(lit("bedrock"));
    let changes = col(api_event::READ_ONLY).eq(lit(false));
    let rows = store
        .scan(Table::ApiEvents, Some(period))?
        .filter(of_bedrock.and(changes))
        .select(EVENT.map(col))
        .sort([api_event::EVENT_TIME, api_event::EVENT_ID], SortMultipleOptions::default());
    evidence::frame(target, "evidence/admin-actions.csv", rows)
}

/// Writes the list of objects that the period was read from.
///
/// # Errors
/// As [`admin_actions`].
pub(super) fn inputs(
    target: &mut Target,
    store: &Reader,
    period: Period,
) -> Result<InputObjects, Error> {
    let mut sums = InputObjects {
        duplicates: store.objects_in(period)?.duplicates,
        ..InputObjects::default()
    };
    let heads =
        ["object", "etag", "size_bytes", "kind", "rows", "rejects", "sha256", "fingerprint"];
    target.file("inputs/objects.csv", |out| {
        let mut csv = CsvRows::new(out, &heads).map_err(Error::Render)?;
        store.each_object_in(period, |object| {
            sums.objects += 1;
            sums.bytes += object.size_bytes;
            sums.hashed += u64::from(object.sha256.is_some());
            sums.rejects += object.rejects;
            let etag = Some(object.fingerprint.as_str()).filter(|text| is_etag(text));
            csv.push(&[
                object.object.as_str(),
                etag.unwrap_or_default(),
                &object.size_bytes.to_string(),
                object.kind.as_deref().unwrap_or_default(),
                &object.rows.to_string(),
                &object.rejects.to_string(),
                object.sha256.as_deref().unwrap_or_default(),
                &object.fingerprint,
            ])
            .map_err(Error::Render)
        })?;
        csv.finish().map(Some).map_err(Error::Render)
    })?;
    Ok(sums)
}

/// Whether a fingerprint is an `ETag` of S3, rather than a file's size and time.
fn is_etag(fingerprint: &str) -> bool {
    let digest = fingerprint.split('-').next().unwrap_or_default();
    digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes configuration and price book.
///
/// # Errors
/// When a file can't be written.
pub(super) fn method(
    target: &mut Target,
    book: &PriceBook,
    request: &PackRequest<'_>,
) -> Result<PriceBookFacts, Error> {
    evidence::json(target, "method/configuration.json", &request.configuration)?;
    let facts = PriceBookFacts {
        newest_source: book.newest_source_date(),
        models: book.models().len() as u64,
        rows: book.rows().len() as u64,
    };
    let value = serde_json::json!({
        "newest_source": facts.newest_source,
        "models": facts.models,
        "price_rows": list(book, &Filter::default()),
    });
    evidence::json(target, "method/price-book.json", &value)?;
    Ok(facts)
}
