//! Prompts paid for again within ten minutes.

use super::{Nature, Part, Saving, share};
use crate::metrics::what_if::repeats::Repeats;
use crate::units::Usd;

pub(super) fn repeated(callers: &[Repeats]) -> Saving {
    const KIND: &str = "repeated_prompts";
    const TITLE: &str = "The same prompt sent and paid for again within ten minutes";
    let sum = |of: fn(&Repeats) -> i64| -> i64 { callers.iter().map(of).sum() };
    let (requests, comparable) = (sum(|one| one.requests), sum(|one| one.comparable));
    if comparable == 0 {
        let reason = "no request has both a prompt hash and a principal: the log holds no bodies";
        return Saving::nothing(KIND, TITLE, Nature::Wasted, reason);
    }
    let parts = callers.iter().filter(|one| one.repeated_cost > Usd(0)).map(|one| Part {
        model: one.model.clone(),
        principal: one.principal.clone(),
        low_usd: one.answered_cost,
        high_usd: one.repeated_cost,
        requests: one.repeated,
        ..Part::default()
    });
    let mut saving = Saving::of_parts(KIND, TITLE, Nature::Wasted, parts.collect()).assuming([
        "low: the same model had answered the same prompt of the same principal, so the answer could \
         have been kept; a caller may want different answers, the log can't say",
        "high: every repeat, also after a request that failed and of another model",
        "a prompt is the request without its parameters; requests without a body or principal can't be \
         compared",
    ]);
    saving.facts.extend(share(comparable, requests).map(|share| ("comparable_share", share)));
    saving.left_out.insert("no_prompt_hash_or_principal", requests - comparable);
    saving.left_out.retain(|_, requests| *requests > 0);
    saving
}
