//! Answers as blocks of characters: bars beside categories, a line of columns over time.

use super::table::shown;
use crate::render::format::Format;
use crate::render::format::words::clean;
use crate::report::answer::{Answer, Side};
use crate::report::parts::{RowRole, Value};

const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Width of a bar that fills its column.
const BAR_WIDTH: u32 = 24;

/// A bar per row for the first metric, which stands in column `metric`; the largest group fills the
/// width, the total has none.
pub fn with_bars(answer: &Answer, metric: usize) -> Vec<String> {
    let value = |row: &crate::report::answer::AnswerRow| {
        row.cells.get(metric).and_then(Value::as_number).filter(|_| row.role != RowRole::Total)
    };
    let largest = answer.rows.iter().filter_map(value).fold(0.0, f64::max);
    answer
        .rows
        .iter()
        .map(|row| value(row).map_or_else(String::new, |value| bar(value, largest)))
        .collect()
}

fn bar(value: f64, largest: f64) -> String {
    if value <= 0.0 || largest <= 0.0 {
        return String::new();
    }
    let mut room = value / largest * f64::from(BAR_WIDTH);
    let mut bar = String::new();
    while room >= 1.0 {
        bar.push('█');
        room -= 1.0;
    }
    // Something is never drawn as nothing.
    let eighth = EIGHTHS.into_iter().zip(1_u32..).take_while(|(_, n)| f64::from(*n) / 8.0 <= room);
    match eighth.last() {
        Some((rest, _)) => bar.push(rest),
        None if bar.is_empty() => bar.push(EIGHTHS[0]),
        None => {}
    }
    bar
}

/// Lines over time: one per metric, or one per group and the first metric.
///
/// `time` is the column of the periods, `groups` those of the other dimensions, `metrics` the rest.
/// Each line has its smallest and its largest value beside it; an unknown value is a blank.
/// `width` is the room for the columns; where periods are more, the largest of neighbours shows.
pub fn chart(answer: &Answer, time: usize, groups: &[usize], width: usize) -> String {
    let metrics: Vec<usize> = (0..answer.columns.len())
        .filter(|at| answer.columns[*at].unit.is_some())
        .filter(|at| answer.columns[*at].side == Side::Current)
        .collect();
    let mut lines: Vec<Line> = Vec::new();
    let mut periods: Vec<String> = Vec::new();
    for row in answer.rows.iter().filter(|row| row.role == RowRole::Body) {
        let period = super::exact(&row.cells[time]);
        let place = periods.iter().rposition(|known| *known == period).unwrap_or_else(|| {
            periods.push(period);
            periods.len() - 1
        });
        let metrics =
            if groups.is_empty() { metrics.as_slice() } else { &metrics[..metrics.len().min(1)] };
        for metric in metrics {
            let label = label(answer, &row.cells, groups, *metric);
            let line = lines.iter().position(|line| line.label == label).unwrap_or_else(|| {
                lines.push(Line { label, values: Vec::new() });
                lines.len() - 1
            });
            let cell = &row.cells[*metric];
            let value = (cell.as_number(), shown(cell, Format::default()));
            lines[line].set(place, value);
        }
    }
    drawn(&lines, &periods, width)
}

/// What a line shows: the group, or the metric.
fn label(answer: &Answer, cells: &[Value], groups: &[usize], metric: usize) -> String {
    if groups.is_empty() {
        return answer.columns[metric].name.clone();
    }
    let names = groups.iter().map(|at| match &cells[*at] {
        Value::Missing(_) => "\u{2014}".to_owned(),
        known => super::exact(known),
    });
    names.collect::<Vec<_>>().join("  ")
}

/// Values in order of the periods, as numbers and in words.
struct Line {
    label: String,
    values: Vec<(Option<f64>, String)>,
}

impl Line {
    fn set(&mut self, place: usize, value: (Option<f64>, String)) {
        if self.values.len() <= place {
            self.values.resize(place + 1, (None, String::new()));
        }
        self.values[place] = value;
    }

