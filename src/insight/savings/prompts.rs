//! What the longest prompts of callers cost beyond their median prompt.

use super::{Fact, Nature, Part, Saving};
use crate::metrics::what_if::prompts::{LEAST_REQUESTS, LongPrompts};

pub(super) fn long_prompts(callers: &[LongPrompts]) -> Saving {
    const KIND: &str = "prompt_length";
    const TITLE: &str = "The longest prompts of a caller, beyond its median";
    if callers.is_empty() {
        let reason = format!(
            "no caller has {LEAST_REQUESTS} priced requests to a model, of which some are longer than \
             nine tenths of the others"
        );
        return Saving::nothing(KIND, TITLE, Nature::Potential, reason);
    }
    let parts = callers.iter().map(|caller| Part {
        model: Some(caller.model.clone()),
        principal: Some(caller.principal.clone()),
        low_usd: caller.twentieth_cost,
        high_usd: caller.tenth_cost,
        requests: caller.longest_tenth,
        facts: [("median_prompt_tokens", Fact::Count(caller.median))].into(),
    });
    let mut saving = Saving::of_parts(KIND, TITLE, Nature::Potential, parts.collect()).assuming([
        "the longest prompts could be as long as the caller's median to the same model",
        "low: the longest twentieth of its prompts; high: the longest tenth",
        "prompts are input outside the cache, at the input price of each request",
    ]);
    saving.assumptions.push(format!("callers with {LEAST_REQUESTS} requests to a model or more"));
    saving
}
