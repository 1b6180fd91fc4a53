//! Lays listed prices over a catalogue's rows, day by day, keeping history.
//!
//! A listed price holds from its effective date until the next one of the list, the last of them
//! until the catalogue knows of a later change than the list. Where it says what the catalogue says,
//! nothing changes. Where it differs, a row for the Region is put there and what was there ends.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::prices::book::{LongContext, Origin, PriceBook, PriceRow, TokenPrices, UnitPrice};
use crate::prices::quote::is_commercial;
use crate::prices::row_reader::divide;
use crate::units::Usd;

use super::problem::{AMBIGUOUS_UNIT, NO_LONG_CONTEXT_THRESHOLD};
use super::usage_type::{Priced, TokenKind};
use super::{Calls, Fact, SkuFinding};

/// A catalogue being changed.
pub(super) struct Merged {
    rows: Vec<PriceRow>,
    confirmed: BTreeSet<Calls>,
    added: BTreeSet<Calls>,
    changed: BTreeSet<Calls>,
}

/// Days from `from` until before `to`; open where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    from: NaiveDate,
    to: Option<NaiveDate>,
}

impl Merged {
    pub(super) fn new(catalogue: &PriceBook) -> Self {
        Self {
            rows: catalogue.rows().to_vec(),
            confirmed: BTreeSet::new(),
            added: BTreeSet::new(),
            changed: BTreeSet::new(),
        }
    }

    /// The rows as they are now.
    pub(super) fn rows(&self) -> impl Iterator<Item = &PriceRow> {
        self.rows.iter()
    }

