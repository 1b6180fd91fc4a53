//! Conditions of rules: SQL over one table, with the user's settings in braces.
//!
//! | in braces | becomes | from |
//! | --- | --- | --- |
//! | `{allowed_regions}`, `{own_accounts}` | a list: `('a', 'b')` | the setting of that name |
//! | `{allowed_models}`, `{denied_models}`, `{guardrail_required}` | a regular expression over model ids | likewise |
//! | `{log_buckets}` | a regular expression over bucket names | likewise |
//! | `{outside_vpc_endpoint}` | a condition | `vpc_endpoint_required` |
//! | `{off_hours}` | a condition | `business_hours` |
//! | `{external_source}` | a condition on the address | `internal_networks` |
//! | `{foreign_country}` | a condition on the address | `allowed_countries`, `geoip_databases` |
//! | `{runtime_call}`, `{bedrock_event}`, `{denied}` | a condition | nothing: they abbreviate |
//!
//! The text that is evaluated is the text that the command of a finding repeats.

use std::collections::BTreeSet;

use polars::prelude::{DataFrame, DataType, Expr, IntoLazy, Operator, PolarsResult};
use polars::sql::sql_expr;

use crate::likeness::{ALIKE, nearest};
use crate::schema::security::setting;
use crate::schema::{Table, api_event};

/// A condition over the rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    /// Columns that it reads.
    columns: BTreeSet<String>,
}

/// A column, or a named SQL expression: `split_part(user_agent, '/', 1) AS agent`.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    name: String,
    /// The expression without its name.
    sql: String,
    columns: BTreeSet<String>,
}

/// A name that may stand in braces.
struct Placeholder {
    name: &'static str,
    /// The settings it takes.
    needs: &'static [&'static str],
    form: Form,
}

/// What a placeholder becomes.
enum Form {
    /// A list of texts.
    List,
    /// A regular expression.
    Pattern,
    /// A condition on this column.
    On(&'static str),
}

/// The placeholder for calls that came through no endpoint, or a wrong one.
pub(super) const OUTSIDE_VPC_ENDPOINT: &str = "outside_vpc_endpoint";
/// The placeholder for times at which people are not at work.
pub(super) const OFF_HOURS: &str = "off_hours";
/// The placeholder for addresses outside of the user's networks.
pub(super) const EXTERNAL_SOURCE: &str = "external_source";
/// The placeholder for addresses of other countries.
pub(super) const FOREIGN_COUNTRY: &str = "foreign_country";

const PLACEHOLDERS: [Placeholder; 10] = [
    placeholder("allowed_regions", &[setting::ALLOWED_REGIONS], Form::List),
    placeholder("own_accounts", &[setting::OWN_ACCOUNTS], Form::List),
    placeholder("allowed_models", &[setting::ALLOWED_MODELS], Form::Pattern),
    placeholder("denied_models", &[setting::DENIED_MODELS], Form::Pattern),
    placeholder("guardrail_required", &[setting::GUARDRAIL_REQUIRED], Form::Pattern),
    placeholder("log_buckets", &[setting::LOG_BUCKETS], Form::Pattern),
    placeholder(
        OUTSIDE_VPC_ENDPOINT,
        &[setting::VPC_ENDPOINT_REQUIRED],
        Form::On(api_event::VPC_ENDPOINT_ID),
    ),
    placeholder(OFF_HOURS, &[setting::BUSINESS_HOURS], Form::On(api_event::EVENT_TIME)),
    placeholder(
        EXTERNAL_SOURCE,
        &[setting::INTERNAL_NETWORKS],
        Form::On(api_event::SOURCE_IP_ADDRESS),
    ),
    placeholder(
        FOREIGN_COUNTRY,
        &[setting::ALLOWED_COUNTRIES, setting::GEOIP_DATABASES],
        Form::On(api_event::SOURCE_IP_ADDRESS),
    ),
];

const fn placeholder(
    name: &'static str,
    needs: &'static [&'static str],
    form: Form,
) -> Placeholder {
    Placeholder { name, needs, form }
}

impl Placeholder {
    /// SQL of the same form, for checking.
    fn stand_in(&self) -> String {
        match self.form {
            Form::List => "('x')".to_owned(),
            Form::Pattern => "'x'".to_owned(),
            Form::On(column) => format!("{column} IS NULL"),
        }
    }
}

