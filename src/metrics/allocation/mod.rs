//! `team` and `cost_center`: the user's allocation rules over `invocations`, and the statement of
//! who pays what.
//!
//! Rules look at few attributes that repeat over millions of rows, so the caller collects the
//! distinct combinations ([`allocation_keys`]), [`allocation_lookup`] judges each of them once, and
//! [`with_allocation`] joins the names on. For team and cost centre apart, the first rule decides
//! that matches and has a name; a request that none decides has null there.

mod apportion;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;

use polars::prelude::{
    Column, DataFrame, DataType, Expr, IntoLazy, JoinType, LazyFrame, NamedFrom, PolarsResult,
    Series, UniqueKeepStrategy, col,
};

use super::dimensions::Dimension;
use crate::prices::resolve::{Resolved, resolve};
use crate::schema::allocation::{Allocation, Attribute, COST_CENTER, Given, Rule, TEAM};
use crate::schema::invocation;

pub use apportion::apportion;
pub use statement::{Line, LineKind, NoWeights, Statement, StatementBy, statement};

/// The metadata keys that the rules look at, each once.
pub fn tag_keys(allocation: &Allocation) -> Vec<String> {
    let keys = allocation.attributes().into_iter().filter_map(|attribute| match attribute {
        Attribute::Tag(key) => Some(key),
        _ => None,
    });
    keys.collect()
}

/// The distinct combinations of what the rules look at, for the caller to collect; without rules
/// that look at anything, of nothing.
///
/// In: `invocations` with a column per key of [`tag_keys`] (see [`tags`](super::tags)).
pub fn allocation_keys(tagged: LazyFrame, allocation: &Allocation) -> LazyFrame {
    tagged.select(key_columns(allocation)).unique(None, UniqueKeepStrategy::Any)
}

/// One row per combination: its columns, then `team` and `cost_center`.
///
/// # Errors
/// When `keys` lacks a column, or has it with another type.
pub fn allocation_lookup(keys: &DataFrame, allocation: &Allocation) -> PolarsResult<DataFrame> {
    let attributes = allocation.attributes();
    let mut values: Vec<Vec<Option<String>>> = Vec::with_capacity(attributes.len());
    for attribute in &attributes {
        values.push(attribute_values(keys, attribute)?);
    }
    let (mut teams, mut cost_centers) = (Vec::new(), Vec::new());
    for row in 0..keys.height() {
        let facts = Facts { attributes: &attributes, values: &values, row };
        teams.push(first_name(&allocation.rules, &facts, |rule| rule.team.as_ref()));
        cost_centers.push(first_name(&allocation.rules, &facts, |rule| rule.cost_center.as_ref()));
    }
    let mut columns: Vec<Column> = keys.columns().to_vec();
    for (name, names) in [(TEAM, teams), (COST_CENTER, cost_centers)] {
        columns.push(Series::new(name.into(), names).cast(&DataType::String)?.into());
    }
    DataFrame::new(keys.height(), columns)
}

/// The invocations with `team` and `cost_center` from an [`allocation_lookup`] of their keys.
pub fn with_allocation(tagged: LazyFrame, lookup: DataFrame, allocation: &Allocation) -> LazyFrame {
    tagged
        .join_builder()
        .with(lookup.lazy())
        .on(key_columns(allocation))
        .how(JoinType::Left)
        .join_nulls(true)
        .finish()
}

/// The columns that hold what the rules look at; the Region stands in where that is nothing, since
/// a join needs a key.
fn key_columns(allocation: &Allocation) -> Vec<Expr> {
    let mut names: Vec<String> = allocation.attributes().iter().map(column).collect();
    if names.is_empty() {
        names.push(invocation::REGION.to_owned());
    }
    names.dedup();
    names.sort();
    names.dedup();
    names.into_iter().map(col).collect()
}

fn column(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Tag(key) => return Dimension::Tag(key.clone()).name(),
        Attribute::Principal => invocation::PRINCIPAL,
        Attribute::IdentityArn => invocation::IDENTITY_ARN,
        Attribute::PrincipalType => invocation::PRINCIPAL_TYPE,
        Attribute::Account => invocation::ACCOUNT_ID,
        Attribute::Region => invocation::REGION,
        Attribute::Model => invocation::MODEL,
        Attribute::ModelId | Attribute::ApplicationProfile => invocation::MODEL_ID,
        Attribute::Provider => invocation::PROVIDER,
        Attribute::Operation => invocation::OPERATION,
    }
    .to_owned()
}

/// The columns of `invocations` that hold what the rules look at, tags apart.
pub fn columns(allocation: &Allocation) -> Vec<String> {
    let attributes = allocation.attributes();
    attributes.iter().filter(|one| !matches!(one, Attribute::Tag(_))).map(column).collect()
}

/// An attribute's value in each row of the keys. Empty text is no value.
fn attribute_values(keys: &DataFrame, attribute: &Attribute) -> PolarsResult<Vec<Option<String>>> {
    let texts = keys.column(&column(attribute))?.str()?;
    let value = |text: &str| match attribute {
        Attribute::ApplicationProfile => application_profile(text),
        _ => Some(text).filter(|text| !text.is_empty()).map(str::to_owned),
    };
    Ok(texts.iter().map(|text| text.and_then(value)).collect())
}

/// The id of the application inference profile that a model id addresses.
fn application_profile(model_id: &str) -> Option<String> {
    match resolve(model_id) {
        Resolved::ApplicationProfile { arn } => arn.rsplit('/').next().map(str::to_owned),
        _ => None,
    }
}

/// What one combination holds.
struct Facts<'a> {
    attributes: &'a [Attribute],
    values: &'a [Vec<Option<String>>],
    row: usize,
}

impl Facts<'_> {
    fn value(&self, attribute: &Attribute) -> Option<&str> {
        let number = self.attributes.iter().position(|one| one == attribute)?;
        self.values.get(number)?.get(self.row)?.as_deref()
    }
}

/// The name that the first deciding rule gives.
fn first_name(
    rules: &[Rule],
    facts: &Facts<'_>,
    given: impl Fn(&Rule) -> Option<&Given>,
) -> Option<String> {
    rules.iter().filter(|rule| is_match(rule, facts)).find_map(|rule| match given(rule)? {
        Given::Name(name) => Some(name.clone()),
        Given::Value(attribute) => facts.value(attribute).map(str::to_owned),
        Given::Mapped(attribute, map) => map.get(facts.value(attribute)?).cloned(),
    })
}

fn is_match(rule: &Rule, facts: &Facts<'_>) -> bool {
    rule.conditions.iter().all(|condition| {
        facts.value(&condition.attribute).is_some_and(|value| {
            condition.patterns.iter().any(|pattern| pattern::matches(pattern, value))
        })
    })
}
