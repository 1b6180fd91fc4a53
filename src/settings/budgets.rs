//! `[[budget]]`: amounts per calendar month.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Error;
use super::place::Place;
use crate::schema::budget::{Budget, BudgetScope};
use crate::units::Usd;

/// `[[budget]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    name: Option<String>,
    team: Option<String>,
    cost_center: Option<String>,
    account: Option<String>,
    model: Option<String>,
    #[serde(deserialize_with = "amount")]
    amount: Usd,
}

/// The budgets of a file.
///
/// # Errors
/// When one names two scopes, or two have one name.
pub(super) fn resolve(
    written: Vec<Spanned<Contents>>,
    place: Place<'_>,
) -> Result<Vec<Budget>, Error> {
    let mut budgets: Vec<Budget> = Vec::with_capacity(written.len());
    for table in written {
        let span = table.span();
        let budget =
            table.into_inner().resolve().map_err(|problem| place.problem(span.clone(), problem))?;
        if budgets.iter().any(|other| other.name == budget.name) {
            let problem = format!(
                "`name`: two budgets are called `{}`; give each a `name` of its own",
                budget.name
            );
            return Err(place.problem(span, problem));
        }
        budgets.push(budget);
    }
    Ok(budgets)
}

impl Contents {
    fn resolve(self) -> Result<Budget, String> {
        let scopes = [
            self.team.map(BudgetScope::Team),
            self.cost_center.map(BudgetScope::CostCenter),
            self.account.map(BudgetScope::Account),
            self.model.map(BudgetScope::Model),
        ];
        let mut scopes = scopes.into_iter().flatten();
        let scope = scopes.next().unwrap_or(BudgetScope::Total);
        if let Some(other) = scopes.next() {
            return Err(format!(
                "a budget is for one thing, not for both a `{}` and a `{}` (without `team`, \
                 `cost_center`, `account` and `model` it is for everything)",
                scope.kind(),
                other.kind()
            ));
        }
        let name = self.name.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            let value = scope.value().map_or_else(String::new, |value| format!(" {value}"));
            format!("{}{value}", scope.kind())
        });
        Ok(Budget { name, scope, amount: self.amount })
    }
}

/// Most a budget may be; sums and products with it then fit 128 bits.
const MOST: Usd = Usd(1_000_000_000_000 * crate::units::UNITS_PER_USD);

fn amount<'de, D: Deserializer<'de>>(input: D) -> Result<Usd, D::Error> {
    const RULE: &str =
        "`amount` must be US dollars per month as decimal text above 0, such as \"500.00\"";
    let text = String::deserialize(input).map_err(|_| D::Error::custom(RULE))?;
    Usd::parse(&text)
        .filter(|amount| (1..=MOST.0).contains(&amount.0))
        .ok_or_else(|| D::Error::custom(format!("{RULE}, not \"{text}\"")))
}
