//! Health, speed, load and logging as the one figure of a report.

use crate::insight::anomaly::Severity;
use crate::metrics::metric::Metric;
use crate::report::compare::{difference, relative};
use crate::report::facts::Facts;
use crate::report::parts::{Headline, Missing, Prose, Value};
use crate::report::words;

/// Success rate, and what failed.
pub(super) fn health(facts: &Facts<'_>) -> Headline {
    let metric = Metric::SuccessRate;
    let (now, before) = (facts.current.number(metric), facts.previous.number(metric));
    let requests = facts.current.count(Metric::Requests);
    let caption = Prose::text("of ").value(Value::Count(requests)).say(words::counted(
        requests,
        " request succeeded",
        " requests succeeded",
    ));
    let caption = compared(facts, caption, difference(now, before, Value::PointChange));
    let (failed, throttled) =
        (facts.current.count(Metric::Errors), facts.current.count(Metric::Throttled));
    let lead = match failed {
        0 => Prose::text("No logged request failed. "),
        n => Prose::default()
            .value(Value::Count(n))
            .say(words::counted(n, " request failed", " requests failed"))
            .say(", ")
            .value(Value::Count(throttled))
            .say(words::counted(n, " of it throttled. ", " of them throttled. ")),
    };
    let lead = response_time(facts, lead);
    Headline {
        value: now.map_or(Value::Missing(Missing::Unknown), Value::Rate),
        caption,
        lead: spend(facts, anomalies(facts, lead)),
    }
}

/// Mean response time, and its tail.
pub(super) fn speed(facts: &Facts<'_>) -> Headline {
    let metric = Metric::LatencyMeanMs;
    let (now, before) = (facts.current.number(metric), facts.previous.number(metric));
    let known = facts.current.count(Metric::LatencyKnown);
    let caption = Prose::text("mean response time of ")
        .value(Value::Count(known))
        .say(words::counted(known, " measured request", " measured requests"));
    let caption = compared(facts, caption, difference(now, before, Value::DurationChange));
    let mut lead = Prose::default();
    for (metric, words) in [
        (Metric::LatencyP50Ms, "Half of the measured requests took up to "),
        (Metric::LatencyP99Ms, "one in a hundred "),
    ] {
        if let Some(ms) = facts.current.number(metric) {
            lead = lead
                .say(words)
                .strong(Value::DurationMs(ms))
                .say(if metric == Metric::LatencyP50Ms { ", " } else { " or longer. " });
        }
    }
    if let Some(rate) = facts.current.number(Metric::ErrorRate) {
        lead = lead.value(Value::Rate(rate)).say(" of all requests failed. ");
    }
    let unmeasured = facts.current.count(Metric::Requests).saturating_sub(known);
    if unmeasured > 0 {
        lead = lead
            .say("The log holds no response time of ")
            .value(Value::Count(unmeasured))
            .say(words::counted(unmeasured, " request. ", " requests. "));
    }
    Headline {
        value: now.map_or(Value::Missing(Missing::NotInLog), Value::DurationMs),
        caption,
        lead: anomalies(facts, lead),
    }
}

