//! What is wrong or odd with price rows that can be read: gaps, absurd values, rows without effect.

use std::collections::BTreeMap;

use crate::units::Usd;

use super::book::{Origin, PriceBook, PriceRow, TokenPrices};
use super::list::named;
use super::provisioned::Provisioned;
use super::synced::Synced;

/// Dearest price per million tokens that isn't taken for a slip: ten times the dearest published.
const DEAREST_PER_MILLION: i128 = 10_000;

/// A price that differs from the catalogue's by this factor is taken for a slip of the unit.
const SLIP_FACTOR: i128 = 20;

/// What a check of readable prices finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Wrong: the row or pair of rows, and what.
    pub problems: Vec<(String, String)>,
    /// Odd, perhaps meant.
    pub remarks: Vec<(String, String)>,
}

/// Looks through the rows of a book.
pub fn check(book: &PriceBook) -> Findings {
    let mut findings = Findings::default();
    gaps(book.rows(), &mut findings);
    for row in book.rows() {
        for problem in absurd(row) {
            findings.problems.push((row.id.clone(), problem));
        }
    }
    findings
}

/// Looks at the rows of a prices file beside the catalogue that they are put on.
pub fn check_beside(own: &[PriceRow], catalogue: &PriceBook) -> Findings {
    let mut findings = Findings::default();
    for row in own {
        let same = |other: &&PriceRow| other.same_calls(row);
        for other in catalogue.rows().iter().filter(same) {
            for (kind, price, listed) in pairs(&row.tokens, &other.tokens) {
                if slip(price, listed) {
                    findings.problems.push((
                        row.id.clone(),
                        format!(
                            "`{kind}` is {}, far from the catalogue's {}: prices are per 1,000,000 tokens",
                            per_million(price),
                            per_million(listed)
                        ),
                    ));
                }
            }
        }
        remark(row, catalogue, &mut findings);
    }
    findings.problems.dedup();
    findings
}

fn remark(row: &PriceRow, catalogue: &PriceBook, findings: &mut Findings) {
    let mut others = catalogue.rows().iter();
    match &row.region {
        Some(region) if !others.any(|other| other.region.as_ref() == Some(region)) => {
            findings.remarks.push((
                row.id.clone(),
                format!("no row of the catalogue is for `{region}`: is it a Region?"),
            ));
        }
        Some(_) => {}
        None => {
            let of_a_region = |other: &&PriceRow| {
                other.region.is_some()
                    && PriceRow { region: None, ..(*other).clone() }.same_calls(row)
            };
            let count = others.filter(of_a_region).count();
            if count > 0 {
                findings.remarks.push((
                    row.id.clone(),
                    format!("{count} catalogue rows for single Regions still come before this row for `*`"),
                ));
            }
        }
    }
}

/// Looks at commitments of a prices file.
pub fn check_provisioned(all: &[Provisioned]) -> Findings {
    let mut findings = Findings::default();
    for one in all {
        let mut add = |remark: &str| findings.remarks.push((one.arn.clone(), remark.to_owned()));
        if one.from.is_none() {
            add("has no `effective_from`: its hours count in every period before its end");
        }
        if one.usd_per_hour == Usd::default() {
            add("costs nothing per hour: is `usd_per_hour` meant to be 0?");
        }
    }
    findings
}

/// Looks at what was synced from AWS beside the book that prices it.
pub fn check_synced(synced: &Synced, book: &PriceBook) -> Findings {
    let mut findings = Findings::default();
    for (arn, profile) in &synced.profiles {
        if book.own_profile(arn).is_some() {
            continue;
        }
        let remark = match &profile.model_id {
            None => format!("`{}` has no single model: its calls are unpriced", profile.name),
            Some(id) if named(book, id).is_none() => {
                format!("`{}` stands for `{id}`, which the price book doesn't know", profile.name)
            }
            Some(_) => continue,
        };
        findings.remarks.push((arn.clone(), remark));
    }
    for (arn, one) in &synced.provisioned {
        if !book.provisioned().iter().any(|own| own.arn == *arn) {
            let remark = format!(
                "`{}` has {} model units and no rate: add a `[[provisioned]]` to the prices file",
                one.name, one.model_units
            );
            findings.remarks.push((arn.clone(), remark));
        }
    }
    findings
}

/// Days without a price between two rows for the same calls.
fn gaps(rows: &[PriceRow], findings: &mut Findings) {
    let mut same_calls: BTreeMap<_, Vec<&PriceRow>> = BTreeMap::new();
    for row in rows {
        let key = (&row.model_id, row.routing, &row.region, row.tier);
        same_calls.entry(key).or_default().push(row);
    }
    for mut group in same_calls.into_values() {
        group.sort_by_key(|row| row.effective_from);
        for (row, next) in group.iter().zip(group.iter().skip(1)) {
            if let (Some(to), Some(from)) = (row.effective_to, next.effective_from)
                && to < from
            {
                let gap = format!("no price from {to} to {from}: `{}` comes next", next.id);
                findings.problems.push((row.id.clone(), gap));
            }
        }
    }
}

/// Values that no published price has.
fn absurd(row: &PriceRow) -> Vec<String> {
    let mut found = Vec::new();
    let long = row.long_context.map(|long| long.tokens);
    for prices in std::iter::once(&row.tokens).chain(&long) {
        for (kind, price) in kinds(prices) {
            if price.0 * 1_000_000 > Usd::parse("1").map_or(0, |one| one.0) * DEAREST_PER_MILLION {
                found.push(format!("`{kind}` is {} per 1,000,000 tokens", per_million(price)));
            }
        }
        if let (Some(read), Some(input)) = (prices.cache_read, prices.input)
            && read > input
        {
            found.push(format!(
                "`cache_read` is {}, more than `input`, {}",
                per_million(read),
                per_million(input)
            ));
        }
        if let (Some(hour), Some(write)) = (prices.cache_write_1h, prices.cache_write)
            && hour < write
        {
            found.push(format!(
                "`cache_write_1h` is {}, less than `cache_write`, {}",
                per_million(hour),
                per_million(write)
            ));
        }
    }
    if let Some(long) = &long {
        for (kind, price, base) in pairs(long, &row.tokens) {
            if price < base {
                found.push(format!(
                    "`long_context.{kind}` is {}, less than `{kind}`, {}",
                    per_million(price),
                    per_million(base)
                ));
            }
        }
    }
    if row.origin == Origin::Catalogue && row.sources.is_empty() {
        found.push(String::from("has no source"));
    }
    found
}

fn slip(price: Usd, listed: Usd) -> bool {
    let positive = price.0 > 0 && listed.0 > 0;
    positive && (price.0 > listed.0 * SLIP_FACTOR || listed.0 > price.0 * SLIP_FACTOR)
}

fn kinds(prices: &TokenPrices) -> Vec<(&'static str, Usd)> {
    let all = [
        ("input", prices.input),
        ("output", prices.output),
        ("cache_read", prices.cache_read),
        ("cache_write", prices.cache_write),
        ("cache_write_1h", prices.cache_write_1h),
    ];
    all.into_iter().filter_map(|(kind, price)| Some((kind, price?))).collect()
}

/// Prices that both have.
fn pairs(one: &TokenPrices, other: &TokenPrices) -> Vec<(&'static str, Usd, Usd)> {
    let others = kinds(other);
    let both = |(kind, price)| {
        others.iter().find(|(name, _)| *name == kind).map(|(_, other)| (kind, price, *other))
    };
    kinds(one).into_iter().filter_map(both).collect()
}

fn per_million(price: Usd) -> Usd {
    Usd(price.0 * 1_000_000)
}
