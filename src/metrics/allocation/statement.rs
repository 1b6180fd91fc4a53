//! The statement: who pays what, direct and shared, to the last digit of the total.

use serde::Serialize;

use super::apportion::apportion;
use crate::schema::allocation::{COST_CENTER, SharedCost, Shares, Split, TEAM};
use crate::units::{USD_SCALE, Usd};

/// What a statement has lines for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementBy {
    /// Teams.
    Team,
    /// Cost centres.
    CostCenter,
}

impl StatementBy {
    /// Name of the dimension.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => TEAM,
            Self::CostCenter => COST_CENTER,
        }
    }

    fn shares(self, shared: &SharedCost) -> &Shares {
        match self {
            Self::Team => &shared.teams,
            Self::CostCenter => &shared.cost_centers,
        }
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A team or cost centre that pays.
    Attributed,
    /// One whose cost is shared.
    Shared,
    /// What no rule gives to anyone.
    Unattributed,
    /// The sum of all lines.
    Total,
}

/// One line of a statement, or the figures that it starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub line: LineKind,
    /// The team or cost centre; null for the unattributed rest and the total.
    pub name: Option<String>,
    /// Logged calls.
    pub requests: i64,
    /// Known tokens, each once; null when none is known.
    pub total_tokens: Option<i64>,
    /// Billed requests that have no price, or not for all they used: they aren't in the cost.
    pub unpriced_requests: i64,
    /// List cost of its own requests; null when none of them has a price.
    #[serde(rename = "direct_cost_usd")]
    pub direct: Option<Usd>,
    /// What it bears of shared cost; negative where its own cost is given to others.
    #[serde(rename = "shared_cost_usd")]
    pub shared: Usd,
    /// Direct and shared cost.
    #[serde(rename = "total_cost_usd")]
    pub total: Option<Usd>,
}

/// Who pays what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What the lines are for.
    pub by: StatementBy,
    /// How shared cost is split.
    pub split: Split,
    /// Those that pay, dearest first; then those whose cost is shared; then always the unattributed
    /// rest, even if it is nothing.
    pub lines: Vec<Line>,
    /// Their sum.
    pub total: Line,
    /// Why shared cost was not split although a split was asked for.
    pub not_split: Option<&'static str>,
}

/// The shared-cost rule doesn't fit the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the fixed split has no percentages for `{0}`: give `{0}_percent` in `[allocation.shared]`"
)]
pub struct NoWeights(pub &'static str);

/// The statement of these groups: one per name and one without, each with its direct cost.
///
/// # Errors
/// [`NoWeights`] when the split is fixed and the configuration has no percentages for this kind.
pub fn statement(
    groups: Vec<Line>,
    by: StatementBy,
    rule: &SharedCost,
) -> Result<Statement, NoWeights> {
    let shares = by.shares(rule);
    if rule.split == Split::Fixed && shares.weights.is_empty() {
        return Err(NoWeights(by.as_str()));
    }
    let mut lines = kinds(groups, shares, rule.split);
    let not_split = match rule.split {
        Split::None => None,
        split => share_out(&mut lines, split, shares, rule.unattributed),
    };
    for line in &mut lines {
        line.total = sum(line.direct, line.shared);
    }
    lines.sort_by(|a, b| (a.line, b.total, &a.name).cmp(&(b.line, a.total, &b.name)));
    let total = total(&lines);
    Ok(Statement { by, split: rule.split, lines, total, not_split })
}

impl Statement {
    /// The statement in so many decimals: the total rounded half up, once, and the lines to the
    /// largest remainders, so that they still add up to it in every column.
    #[must_use]
    pub fn rounded(mut self, decimals: u32) -> Self {
        let step = 10_i128.pow(USD_SCALE.saturating_sub(decimals));
        let Some(whole) = self.total.direct.map(|direct| direct.round_to(decimals)) else {
            return self;
        };
        let exact: Vec<Usd> = self.lines.iter().map(|line| line.shared).collect();
        round_direct(&mut self.lines, whole.0 / step, step);
        let mut pool = 0;
        for line in self.lines.iter_mut().filter(|line| line.shared.0 < 0) {
            line.shared = -line.direct.unwrap_or_default();
            pool -= line.shared.0 / step;
        }
        let weights: Vec<i128> = exact.iter().map(|shared| shared.0).collect();
        if let Some(parts) = apportion(pool, &weights) {
            for (line, part) in self.lines.iter_mut().zip(parts) {
                if line.shared.0 > 0 {
                    line.shared = Usd(part * step);
                }
            }
        }
        for line in &mut self.lines {
            line.total = sum(line.direct, line.shared);
        }
        self.total = total(&self.lines);
        self
    }
}

/// Rounds the direct costs down to whole steps; the steps left over go to the largest remainders.
fn round_direct(lines: &mut [Line], steps: i128, step: i128) {
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(lines.len());
    let mut left = steps;
    for (number, line) in lines.iter_mut().enumerate() {
        if let Some(direct) = &mut line.direct {
            remainders.push((direct.0 % step, number));
            left -= direct.0 / step;
            direct.0 -= direct.0 % step;
        }
    }
    remainders.sort_by_key(|(remainder, number)| (std::cmp::Reverse(*remainder), *number));
    for (_, number) in remainders.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(direct) = &mut lines[number].direct {
            direct.0 += step;
        }
    }
}

