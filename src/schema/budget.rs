//! A monthly budget as a user states it.

use crate::units::Usd;

/// Whose cost a budget is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetScope {
    /// Everything.
    Total,
    /// A team, by the allocation rules.
    Team(String),
    /// A cost centre, by the allocation rules.
    CostCenter(String),
    /// An account.
    Account(String),
    /// A base model id.
    Model(String),
}

impl BudgetScope {
    /// The kind, as the configuration writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Team(_) => "team",
            Self::CostCenter(_) => "cost_center",
            Self::Account(_) => "account",
            Self::Model(_) => "model",
        }
    }

    /// Which of its kind; none for everything.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Total => None,
            Self::Team(name) | Self::CostCenter(name) | Self::Account(name) | Self::Model(name) => {
                Some(name)
            }
        }
    }
}

/// An amount for each calendar month, in the time zone of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its name for people.
    pub name: String,
    /// Whose cost it is for.
    pub scope: BudgetScope,
    /// US dollars per month, above 0.
    pub amount: Usd,
}
