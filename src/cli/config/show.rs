//! `config show`: the resolved settings, as a configuration file would say them.

use serde_json::{Map, Value, json};

use super::super::output;
use super::{Context, Exit, Failure};
use crate::schema::budget::Budget;
use crate::schema::security::{EndpointRule, Security};
use crate::settings::{ChannelSettings, MuteSettings, Settings};

pub(super) fn run(as_json: bool, context: &Context) -> Result<Exit, Failure> {
    let settings = &context.settings;
    let text = if as_json { format!("{}\n", values(settings)) } else { file(settings) };
    output::result(&text)?;
    Ok(Exit::Done)
}

pub(in crate::cli) fn values(settings: &Settings) -> Value {
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map(|path| path.to_string_lossy().into_owned())
    };
    json!({
        "file": path(&settings.file),
        "store": settings.store.to_string_lossy(),
        "timezone": settings.timezone.name(),
        "prices_file": path(&settings.prices_file),
        "price_book": path(&settings.price_book),
        "cached_tokens": settings.cached_tokens,
        "ingest": settings.ingest,
        "sources": settings.sources,
        "allocation_rules": settings.allocation.rules.len(),
        "budgets": settings.budgets.iter().map(budget).collect::<Vec<_>>(),
        "quotas": settings.quotas,
        "substitutes": settings.substitutes,
        "targets": settings.targets,
        "anomaly_rules": path(&settings.anomaly_rules),
        "security": security(settings),
        "audit": { "detections": settings.audit.detections, "controls": settings.audit.controls },
        "alerts": {
            "rules": settings.alerts.rules,
            "channels": settings.alerts.channels.iter().map(channel).collect::<Vec<_>>(),
            "mutes": settings.alerts.mutes.iter().map(mute).collect::<Vec<_>>(),
        },
        "mail": settings.mail,
        "recipients": settings.recipients,
        "upload": settings.upload,
    })
}

fn file(settings: &Settings) -> String {
    let values = values(settings);
    let opening = match &values["file"] {
        Value::String(file) => format!("# from {file}\n"),
        _ => "# no configuration file\n".to_owned(),
    };
    let mut parts = vec![
        opening,
        line("store", &values["store"]),
        line("timezone", &values["timezone"]),
        table("[ingest]", &values["ingest"]),
    ];
    let mut prices = Map::new();
    for (key, value) in [("file", "prices_file"), ("book", "price_book")] {
        if !values[value].is_null() {
            prices.insert(key.to_owned(), values[value].clone());
        }
    }
    prices.insert("cached_tokens".to_owned(), values["cached_tokens"].clone());
    parts.push(table("[prices]", &Value::Object(prices)));
    for (heading, list) in [
        ("[[source]]", "sources"),
        ("[[budget]]", "budgets"),
        ("[[quota]]", "quotas"),
        ("[[savings.substitute]]", "substitutes"),
    ] {
        let entries = values[list].as_array().into_iter().flatten();
        parts.extend(entries.map(|entry| table(heading, entry)));
    }
    if !settings.targets.is_empty() {
        parts.push(table("[targets]", &values["targets"]));
    }
    if !values["anomaly_rules"].is_null() {
        parts.push(table("[anomalies]", &json!({ "rules": values["anomaly_rules"] })));
    }
    let rules = settings.allocation.rules.len();
    if rules > 0 {
        parts.push(format!("\n# [allocation]: {rules} rules, as in the file\n"));
    }
    parts.extend(audit(&values));
    parts.extend(alerts(&values["alerts"]));
    parts.extend(subtables("mail", &values["mail"]));
    let recipients = values["recipients"].as_array().into_iter().flatten();
    parts.extend(recipients.map(|list| table("[[recipients]]", list)));
    parts.push(table("[upload]", &values["upload"]));
    parts.concat()
}

/// `[security]` and `[audit]`, where they say anything.
fn audit(values: &Value) -> Vec<String> {
    let says =
        |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    let is_said = |table: &Value| table.as_object().is_some_and(|keys| keys.values().any(says));
    let mut parts = Vec::new();
    if is_said(&values["security"]) {
        parts.extend(subtables("security", &values["security"]));
    }
    if is_said(&values["audit"]) {
        parts.push(table("[audit]", &values["audit"]));
    }
    parts
}

