//! `[allocation]`: whose call it was, as ordered rules, and how shared cost is split.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Error;
use super::place::Place;
use crate::schema::allocation::{
    Allocation, Attribute, Condition, Given, Rule, SharedCost, Shares, Split,
};
use crate::units::Usd;

/// `[allocation]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contents {
    /// A file of mappings, beside those of `map`.
    maps: Option<Spanned<PathBuf>>,
    map: Mappings,
    rule: Vec<Spanned<RuleTable>>,
    shared: Option<Spanned<SharedTable>>,
}

type Mappings = BTreeMap<String, BTreeMap<String, String>>;

/// `[[allocation.rule]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RuleTable {
    tag: BTreeMap<String, Patterns>,
    principal: Option<Patterns>,
    identity_arn: Option<Patterns>,
    principal_type: Option<Patterns>,
    account: Option<Patterns>,
    region: Option<Patterns>,
    model: Option<Patterns>,
    model_id: Option<Patterns>,
    provider: Option<Patterns>,
    operation: Option<Patterns>,
    application_profile: Option<Patterns>,
    team: Option<Spanned<NameGiven>>,
    cost_center: Option<Spanned<NameGiven>>,
}

/// `[allocation.shared]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SharedTable {
    #[serde(deserialize_with = "split")]
    split: Split,
    unattributed: bool,
    teams: Vec<String>,
    cost_centers: Vec<String>,
    team_percent: Option<Spanned<BTreeMap<String, Percent>>>,
    cost_center_percent: Option<Spanned<BTreeMap<String, Percent>>>,
}

/// Text, or several.
#[derive(Debug, Clone)]
struct Patterns(Vec<String>);

/// A name, or `{ from, map }`.
#[derive(Debug)]
enum NameGiven {
    Name(String),
    From { from: Attribute, map: Option<Spanned<MapGiven>> },
}

/// `{ from = "account", map = "accounts" }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FromTable {
    #[serde(deserialize_with = "attribute")]
    from: Attribute,
    map: Option<Spanned<MapGiven>>,
}

/// The name of a mapping, or one written out.
#[derive(Debug, Clone)]
enum MapGiven {
    Named(String),
    Written(BTreeMap<String, String>),
}

/// Percent as decimal text, in units of 10⁻¹⁴.
#[derive(Debug, Clone, Copy)]
struct Percent(i128);

impl Contents {
    /// Names of mappings in the file that no rule uses.
    pub(super) fn unused_mappings(&self) -> Vec<String> {
        let given = |rule: &Spanned<RuleTable>| {
            let rule = rule.get_ref();
            let both = [&rule.team, &rule.cost_center].into_iter().flatten();
            both.filter_map(|given| given.get_ref().mapping())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let used: Vec<String> = self.rule.iter().flat_map(given).collect();
        self.map.keys().filter(|name| !used.contains(name)).cloned().collect()
    }

    /// The rules, with every mapping in them.
    ///
    /// # Errors
    /// When a mapping isn't there or its file can't be read, or when percentages don't add up.
    pub(super) fn resolve(self, place: Place<'_>) -> Result<Allocation, Error> {
        let mut maps = self.map;
        if let Some(file) = &self.maps {
            let read = read_maps(&place.folder().join(file.get_ref()))?;
            for (name, map) in read {
                if maps.insert(name.clone(), map).is_some() {
                    let problem = format!("`maps`: both this file and the other have `{name}`");
                    return Err(place.problem(file.span(), problem));
                }
            }
        }
        let rules = self.rule.into_iter().map(|rule| rule_of(rule, &maps, place));
        Ok(Allocation {
            rules: rules.collect::<Result<_, _>>()?,
            shared: self.shared.map_or(Ok(SharedCost::default()), |shared| {
                let span = shared.span();
                shared.into_inner().resolve(place, span)
            })?,
        })
    }
}

/// Mappings from a file of their own: `[NAME]` tables of text.
fn read_maps(path: &Path) -> Result<Mappings, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    let place = Place { text: &text, path };
    toml::from_str(&text).map_err(|error| place.mistake(&error))
}

