//! Frames that the figures are computed from: invocations of a period, priced and tagged.
//!
//! Reads out only what the next stage needs as values: distinct price keys and metadata texts.

use chrono_tz::Tz;
use polars::prelude::{Column, DataFrame, Engine, IntoLazy, LazyFrame, by_name, col, lit};

use super::Error;
use crate::metrics::allocation;
use crate::metrics::cells::{self, Grain, Requests, Rows};
use crate::metrics::cost;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::tags::{self, tag_keys};
use crate::period::Period;
use crate::prices::{self, CacheConvention, PriceBook};
use crate::schema::allocation::Allocation;
use crate::schema::cost::quote::INPUT_INCLUDES_CACHE;
use crate::schema::invocation::CACHE_READ_INPUT_TOKENS;
use crate::schema::usage::cell;
use crate::schema::{Table, cost as columns};
use crate::store::Reader;
use crate::units::Usd;

/// Invocations as metrics read them: summed up, and the sums priced if money is asked for; read out, so
/// that many questions cost one reading.
pub(super) fn requests(
    invocations: LazyFrame,
    book: &PriceBook,
    grain: &Grain,
) -> Result<Requests, Error> {
    let cells = if grain.needs_cost() {
        priced_cells(invocations.clone(), book, grain)?
    } else {
        cells::cells(invocations.clone(), grain).map_err(Error::Compute)?
    };
    let values = cells::values(invocations, grain).map_err(Error::Compute)?;
    let read = |frame| collect(frame).map(IntoLazy::lazy);
    Ok(Requests { cells: read(cells)?, by: grain.by.clone(), values: read(values)? })
}

/// The sums of invocations, priced.
pub(super) fn priced_cells(
    invocations: LazyFrame,
    book: &PriceBook,
    grain: &Grain,
) -> Result<LazyFrame, Error> {
    with_cost(&unpriced_cells(invocations, book, grain)?, book)
}

/// Sums, priced.
pub(super) fn with_cost(cells: &DataFrame, book: &PriceBook) -> Result<LazyFrame, Error> {
    let quotes = quotes(cells, book)?;
    let cells = cells.clone().lazy();
    Ok(cost::cells::with_cost_by(cells, quotes.lazy(), book.cache_convention()))
}

/// Where the book's prices take a step.
pub(super) fn steps(book: &PriceBook) -> cost::cells::Steps {
    cost::cells::Steps { thresholds: book.long_context_thresholds(), days: book.change_days() }
}

/// The count in the only column of a frame's only row.
pub(super) fn only_count(frame: &DataFrame) -> Result<u64, Error> {
    frame.columns().first().map_or(Ok(0), first_count)
}

/// The count in a column's only row.
pub(super) fn first_count(column: &Column) -> Result<u64, Error> {
    Ok(column.get(0).map_err(Error::Compute)?.extract::<u64>().unwrap_or(0))
}

/// The sums of invocations, to be priced.
pub(super) fn unpriced_cells(
    invocations: LazyFrame,
    book: &PriceBook,
    grain: &Grain,
) -> Result<DataFrame, Error> {
    let extremes = collect(cost::cells::extremes(invocations.clone()))?;
    let found = cost::cells::Found::read(&extremes).map_err(Error::Compute)?;
    let cells = cells::cells_to_price(invocations, Rows::Requests, grain, &found, &steps(book));
    cells.map_err(Error::Compute).and_then(collect)
}

/// The prices of sums.
pub(super) fn quotes(cells: &DataFrame, book: &PriceBook) -> Result<DataFrame, Error> {
    let keys = collect(cost::cells::price_keys(cells.clone().lazy()))?;
    prices::quotes(book, &keys).map_err(Error::Compute)
}

/// Reads a frame out, a part of its rows at a time where that is possible: several times as fast as
/// all rows at once, in a fraction of the memory.
pub(super) fn collect(frame: LazyFrame) -> Result<DataFrame, Error> {
    let collected = frame.collect_with_engine(Engine::Streaming).map_err(Error::Compute)?;
    Ok(collected.unwrap_single())
}

