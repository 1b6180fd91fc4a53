//! `config check`: whether the configuration can be read, and what its sources need.

use serde_json::{Value, json};

use super::super::output;
use super::remarks::remarks;
use super::{Context, Exit, Failure};
use crate::pipeline;
use crate::settings::SourceSettings;
use crate::sources::{
    assuming_policy, is_cloudtrail_url, is_s3_url, lookup_policy, reading_policy,
};

pub(super) fn run(as_json: bool, context: &Context) -> Result<Exit, Failure> {
    let sources = context
        .settings
        .sources
        .iter()
        .map(checked)
        .collect::<Result<Vec<Value>, _>>()
        .map_err(pipeline::Error::Source)?;
    let book = context.price_book()?;
    pipeline::known_targets(&context.settings.targets)?;
    let remarks = remarks(&context.settings, &book);
    let file = context.settings.file.as_ref().map(|file| file.to_string_lossy().into_owned());
    let text = if as_json {
        format!("{}\n", json!({"file": file, "sources": sources, "remarks": remarks}))
    } else {
        words(file.as_deref(), &sources, &remarks)
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn checked(source: &SourceSettings) -> Result<Value, crate::sources::Error> {
    let policy = if source.is_s3() {
        Some(reading_policy(&source.url, source.region.as_deref())?)
    } else {
        is_cloudtrail_url(&source.url).then(lookup_policy)
    };
    Ok(json!({
        "name": source.name,
        "url": source.url,
        "role_arn": source.role_arn,
        "policy": policy,
        "caller_policy": source.role_arn.as_deref().map(assuming_policy),
    }))
}

fn words(file: Option<&str>, sources: &[Value], remarks: &[String]) -> String {
    let opening = match file {
        Some(file) => format!("`{file}` can be used\n"),
        None => "no configuration file; defaults are used\n".to_owned(),
    };
    let mut parts = vec![opening];
    parts.extend(remarks.iter().map(|remark| format!("remark: {remark}\n")));
    parts.extend(sources.iter().map(source_words));
    let is_bucket = |source: &Value| source["url"].as_str().is_some_and(is_s3_url);
    if sources.iter().any(is_bucket) {
        let note = "\nA bucket encrypted with a key of KMS also takes `kms:Decrypt` on that key.\n";
        parts.push(note.to_owned());
    }
    parts.concat()
}

fn source_words(source: &Value) -> String {
    let text = |key: &str| source[key].as_str().unwrap_or_default();
    let heading = format!("\n{}: {}\n", text("name"), text("url"));
    let (caller, policy) = (&source["caller_policy"], &source["policy"]);
    if policy.is_null() {
        heading
    } else if caller.is_null() {
        format!("{heading}who runs this needs, to read the logs:\n{policy:#}\n")
    } else {
        format!(
            "{heading}who runs this needs, to assume the role:\n{caller:#}\n\
             the role `{}` needs, to read the logs:\n{policy:#}\n",
            text("role_arn")
        )
    }
}
