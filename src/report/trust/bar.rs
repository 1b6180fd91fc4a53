//! The trust bar: five cells before the first figure.

use super::coverage::Verdict;
use super::grade::{checks, grade};
use crate::metrics::metric::Metric;
use crate::report::facts::Facts;
use crate::report::parts::{Grade, Prose, Trust, TrustCell, Value};
use crate::report::words;

/// The trust bar of a report.
pub(in crate::report) fn bar(facts: &Facts<'_>) -> Trust {
    Trust {
        cells: vec![period(facts), log_coverage(facts), price_coverage(facts), objects(facts)],
        grade: grade(facts),
        grade_reason: reason(facts),
    }
}

fn period(facts: &Facts<'_>) -> TrustCell {
    let reading = &facts.reading;
    let gaps = facts.coverage.known_gaps();
    let mut value = Prose::default().value(Value::Count(reading.days_with_logs)).say(
        if reading.days_with_logs == reading.days {
            words::counted(reading.days, " day", " days")
        } else {
            format!(" of {} days", reading.days)
        },
    );
    if !gaps.is_empty() {
        let count = gaps.len() as u64;
        value =
            value.say(", ").value(Value::Count(count)).say(words::counted(count, " gap", " gaps"));
    }
    let zone = facts.zone();
    let mut detail = Prose::text(format!(
        "{} to {} {}",
        words::moment(facts.inputs.period.from, zone),
        words::moment(facts.inputs.period.to, zone),
        zone.name()
    ));
    if !reading.is_complete {
        detail = detail.say("; not over when this report was made");
    }
    if let Some(gap) = gaps.first() {
        let longest = if gaps.len() == 1 { "gap" } else { "longest gap" };
        detail = detail
            .say(format!("; {longest} {} in ", words::span(gap.from, gap.to, zone)))
            .value(Value::Id(gap.region.clone()));
    }
    TrustCell { key: "period", label: "Period covered".to_owned(), value, detail }
}

fn log_coverage(facts: &Facts<'_>) -> TrustCell {
    let coverage = &facts.coverage;
    let (value, detail) = match (coverage.verdict(), coverage.share()) {
        (Verdict::Known, Some(share)) => (
            Prose::default().value(Value::Share(share)),
            Prose::default()
                .value(Value::Count(coverage.logged))
                .say(" of ")
                .value(Value::Count(coverage.called))
                .say(words::counted(coverage.called, " CloudTrail call", " CloudTrail calls"))
                .say(words::counted(coverage.logged, " has", " have"))
                .say(" an invocation log"),
        ),
        (Verdict::NoJoin, _) => (
            Prose::text("join not possible"),
            Prose::text("no request id of CloudTrail is in the invocation log: ")
                .value(Value::Count(coverage.called))
                .say(" calls there, ")
                .value(Value::Count(facts.current.count(Metric::Requests)))
                .say(" logged"),
        ),
        (Verdict::OtherScope, _) => (
            Prose::text("not known"),
            Prose::text("CloudTrail can’t tell the calls of this scope from others"),
        ),
        _ => (
            Prose::text("not known"),
            Prose::text(
                "no CloudTrail events of model calls in the period, so unlogged calls can’t be seen",
            ),
        ),
    };
    // A third count of the same calls, where there is one.
    let detail = match &facts.counted {
        Some(counted) => detail
            .say("; CloudWatch counted ")
            .value(Value::Count(counted.calls))
            .say(words::counted(counted.calls, " call", " calls")),
        None => detail,
    };
    TrustCell { key: "log_coverage", label: "Log coverage".to_owned(), value, detail }
}

fn price_coverage(facts: &Facts<'_>) -> TrustCell {
    let pricing = &facts.pricing;
    let value = match pricing.share() {
        Some(share) => Prose::default().value(Value::Share(share)),
        None => Prose::text("nothing billed"),
    };
    let unpriced: u64 = pricing.unpriced.iter().map(|row| row.requests).sum();
    let detail = if unpriced == 0 {
        Prose::text("of tokens; every billed request has a full price")
    } else {
        Prose::text("of tokens; ")
            .value(Value::Count(unpriced))
            .say(words::counted(unpriced, " request has", " requests have"))
            .say(" no full price")
    };
    TrustCell { key: "price_coverage", label: "Price coverage".to_owned(), value, detail }
}

fn objects(facts: &Facts<'_>) -> TrustCell {
    let objects = facts.inputs.objects;
    let rejected = facts.reading.rejected();
    let mut detail = Prose::text(if rejected == 0 {
        "nothing rejected"
    } else {
        "what could be read of them is included"
    });
    if objects.duplicates > 0 {
        detail = detail
            .say("; ")
            .value(Value::Count(objects.duplicates))
            .say(words::counted(objects.duplicates, " duplicate", " duplicates"))
            .say(" counted once");
    }
    TrustCell {
        key: "objects",
        label: "Objects read / rejects".to_owned(),
        value: Prose::default()
            .value(Value::Count(objects.read))
            .say(" / ")
            .value(Value::Count(rejected)),
        detail,
    }
}

/// What the grade means, naming the checks that decide it.
fn reason(facts: &Facts<'_>) -> Prose {
    let grade = grade(facts);
    if grade == Grade::A {
        return Prose::text("Every check passed. ").link("method", "How graded");
    }
    let weakest: Vec<&str> =
        checks(facts).iter().filter(|check| check.grade == grade).map(|check| check.name).collect();
    let mut reason = Prose::text(format!("Due to {}. ", words::list(&weakest).to_lowercase()));
    if facts.coverage.unlogged > 0 && facts.coverage.verdict() == Verdict::Known {
        reason = reason
            .say("Spend lacks ")
            .value(Value::Count(facts.coverage.unlogged))
            .say(words::counted(facts.coverage.unlogged, " unlogged call. ", " unlogged calls. "));
    }
    reason.link("method", "How graded")
}
