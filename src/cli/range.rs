//! Ranges of time and conditions on requests, as every command that asks for figures takes them.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use clap::{Args, ValueEnum};

use super::{Context, Failure, time};
use crate::metrics::filter::Filter;
use crate::period::{Cadence, Period, midnight};
use crate::store::Reader;

/// Which time is asked about.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RangeArgs {
    /// Start, inclusive: a date (midnight in --timezone) or an RFC 3339 time
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// End, exclusive
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// The last complete hours, days, ISO weeks or months before the present time (--as-of), in
    /// --timezone: 24h, 7d, 4w, 3m. The one that is still running is left out
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "to", "month"])]
    last: Option<String>,
    /// A calendar month in --timezone: 2026-10
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["from", "to"])]
    month: Option<String>,
}

/// The store, for questions about a period; none is everything it holds. Says so when the period begins
/// before the day up to which the store was pruned: then the figures tell less than they seem to.
pub(super) fn store_for(period: Option<Period>, context: &Context) -> Result<Reader, Failure> {
    let store = Reader::open(&context.settings.store)?;
    if let Some(floor) = store.floor()?
        && period.is_none_or(|period| period.from < midnight(floor, Tz::UTC))
    {
        context.output.warn(&format!(
            "the store was pruned: it holds no rows from before {floor} (UTC), and what is asked for \
             begins earlier"
        ));
    }
    Ok(store)
}

/// Which requests are asked about.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct FilterArgs {
    /// Only requests for which this holds, e.g. "status != ok and model like '%claude%'"; compare
    /// with = != < <= > >=, in (…), like, ~ (regular expression), is null; join with and, or, not
    #[arg(long = "where", value_name = "EXPR")]
    condition: Option<String>,
}

impl RangeArgs {
    /// The range; `None` when none of the options is given.
    pub(super) fn period(&self, context: &Context) -> Result<Option<Period>, Failure> {
        let zone = context.settings.timezone;
        match (&self.from, &self.to, &self.last, &self.month) {
            (Some(from), Some(to), ..) => time::period(from, to, zone).map(Some),
            (_, _, Some(last), _) => Last::parse(last)?.before(context.now, zone).map(Some),
            (.., Some(text)) => month(text, zone).map(Some),
            _ => Ok(None),
        }
    }
}

/// What a range is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Against {
    /// The range just before, as long as this one; for whole calendar months as many months before.
    Previous,
    /// The same dates a year before; for ISO weeks the same weekdays 52 weeks before.
    Year,
}

impl RangeArgs {
    /// The range to compare `period`, which these options gave, with.
    pub(super) fn against(
        &self,
        against: Against,
        period: Period,
        context: &Context,
    ) -> Result<Period, Failure> {
        let zone = context.settings.timezone;
        let last = self.last.as_deref().map(Last::parse).transpose()?;
        Ok(match (against, last.map(|last| (last.unit, last.number))) {
            (Against::Year, Some((Unit::Weeks, _))) => period.weeks_before(52, zone),
            (Against::Year, _) => period.months_before(12, zone),
            (Against::Previous, Some((Unit::Months, _)) | None) => period.counterpart(zone),
            // Days that happen to be a month are days.
            (Against::Previous, Some(_)) => period.preceding(zone),
        })
    }
}

impl FilterArgs {
    /// The condition, checked.
    pub(super) fn filter(&self) -> Result<Option<Filter>, Failure> {
        Ok(self.condition.as_deref().map(Filter::parse).transpose()?)
    }
}

/// A number of complete units of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    number: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
}

impl Last {
    fn parse(text: &str) -> Result<Self, Failure> {
        let unit = match text.chars().last() {
            Some('h') => Unit::Hours,
            Some('d') => Unit::Days,
            Some('w') => Unit::Weeks,
            Some('m') => Unit::Months,
            _ => return Err(not_a_number_of_units(text)),
        };
        let digits = &text[..text.len() - 1];
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(number) if is_number && number > 0 => Ok(Self { number, unit }),
            _ => Err(not_a_number_of_units(text)),
        }
    }

    /// The units that were over at this time.
    fn before(self, now: DateTime<Utc>, zone: Tz) -> Result<Period, Failure> {
        let today = now.with_timezone(&zone).date_naive();
        let number = u64::from(self.number);
        let first_day = |last: NaiveDate| match self.unit {
            Unit::Months => last.checked_sub_months(Months::new(self.number)),
            Unit::Weeks => last.checked_sub_days(Days::new(number * 7)),
            Unit::Hours | Unit::Days => last.checked_sub_days(Days::new(number)),
        };
        let (from, to) = match self.unit {
            Unit::Hours => {
                let to = start_of_hour(now, zone);
                (to.checked_sub_signed(chrono::Duration::hours(i64::from(self.number))), to)
            }
            Unit::Days | Unit::Weeks | Unit::Months => {
                let end = match self.unit {
                    Unit::Weeks => today.week(chrono::Weekday::Mon).first_day(),
                    Unit::Months => today.with_day(1).unwrap_or(today),
                    Unit::Hours | Unit::Days => today,
                };
                (first_day(end).map(|day| midnight(day, zone)), midnight(end, zone))
            }
        };
        let from = from.filter(|from| from.year() > 0);
        let too_long = || Failure::usage(format!("`--last {}…` reaches too far back", self.number));
        Ok(Period { from: from.ok_or_else(too_long)?, to })
    }
}