    /// Calls whose prices were confirmed, added, changed.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let changed = self.changed.len();
        let added = self.added.difference(&self.changed).count();
        let other = |calls: &&Calls| !self.added.contains(*calls) && !self.changed.contains(*calls);
        (self.confirmed.iter().filter(other).count(), added, changed)
    }

    /// Takes the facts of lists published on one day; returns the SKUs that can't be used.
    pub(super) fn take(
        &mut self,
        facts: Vec<Fact>,
        published: NaiveDate,
        sources: &BTreeMap<String, String>,
    ) -> Vec<SkuFinding> {
        let mut refused = BTreeSet::new();
        let mut by_calls: BTreeMap<Calls, Vec<Laid>> = BTreeMap::new();
        for fact in facts {
            match self.laid(&fact, sources) {
                Ok(laid) => by_calls.entry(fact.calls).or_default().push(laid),
                Err((reason, detail)) => {
                    refused.insert(SkuFinding { reason, detail, ..fact.sku });
                }
            }
        }
        for (calls, laid) in by_calls {
            self.lay(calls, &laid, published);
        }
        refused.into_iter().collect()
    }

    /// The fact as a price row's field.
    fn laid(
        &self,
        fact: &Fact,
        sources: &BTreeMap<String, String>,
    ) -> Result<Laid, (&'static str, String)> {
        let field = match &fact.priced {
            Priced::Token { kind, long: false } => Field::Token(*kind),
            Priced::Token { kind, long: true } => {
                let above = self.threshold(&fact.calls).ok_or_else(|| {
                    let model = &fact.calls.model_id;
                    (NO_LONG_CONTEXT_THRESHOLD, format!("from how many tokens, for `{model}`?"))
                })?;
                Field::LongToken(*kind, above)
            }
            Priced::Unit { unit, quality, side, resolution } => {
                let said = UnitPrice {
                    unit: (*unit).to_owned(),
                    price: fact.price,
                    quality: quality.clone(),
                    max_pixels: side.map(|side| side.saturating_mul(side)),
                    resolution: resolution.clone(),
                    fps: None,
                };
                Field::Unit(self.unit_like(&fact.calls, said)?)
            }
        };
        let source = sources.get(&fact.sku.file).cloned().unwrap_or_default();
        Ok(Laid { field, price: fact.price, from: fact.from, source })
    }

    /// The model's long-context threshold: that of the same calls, else the only one of the model.
    fn threshold(&self, calls: &Calls) -> Option<i64> {
        let of_model = || self.rows.iter().filter(|row| row.model_id == calls.model_id);
        let above = |row: &PriceRow| row.long_context.map(|long| long.above_input_tokens);
        let same = of_model().filter(|row| is_for(row, calls)).find_map(above);
        let all: BTreeSet<i64> = of_model().filter_map(above).collect();
        same.or_else(|| all.first().copied().filter(|_| all.len() == 1))
    }

    /// The unit price with what the catalogue says about the same unit and the list doesn't.
    fn unit_like(
        &self,
        calls: &Calls,
        said: UnitPrice,
    ) -> Result<UnitPrice, (&'static str, String)> {
        let rows = self.rows.iter().filter(|row| is_for(row, calls));
        let known: Vec<&UnitPrice> =
            rows.flat_map(|row| &row.units).filter(|unit| unit.unit == said.unit).collect();
        let form = |unit: &UnitPrice| {
            (unit.quality.clone(), unit.max_pixels, unit.resolution.clone(), unit.fps)
        };
        let forms: BTreeSet<_> = known.iter().map(|unit| form(unit)).collect();
        let fits = |(quality, pixels, resolution, _): &&(_, _, Option<String>, _)| {
            (said.quality.is_none() || said.quality == *quality)
                && (said.max_pixels.is_none() || said.max_pixels == *pixels)
                && (said.resolution.is_none() || said.resolution == *resolution)
        };
        let fitting: Vec<_> = forms.iter().filter(fits).collect();
        match fitting[..] {
            [] => Ok(said),
            [(quality, max_pixels, resolution, fps)] => Ok(UnitPrice {
                quality: quality.clone(),
                max_pixels: *max_pixels,
                resolution: resolution.clone(),
                fps: *fps,
                ..said
            }),
            _ => {
                let count = fitting.len();
                Err((AMBIGUOUS_UNIT, format!("the catalogue has {count} prices per {}", said.unit)))
            }
        }
    }

    /// Lays prices over the days they hold.
    fn lay(&mut self, calls: Calls, laid: &[Laid], published: NaiveDate) {
        let starts: BTreeSet<NaiveDate> = laid.iter().map(|one| one.from).collect();
        let ends =
            starts.iter().skip(1).copied().map(Some).chain([self.next_change(&calls, published)]);
        let windows: Vec<Window> = starts
            .iter()
            .zip(ends)
            .map(|(from, to)| Window { from: *from, to })
            .filter(|window| window.to.is_none_or(|to| window.from < to))
            .collect();
        let had_a_price = self.rows.iter().any(|row| applies(row, &calls));
        let mut new: Vec<PriceRow> = Vec::new();
        for window in windows {
            let mut holding: Vec<&Laid> =
                laid.iter().filter(|one| one.from <= window.from).collect();
            holding.sort_by_key(|one| one.from);
            for piece in self.pieces(&calls, window) {
                let base = self.applied(&calls, piece.from);
                let row = overlay(base, &holding, &calls, piece);
                if base.is_none_or(|base| !same_prices(base, &row)) {
                    append(&mut new, row);
                }
            }
        }
        if new.is_empty() {
            self.confirmed.insert(calls);
            return;
        }
        for row in &new {
            self.make_room(row);
        }
        self.rows.extend(new.into_iter().map(PriceRow::named));
        if had_a_price {
            self.changed.insert(calls)
        } else {
            self.added.insert(calls)
        };
    }

    /// First day after the list's that the catalogue has a new row for.
    fn next_change(&self, calls: &Calls, published: NaiveDate) -> Option<NaiveDate> {
        let rows = self.rows.iter().filter(|row| applies(row, calls));
        rows.filter_map(|row| row.effective_from).filter(|from| *from > published).min()
    }

    /// The window cut at every day on which the catalogue's price changes.
    fn pieces(&self, calls: &Calls, window: Window) -> Vec<Window> {
        let inside = |day: &NaiveDate| window.from < *day && window.to.is_none_or(|to| *day < to);
        let rows = self.rows.iter().filter(|row| applies(row, calls));
        let cuts: BTreeSet<NaiveDate> = rows
            .flat_map(|row| [row.effective_from, row.effective_to])
            .flatten()
            .filter(inside)
            .collect();
        let starts = std::iter::once(window.from).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().map(Some).chain([window.to]);
        starts.zip(ends).map(|(from, to)| Window { from, to }).collect()
    }

    /// The row that the calls get on a day: the Region's own before that for every Region.
    fn applied(&self, calls: &Calls, day: NaiveDate) -> Option<&PriceRow> {
        let rows = || self.rows.iter().filter(|row| applies(row, calls) && row.covers(day));
        rows().find(|row| row.region.is_some()).or_else(|| rows().next())
    }

    /// Takes the days of `row` out of the rows for the same calls.
    fn make_room(&mut self, row: &PriceRow) {
        let (Some(from), to) = (row.effective_from, row.effective_to) else { return };
        let mut kept = Vec::with_capacity(self.rows.len() + 1);
        for old in self.rows.drain(..) {
            let apart = old.effective_to.is_some_and(|end| end <= from)
                || to.is_some_and(|to| old.effective_from.is_some_and(|start| to <= start));
            if apart || !old.same_calls(row) {
                kept.push(old);
                continue;
            }
            if old.effective_from.is_none_or(|start| start < from) {
                kept.push(PriceRow { effective_to: Some(from), ..old.clone() }.named());
            }
            if to.is_some_and(|to| old.effective_to.is_none_or(|end| to < end)) {
                kept.push(PriceRow { effective_from: to, ..old }.named());
            }
        }
        self.rows = kept;
    }
}

