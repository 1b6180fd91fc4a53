//! Names of periods and days, as reports say them.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::parts::{Align, Column};
use crate::period::{Cadence, Period};
use crate::shell::word;

/// The cadence that the period is one of, shortest first.
fn cadence(period: Period, zone: Tz) -> Option<Cadence> {
    let day = first_day(period, zone);
    Cadence::ALL.into_iter().find(|cadence| cadence.period_of(day, zone) == period)
}

/// Whether the period is one local day.
pub(super) fn is_day(period: Period, zone: Tz) -> bool {
    cadence(period, zone) == Some(Cadence::Daily)
}

/// `Wed 11 Nov`, `week 46`, `November 2026`, `Q4 2026`, `2026`, or the caller's word for a range
/// that is none of them.
pub(super) fn period_name(period: Period, zone: Tz, otherwise: &str) -> String {
    let first = first_day(period, zone);
    match cadence(period, zone) {
        Some(Cadence::Daily) => day(first),
        Some(Cadence::Weekly) => format!("week {}", first.iso_week().week()),
        Some(Cadence::Monthly) => first.format("%B %Y").to_string(),
        Some(Cadence::Quarterly) => format!("Q{} {}", first.month0() / 3 + 1, first.year()),
        Some(Cadence::Annual) => first.year().to_string(),
        None => otherwise.to_owned(),
    }
}

/// `week 46, 9–15 Nov 2026`; the name alone where it holds the dates, the dates alone where there
/// is no name.
pub(super) fn subtitle(period: Period, zone: Tz) -> String {
    let dates = dates(period, zone);
    match cadence(period, zone) {
        None => dates,
        Some(Cadence::Daily) => first_day(period, zone).format("%a %-d %b %Y").to_string(),
        Some(Cadence::Monthly | Cadence::Annual) => period_name(period, zone, ""),
        Some(Cadence::Weekly | Cadence::Quarterly) => {
            format!("{}, {dates}", period_name(period, zone, ""))
        }
    }
}

/// `9–15 Nov 2026`, `26 Oct – 1 Nov 2026` or `29 Dec 2025 – 4 Jan 2026`.
pub(super) fn dates(period: Period, zone: Tz) -> String {
    let (first, last) = (first_day(period, zone), last_day(period, zone));
    let tail = last.format("%-d %b %Y");
    if first == last {
        tail.to_string()
    } else if (first.year(), first.month()) == (last.year(), last.month()) {
        format!("{}\u{2013}{tail}", first.day())
    } else if first.year() == last.year() {
        format!("{} \u{2013} {tail}", first.format("%-d %b"))
    } else {
        format!("{} \u{2013} {tail}", first.format("%-d %b %Y"))
    }
}

/// `2026-11-09`, `2026-W46`, `2026-11`, `2026-Q4` or `2026` for a period of the calendar, else
/// `2026-11-09_2026-11-12`: the report's file name part.
pub(super) fn file_part(period: Period, zone: Tz) -> String {
    let (first, last) = (first_day(period, zone), last_day(period, zone));
    match cadence(period, zone) {
        Some(Cadence::Daily) => first.to_string(),
        Some(Cadence::Weekly) => first.format("%G-W%V").to_string(),
        Some(Cadence::Monthly) => first.format("%Y-%m").to_string(),
        Some(Cadence::Quarterly) => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
        Some(Cadence::Annual) => first.year().to_string(),
        None => format!("{first}_{last}"),
    }
}

/// `Mon 9 Nov 00:00` in the zone.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %H:%M").to_string()
}