/// Every line with its kind, in order of names; the unattributed one last, there in any case, as are
/// the names that a fixed split has.
fn kinds(groups: Vec<Line>, shares: &Shares, split: Split) -> Vec<Line> {
    let mut lines: Vec<Line> = groups
        .into_iter()
        .map(|group| {
            let line = match &group.name {
                None => LineKind::Unattributed,
                Some(name) if shares.shared.contains(name) => LineKind::Shared,
                Some(_) => LineKind::Attributed,
            };
            Line { line, ..group }
        })
        .collect();
    let named = |lines: &[Line], name: &str| lines.iter().any(|l| l.name.as_deref() == Some(name));
    if split == Split::Fixed {
        for name in shares.weights.keys() {
            if !named(&lines, name) {
                lines.push(empty(LineKind::Attributed, Some(name.clone())));
            }
        }
    }
    if !lines.iter().any(|line| line.line == LineKind::Unattributed) {
        lines.push(empty(LineKind::Unattributed, None));
    }
    lines.sort_by(|a, b| (a.name.is_none(), &a.name).cmp(&(b.name.is_none(), &b.name)));
    lines
}

fn empty(line: LineKind, name: Option<String>) -> Line {
    Line {
        line,
        name,
        requests: 0,
        total_tokens: Some(0),
        unpriced_requests: 0,
        direct: Some(Usd(0)),
        shared: Usd(0),
        total: None,
    }
}

/// Takes the cost of the shared lines off them and gives it to the others; says why it can't.
fn share_out(
    lines: &mut [Line],
    split: Split,
    shares: &Shares,
    unattributed: bool,
) -> Option<&'static str> {
    let gives = |line: &Line| match line.line {
        LineKind::Shared => true,
        LineKind::Unattributed => unattributed,
        LineKind::Attributed | LineKind::Total => false,
    };
    let pool: Usd = lines.iter().filter(|line| gives(line)).filter_map(|line| line.direct).sum();
    if pool == Usd(0) {
        return None;
    }
    let weight = |line: &Line| match (line.line, split, &line.name) {
        (LineKind::Attributed, Split::Proportional, _) => line.direct.unwrap_or_default().0,
        (LineKind::Attributed, Split::Fixed, Some(name)) => {
            shares.weights.get(name).copied().unwrap_or(0)
        }
        _ => 0,
    };
    let weights: Vec<i128> = lines.iter().map(weight).collect();
    let Some(parts) = apportion(pool.0, &weights) else {
        return Some("nobody with a cost of their own to take part");
    };
    for (line, part) in lines.iter_mut().zip(parts) {
        line.shared = if gives(line) { -line.direct.unwrap_or_default() } else { Usd(part) };
    }
    None
}

fn sum(direct: Option<Usd>, shared: Usd) -> Option<Usd> {
    match direct {
        None if shared == Usd(0) => None,
        direct => Some(direct.unwrap_or_default() + shared),
    }
}

fn total(lines: &[Line]) -> Line {
    let known = |value: fn(&Line) -> Option<Usd>| {
        lines
            .iter()
            .filter(|line| line.requests > 0 || line.shared != Usd(0))
            .filter_map(value)
            .reduce(|a, b| a + b)
    };
    let tokens: Vec<i64> = lines
        .iter()
        .filter(|line| line.requests > 0)
        .filter_map(|line| line.total_tokens)
        .collect();
    let has_requests = lines.iter().any(|line| line.requests > 0);
    Line {
        line: LineKind::Total,
        name: None,
        requests: lines.iter().map(|line| line.requests).sum(),
        total_tokens: if has_requests && tokens.is_empty() {
            None
        } else {
            tokens.into_iter().try_fold(0_i64, i64::checked_add)
        },
        unpriced_requests: lines.iter().map(|line| line.unpriced_requests).sum(),
        direct: if has_requests { known(|line| line.direct) } else { Some(Usd(0)) },
        shared: lines.iter().map(|line| line.shared).sum(),
        total: if has_requests { known(|line| line.total) } else { Some(Usd(0)) },
    }
}
