//! The kinds of report, for whom they are, and which sections each is made of.

use super::topic::Topic;
use crate::period::Cadence;

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Operations: did everything work yesterday?
    Daily,
    /// Business: what was used, what it cost, how well it worked.
    Weekly,
    /// Leadership: spend, forecast, budget, worth.
    Monthly,
    /// Compliance: what can be shown to an auditor.
    Quarterly,
    /// Everybody: a year in review.
    Annual,
    /// Spend, for any range.
    Cost,
    /// Security, for any range.
    Security,
    /// Load against quotas, for any range.
    Capacity,
    /// Response times and errors, for any range.
    Performance,
    /// Everybody who has to know what happened: a few hours in order of time.
    Incident,
}

/// For whom sections are chosen and ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Engineers and operators.
    Technical,
    /// Management.
    Management,
    /// Security and compliance.
    Security,
    /// Finance.
    Finance,
}

/// What the one figure at the top is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    /// Spend.
    Spend,
    /// Success rate.
    Health,
    /// Response time.
    Speed,
    /// The busiest minute.
    Load,
    /// What was found.
    Security,
    /// What happened in a short while.
    Incident,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Daily,
        Self::Weekly,
        Self::Monthly,
        Self::Quarterly,
        Self::Annual,
        Self::Cost,
        Self::Security,
        Self::Capacity,
        Self::Performance,
        Self::Incident,
    ];

    /// As the command line and JSON name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Annual => "annual",
            Self::Cost => "cost",
            Self::Security => "security",
            Self::Capacity => "capacity",
            Self::Performance => "performance",
            Self::Incident => "incident",
        }
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Daily => "Daily operations report",
            Self::Weekly => "Weekly business report",
            Self::Monthly => "Monthly executive report",
            Self::Quarterly => "Quarterly compliance report",
            Self::Annual => "Annual review",
            Self::Cost => "Cost report",
            Self::Security => "Security report",
            Self::Capacity => "Capacity report",
            Self::Performance => "Performance report",
            Self::Incident => "Incident report",
        }
    }

    /// The periods it is made for when none is asked for. A kind on demand takes the last week.
    pub fn cadence(self) -> Cadence {
        match self {
            Self::Daily => Cadence::Daily,
            Self::Weekly
            | Self::Cost
            | Self::Security
            | Self::Capacity
            | Self::Performance
            | Self::Incident => Cadence::Weekly,
            Self::Monthly => Cadence::Monthly,
            Self::Quarterly => Cadence::Quarterly,
            Self::Annual => Cadence::Annual,
        }
    }

    /// The sections in order: the audience's, else the kind's own.
    pub fn topics(self, audience: Option<Audience>) -> &'static [Topic] {
        match audience {
            Some(audience) if self != Self::Incident => audience.topics(),
            _ => self.own_topics(),
        }
    }

    fn own_topics(self) -> &'static [Topic] {
        use Topic::{
            Access, Adoption, Anomalies, Budgets, Callers, Changes, Compliance, Coverage, Daily,
            Drivers, Errors, FirstSeen, Forecast, Guardrails, Ingestion, Latency, Load, Method,
            Models, Principals, Requests, Return, Risks, Savings, Security, Service, Teams,
            Timeline, Tokens, Usage,
        };
        match self {
            Self::Daily => {
                &[Changes, Requests, Errors, Latency, Anomalies, Load, Models, Ingestion, Method]
            }
            Self::Weekly => &[
                Changes, Drivers, Daily, Models, Teams, Principals, Forecast, Usage, Adoption,
                Latency, Errors, Anomalies, Savings, Security, Guardrails, Method,
            ],
            Self::Monthly => &[
                Changes, Drivers, Forecast, Budgets, Daily, Models, Teams, Return, Savings, Risks,
                Service, Adoption, Method,
            ],
            Self::Quarterly => &[
                Changes, Compliance, Coverage, Security, Access, Guardrails, FirstSeen, Models,
                Principals, Ingestion, Method,
            ],
            Self::Annual => &[
                Changes, Daily, Drivers, Models, Teams, Principals, Tokens, Adoption, Service,
                Usage, Latency, Errors, Guardrails, Coverage, Security, Budgets, Forecast, Return,
                Savings, Method,
            ],
            Self::Cost => &[
                Changes, Drivers, Daily, Models, Tokens, Teams, Principals, Budgets, Forecast,
                Savings, Method,
            ],
            Self::Security => &[
                Changes, Security, Access, FirstSeen, Anomalies, Guardrails, Coverage, Compliance,
                Principals, Method,
            ],
            Self::Capacity => {
                &[Changes, Load, Requests, Usage, Errors, Latency, Anomalies, Tokens, Method]
            }
            Self::Performance => {
                &[Changes, Latency, Service, Errors, Requests, Tokens, Anomalies, Usage, Method]
            }
            Self::Incident => &[Timeline, Callers, Guardrails, Errors, Models, Coverage, Method],
        }
    }

    pub(super) fn focus(self, audience: Option<Audience>) -> Focus {
        match (audience, self) {
            (_, Self::Incident) => Focus::Incident,
            (Some(Audience::Technical), _) | (None, Self::Daily) => Focus::Health,
            (Some(Audience::Security), _) | (None, Self::Security | Self::Quarterly) => {
                Focus::Security
            }
            (None, Self::Performance) => Focus::Speed,
            (None, Self::Capacity) => Focus::Load,
            _ => Focus::Spend,
        }
    }
}

impl Audience {
    /// All audiences.
    pub const ALL: [Self; 4] = [Self::Technical, Self::Management, Self::Security, Self::Finance];

    /// As the command line and JSON name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Management => "management",
            Self::Security => "security",
            Self::Finance => "finance",
        }
    }

    fn topics(self) -> &'static [Topic] {
        use Topic::{
            Access, Adoption, Anomalies, Budgets, Changes, Compliance, Coverage, Daily, Drivers,
            Errors, FirstSeen, Forecast, Guardrails, Ingestion, Latency, Load, Method, Models,
            Requests, Return, Risks, Savings, Security, Service, Teams, Tokens, Usage,
        };
        match self {
            Self::Technical => &[
                Changes, Requests, Latency, Tokens, Errors, Anomalies, Load, Usage, Ingestion,
                Method,
            ],
            Self::Management => &[
                Changes, Daily, Drivers, Forecast, Adoption, Service, Return, Risks, Savings,
                Models, Method,
            ],
            Self::Security => &[
                Changes, Security, Access, FirstSeen, Anomalies, Guardrails, Compliance, Coverage,
                Method,
            ],
            Self::Finance => &[
                Changes, Daily, Tokens, Models, Teams, Budgets, Forecast, Drivers, Savings, Method,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Audience, Kind};
    use crate::report::topic::Topic;

    #[test]
    fn every_report_begins_with_what_changed_and_ends_with_its_method() {
        let audiences = [None].into_iter().chain(Audience::ALL.map(Some));
        for audience in audiences {
            // An incident is looked at once; there is no report before to compare with.
            for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Incident) {
                let topics = kind.topics(audience);
                assert_eq!(topics.first(), Some(&Topic::Changes), "{}", kind.name());
                assert_eq!(topics.last(), Some(&Topic::Method), "{}", kind.name());
                for (index, topic) in topics.iter().enumerate() {
                    assert!(!topics[..index].contains(topic), "{} {topic:?}", kind.name());
                }
            }
        }
    }
}