/// Invocations of a period with the columns of [`schema::cost`](crate::schema::cost).
pub(super) fn priced(invocations: LazyFrame, book: &PriceBook) -> Result<LazyFrame, Error> {
    let keys = collect(cost::price_keys(invocations.clone()))?;
    let quotes = prices::quotes(book, &keys).map_err(Error::Compute)?;
    Ok(cost::with_cost_by(invocations, quotes.lazy(), book.cache_convention()))
}

/// Cost of the requests whose logged input includes cached tokens, by the documented rule and as logged;
/// none where there are none. Of sums that are not priced yet.
pub(super) fn cached_inside(
    cells: &DataFrame,
    book: &PriceBook,
) -> Result<Option<(Usd, Usd)>, Error> {
    let any = |column| col(column).gt(lit(0));
    let cached = cells.clone().lazy().filter(any(CACHE_READ_INPUT_TOKENS).or(any(cell::WRITTEN)));
    let cached = collect(cached)?;
    let inside = quotes(&cached, book)?.lazy().filter(col(INPUT_INCLUDES_CACHE));
    let inside = collect(inside)?;
    if inside.height() == 0 {
        return Ok(None);
    }
    // Requests of other models have no quote here, so they cost nothing.
    let total = |convention| {
        let costs =
            cost::cells::with_cost_by(cached.clone().lazy(), inside.clone().lazy(), convention);
        let sum = costs.select([col(columns::COST_UNITS).sum()]).collect()?;
        sum.column(columns::COST_UNITS)?.get(0)?.try_extract().map(Usd)
    };
    let both = total(CacheConvention::Documented)
        .and_then(|documented| Ok((documented, total(CacheConvention::AsLogged)?)));
    both.map(Some).map_err(Error::Compute)
}

/// Invocations with a column per request-metadata key.
pub(super) fn tagged(invocations: LazyFrame, keys: &[String]) -> Result<LazyFrame, Error> {
    if keys.is_empty() {
        return Ok(invocations);
    }
    let distinct = collect(tags::distinct_metadata(invocations.clone()))?;
    let lookup = tags::tag_lookup(&distinct, keys).map_err(Error::Compute)?;
    Ok(tags::with_tags(invocations, lookup))
}

/// What figures are made from: the rows, their prices, and whose calls they were.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// The rows.
    pub store: &'a Reader,
    /// Their prices.
    pub book: &'a PriceBook,
    /// The rules for `team` and `cost_center`.
    pub rules: &'a Allocation,
}

/// Invocations of a period that a filter selects, each call once, with every column that the
/// dimensions of `by` read: tags, `team` and `cost_center` too.
///
/// Costs are added only to test them, and are gone from the result: whoever needs them asks for
/// [`priced`] rows of it.
pub(super) fn selected(
    basis: Basis<'_>,
    period: Option<Period>,
    filter: Option<&Filter>,
    by: &[Dimension],
    zone: Tz,
) -> Result<LazyFrame, Error> {
    selected_of(invocations(basis.store, period)?, basis, filter, by, zone)
}

/// As [`selected`], of rows or of sums that hold the columns in question.
pub(super) fn selected_of(
    rows: LazyFrame,
    basis: Basis<'_>,
    filter: Option<&Filter>,
    by: &[Dimension],
    zone: Tz,
) -> Result<LazyFrame, Error> {
    let mut dimensions = by.to_vec();
    dimensions.extend(filter.map(Filter::dimensions).unwrap_or_default());
    let tags = tag_keys(&dimensions);
    let mut rows = tagged(rows, &tags)?;
    if dimensions.iter().any(|one| matches!(one, Dimension::Team | Dimension::CostCenter)) {
        rows = allocated(rows, basis.rules, &tags)?;
    }
    let Some(filter) = filter else { return Ok(rows) };
    let condition = filter.expr(zone).map_err(Error::Compute)?;
    if !filter.needs_cost() {
        return Ok(rows.filter(condition));
    }
    Ok(priced(rows, basis.book)?.filter(condition).drop(by_name(columns::COLUMNS, true, false)))
}