/// `[alerts]`, its channels and mutes. An address stands in no answer: it may hold a token.
fn alerts(values: &Value) -> Vec<String> {
    let entries = |list: &str| values[list].as_array().cloned().unwrap_or_default();
    let mut parts = Vec::new();
    if !entries("rules").is_empty() {
        parts.push(table("[alerts]", &json!({ "rules": values["rules"] })));
    }
    parts.extend(entries("channels").iter().map(|one| table("[[alerts.channel]]", one)));
    parts.extend(entries("mutes").iter().map(|one| table("[[alerts.mute]]", one)));
    parts
}

/// `[security]` as a file says it; null for what is not said.
fn security(settings: &Settings) -> Value {
    let Security {
        internal_networks,
        allowed_regions,
        allowed_models,
        denied_models,
        guardrail_required,
        vpc_endpoint_required,
        business_hours,
        own_accounts,
        allowed_countries,
        log_buckets,
    } = &settings.security;
    let networks = internal_networks.as_ref();
    json!({
        "internal_networks":
            networks.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "allowed_regions": allowed_regions,
        "allowed_models": allowed_models,
        "denied_models": denied_models,
        "guardrail_required": guardrail_required,
        "vpc_endpoint_required": vpc_endpoint_required.as_ref().map(|rule| match rule {
            EndpointRule::Any => json!(true),
            EndpointRule::OneOf(ids) => json!(ids),
        }),
        "own_accounts": own_accounts,
        "allowed_countries": allowed_countries,
        "log_buckets": log_buckets,
        "geoip_databases": settings.audit.geoip_databases,
        "business_hours": business_hours.as_ref().map(|hours| json!({
            "days": hours.days,
            "from": hours.from.format("%H:%M").to_string(),
            "to": hours.to.format("%H:%M").to_string(),
            "timezone": hours.timezone.name(),
        })),
    })
}

/// A channel with its target's keys beside its own, as a file says them.
fn channel(channel: &ChannelSettings) -> Value {
    let mut written = json!({
        "name": channel.name,
        "severity": channel.severity,
        "teams": channel.teams,
        "after_checks": channel.after_checks,
        "resolved": channel.resolved,
        "quiet": channel.quiet.map(|quiet| json!({
            "from": quiet.from.format("%H:%M").to_string(),
            "to": quiet.to.format("%H:%M").to_string(),
            "timezone": quiet.timezone.name(),
        })),
    });
    if let (Some(keys), Value::Object(target)) = (written.as_object_mut(), json!(channel.target)) {
        keys.extend(target);
    }
    written
}

fn mute(mute: &MuteSettings) -> Value {
    json!({
        "rule": mute.rule,
        "dimension": mute.group.as_ref().map(|(dimension, _)| dimension),
        "value": mute.group.as_ref().map(|(_, value)| value),
        "until": mute.until,
        "reason": mute.reason,
    })
}

fn budget(budget: &Budget) -> Value {
    let mut written = Map::new();
    written.insert("name".to_owned(), json!(budget.name));
    if let Some(value) = budget.scope.value() {
        written.insert(budget.scope.kind().to_owned(), json!(value));
    }
    written.insert("amount".to_owned(), json!(budget.amount));
    Value::Object(written)
}

fn table(heading: &str, values: &Value) -> String {
    let none = Map::new();
    let known = values.as_object().unwrap_or(&none).iter().filter(|(_, value)| !value.is_null());
    let lines: String = known.map(|(key, value)| line(key, value)).collect();
    format!("\n{heading}\n{lines}")
}

/// A table and the tables in it.
fn subtables(name: &str, values: &Value) -> Vec<String> {
    let none = Map::new();
    let all = values.as_object().unwrap_or(&none);
    let (tables, lines): (Map<String, Value>, Map<String, Value>) =
        all.clone().into_iter().partition(|(_, value)| value.is_object());
    let inner = tables.iter().map(|(key, value)| table(&format!("[{name}.{key}]"), value));
    std::iter::once(table(&format!("[{name}]"), &Value::Object(lines))).chain(inner).collect()
}

fn line(key: &str, value: &Value) -> String {
    format!("{key} = {}\n", written(value))
}

/// A value in TOML: texts, numbers and lists as in JSON, objects as inline tables.
fn written(value: &Value) -> String {
    let Value::Object(entries) = value else { return value.to_string() };
    let entries: Vec<String> =
        entries.iter().map(|(key, value)| format!("{key} = {}", written(value))).collect();
    format!("{{ {} }}", entries.join(", "))
}
