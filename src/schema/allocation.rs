//! Whose call it was: what a user's allocation rules say, and the columns they add to `invocations`.
//!
//! Plain data: `settings` reads it, `metrics::allocation` applies it.

use std::collections::BTreeMap;

/// Column: the team that the rules give a request; null where no rule gives one.
pub const TEAM: &str = super::usage::dimension::TEAM;
/// Column: the cost centre that the rules give a request; null where no rule gives one.
pub const COST_CENTER: &str = super::usage::dimension::COST_CENTER;
/// What people read where a request has no team or cost centre.
pub const UNATTRIBUTED: &str = "unattributed";

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// The value of a request-metadata key.
    Tag(String),
    /// Role or user, without the session.
    Principal,
    /// Identity ARN as logged.
    IdentityArn,
    /// Kind of principal.
    PrincipalType,
    /// Account that made the call.
    Account,
    /// Region that received the call.
    Region,
    /// Base model id.
    Model,
    /// Model id as logged.
    ModelId,
    /// Provider.
    Provider,
    /// Operation.
    Operation,
    /// Id of the application inference profile that was called; null for all other calls.
    ApplicationProfile,
}

/// One thing that a request must have for a rule to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub attribute: Attribute,
    /// Patterns, of which one must match the whole value: `*` is any text, `?` any one character.
    pub patterns: Vec<String>,
}

/// The name that a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// This name.
    Name(String),
    /// The value of an attribute, as it is.
    Value(Attribute),
    /// The name that a mapping has for the value of an attribute.
    Mapped(Attribute, BTreeMap<String, String>),
}

/// An allocation rule; it matches where all conditions do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// All must match; without any, every request does.
    pub conditions: Vec<Condition>,
    /// The team it gives.
    pub team: Option<Given>,
    /// The cost centre it gives.
    pub cost_center: Option<Given>,
}

/// How shared cost is split among the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Split {
    /// Not at all: it stays a line of its own.
    #[default]
    None,
    /// In proportion to the direct cost of those that take part.
    Proportional,
    /// By fixed weights.
    Fixed,
}

impl Split {
    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Proportional => "proportional",
            Self::Fixed => "fixed",
        }
    }
}

/// Whose cost is shared in one kind of statement, and by which weights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares {
    /// Names whose cost is shared.
    pub shared: Vec<String>,
    /// Weights of a fixed split, parts of their sum; not negative, not all 0.
    pub weights: BTreeMap<String, i128>,
}

/// The shared-cost rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedCost {
    /// How it is split.
    pub split: Split,
    /// Whether the cost that no rule attributes is shared too.
    pub unattributed: bool,
    /// In the statement by team.
    pub teams: Shares,
    /// In the statement by cost centre.
    pub cost_centers: Shares,
}

/// The allocation rules of a configuration, in order, and the shared-cost rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allocation {
    /// For each of team and cost centre the first rule that matches and has a name for it decides.
    pub rules: Vec<Rule>,
    /// The shared-cost rule.
    pub shared: SharedCost,
}

impl Allocation {
    /// Everything that the rules look at, each once, in order.
    pub fn attributes(&self) -> Vec<Attribute> {
        let mut found: Vec<Attribute> = Vec::new();
        for rule in &self.rules {
            let given = [&rule.team, &rule.cost_center].into_iter().flatten();
            let given = given.filter_map(|given| match given {
                Given::Name(_) => None,
                Given::Value(attribute) | Given::Mapped(attribute, _) => Some(attribute),
            });
            found.extend(rule.conditions.iter().map(|one| &one.attribute).chain(given).cloned());
        }
        found.sort();
        found.dedup();
        found
    }
}
