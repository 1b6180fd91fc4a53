//! Values and prose in words: the one place where a report's figures are rounded.
//!
//! Knows the design's rules for money, counts, percentages, durations, dates and missing values.
//! Knows no output format beyond its character set: HTML gets typographic signs and no-break
//! spaces, terminals and e-mail text get ASCII.

pub mod number;
pub mod parts;
pub mod time;
pub mod words;

use chrono::Datelike;

use crate::period::Period;
use crate::report::model_name::short;
use crate::report::parts::{Missing, Prose, Report, Span, Value};
use crate::units::Usd;
use words::{clean, identifier};

/// The characters an output can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Script {
    /// Minus sign, dashes, no-break spaces.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

/// How values become words in one output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Format {
    /// The characters to use.
    pub script: Script,
    /// The year that needs no mention; dates in another year carry it. `None`: never mentioned.
    pub year: Option<i32>,
}

impl Format {
    /// The format for a report: dates outside the year of its period carry their year.
    pub fn for_report(report: &Report, script: Script) -> Self {
        Self { script, year: Some(report.period.from.year()) }
    }

    /// A value standing alone: money with its symbol, times with their zone.
    pub fn value(&self, value: &Value) -> String {
        self.script.apply(self.spell(value, Unit::Shown))
    }

    /// A value in a column whose head names the unit: bare figures.
    pub fn bare(&self, value: &Value) -> String {
        self.script.apply(self.spell(value, Unit::InHead))
    }

    /// This period's value and the one before; shares alike with two decimals where one is so near
    /// the target that they can be told apart only so.
    pub fn near_target(&self, values: [&Value; 2], target: Option<f64>) -> [String; 2] {
        let is_near = |value: &Value| match (value, target) {
            (Value::Share(share), Some(target)) => (share - target).abs() < 0.01,
            _ => false,
        };
        let near = values.into_iter().any(is_near);
        values.map(|value| match value {
            Value::Share(share) if near => self.script.apply(number::percent(*share, 2)),
            _ => self.value(value),
        })
    }

    /// Words with their figures.
    pub fn prose(&self, prose: &Prose) -> String {
        prose.0.iter().map(|span| self.span(span)).collect()
    }

    /// One run of prose.
    pub fn span(&self, span: &Span) -> String {
        match span {
            Span::Text(words) | Span::Link(_, words) => self.words(words),
            Span::Value(value) | Span::Strong(value) => self.value(value),
        }
    }

    /// A stretch of time, UTC: `Wed 11 Nov 14:00 to 16:00`; an instant alone where it is one.
    pub fn span_of_time(&self, period: Period) -> String {
        let bare = |at| self.bare(&Value::Time(at));
        if (period.to - period.from).num_milliseconds() <= 1 {
            bare(period.from)
        } else if period.from.date_naive() == period.to.date_naive() {
            format!("{} to {}", bare(period.from), period.to.format("%H:%M"))
        } else {
            format!("{} to {}", bare(period.from), bare(period.to))
        }
    }

    /// Words as they are, without characters that could mislead.
    pub fn words(&self, words: &str) -> String {
        self.script.apply(words::legible(words))
    }

    fn spell(&self, value: &Value, unit: Unit) -> String {
        match value {
            Value::Missing(missing) => word_for(*missing).to_owned(),
            Value::Count(n) => number::grouped(u128::from(*n)),
            Value::Mean(x) => number::decimals(*x, 2),
            Value::Tokens(n) => number::scaled(*n, number::TOKEN_STEPS, ""),
            Value::Bytes(n) => number::bytes(*n),
            Value::Integer(n) => number::signed_integer(*n),
            Value::Number(x) => number::decimals(*x, 3),
            Value::Usd(amount) => number::cents(*amount, unit.symbol()),
            Value::UnitUsd(amount) => number::unit_price(*amount, unit.symbol()),
            Value::Estimate(amount) => number::estimate(*amount, unit.symbol()),
            Value::EstimateRange(low, high) => {
                let end = |amount| number::estimate(amount, unit.symbol());
                let (low, high) = (end(*low), end(*high));
                if low == high { low } else { format!("{low} to {high}") }
            }
            Value::EstimateChange(amount) => number::estimate_change(*amount, unit.symbol()),
            Value::Share(share) => number::share(*share),
            Value::Rate(rate) => number::rate(*rate),
            Value::DurationMs(ms) => time::duration(*ms),
            Value::SecondsOf(seconds) => number::decimals(*seconds, 2),
            Value::CountChange(n) => {
                number::signed(n.signum(), &number::grouped(u128::from(n.unsigned_abs())))
            }
            Value::MeanChange(x) | Value::SecondsChange(x) => number::signed_decimals(*x, 2),
            Value::UsdChange(amount) => number::cents_change(*amount, unit.symbol()),
            Value::RelativeChange(x) => number::relative_change(*x),
            Value::PointChange(x) => number::points(*x),
            Value::DurationChange(ms) => time::duration_change(*ms),
            Value::Time(at) => time::instant(*at, self.year, unit == Unit::Shown),
            Value::Day(day) => time::day(*day, self.year),
            Value::Text(words) => clean(words),
            Value::Status(word) => clean(word),
            Value::Lines(words, detail) if detail.is_empty() => clean(words),
            Value::Lines(words, detail) => format!("{} ({})", clean(words), clean(detail)),
            Value::Id(id) | Value::Code(id) => identifier(id),
            Value::Model(id) => identifier(&short(id)),
        }
    }
}