/// A short name in braces, and the SQL it stands for.
type Abbreviation = (&'static str, fn() -> String);

/// Conditions that many rules share.
const ABBREVIATIONS: [Abbreviation; 3] = [
    ("{runtime_call}", || {
        let operations = list(api_event::RUNTIME_OPERATIONS);
        let (source, name) = (api_event::EVENT_SOURCE, api_event::EVENT_NAME);
        format!("({source} = '{}' AND {name} IN {operations})", api_event::BEDROCK_SOURCE)
    }),
    ("{bedrock_event}", || format!("{} LIKE 'bedrock%.amazonaws.com'", api_event::EVENT_SOURCE)),
    ("{denied}", || {
        let code = api_event::ERROR_CODE;
        format!("({code} LIKE 'AccessDenied%' OR {code} LIKE '%Unauthorized%')")
    }),
];

fn with_abbreviations(text: &str) -> String {
    let long = |text: String, (short, long): &Abbreviation| text.replace(short, &long());
    ABBREVIATIONS.iter().fold(text.to_owned(), long)
}

impl Condition {
    /// Reads a condition over a table.
    ///
    /// # Errors
    /// What is wrong with it: no SQL, an unknown column or placeholder, or no condition.
    pub(in crate::audit) fn read(text: &str, table: Table) -> Result<Self, String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = with_abbreviations(&text);
        let checked = with_stand_ins(&text)?;
        let expr = parsed(&checked)?;
        let columns = columns_of(&expr);
        let kind = kind_of(&expr, &columns, table)?;
        if kind != DataType::Boolean {
            return Err(format!("`{text}` is no condition: it is neither true nor false"));
        }
        Ok(Self { text, columns })
    }

    /// Its text, placeholders included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns that it reads.
    pub(in crate::audit) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// Whether it says no more of a column than that its value is known or not.
    pub(in crate::audit) fn only_asks_whether_known(&self, column: &str) -> bool {
        let reads = |one: &Placeholder| matches!(one.form, Form::On(of) if of == column);
        if PLACEHOLDERS.iter().any(|one| reads(one) && self.uses(one.name)) {
            return false;
        }
        let tested = [format!("{column} IS NOT NULL"), format!("{column} IS NULL")];
        let rest = tested.iter().fold(self.text.clone(), |text, test| text.replace(test, ""));
        !rest.contains(column)
    }

    /// The settings it takes.
    pub(in crate::audit) fn needs(&self) -> Vec<&'static str> {
        let used = PLACEHOLDERS.iter().filter(|placeholder| self.uses(placeholder.name));
        used.flat_map(|placeholder| placeholder.needs.iter().copied()).collect()
    }

    /// Whether its SQL is another for another period: with the addresses of that time, or its clocks.
    pub(super) fn depends_on_the_period(&self) -> bool {
        [EXTERNAL_SOURCE, FOREIGN_COUNTRY, OFF_HOURS].iter().any(|name| self.uses(name))
    }

    /// Whether this placeholder stands in it.
    pub(super) fn uses(&self, placeholder: &str) -> bool {
        self.text.contains(&format!("{{{placeholder}}}"))
    }

    /// Both this and the other.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            text: format!("({}) AND ({})", self.text, other.text),
            columns: self.columns.union(&other.columns).cloned().collect(),
        }
    }

    /// This where the other does not hold, or is unknown.
    pub(in crate::audit) fn but_not(&self, other: &Self) -> Self {
        let text = format!("({}) AND COALESCE(({}), FALSE) = FALSE", self.text, other.text);
        Self { text, ..self.and(other) }
    }

    /// Either this or the other.
    pub(super) fn or(&self, other: &Self) -> Self {
        Self { text: format!("({}) OR ({})", self.text, other.text), ..self.and(other) }
    }

    /// The same condition with these placeholders replaced.
    pub(super) fn with<'n>(
        &self,
        placeholders: impl IntoIterator<Item = &'n str>,
        sql: &str,
    ) -> Self {
        let text = placeholders
            .into_iter()
            .fold(self.text.clone(), |text, name| text.replace(&format!("{{{name}}}"), sql));
        Self { text, columns: self.columns.clone() }
    }

    /// Its SQL, every placeholder replaced by what `value` gives for its name.
    pub(super) fn sql(&self, value: impl Fn(&str) -> Option<String>) -> String {
        replaced(&self.text, |name| value(name).unwrap_or_else(|| "FALSE".to_owned()))
    }
}

