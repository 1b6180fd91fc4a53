//! What a series of amounts (requests, tokens, spend) usually does: level × shape of the week.
//!
//! The *shape* is the usual amount per hour of the week. Hours of the same hour of day on alike
//! weekdays are pooled (busy days with busy days, quiet with quiet), unless an hour of the week is
//! clearly of its own, like a weekly batch. The *level* is the median over a week of what days
//! had against the shape, so that growth is followed. The *noise* is what counting gives by chance,
//! and a share of the usual on top, as large as the history says.

use std::ops::Range;

use super::grid::{Grid, WEEK};
use super::robust::{Residual, median, share_of_noise};

/// Days that the level is the median of.
const LEVEL_DAYS: usize = 7;
/// Noise is never taken for smaller than this share of the usual.
const LEAST_NOISE: f64 = 0.05;
/// Weekdays below this share of the median weekday are quiet.
const QUIET_SHARE: f64 = 0.7;
/// Standard errors between an hour of the week and its pool, from which on it is of its own.
const OWN_HOUR: f64 = 4.0;
/// Weight of the pool, in weeks, where an hour of the week is not of its own.
const POOL_WEIGHT: f64 = 4.0;
/// What estimates from few weeks add to the noise.
const OUT_OF_SAMPLE: f64 = 1.1;

/// The usual course of a series.
#[derive(Debug, Clone)]
pub(super) struct Usual {
    shape: [f64; WEEK],
    busy: [bool; 7],
    /// Per hour of day, the shape of the weekday that is quietest at that hour.
    quietest: [f64; 24],
    noise_share: f64,
    /// Variance ÷ mean by counting alone: 1 for requests, the size of one request for the others.
    unit: f64,
    /// Third highest daily peak score of the history.
    pub(super) peak_score: f64,
}

/// Values of one hour of the week: (day, value at the level of its day).
type Slots = Vec<Vec<(usize, f64)>>;

impl Usual {
    /// Learns from whole days; unknown values are NaN. None where the series has no amounts.
    pub(super) fn learn(
        values: &[f64],
        grid: &Grid,
        days: Range<usize>,
        unit: f64,
    ) -> Option<Self> {
        let busy = busy_weekdays(values, grid, &days)?;
        let rough = slots(values, grid, &days, |_| 1.0);
        let rough_shape = shape_of(&rough, busy, 0.0, unit);
        let levels = smooth_levels(values, grid, &days, &rough_shape);
        let level = |day: usize| levels[day - days.start];
        let leveled = slots(values, grid, &days, level);
        let pooled = pooled_shape(&leveled, busy);
        let residuals = residuals(&leveled, &level, unit, |slot, _| pooled[slot]);
        let pool_noise = noise_share(&residuals);
        let shape = shape_of(&leveled, busy, pool_noise, unit);

        let others = |slot: usize, index: usize| {
            let rest: Vec<(usize, f64)> =
                [&leveled[slot][..index], &leveled[slot][index + 1..]].concat();
            blend(&rest, pooled[slot], pool_noise, unit)
        };
        let residuals = self::residuals(&leveled, &level, unit, others);
        let noise_share = OUT_OF_SAMPLE * noise_share(&residuals);
        let peaks = daily_peaks(&leveled, &residuals, noise_share, &days);
        let mut quietest = [f64::INFINITY; 24];
        for (slot, amount) in shape.iter().enumerate() {
            quietest[slot % 24] = quietest[slot % 24].min(*amount);
        }
        Some(Self { shape, busy, quietest, noise_share, unit, peak_score: third_highest(peaks) })
    }

    /// What an hour of the week has at level 1.
    pub(super) fn shape(&self, slot: usize) -> f64 {
        self.shape[slot]
    }

    /// As [`shape`](Self::shape), of the weekday that is quietest at that hour of the day.
    pub(super) fn quietest(&self, slot: usize) -> f64 {
        self.quietest[slot % 24]
    }