/// The busiest minute.
pub(super) fn load(facts: &Facts<'_>) -> Headline {
    let loads = facts.insights().loads.as_ref().map_or(&[][..], |loads| loads.loads.as_slice());
    let busiest = loads.iter().max_by_key(|load| load.rpm.peak);
    let peak = busiest.and_then(|load| load.rpm.peak).and_then(|peak| u64::try_from(peak).ok());
    let nearest = loads
        .iter()
        .filter_map(|load| Some((load, crate::report::sections::peak_share(load)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let mut lead = Prose::default();
    if let Some((load, share)) = nearest {
        lead = lead
            .say("Nearest to its quota came ")
            .value(Value::Id(crate::report::sections::load_name(&load.pool)))
            .say(", with ")
            .strong(Value::Share(share))
            .say(" in its busiest minute. ");
    } else {
        lead = lead.say("No quota is configured to compare with. ");
    }
    let throttled = facts.current.count(Metric::Throttled);
    lead = match throttled {
        0 => lead.say("No call was throttled. "),
        n => lead.value(Value::Count(n)).say(words::counted(
            n,
            " call was throttled. ",
            " calls were throttled. ",
        )),
    };
    let (now, before) =
        (facts.current.count(Metric::Requests), facts.previous.count(Metric::Requests));
    lead = lead.value(Value::Count(now)).say(words::counted(now, " request", " requests"));
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let change = relative(now as f64, before as f64, before);
    lead = match change {
        Value::RelativeChange(_) => {
            lead.say(", ").value(change).say(format!(" on {}.", facts.last_period()))
        }
        _ => lead.say("."),
    };
    Headline {
        value: peak.map_or(Value::Missing(Missing::Unknown), Value::Count),
        caption: Prose::text("requests in the busiest minute of one model, Region and account"),
        lead,
    }
}

/// How much of what was called can be seen at all.
pub(super) fn security(facts: &Facts<'_>) -> Headline {
    let coverage = &facts.coverage;
    let caption = match coverage.share() {
        Some(_) => Prose::text("of ")
            .value(Value::Count(coverage.called))
            .say(words::counted(coverage.called, " call has", " calls have"))
            .say(" an invocation log"),
        None => Prose::text("log coverage can’t be known"),
    };
    let mut lead = Prose::default();
    if coverage.unlogged > 0 {
        lead = lead
            .value(Value::Count(coverage.unlogged))
            .say(words::counted(coverage.unlogged, " call was", " calls were"))
            .say(" made without a log. ");
    }
    let principals = facts.current.count(Metric::Principals);
    lead = lead
        .value(Value::Count(principals))
        .say(words::counted(principals, " role or user", " roles and users"))
        .say(" called ")
        .value(Value::Count(facts.current.count(Metric::Models)))
        .say(" models. ");
    let blocked = facts.current.count(Metric::GuardrailInterventions);
    if blocked > 0 {
        lead = lead
            .say("Guardrails intervened in ")
            .value(Value::Count(blocked))
            .say(words::counted(blocked, " request. ", " requests. "));
    }
    Headline {
        value: coverage.share().map_or(Value::Missing(Missing::Unknown), Value::Share),
        caption,
        lead: anomalies(facts, lead),
    }
}

fn compared(facts: &Facts<'_>, caption: Prose, change: Value) -> Prose {
    match change {
        Value::Missing(_) => caption.say("; no earlier period to compare with"),
        change => caption.say(", ").value(change).say(format!(" on {}", facts.last_period())),
    }
}

fn response_time(facts: &Facts<'_>, lead: Prose) -> Prose {
    let Some(mean) = facts.current.number(Metric::LatencyMeanMs) else { return lead };
    let lead = lead.say("The mean response time was ").strong(Value::DurationMs(mean));
    match facts.current.number(Metric::LatencyP99Ms) {
        Some(p99) => lead
            .say("; one request in a hundred took ")
            .value(Value::DurationMs(p99))
            .say(" or longer. "),
        None => lead.say(". "),
    }
}

fn anomalies(facts: &Facts<'_>, lead: Prose) -> Prose {
    let Some(found) = &facts.insights().anomalies else { return lead };
    if found.series_tested == 0 {
        return lead.say("The history is too short to seek anomalies. ");
    }
    let high = found.incidents.iter().filter(|one| one.severity == Severity::Critical).count();
    match found.incidents.len() as u64 {
        0 => lead.say("Nothing departs from the usual. "),
        n => lead
            .value(Value::Count(n))
            .say(words::counted(n, " anomaly was found, ", " anomalies were found, "))
            .value(Value::Count(high as u64))
            .say(" of high severity. "),
    }
}

fn spend(facts: &Facts<'_>, lead: Prose) -> Prose {
    match facts.current.usd(Metric::CostUsd) {
        Some(cost) => lead.say("List cost was ").value(Value::Usd(cost)).say("."),
        None => lead,
    }
}