impl Term {
    /// Reads a column's name or a named expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str, table: Table) -> Result<Self, String> {
        let (sql, name) = text.rsplit_once(" AS ").map_or((text, text), |(sql, name)| (sql, name));
        let (sql, name) = (sql.trim(), name.trim());
        let is_name =
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_name || name.is_empty() {
            return Err(format!("`{text}` needs a name: `… AS name`"));
        }
        let expr = parsed(sql)?;
        let columns = columns_of(&expr);
        kind_of(&expr, &columns, table)?;
        Ok(Self { name: name.to_owned(), sql: sql.to_owned(), columns })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a column under its own name.
    pub(super) fn is_column(&self) -> bool {
        self.sql == self.name
    }

    /// Its SQL, without the name.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// The expression, under its name.
    pub(super) fn expr(&self) -> PolarsResult<Expr> {
        Ok(sql_expr(&self.sql)?.alias(self.name.as_str()))
    }
}

/// SQL that was checked before, as an expression.
pub(super) fn expression(sql: &str) -> PolarsResult<Expr> {
    sql_expr(sql)
}

/// A text as SQL spells it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A list as SQL spells it.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(literal).collect();
    format!("({})", texts.join(", "))
}

fn parsed(sql: &str) -> Result<Expr, String> {
    sql_expr(sql).map_err(|error| said(&error.to_string()))
}

/// The part of a condition that reads no other columns than such: it holds wherever the whole does. None
/// where no part reads only those.
pub(super) fn part_that_reads(condition: &Expr, is_read: impl Fn(&str) -> bool) -> Option<Expr> {
    let (mut parts, mut left) = (Vec::new(), vec![condition]);
    while let Some(expr) = left.pop() {
        match expr {
            Expr::BinaryExpr { left: a, op: Operator::And | Operator::LogicalAnd, right: b } => {
                left.extend([b.as_ref(), a.as_ref()]);
            }
            part if columns_of(part).iter().all(|name| is_read(name)) => parts.push(part.clone()),
            _ => {}
        }
    }
    parts.into_iter().reduce(Expr::and)
}

fn columns_of(expr: &Expr) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    for part in expr {
        if let Expr::Column(name) = part {
            columns.insert(name.to_string());
        }
    }
    columns
}

/// What an expression over a table is.
fn kind_of(expr: &Expr, columns: &BTreeSet<String>, table: Table) -> Result<DataType, String> {
    let known: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    if let Some(unknown) = columns.iter().find(|name| !known.contains(&name.as_str())) {
        let meant = nearest(unknown, known, ALIKE)
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(format!("`{}` has no column `{unknown}`{meant}", table.name()));
    }
    let none = DataFrame::empty_with_schema(&table.schema()).lazy();
    let checked = none.select([expr.clone().alias("checked")]).collect();
    let frame = checked.map_err(|error| said(&error.to_string()))?;
    frame.column("checked").map(|column| column.dtype().clone()).map_err(|error| error.to_string())
}

/// What Polars says, without its plan.
fn said(text: &str) -> String {
    text.split("\n\nResolved plan until failure").next().unwrap_or_default().trim_end().to_owned()
}

fn with_stand_ins(text: &str) -> Result<String, String> {
    let known = |name: &str| PLACEHOLDERS.iter().find(|placeholder| placeholder.name == name);
    if let Some(unknown) = names_in_braces(text).into_iter().find(|name| known(name).is_none()) {
        let names: Vec<&str> = PLACEHOLDERS.iter().map(|placeholder| placeholder.name).collect();
        return Err(format!("nothing is called `{{{unknown}}}`; there are {}", names.join(", ")));
    }
    Ok(replaced(text, |name| known(name).map(Placeholder::stand_in).unwrap_or_default()))
}

fn names_in_braces(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name).filter(is_name).collect()
}

fn is_name(text: &&str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The text with every name in braces replaced.
fn replaced(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        done.push_str(before);
        if let Some((name, later)) = after.split_once('}').filter(|(name, _)| is_name(name)) {
            done.push_str(&value(name));
            rest = later;
        } else {
            done.push('{');
            rest = after;
        }
    }
    done + rest
}