/// Invocations of a period, each call once.
pub(super) fn invocations(store: &Reader, period: Option<Period>) -> Result<LazyFrame, Error> {
    Ok(store.scan(Table::Invocations, period)?)
}

/// Invocations with `team` and `cost_center` by the allocation rules; `tags` are the metadata keys
/// that they have a column for already.
fn allocated(
    invocations: LazyFrame,
    rules: &Allocation,
    tags: &[String],
) -> Result<LazyFrame, Error> {
    let mut keys = allocation::tag_keys(rules);
    keys.retain(|key| !tags.contains(key));
    let tagged = tagged(invocations, &keys)?;
    let distinct = collect(allocation::allocation_keys(tagged.clone(), rules))?;
    let lookup = allocation::allocation_lookup(&distinct, rules).map_err(Error::Compute)?;
    Ok(allocation::with_allocation(tagged, lookup, rules))
}

#[cfg(test)]
mod tests {
    //! Sums that are priced against rows that are priced: the same to the last digit.

    use chrono::NaiveDate;
    use polars::prelude::{DataFrame, DataType, IntoLazy, col};
    use proptest::prelude::{
        ProptestConfig, Strategy, prop, prop_assert_eq, prop_assume, prop_oneof, proptest,
    };

    use super::{collect, only_count, priced, priced_cells, requests, steps, with_cost};
    use crate::metrics::cells::{self, Requests, Rows, cells_of_priced};
    use crate::metrics::cost::cells::Found;
    use crate::metrics::cost::tests::{book, invocation};
    use crate::metrics::dimensions::Dimension;
    use crate::metrics::metric::Metric;
    use crate::metrics::price_coverage::{price_coverage, unpriced_models};
    use crate::metrics::summary;
    use crate::metrics::usage::{UsageQuery, usage, usage_of};
    use crate::schema::Row;
    use crate::schema::invocation::{EVENT_TIME, Invocation};

    fn text(frame: &DataFrame) -> String {
        let columns = frame.columns().iter().map(|column| {
            let column = column.cast(&DataType::String).expect("text");
            let cells: Vec<String> =
                column.str().expect("text").iter().map(|cell| format!("{cell:?}")).collect();
            format!("{}: {}", column.name(), cells.join(", "))
        });
        columns.collect::<Vec<_>>().join("\n")
    }

    fn query(by: &[Dimension]) -> UsageQuery {
        UsageQuery {
            by: by.to_vec(),
            metrics: Metric::ALL.to_vec(),
            timezone: chrono_tz::Asia::Kolkata,
        }
    }

