//! The journey of an ad hoc question: scan, filter, price if asked, group, read out, put in order.

mod footing;

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{
    Column, DataFrame, DataType, Expr, IntoLazy, JoinType, LazyFrame, NamedFrom, PlSmallStr,
    Series, by_name, col,
};
use polars::sql::SQLContext;

use footing::billed_and_unpriced_tokens;
pub use footing::query_footing;

use super::summed::Wanted;
use super::{Basis, Error, SqlMistake, figures};
use crate::metrics::calendar::is_grain;
use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::usage::usage_of;
use crate::period::{Period, midnight};
use crate::prices::PriceBook;
use crate::report::answer::{
    Answer, AnswerRow, Calendar, Group, Question, filled, groups_of, ordered, read_out,
    with_previous,
};
use crate::report::parts::{Missing, RowRole, Value};
use crate::schema::invocation::EVENT_TIME;
use crate::schema::usage::derived;
use crate::schema::{Table, cost};
use crate::store::Reader;

/// What is asked, of which rows, at what time.
#[derive(Debug, Clone)]
pub struct QueryRequest {
    /// The figures and their order.
    pub question: Question,
    /// The range; `None`: everything.
    pub period: Option<Period>,
    /// The range to compare with, if [`Question::compares`].
    pub previous: Option<Period>,
    /// Which requests.
    pub filter: Option<Filter>,
    /// The present time: periods that begin later are not shown as empty.
    pub now: DateTime<Utc>,
}

/// An answer, and what its cost rests on.
#[derive(Debug)]
pub struct Queried {
    /// The answer.
    pub answer: Answer,
    /// Tokens that are billed, and those of them without a price; none where no cost was asked for.
    pub billed_and_unpriced_tokens: Option<(u64, u64)>,
}

/// Metrics by dimensions over a period.
///
/// # Errors
/// When the store can't be read, or the answer is empty and the range was not ingested.
pub fn query(basis: Basis<'_>, request: &QueryRequest) -> Result<Queried, Error> {
    let asked = Asked { basis, request, known: known(basis.store)? };
    let question = &request.question;
    let requests = asked.requests(request.period)?;
    let calendar = asked.calendar(asked.shown_period(&requests)?);
    let mut groups = asked.figures(&requests, &question.by)?;
    asked.check_covered(&groups)?;
    if question.fills() {
        groups = asked.filled(groups, &calendar)?;
    }
    let mut sums = vec![requests];
    if let Some(previous) = request.previous {
        sums.extend(asked.is_known(previous).then(|| asked.requests(Some(previous))).transpose()?);
        groups = asked.compared(groups, &calendar, previous, sums.get(1))?;
    }
    let mut rows = ordered(groups, question, &calendar);
    let kept = question.limit.unwrap_or(rows.len()).min(rows.len());
    let others = rows.len() - kept;
    let keys: Vec<Vec<Value>> = rows.drain(kept..).map(|(key, _)| key).collect();
    let mut answer = Answer {
        columns: question.columns(),
        rows: rows.into_iter().map(|(_, cells)| AnswerRow { role: RowRole::Body, cells }).collect(),
        others,
    };
    if others > 0 {
        let figures = asked.summary(&sums, Some(&keys), &calendar)?;
        answer.push_summary(RowRole::Note, question.by.len(), figures);
    }
    if question.totals && !question.by.is_empty() {
        let figures = asked.summary(&sums, None, &calendar)?;
        answer.push_summary(RowRole::Total, question.by.len(), figures);
    }
    let needs_cost = question.usage(&[]).needs_cost();
    let cells = needs_cost.then(|| sums.swap_remove(0).cells);
    Ok(Queried {
        answer,
        billed_and_unpriced_tokens: cells.map(billed_and_unpriced_tokens).transpose()?,
    })
}

/// A SQL query over `invocations`, `api_events`, `rejects` and `costs`.
///
/// # Errors
/// When the text is no query that Polars can run, or the store can't be read.
pub fn sql(
    store: &Reader,
    book: &PriceBook,
    period: Option<Period>,
    text: &str,
) -> Result<Answer, Error> {
    let mut context = SQLContext::new();
    for table in Table::ALL {
        context.register(table.name(), store.scan(table, period)?);
    }
    if text.to_lowercase().contains(COSTS) {
        let invocations = figures::invocations(store, period)?;
        context.register(COSTS, figures::priced(invocations, book)?);
    }
    let answer = context
        .execute(text)
        .and_then(LazyFrame::collect)
        .map_err(|error| Error::Sql(SqlMistake::new(&error, &names())))?;
    read_out(&answer).map_err(Error::Compute)
}