/// A listed price as a field of a row.
struct Laid {
    field: Field,
    price: Usd,
    from: NaiveDate,
    source: String,
}

enum Field {
    Token(TokenKind),
    /// With the threshold.
    LongToken(TokenKind, i64),
    Unit(UnitPrice),
}

/// True for rows of exactly these calls' model, routing and tier, in any Region.
fn is_for(row: &PriceRow, calls: &Calls) -> bool {
    row.model_id == calls.model_id && row.routing == calls.routing && row.tier == calls.tier
}

/// True for rows that the calls can get.
fn applies(row: &PriceRow, calls: &Calls) -> bool {
    let region = row.region.as_deref();
    is_for(row, calls) && region.map_or(is_commercial(&calls.region), |own| own == calls.region)
}

/// The base row for the calls' Region and the window, with the listed prices in it.
fn overlay(base: Option<&PriceRow>, laid: &[&Laid], calls: &Calls, window: Window) -> PriceRow {
    let mut row = base.cloned().unwrap_or_else(|| PriceRow {
        id: String::new(),
        model_id: calls.model_id.clone(),
        routing: calls.routing,
        region: None,
        tier: calls.tier,
        effective_from: None,
        effective_to: None,
        tokens: TokenPrices::default(),
        long_context: None,
        units: Vec::new(),
        sources: Vec::new(),
        confidence: None,
        derivation: None,
        note: None,
        origin: Origin::Catalogue,
    });
    row.region = Some(calls.region.clone());
    row.effective_from = Some(window.from);
    row.effective_to = window.to;
    let mut sources: Vec<String> = Vec::new();
    for one in laid {
        set(&mut row, one);
        if !sources.contains(&one.source) {
            sources.push(one.source.clone());
        }
    }
    // What the catalogue said of how sure it was and how it got there was about the old price.
    row.derivation = None;
    row.note = None;
    row.confidence = Some(String::from("high"));
    sources
        .extend(row.sources.iter().filter(|id| !sources.contains(id)).cloned().collect::<Vec<_>>());
    row.sources = sources;
    row
}

fn set(row: &mut PriceRow, laid: &Laid) {
    match &laid.field {
        Field::Token(kind) => set_token(&mut row.tokens, *kind, laid.price),
        Field::LongToken(kind, above) => {
            let long = row.long_context.get_or_insert(LongContext {
                above_input_tokens: *above,
                tokens: TokenPrices::default(),
            });
            set_token(&mut long.tokens, *kind, laid.price);
        }
        Field::Unit(unit) => {
            let same = |other: &&mut UnitPrice| {
                UnitPrice { price: unit.price, ..(**other).clone() } == *unit
            };
            match row.units.iter_mut().find(same) {
                Some(other) => other.price = unit.price,
                None => row.units.push(unit.clone()),
            }
        }
    }
}

/// `price` is per million tokens and divisible by them: `amount` sees to that.
fn set_token(tokens: &mut TokenPrices, kind: TokenKind, price: Usd) {
    let price = divide(price, 1_000_000);
    match kind {
        TokenKind::Input => tokens.input = price,
        TokenKind::Output => tokens.output = price,
        TokenKind::CacheRead => tokens.cache_read = price,
        TokenKind::CacheWrite => tokens.cache_write = price,
        TokenKind::CacheWrite1h => tokens.cache_write_1h = price,
    }
}

/// True when every call costs the same by both rows.
fn same_prices(a: &PriceRow, b: &PriceRow) -> bool {
    let full =
        |tokens: TokenPrices| TokenPrices { cache_write_1h: tokens.cache_write_1h(), ..tokens };
    let long =
        |row: &PriceRow| row.long_context.map(|long| (long.above_input_tokens, full(long.tokens)));
    full(a.tokens) == full(b.tokens) && long(a) == long(b) && a.units == b.units
}

/// Adds a row, as part of the one before where it only goes on.
fn append(rows: &mut Vec<PriceRow>, row: PriceRow) {
    match rows.last_mut() {
        Some(last)
            if last.effective_to == row.effective_from
                && same_prices(last, &row)
                && last.sources == row.sources =>
        {
            last.effective_to = row.effective_to;
        }
        _ => rows.push(row),
    }
}