    /// Whether the weekday (Monday is 0) is one of the busy ones.
    pub(super) fn is_busy(&self, weekday: usize) -> bool {
        self.busy[weekday]
    }

    /// The usual deviation from an expected amount.
    pub(super) fn deviation(&self, expected: f64) -> f64 {
        let counting = self.unit * expected.max(self.unit);
        (counting + (self.noise_share * expected).powi(2)).sqrt()
    }

    /// What a day had against the shape; NaN where half of its hours are unknown or nothing is usual.
    pub(super) fn day_ratio(&self, values: &[f64], grid: &Grid, day: usize) -> f64 {
        day_ratio(values, grid, day, &self.shape)
    }
}

/// The level at the start of a day: the median ratio of the days before, none older than `since`.
pub(super) fn level(ratios: &[f64], since: usize, day: usize) -> Option<f64> {
    let first = since.max(day.saturating_sub(LEVEL_DAYS));
    median(ratios[first..day].iter().copied())
}

fn day_ratio(values: &[f64], grid: &Grid, day: usize, shape: &[f64; WEEK]) -> f64 {
    let hours = grid.days()[day].hours.clone();
    let (mut known, mut amount, mut usual) = (0, 0.0, 0.0);
    let count = hours.len();
    for hour in hours.filter(|hour| values[*hour].is_finite()) {
        known += 1;
        amount += values[hour];
        usual += shape[grid.slot(hour)];
    }
    if known * 2 >= count && usual > 0.0 { amount / usual } else { f64::NAN }
}

/// Whether each weekday is a busy one; none where there is nothing at all.
fn busy_weekdays(values: &[f64], grid: &Grid, days: &Range<usize>) -> Option<[bool; 7]> {
    let mut sums: [Vec<f64>; 7] = Default::default();
    for day in days.clone() {
        let hours = grid.days()[day].hours.clone();
        let known: Vec<f64> = hours.map(|hour| values[hour]).filter(|v| v.is_finite()).collect();
        if known.len() >= 12 {
            let mean = known.iter().sum::<f64>() / count(known.len());
            sums[grid.weekday(day)].push(mean);
        }
    }
    if sums.iter().flatten().all(|sum| *sum <= 0.0) {
        return None;
    }
    let typical = sums.map(|sums| median(sums).unwrap_or(0.0));
    let middle = median(typical)?;
    Some(typical.map(|typical| typical >= QUIET_SHARE * middle))
}

fn slots(values: &[f64], grid: &Grid, days: &Range<usize>, level: impl Fn(usize) -> f64) -> Slots {
    let mut slots: Slots = vec![Vec::new(); WEEK];
    for day in days.clone() {
        let level = level(day);
        if level.is_finite() && level > 0.0 {
            for hour in grid.days()[day].hours.clone().filter(|hour| values[*hour].is_finite()) {
                slots[grid.slot(hour)].push((day, values[hour] / level));
            }
        }
    }
    slots
}

/// The mean of the middle half: as robust as quartiles, and of use where most values are 0.
fn midmean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let cut = if values.len() >= 3 { (values.len() / 4).max(1) } else { 0 };
    let middle = &values[cut..values.len() - cut];
    (!middle.is_empty()).then(|| middle.iter().sum::<f64>() / count(middle.len()))
}

/// Per hour of the week, the midmean over the same hour of all alike weekdays.
fn pooled_shape(slots: &Slots, busy: [bool; 7]) -> [f64; WEEK] {
    let mut shape = [0.0; WEEK];
    for hour in 0..24 {
        for kind in [true, false] {
            let alike = || (0..7).filter(|weekday| busy[*weekday] == kind);
            let values = alike().flat_map(|weekday| &slots[weekday * 24 + hour]);
            let pooled = midmean(values.map(|(_, value)| *value)).unwrap_or(0.0);
            alike().for_each(|weekday| shape[weekday * 24 + hour] = pooled);
        }
    }
    shape
}

