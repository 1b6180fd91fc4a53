//! What happened in a short while as the headline of a report.

use crate::metrics::metric::Metric;
use crate::report::facts::Facts;
use crate::report::happened::{Seen, Timeline};
use crate::report::parts::{Headline, Missing, Prose, Value};
use crate::report::words;

/// Logged calls, against the while before; then what stands out, and the cost.
pub(super) fn headline(facts: &Facts<'_>) -> Headline {
    let requests = facts.current.count(Metric::Requests);
    let before = facts.previous.count(Metric::Requests);
    let caption = Prose::text(words::counted(requests, "logged call, ", "logged calls, "))
        .value(Value::Count(before))
        .say(" in the same time before");
    let lead = match &facts.insights().timeline {
        Some(timeline) => told(timeline),
        None => Prose::default(),
    };
    Headline { value: Value::Count(requests), caption, lead: cost(facts, lead) }
}

fn told(timeline: &Timeline) -> Prose {
    let mut lead = match timeline.around {
        Some(at) => Prose::text("Around ").value(Value::Time(at)).say(": "),
        None => Prose::default(),
    };
    let findings = timeline.detections.as_ref().map(|found| found.findings.len() as u64);
    if let Some(findings) = findings {
        lead = lead.strong(Value::Count(findings)).say(words::counted(
            findings,
            " finding, ",
            " findings, ",
        ));
    }
    let counts = [
        (timeline.number(|one| one.changes && one.error.is_none()), " change", " changes"),
        (timeline.number(|one| one.denied), " refused call", " refused calls"),
        (
            timeline.number(|one| one.intervened),
            " guardrail intervention",
            " guardrail interventions",
        ),
    ];
    for (number, one, many) in counts {
        lead = lead.strong(Value::Count(number)).say(words::counted(number, one, many)).say(", ");
    }
    let unlogged = timeline.number(|one| {
        one.seen == Seen::CloudTrail && one.model_id.is_some() && one.error.is_none()
    });
    lead.value(Value::Count(unlogged)).say(words::counted(
        unlogged,
        " model call in CloudTrail alone. ",
        " model calls in CloudTrail alone. ",
    ))
}

fn cost(facts: &Facts<'_>, lead: Prose) -> Prose {
    let spend = [&facts.current, &facts.previous].map(|usage| usage.usd(Metric::CostUsd));
    let [now, before] = spend;
    let lead = lead.say("List cost of the logged calls: ");
    let lead = match now {
        Some(now) => lead.strong(Value::Usd(now)),
        None => lead.value(Value::Missing(Missing::NotPriced)),
    };
    match (now, before) {
        (Some(now), Some(before)) => {
            lead.say(", ").value(Value::UsdChange(now - before)).say(" on the same time before.")
        }
        _ => lead.say("."),
    }
}