/// `Fri 13 Nov 04:00–05:00`, or both days where it ends on another.
pub(super) fn span(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> String {
    let (first, last) = (from.with_timezone(&zone), to.with_timezone(&zone));
    if is_day(Period { from, to }, zone) {
        return day(first.date_naive());
    }
    if first.date_naive() == last.date_naive() {
        format!("{}\u{2013}{}", moment(from, zone), last.format("%H:%M"))
    } else {
        format!("{} to {}", moment(from, zone), moment(to, zone))
    }
}

/// `one`, `one and two`, `one, two and three`.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A part of a whole in whole percents, never rounded up to all or down to nothing.
pub(super) fn part_of_hundred(share: f64) -> String {
    if share > 0.0 && share < 0.01 {
        return "under 1%".to_owned();
    }
    format!("{:.0}%", (share * 100.0).floor())
}

/// `Wed 11 Nov`.
pub(super) fn day(day: NaiveDate) -> String {
    day.format("%a %-d %b").to_string()
}

/// Absolute UTC time for a command.
pub(super) fn argument(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A command of the tool over the period, with its condition and its zone.
pub(super) fn command(what: &str, period: Period, zone: Tz, filter: Option<&str>) -> String {
    let (verb, rest) = what.split_once(" --").unwrap_or((what, ""));
    let rest = if rest.is_empty() { String::new() } else { format!(" --{rest}") };
    let filter = filter.map(|text| format!(" --where {}", word(text))).unwrap_or_default();
    let zone = if zone == Tz::UTC { String::new() } else { format!(" --timezone {}", zone.name()) };
    format!(
        "bedrock-lens {verb} --from {} --to {}{rest}{filter}{zone}",
        argument(period.from),
        argument(period.to)
    )
}

/// Text with its first letter large.
pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `1 gap`, `2 gaps`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { one.to_owned() } else { many.to_owned() }
}

fn first_day(period: Period, zone: Tz) -> NaiveDate {
    period.from.with_timezone(&zone).date_naive()
}

fn last_day(period: Period, zone: Tz) -> NaiveDate {
    (period.to - chrono::Duration::milliseconds(1)).with_timezone(&zone).date_naive()
}

/// A left-aligned column of text.
pub(super) fn text_column(key: &'static str, label: &str) -> Column {
    Column { key, label: label.to_owned(), unit: None, align: Align::Left, parts: false }
}

/// A right-aligned column of figures.
pub(super) fn figure_column(key: &'static str, label: &str, unit: Option<&'static str>) -> Column {
    Column { key, label: label.to_owned(), unit, align: Align::Right, parts: false }
}

/// A column of figures that add up to the total row.
pub(super) fn parts_column(key: &'static str, label: &str, unit: Option<&'static str>) -> Column {
    Column { parts: true, ..figure_column(key, label, unit) }
}

#[cfg(test)]
mod tests {
    use chrono_tz::UTC;

    use super::{command, dates, file_part, list, part_of_hundred, period_name, span, subtitle};
    use crate::period::{Cadence, Period};

    #[test]
    fn spans_name_a_day_once() {
        let at = |text: &str| text.parse().expect("a time");
        let from = at("2026-11-13T04:00:00Z");
        assert_eq!(span(from, at("2026-11-13T05:00:00Z"), UTC), "Fri 13 Nov 04:00\u{2013}05:00");
        let far = span(from, at("2026-11-14T05:00:00Z"), UTC);
        assert_eq!(far, "Fri 13 Nov 04:00 to Sat 14 Nov 05:00");
    }

    #[test]
    fn lists_read_as_people_say_them() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn a_part_is_never_rounded_to_all_or_nothing() {
        assert_eq!(part_of_hundred(0.999), "99%");
        assert_eq!(part_of_hundred(0.004), "under 1%");
        assert_eq!(part_of_hundred(0.618), "61%");
    }

    fn week(day: &str) -> Period {
        Cadence::Weekly.period_of(day.parse().expect("a day"), UTC)
    }

    #[test]
    fn weeks_are_named_by_their_dates_as_people_write_them() {
        assert_eq!(subtitle(week("2026-11-11"), UTC), "week 46, 9\u{2013}15 Nov 2026");
        assert_eq!(dates(week("2026-10-30"), UTC), "26 Oct \u{2013} 1 Nov 2026");
        assert_eq!(dates(week("2026-01-01"), UTC), "29 Dec 2025 \u{2013} 4 Jan 2026");
        assert_eq!(file_part(week("2027-01-01"), UTC), "2026-W53");
    }

    #[test]
    fn periods_of_the_calendar_have_names() {
        let day = "2026-11-11".parse().expect("a day");
        for (cadence, name, part, title) in [
            (Cadence::Daily, "Wed 11 Nov", "2026-11-11", "Wed 11 Nov 2026"),
            (Cadence::Weekly, "week 46", "2026-W46", "week 46, 9\u{2013}15 Nov 2026"),
            (Cadence::Monthly, "November 2026", "2026-11", "November 2026"),
            (Cadence::Quarterly, "Q4 2026", "2026-Q4", "Q4 2026, 1 Oct \u{2013} 31 Dec 2026"),
            (Cadence::Annual, "2026", "2026", "2026"),
        ] {
            let period = cadence.period_of(day, UTC);
            assert_eq!(period_name(period, UTC, "other"), name);
            assert_eq!(file_part(period, UTC), part);
            assert_eq!(subtitle(period, UTC), title);
        }
    }

    #[test]
    fn commands_carry_the_condition_and_the_zone() {
        let day = Cadence::Daily.period_of("2026-11-11".parse().expect("a day"), UTC);
        let text = command("query --by model --metrics requests", day, UTC, Some("team = 'a'"));
        let range = "--from 2026-11-11T00:00:00Z --to 2026-11-12T00:00:00Z";
        let rest = r"--by model --metrics requests --where 'team = '\''a'\'''";
        assert_eq!(text, format!("bedrock-lens query {range} {rest}"));
    }
}