fn rule_of(table: Spanned<RuleTable>, maps: &Mappings, place: Place<'_>) -> Result<Rule, Error> {
    let span = table.span();
    let rule = table.into_inner().resolve(maps, place)?;
    if rule.team.is_none() && rule.cost_center.is_none() {
        return Err(place.problem(span, "a rule must give a `team`, a `cost_center` or both"));
    }
    Ok(rule)
}

impl RuleTable {
    fn resolve(self, maps: &Mappings, place: Place<'_>) -> Result<Rule, Error> {
        let given = |given: Option<Spanned<NameGiven>>| {
            given.map(|given| given.into_inner().resolve(maps, place)).transpose()
        };
        let team = given(self.team)?;
        let cost_center = given(self.cost_center)?;
        let tags = self.tag.into_iter().map(|(key, one)| (Attribute::Tag(key), Some(one)));
        let others = [
            (Attribute::Principal, self.principal),
            (Attribute::IdentityArn, self.identity_arn),
            (Attribute::PrincipalType, self.principal_type),
            (Attribute::Account, self.account),
            (Attribute::Region, self.region),
            (Attribute::Model, self.model),
            (Attribute::ModelId, self.model_id),
            (Attribute::Provider, self.provider),
            (Attribute::Operation, self.operation),
            (Attribute::ApplicationProfile, self.application_profile),
        ];
        let conditions = tags.chain(others).filter_map(|(attribute, patterns)| {
            patterns.map(|Patterns(patterns)| Condition { attribute, patterns })
        });
        Ok(Rule { conditions: conditions.collect(), team, cost_center })
    }
}

impl NameGiven {
    /// The mapping that it names.
    fn mapping(&self) -> Option<&str> {
        match self {
            Self::From { map: Some(map), .. } => match map.get_ref() {
                MapGiven::Named(name) => Some(name),
                MapGiven::Written(_) => None,
            },
            _ => None,
        }
    }

    fn resolve(self, maps: &Mappings, place: Place<'_>) -> Result<Given, Error> {
        let (from, map) = match self {
            Self::Name(name) => return Ok(Given::Name(name)),
            Self::From { from, map: None } => return Ok(Given::Value(from)),
            Self::From { from, map: Some(map) } => (from, map),
        };
        let span = map.span();
        match map.into_inner() {
            MapGiven::Written(map) => Ok(Given::Mapped(from, map)),
            MapGiven::Named(name) => {
                if let Some(map) = maps.get(&name) {
                    return Ok(Given::Mapped(from, map.clone()));
                }
                let known: Vec<&str> = maps.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none" } else { &known.join(", ") };
                let problem = format!("`map`: no mapping is called `{name}` (known: {known})");
                Err(place.problem(span, problem))
            }
        }
    }
}

impl SharedTable {
    fn resolve(self, place: Place<'_>, span: std::ops::Range<usize>) -> Result<SharedCost, Error> {
        let is_fixed = self.split == Split::Fixed;
        for (key, percent) in [
            ("team_percent", &self.team_percent),
            ("cost_center_percent", &self.cost_center_percent),
        ] {
            if let Some(percent) = percent.as_ref().filter(|_| !is_fixed) {
                let problem = format!("`{key}` is only for `split = \"fixed\"`");
                return Err(place.problem(percent.span(), problem));
            }
        }
        if is_fixed && self.team_percent.is_none() && self.cost_center_percent.is_none() {
            let problem = "`split = \"fixed\"` needs `team_percent` or `cost_center_percent`, such as \
                           `team_percent = { chat = \"60\", search = \"40\" }`";
            return Err(place.problem(span, problem));
        }
        Ok(SharedCost {
            split: self.split,
            unattributed: self.unattributed,
            teams: shares("team_percent", self.teams, self.team_percent, place)?,
            cost_centers: shares(
                "cost_center_percent",
                self.cost_centers,
                self.cost_center_percent,
                place,
            )?,
        })
    }
}