fn not_a_number_of_units(text: &str) -> Failure {
    Failure::usage(format!(
        "`{text}` in `--last` is no number of hours, days, weeks or months (24h, 7d, 4w, 3m)"
    ))
}

/// The instant at which the running hour of the zone began.
fn start_of_hour(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let local = now.with_timezone(&zone);
    let into = i64::from(local.minute()) * 60 + i64::from(local.second());
    let into = chrono::Duration::seconds(into)
        + chrono::Duration::nanoseconds(i64::from(local.nanosecond()));
    now - into
}

/// A calendar month in the zone.
pub(super) fn month(text: &str, zone: Tz) -> Result<Period, Failure> {
    let first: Option<NaiveDate> = format!("{text}-01").parse().ok();
    let is_plain = text.len() == 7 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match first.filter(|_| is_plain) {
        Some(day) => Ok(Cadence::Monthly.period_of(day, zone)),
        None => Err(Failure::usage(format!("`{text}` in `--month` is not a month (2026-10)"))),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::{Asia::Kolkata, Europe::Berlin, Tz, UTC};

    use super::{Last, month};

    fn instant(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    #[track_caller]
    fn check(last: &str, now: &str, zone: Tz, from: &str, to: &str) {
        let last = Last::parse(last).expect("units");
        let period = last.before(instant(now), zone).expect("a period");
        assert_eq!((period.from, period.to), (instant(from), instant(to)));
    }

    #[test]
    fn the_last_units_are_the_complete_ones_of_the_zone() {
        let now = "2026-11-17T06:20:30.5Z"; // a Tuesday
        check("24h", now, UTC, "2026-11-16T06:00:00Z", "2026-11-17T06:00:00Z");
        check("7d", now, UTC, "2026-11-10T00:00:00Z", "2026-11-17T00:00:00Z");
        check("1w", now, UTC, "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z");
        check("3m", now, UTC, "2026-08-01T00:00:00Z", "2026-11-01T00:00:00Z");
        check("1d", now, Berlin, "2026-11-15T23:00:00Z", "2026-11-16T23:00:00Z");
        check("1h", now, Kolkata, "2026-11-17T04:30:00Z", "2026-11-17T05:30:00Z");
    }

    #[test]
    fn a_day_with_a_clock_change_is_a_whole_day() {
        let now = "2026-10-26T12:00:00Z";
        check("1d", now, Berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    }

    #[test]
    fn at_midnight_the_day_before_is_the_last() {
        let now = "2026-11-16T00:00:00Z";
        check("7d", now, UTC, "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z");
        check("1w", now, UTC, "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z");
    }

    #[test]
    fn what_is_no_number_of_units_is_refused() {
        for text in
            ["", "7", "d", "0d", "-1d", "1.5d", "7 d", "7D", "7y", "+7d", "99999999999d", "é"]
        {
            assert!(Last::parse(text).is_err(), "{text:?}");
        }
        let ages = Last::parse("4000000000m").expect("units");
        assert!(ages.before(instant("2026-11-17T06:00:00Z"), UTC).is_err());
        let hours = Last::parse("4294967295h").expect("units");
        assert!(hours.before(instant("2026-11-17T06:00:00Z"), UTC).is_err());
    }

    #[test]
    fn a_month_runs_from_local_midnight_to_local_midnight() {
        let october = month("2026-10", Berlin).expect("a month");
        assert_eq!(october.from, instant("2026-09-30T22:00:00Z"));
        assert_eq!(october.to, instant("2026-10-31T23:00:00Z"));
        for text in ["2026-13", "2026", "10-2026", "2026-10-01", "2026-1", "+026-01"] {
            assert!(month(text, UTC).is_err(), "{text}");
        }
    }
}
