//! What a section can be about.

/// What a section is about; each is built by the file of that name in `sections`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What changed since the last report of this kind.
    Changes,
    /// Why spend changed.
    Drivers,
    /// Spend by day, week or month.
    Daily,
    /// Spend by model.
    Models,
    /// Tokens and cost per token, by model.
    Tokens,
    /// Spend by team.
    Teams,
    /// Spend by principal.
    Principals,
    /// Budgets of the month.
    Budgets,
    /// What spend will come to.
    Forecast,
    /// What the same work could have cost.
    Savings,
    /// What the work was worth, by what the user says.
    Return,
    /// Key figures against their targets.
    Service,
    /// Who and what is active.
    Adoption,
    /// API calls with their outcomes.
    Requests,
    /// Usage by hour.
    Usage,
    /// Response times.
    Latency,
    /// Errors and throttles.
    Errors,
    /// Hours and days that depart from the usual.
    Anomalies,
    /// Principals, models and Regions that had not called before.
    FirstSeen,
    /// Load per minute against quotas.
    Load,
    /// Guardrails.
    Guardrails,
    /// What was read, and how fresh it is.
    Ingestion,
    /// Calls with and without a log.
    Coverage,
    /// Security findings.
    Security,
    /// Who called, from where, and who was refused.
    Access,
    /// Controls of compliance frameworks.
    Compliance,
    /// What could go wrong, from all that is known.
    Risks,
    /// What happened, in order of time.
    Timeline,
    /// Who called, with what and from where.
    Callers,
    /// Method and data quality.
    Method,
}