fn shares(
    key: &str,
    shared: Vec<String>,
    percent: Option<Spanned<BTreeMap<String, Percent>>>,
    place: Place<'_>,
) -> Result<Shares, Error> {
    let Some(percent) = percent else { return Ok(Shares { shared, weights: BTreeMap::new() }) };
    let span = percent.span();
    let weights: BTreeMap<String, i128> =
        percent.into_inner().into_iter().map(|(name, Percent(units))| (name, units)).collect();
    let sum: i128 = weights.values().sum();
    if sum != Usd::parse("100").unwrap_or_default().0 {
        let problem = format!("`{key}` must add up to 100, but is {} in all", Usd(sum));
        return Err(place.problem(span, problem));
    }
    if let Some(name) = weights.keys().find(|name| shared.contains(name)) {
        let problem = format!("`{key}` has `{name}`, whose own cost is shared");
        return Err(place.problem(span, problem));
    }
    Ok(Shares { shared, weights })
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        const WANTED: &str = "a pattern such as \"svc-*\", or a list of patterns";
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "must be a pattern such as \"svc-*\", or a list of patterns")]
        enum Written {
            One(String),
            Many(Vec<String>),
        }
        let patterns = match Written::deserialize(input)? {
            Written::One(pattern) => vec![pattern],
            Written::Many(patterns) => patterns,
        };
        if patterns.is_empty() || patterns.iter().any(String::is_empty) {
            return Err(D::Error::custom(format!("must be {WANTED}, not empty")));
        }
        Ok(Self(patterns))
    }
}

impl<'de> Deserialize<'de> for NameGiven {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = NameGiven;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a name, or a table such as { from = \"tag:team\" }")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<NameGiven, E> {
                if name.is_empty() {
                    return Err(E::invalid_value(Unexpected::Str(name), &self));
                }
                Ok(NameGiven::Name(name.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NameGiven, A::Error> {
                let FromTable { from, map } =
                    FromTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(NameGiven::From { from, map })
            }
        }
        input.deserialize_any(NameOrTable)
    }
}

impl<'de> Deserialize<'de> for MapGiven {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "must be the name of a mapping, or a table of texts")]
        enum Written {
            Named(String),
            Written(BTreeMap<String, String>),
        }
        Ok(match Written::deserialize(input)? {
            Written::Named(name) => Self::Named(name),
            Written::Written(map) => Self::Written(map),
        })
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let percent = Usd::parse(&text).filter(|percent| (0..=HUNDRED).contains(&percent.0));
        percent.map(|percent| Self(percent.0)).ok_or_else(|| {
            D::Error::custom(format!(
                "a percentage must be decimal text from 0 to 100 such as \"12.5\", not \"{text}\""
            ))
        })
    }
}

/// 100, in units of 10⁻¹⁴.
const HUNDRED: i128 = 100 * crate::units::UNITS_PER_USD;

fn split<'de, D: Deserializer<'de>>(input: D) -> Result<Split, D::Error> {
    let text = String::deserialize(input)?;
    [Split::None, Split::Proportional, Split::Fixed]
        .into_iter()
        .find(|split| split.as_str() == text)
        .ok_or_else(|| {
            D::Error::custom(format!(
                "`split` must be `none`, `proportional` or `fixed`, not `{text}`"
            ))
        })
}

fn attribute<'de, D: Deserializer<'de>>(input: D) -> Result<Attribute, D::Error> {
    let text = String::deserialize(input)?;
    if let Some(key) = text.strip_prefix("tag:").filter(|key| !key.is_empty()) {
        return Ok(Attribute::Tag(key.to_owned()));
    }
    Ok(match text.as_str() {
        "principal" => Attribute::Principal,
        "identity_arn" => Attribute::IdentityArn,
        "principal_type" => Attribute::PrincipalType,
        "account" => Attribute::Account,
        "region" => Attribute::Region,
        "model" => Attribute::Model,
        "model_id" => Attribute::ModelId,
        "provider" => Attribute::Provider,
        "operation" => Attribute::Operation,
        "application_profile" => Attribute::ApplicationProfile,
        _ => {
            return Err(D::Error::custom(format!(
                "`from` must be `tag:KEY`, `principal`, `identity_arn`, `principal_type`, `account`, \
                 `region`, `model`, `model_id`, `provider`, `operation` or `application_profile`, \
                 not `{text}`"
            )));
        }
    })
}