fn shape_of(slots: &Slots, busy: [bool; 7], noise: f64, unit: f64) -> [f64; WEEK] {
    let mut shape = pooled_shape(slots, busy);
    for (slot, values) in slots.iter().enumerate() {
        shape[slot] = blend(values, shape[slot], noise, unit);
    }
    shape
}

/// An hour of the week from its own values and its pool.
fn blend(values: &[(usize, f64)], pool: f64, noise: f64, unit: f64) -> f64 {
    let near = |a: &f64, b: &f64| (a - pool).abs().total_cmp(&(b - pool).abs());
    let own = match values {
        [] => None,
        // Of two weeks, the one nearer to the pool: an event of one week is not the usual.
        [_, _] => values.iter().map(|(_, value)| *value).min_by(near),
        _ => midmean(values.iter().map(|(_, value)| *value)),
    };
    let Some(own) = own else { return pool };
    let weeks = count(values.len());
    let variance = unit * pool.max(unit) + (noise * pool).powi(2);
    if weeks >= 2.0 && (own - pool).abs() > OWN_HOUR * (variance / weeks).sqrt() {
        own
    } else {
        (weeks * own + POOL_WEIGHT * pool) / (weeks + POOL_WEIGHT)
    }
}

/// Per day the median of a week's ratios around it, so that a single odd day doesn't count.
fn smooth_levels(
    values: &[f64],
    grid: &Grid,
    days: &Range<usize>,
    shape: &[f64; WEEK],
) -> Vec<f64> {
    let ratios: Vec<f64> = days.clone().map(|day| day_ratio(values, grid, day, shape)).collect();
    let around = |at: usize| &ratios[at.saturating_sub(3)..(at + 4).min(ratios.len())];
    (0..ratios.len()).map(|at| median(around(at).iter().copied()).unwrap_or(f64::NAN)).collect()
}

/// Deviations from an expected shape, slot by slot, in the order of the slots' values.
fn residuals(
    slots: &Slots,
    level: &impl Fn(usize) -> f64,
    unit: f64,
    expected: impl Fn(usize, usize) -> f64,
) -> Vec<Residual> {
    let mut residuals = Vec::with_capacity(slots.iter().map(Vec::len).sum());
    for (slot, values) in slots.iter().enumerate() {
        for (index, (day, value)) in values.iter().enumerate() {
            let (level, usual) = (level(*day), expected(slot, index));
            let size = level * usual;
            let off = level * value - size;
            residuals.push(Residual { off, counting: unit * size.max(unit), size });
        }
    }
    residuals
}

/// The share of the usual that noise has, told by hours with enough requests to tell.
fn noise_share(residuals: &[Residual]) -> f64 {
    /// Counting noise is then at most a fifth.
    const ENOUGH: f64 = 25.0;
    const HOURS: usize = 20;
    let large: Vec<Residual> = residuals
        .iter()
        .filter(|residual| residual.size * residual.size >= ENOUGH * residual.counting)
        .copied()
        .collect();
    let of_all = share_of_noise(residuals, LEAST_NOISE);
    if large.len() < HOURS { of_all } else { of_all.max(share_of_noise(&large, LEAST_NOISE)) }
}

/// The highest score of each day.
fn daily_peaks(
    slots: &Slots,
    residuals: &[Residual],
    noise_share: f64,
    days: &Range<usize>,
) -> Vec<f64> {
    let mut peaks = vec![0.0_f64; days.len()];
    let days_of = slots.iter().flatten().map(|(day, _)| day - days.start);
    for (day, residual) in days_of.zip(residuals) {
        peaks[day] = peaks[day].max(residual.score(noise_share));
    }
    peaks
}

/// The third highest value: two incidents in the history don't hide the next.
pub(super) fn third_highest(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    values.get(2).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers of hours and days")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}