/// Whether the unit stands with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Shown,
    InHead,
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Self::Shown => "$",
            Self::InHead => "",
        }
    }
}

impl Script {
    /// Text in this script: typographic signs become ASCII ones where needed.
    pub fn apply(self, text: String) -> String {
        match self {
            Self::Unicode => text,
            Self::Ascii => words::ascii(&text),
        }
    }
}

/// What stands in place of a value, by the reason it is missing.
fn word_for(missing: Missing) -> &'static str {
    match missing {
        Missing::NotApplicable => "—",
        Missing::Unknown => "unknown",
        Missing::NotInLog => "not in log",
        Missing::NotPriced => "not priced",
        Missing::New => "new",
        Missing::Blank => "",
    }
}

/// Direction of a change: −1 down, 0 none or not a change, +1 up.
pub fn direction(value: &Value) -> i8 {
    let of = |x: f64| i8::from(x > 0.0) - i8::from(x < 0.0);
    match value {
        Value::CountChange(n) => i8::from(*n > 0) - i8::from(*n < 0),
        Value::UsdChange(Usd(units)) | Value::EstimateChange(Usd(units)) => {
            i8::from(*units > 0) - i8::from(*units < 0)
        }
        Value::MeanChange(x)
        | Value::RelativeChange(x)
        | Value::PointChange(x)
        | Value::DurationChange(x)
        | Value::SecondsChange(x) => of(*x),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeZone, Utc};

    use super::{Format, Script};
    use crate::report::parts::{Missing, Prose, Value};
    use crate::units::Usd;

    fn usd(text: &str) -> Usd {
        Usd::parse(text).expect("a decimal")
    }

    fn check(value: impl std::borrow::Borrow<Value>, expected: &str) {
        let value = value.borrow();
        assert_eq!(Format::default().value(value), expected, "{value:?}");
    }

    #[test]
    fn money_is_printed_to_the_cent_with_its_symbol() {
        check(Value::Usd(usd("9616.94")), "$9,616.94");
        check(Value::Usd(usd("0")), "$0.00");
        check(Value::Usd(usd("0.004")), "<$0.01");
        check(Value::Usd(usd("0.005")), "$0.01");
        check(Value::Usd(usd("-3.456")), "−$3.46");
        check(Value::UsdChange(usd("698.14")), "+$698.14");
        check(Value::UsdChange(usd("-46.4")), "−$46.40");
        check(Value::UsdChange(usd("0")), "$0.00");
        check(Value::UsdChange(usd("-0.001")), "−<$0.01");
    }

    #[test]
    fn unit_prices_keep_three_significant_digits() {
        check(Value::UnitUsd(usd("0.0042195")), "$0.00422");
        check(Value::UnitUsd(usd("0.00099999")), "$0.00100");
        check(Value::UnitUsd(usd("4.2195")), "$4.22");
        check(Value::UnitUsd(usd("22.94")), "$22.9");
        check(Value::UnitUsd(usd("1234.5")), "$1,235");
        check(Value::UnitUsd(usd("0")), "$0.00");
    }

    #[test]
    fn estimates_are_printed_to_the_dollar() {
        check(Value::Estimate(usd("39777.4")), "$39,777");
        check(Value::Estimate(usd("12.344")), "$12.34");
        check(Value::EstimateRange(usd("38941"), usd("40613.2")), "$38,941 to $40,613");
        check(Value::EstimateChange(usd("-1777")), "−$1,777");
    }

    #[test]
    fn counts_are_full_and_volumes_scaled() {
        check(Value::Count(2_284_311), "2,284,311");
        check(Value::Count(0), "0");
        check(Value::Mean(6.2857), "6.29");
        check(Value::Tokens(812), "812");
        check(Value::Tokens(3_031_000), "3.03\u{a0}M");
        check(Value::Tokens(999_999), "1.00\u{a0}M");
        check(Value::Tokens(653_900_000), "653.90\u{a0}M");
        check(Value::Bytes(12_300_000_000), "12.30\u{a0}GB");
        check(Value::Bytes(12), "12\u{a0}B");
    }

    #[test]
    fn percentages_have_one_decimal_and_two_above_99() {
        check(Value::Share(0.708), "70.8%");
        check(Value::Share(0.9945), "99.45%");
        check(Value::Share(0.99996), "99.99%");
        check(Value::Share(1.0), "100.0%");
        check(Value::Share(0.0004), "<0.1%");
        check(Value::Share(0.0), "0.0%");
        check(Value::Rate(0.002_845), "0.284%");
        check(Value::Rate(0.0807), "8.07%");
        check(Value::Rate(0.000_001), "<0.001%");
        check(Value::Rate(0.0), "0%");
        let format = Format::default();
        let [near, far] = [Value::Share(0.9812), Value::Share(0.916)];
        assert_eq!(format.near_target([&far, &near], Some(0.985)), ["91.60%", "98.12%"]);
        assert_eq!(format.near_target([&far, &far], Some(0.8)), ["91.6%", "91.6%"]);
    }

    #[test]
    fn changes_carry_their_sign_and_unit() {
        check(Value::RelativeChange(0.0783), "+7.8%");
        check(Value::RelativeChange(-0.0004), "−<0.1%");
        check(Value::RelativeChange(12.346), "+1,235%");
        check(Value::PointChange(-0.0018), "−0.18 pp");
        check(Value::PointChange(-0.0152), "−1.5 pp");
        check(Value::PointChange(0.000_08), "+0.008 pp");
        check(Value::CountChange(-1_234), "−1,234");
        check(Value::MeanChange(0.29), "+0.29");
        check(Value::SecondsChange(-0.06), "−0.06");
        check(Value::DurationChange(90.0), "+90\u{a0}ms");
    }

    #[test]
    fn durations_use_the_unit_that_fits() {
        check(Value::DurationMs(840.2), "840\u{a0}ms");
        check(Value::DurationMs(999.7), "1.00\u{a0}s");
        check(Value::DurationMs(1_440.0), "1.44\u{a0}s");
        check(Value::DurationMs(11_800.0), "11.8\u{a0}s");
        check(Value::DurationMs(59_980.0), "1\u{a0}min");
        check(Value::DurationMs(268_000.0), "4\u{a0}min 28\u{a0}s");
        check(Value::DurationMs(9_000_000.0), "2\u{a0}h 30\u{a0}min");
        check(Value::DurationMs(f64::NAN), "unknown");
    }

    #[test]
    fn dates_name_the_weekday_and_another_year() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 11).expect("a day");
        let at = Utc.with_ymd_and_hms(2026, 11, 11, 14, 0, 0).single().expect("a time");
        check(Value::Day(day), "Wed 11 Nov");
        check(Value::Time(at), "Wed 11 Nov 14:00 UTC");
        let format = Format { year: Some(2027), ..Format::default() };
        assert_eq!(format.value(&Value::Day(day)), "Wed 11 Nov 2026");
        assert_eq!(format.bare(&Value::Time(at)), "Wed 11 Nov 2026 14:00");
    }

    #[test]
    fn missing_says_why_and_is_never_zero() {
        check(Value::Missing(Missing::NotApplicable), "—");
        check(Value::Missing(Missing::Unknown), "unknown");
        check(Value::Missing(Missing::NotInLog), "not in log");
        check(Value::Missing(Missing::NotPriced), "not priced");
        check(Value::Missing(Missing::New), "new");
        check(Value::Missing(Missing::Blank), "");
    }

    #[test]
    fn ascii_output_has_no_typography() {
        let format = Format { script: Script::Ascii, year: None };
        let prose = Prose::text("9–15 Nov: ")
            .strong(Value::UsdChange(usd("-46.4")))
            .say(", ")
            .value(Value::Tokens(3_031_000))
            .say(" “x” … — é");
        assert_eq!(format.prose(&prose), "9-15 Nov: -$46.40, 3.03 M \"x\" ... - ?");
    }

    #[test]
    fn figures_under_a_head_with_the_unit_are_bare() {
        let format = Format::default();
        assert_eq!(format.bare(&Value::Usd(usd("6809.91"))), "6,809.91");
        assert_eq!(format.bare(&Value::UsdChange(usd("-17.14"))), "−17.14");
        assert_eq!(format.bare(&Value::UnitUsd(usd("0.00422"))), "0.00422");
        assert_eq!(format.bare(&Value::Usd(usd("0.004"))), "<0.01");
    }
}