/// Name of the priced invocations in SQL.
const COSTS: &str = "costs";

/// Every table and column that SQL can name.
fn names() -> Vec<&'static str> {
    let tables = Table::ALL.iter().map(|table| table.name()).chain([COSTS]);
    let columns = Table::ALL.iter().flat_map(|table| table.columns()).map(|column| column.name);
    tables.chain(columns).chain(cost::COLUMNS).collect()
}

/// The UTC days that invocation logs were read for, first to last.
fn known(store: &Reader) -> Result<Option<Period>, Error> {
    let day = |day| midnight(day, chrono_tz::UTC);
    let days = store.days(Table::Invocations)?;
    Ok(days.map(|(first, last)| Period { from: day(first), to: day(last) + Duration::days(1) }))
}

/// A request and what it is asked of.
struct Asked<'a> {
    basis: Basis<'a>,
    request: &'a QueryRequest,
    /// The range that logs were read for.
    known: Option<Period>,
}

impl Asked<'_> {
    fn question(&self) -> &Question {
        &self.request.question
    }

    /// The requests of a period, read once: they answer for each group and for several together.
    fn requests(&self, period: Option<Period>) -> Result<Requests, Error> {
        let grain = self.question().usage(&self.question().by).grain();
        let filter = self.request.filter.as_ref();
        Wanted { basis: self.basis, period, filter }.requests(&grain)
    }

    /// Their figures, by dimensions.
    fn figures(&self, requests: &Requests, by: &[Dimension]) -> Result<Vec<Group>, Error> {
        let asked = self.question().usage(by);
        let frame = figures::collect(usage_of(requests, &asked).map_err(Error::Compute)?)?;
        groups_of(&frame, self.question(), by).map_err(Error::Compute)
    }

    /// The figures of no requests at all.
    fn nothing(&self) -> Result<Vec<Value>, Error> {
        let none = DataFrame::empty_with_schema(&Table::Invocations.schema());
        let grain = self.question().usage(&[]).grain();
        let none = figures::requests(none.lazy(), self.basis.book, &grain)?;
        Ok(one(self.figures(&none, &[])?).figures)
    }

    /// The range whose periods are shown: the one asked about, else from the first of the requests to the
    /// last hour or day that has one.
    fn shown_period(&self, requests: &Requests) -> Result<Option<Period>, Error> {
        if self.request.period.is_some() || !self.question().by.iter().any(is_grain) {
            return Ok(self.request.period);
        }
        let time = |time: Expr| time.cast(DataType::Int64);
        let ends = [time(col(EVENT_TIME).min()).alias(derived::FROM), time(col(EVENT_TIME).max())];
        let ends = figures::collect(requests.cells.clone().select(ends))?;
        let at = |name| -> Result<Option<DateTime<Utc>>, Error> {
            let end = ends.column(name).and_then(|column| column.get(0)).map_err(Error::Compute)?;
            Ok(end.extract::<i64>().and_then(DateTime::from_timestamp_millis))
        };
        let (first, last) = (at(derived::FROM)?, at(EVENT_TIME)?);
        Ok(first
            .zip(last)
            .map(|(from, last)| Period { from, to: last + Duration::milliseconds(1) }))
    }

    fn calendar(&self, period: Option<Period>) -> Calendar {
        period.map_or_else(Calendar::default, |period| {
            Calendar::new(self.question(), period, self.known, self.request.now)
        })
    }

    /// An empty answer is one only where logs were read; else it would look like no calls.
    fn check_covered(&self, groups: &[Group]) -> Result<(), Error> {
        let Some(known) = self.known else {
            return Err(Error::NoData { what: "invocation logs", period: String::new() });
        };
        let has_requests = groups.iter().any(|group| self.question().requests(group) > 0);
        let Some(period) = self.request.period.filter(|_| !has_requests) else { return Ok(()) };
        // The future can't be read.
        let end = period.to.min(self.request.now).max(period.from);
        if known.from <= period.from && end <= known.to {
            return Ok(());
        }
        Err(Error::NotIngested { period, known })
    }

    fn filled(&self, groups: Vec<Group>, calendar: &Calendar) -> Result<Vec<Group>, Error> {
        let nothing = self.nothing()?;
        filled(groups, self.question(), calendar, &nothing).map_err(Error::TooManyPeriods)
    }

    fn compared(
        &self,
        groups: Vec<Group>,
        calendar: &Calendar,
        previous: Period,
        requests: Option<&Requests>,
    ) -> Result<Vec<Group>, Error> {
        let earlier = self.calendar(Some(previous));
        let mut before = Vec::new();
        if let Some(requests) = requests {
            before = self.figures(requests, &self.question().by)?;
            if self.question().fills() {
                before = self.filled(before, &earlier)?;
            }
        }
        Ok(with_previous(
            groups,
            before,
            [calendar, &earlier],
            &self.nothing()?,
            requests.is_some(),
        ))
    }

    /// Whether logs were read for some day of the period.
    fn is_known(&self, period: Period) -> bool {
        self.known.is_some_and(|known| known.from < period.to && period.from < known.to)
    }

    /// The figures of all requests, or of those whose groups have these keys; `sums` are those of
    /// the period and, where logs were read for it, of the previous one.
    fn summary(
        &self,
        sums: &[Requests],
        keys: Option<&[Vec<Value>]>,
        calendar: &Calendar,
    ) -> Result<Vec<Value>, Error> {
        let of = |requests: &Requests, keys: Option<&[Vec<Value>]>| -> Result<Group, Error> {
            let Some(keys) = keys else { return Ok(one(self.figures(requests, &[])?)) };
            let mut kept = requests.clone();
            kept.cells = self.with_keys(kept.cells, keys)?;
            if self.question().usage(&self.question().by).grain().lists() {
                kept.values = self.with_keys(kept.values, keys)?;
            }
            Ok(one(self.figures(&kept, &[])?))
        };
        let mut group = of(&sums[0], keys)?;
        if let Some(previous) = self.request.previous {
            let earlier = self.calendar(Some(previous));
            let keys: Option<Vec<Vec<Value>>> = keys
                .map(|keys| keys.iter().filter_map(|key| calendar.moved(key, &earlier)).collect());
            group.previous = Some(match sums.get(1) {
                Some(requests) => of(requests, keys.as_deref())?.figures,
                None => vec![Value::Missing(Missing::Unknown); group.figures.len()],
            });
        }
        Ok(self.question().cells(group))
    }

    /// The sums whose labels are among the keys.
    fn with_keys(&self, rows: LazyFrame, keys: &[Vec<Value>]) -> Result<LazyFrame, Error> {
        let question = self.question();
        let mut labels: Vec<Expr> = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for (at, dimension) in question.by.iter().enumerate() {
            let name = format!("{}{at}", derived::KEY);
            let label = dimension.expr(question.timezone).map_err(Error::Compute)?;
            labels.push(label.cast(DataType::String).alias(&name));
            columns.push(texts(&name, keys, at));
        }
        let names: Vec<String> = columns.iter().map(|column| column.name().to_string()).collect();
        let keys = DataFrame::new(keys.len(), columns).map_err(Error::Compute)?;
        let on: Vec<Expr> = names.iter().map(col).collect();
        Ok(rows
            .with_columns(labels)
            .join_builder()
            .with(keys.lazy())
            .on(on)
            .how(JoinType::Semi)
            .join_nulls(true)
            .finish()
            .drop(by_name(names, true, false)))
    }
}

/// The labels of one dimension as a text column.
fn texts(name: &str, keys: &[Vec<Value>], at: usize) -> Column {
    let text = |key: &Vec<Value>| match key.get(at) {
        Some(Value::Id(text) | Value::Text(text)) => Some(text.clone()),
        Some(Value::Integer(number)) => Some(number.to_string()),
        _ => None,
    };
    let texts: Vec<Option<String>> = keys.iter().map(text).collect();
    Series::new(PlSmallStr::from_str(name), texts).into()
}

/// The only group of no dimensions.
fn one(mut groups: Vec<Group>) -> Group {
    groups.pop().unwrap_or(Group { key: Vec::new(), figures: Vec::new(), previous: None })
}