    /// Random requests, more than one with the same counts, sometimes with counts beyond all reason.
    fn rows() -> impl Strategy<Value = Vec<Invocation>> {
        let absurd = |mut row: Invocation, count: i64| {
            row.input_tokens = Some(count);
            row.cache_read_input_tokens = Some(count / 2);
            row
        };
        let large = (invocation(), (1_i64 << 33)..i64::MAX).prop_map(move |(r, n)| absurd(r, n));
        let row = prop_oneof![60 => invocation(), 1 => large];
        prop::collection::vec((row, 1_usize..3), 0..40).prop_map(|rows| {
            let repeated = rows.into_iter().flat_map(|(row, times)| vec![row; times]);
            let named = repeated.enumerate().map(|(number, mut row)| {
                row.model = row.model_id.clone();
                row.principal = Some(["ann", "bob"][number % 2].to_owned());
                row.latency_ms = (number % 5 > 0).then_some(number.cast_signed() as i64 * 7 % 31);
                row.record = Some(number.cast_signed() as i64);
                row
            });
            named.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn sums_cost_what_their_rows_cost(rows in rows()) {
            let frame = Invocation::frame(rows).expect("a frame").lazy();
            for by in [
                &[][..],
                &[Dimension::Hour, Dimension::Model],
                &[Dimension::Principal, Dimension::Status],
                &[Dimension::Region, Dimension::Month],
            ] {
                let query = query(by);
                let one_by_one = priced(frame.clone(), book()).expect("priced");
                let expected = usage(one_by_one, &query).expect("a plan");
                let expected = collect(expected).expect("figures");
                let sums = requests(frame.clone(), book(), &query.grain()).expect("sums");
                let found = collect(usage_of(&sums, &query).expect("a plan")).expect("figures");
                prop_assert_eq!(text(&found), text(&expected));
                prop_assert_eq!(found.schema(), expected.schema());
            }
        }

        #[test]
        fn finer_sums_answer_coarser_questions(rows in rows()) {
            let frame = Invocation::frame(rows).expect("a frame").lazy();
            let fine = query(&[Dimension::HourOfDay, Dimension::Principal, Dimension::Model]);
            let fine = requests(frame.clone(), book(), &fine.grain()).expect("sums");
            for by in [&[][..], &[Dimension::Week], &[Dimension::Model, Dimension::Day]] {
                let query = query(by);
                let found = collect(usage_of(&fine, &query).expect("a plan")).expect("figures");
                let sums = requests(frame.clone(), book(), &query.grain()).expect("sums");
                let expected = collect(usage_of(&sums, &query).expect("a plan")).expect("figures");
                prop_assert_eq!(text(&found), text(&expected));
            }
        }

        #[test]
        fn summaries_say_what_their_rows_say(rows in rows()) {
            let frame = Invocation::frame(rows).expect("a frame").lazy();
            let frame = frame.filter(col(EVENT_TIME).is_not_null()); // a store has no other rows
            let beyond = collect(summary::beyond(frame.clone())).expect("a count");
            prop_assume!(only_count(&beyond).expect("a count") == 0);
            let day = |year, month| NaiveDate::from_ymd_opt(year, month, 1).expect("a day");
            let (days, steps) = ((day(2020, 1), day(2030, 1)), steps(book()));
            let sums = summary::summary(frame.clone(), &steps);
            let sums = collect(sums).expect("a summary").lazy();
            for by in [
                &[][..],
                &[Dimension::Hour, Dimension::Model],
                &[Dimension::Principal, Dimension::Status],
                &[Dimension::ServiceTier, Dimension::Week],
            ] {
                let query = UsageQuery { timezone: chrono_tz::UTC, ..query(by) };
                let grain = query.grain();
                let expected = requests(frame.clone(), book(), &grain).expect("sums");
                let expected = collect(usage_of(&expected, &query).expect("a plan")).expect("figures");
                let found = Found::anything(days);
                let cells = cells::cells_to_price(sums.clone(), Rows::Sums, &grain, &found, &steps);
                let cells = collect(cells.expect("a plan")).expect("cells");
                let cells = with_cost(&cells, book()).expect("quotes");
                let values = cells::values_of_sums(sums.clone(), &grain).expect("a plan");
                let found = Requests { cells, by: grain.by.clone(), values };
                let found = collect(usage_of(&found, &query).expect("a plan")).expect("figures");
                prop_assert_eq!(text(&found), text(&expected));
                prop_assert_eq!(found.schema(), expected.schema());
            }
        }

        #[test]
        fn sums_say_the_same_of_price_coverage(rows in rows()) {
            let frame = Invocation::frame(rows).expect("a frame").lazy();
            let grain = query(&[Dimension::Model]).grain();
            let one_by_one = priced(frame.clone(), book()).expect("priced");
            let expected = cells_of_priced(one_by_one, &grain).expect("a plan");
            let found = priced_cells(frame, book(), &grain).expect("sums");
            for answer in [price_coverage, unpriced_models] {
                let found = collect(answer(found.clone())).expect("figures");
                prop_assert_eq!(text(&found), text(&collect(answer(expected.clone())).expect("figures")));
            }
        }
    }
}