    /// The least and the greatest known value, in words.
    fn extremes(&self) -> Option<(&str, &str)> {
        let known =
            || self.values.iter().filter_map(|(number, words)| Some((number.as_ref()?, words)));
        let least = known().min_by(|a, b| a.0.total_cmp(b.0))?.1;
        let greatest = known().max_by(|a, b| a.0.total_cmp(b.0))?.1;
        Some((least, greatest))
    }
}

fn drawn(lines: &[Line], periods: &[String], width: usize) -> String {
    let longest = lines.iter().map(|line| clean(&line.label).chars().count()).max().unwrap_or(0);
    let longest = longest.min(40);
    let per_column = periods.len().div_ceil(width.max(1)).max(1);
    let mut out = String::new();
    for line in lines {
        let label: String = clean(&line.label).chars().take(longest).collect();
        let numbers: Vec<Option<f64>> = (0..periods.len())
            .map(|place| line.values.get(place).and_then(|(number, _)| *number))
            .collect();
        let range = line.extremes().map_or_else(
            || "nothing known".to_owned(),
            |(least, greatest)| format!("{least} to {greatest}"),
        );
        let spark = spark(&numbers, per_column);
        out.extend([format!("{label:<longest$}  {spark}  {range}\n")]);
    }
    if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
        let step = if per_column > 1 {
            format!("; {per_column} periods per column, the largest shown")
        } else {
            String::new()
        };
        out.extend([format!("{:<longest$}  {first} to {last}{step}\n", "")]);
    }
    out
}

/// A line of columns from the smallest to the largest value, one each; unknown ones are blank.
pub(crate) fn line(values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let low = known().fold(f64::INFINITY, f64::min);
    let above: Vec<Option<f64>> =
        values.iter().map(|value| value.map(|value| value - low)).collect();
    spark(&above, 1)
}

/// One column per `per_column` values, from 0 to the largest; unknown ones are blank.
fn spark(values: &[Option<f64>], per_column: usize) -> String {
    let largest = values.iter().flatten().fold(0.0, |a: f64, b| a.max(*b));
    let column = |values: &[Option<f64>]| {
        let known = values.iter().flatten().copied().reduce(f64::max);
        known.map_or(' ', |value| block(value, largest))
    };
    values.chunks(per_column).map(column).collect()
}

/// The lowest block is for nothing and next to nothing; each of the others for a seventh.
fn block(value: f64, largest: f64) -> char {
    let mut shown = COLUMNS[0];
    for (block, seventh) in COLUMNS.into_iter().zip(0_u32..) {
        if largest > 0.0 && value / largest >= f64::from(seventh) / 7.0 {
            shown = block;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{bar, line, spark};

    #[test]
    fn bars_are_as_long_as_their_share_and_something_is_never_nothing() {
        assert_eq!(bar(10.0, 10.0), "█".repeat(24));
        assert_eq!(bar(5.0, 10.0), "█".repeat(12));
        assert_eq!(bar(1.0, 64.0), "▍");
        assert_eq!(bar(1.0, 1e9), "▏");
        assert_eq!(bar(0.0, 10.0), "");
        assert_eq!(bar(-1.0, 10.0), "");
    }

    #[test]
    fn lines_show_small_differences_of_large_values() {
        assert_eq!(line(&[Some(99.0), Some(99.5), None, Some(100.0)]), "▁▄ █");
        assert_eq!(line(&[Some(5.0), Some(5.0)]), "▁▁");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn sparks_start_at_zero_and_leave_out_what_is_not_known() {
        assert_eq!(spark(&[Some(0.0), Some(3.5), None, Some(7.0)], 1), "▁▄ █");
        assert_eq!(spark(&[Some(0.0), Some(7.0), None, None, Some(1.0)], 2), "█ ▂");
        assert_eq!(spark(&[Some(0.0), Some(0.0)], 1), "▁▁");
        assert_eq!(spark(&[], 1), "");
    }
}
