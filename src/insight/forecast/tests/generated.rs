//! Daily series made by rules that the models know nothing of, from a seed.

use crate::insight::series::Daily;

/// Small, fixed random numbers (Steele, Lea & Flood 2014, `SplitMix64`), so that figures repeat.
pub(in crate::insight) struct Random(u64);

impl Random {
    pub(in crate::insight) fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to 1, 0 not included.
    pub(in crate::insight) fn uniform(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).expect("32 bits");
        (f64::from(high) + 0.5) / 4_294_967_296.0
    }

    pub(in crate::insight) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Standard normal (Box and Muller).
    pub(in crate::insight) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Poisson, by Knuth's product.
    fn poisson(&mut self, mean: f64) -> f64 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0.0);
        while product > limit {
            product *= self.uniform();
            count += 1.0;
        }
        count
    }
}

/// A rule that makes series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::insight) enum Kind {
    /// No week, additive noise of a fifth.
    Noise,
    /// A week of working days and weekends, additive noise.
    Week,
    /// A week, noise in proportion.
    Proportional,
    /// Grows or shrinks by a line.
    Line,
    /// Grows by a share each day.
    Growth,
    /// Noise that carries over to the next day.
    Carried,
    /// A level that walks.
    Walk,
    /// One step up or down somewhere in the history.
    Step,
    /// Holidays, single and in a row, with a fifth of the usual.
    Holidays,
    /// Now and then a day of two to five times the usual.
    Spikes,
    /// A few requests a day.
    Counts,
    /// Nothing at weekends.
    IdleWeekends,
    /// One day in twelve is not known.
    Gaps,
}

impl Kind {
    pub(in crate::insight) const ALL: [Self; 13] = [
        Self::Noise,
        Self::Week,
        Self::Proportional,
        Self::Line,
        Self::Growth,
        Self::Carried,
        Self::Walk,
        Self::Step,
        Self::Holidays,
        Self::Spikes,
        Self::Counts,
        Self::IdleWeekends,
        Self::Gaps,
    ];

    /// A series of `history` days and the `future` days after it.
    pub(in crate::insight) fn series(
        self,
        seed: u64,
        history: usize,
        future: usize,
    ) -> (Daily, Vec<f64>) {
        let mut random = Random::seeded(seed ^ (self as u64) << 32);
        let all = self.values(&mut random, history, history + future);
        let first = "2026-03-02".parse::<chrono::NaiveDate>().expect("a day");
        let first = first + chrono::Days::new(seed % 7);
        let known = all[..history].iter().map(|value| Some(*value));
        let values = known
            .map(|value| value.filter(|_| self != Self::Gaps || random.uniform() > 1.0 / 12.0))
            .collect();
        (Daily { first, values }, all[history..].to_vec())
    }

    fn values(self, random: &mut Random, history: usize, days: usize) -> Vec<f64> {
        let scale = 10_f64.powf(random.between(0.0, 4.0));
        let week = self.week(random);
        let rate = random.between(-0.004, 0.01);
        let noise = random.between(0.08, 0.2);
        let carry = random.between(0.4, 0.7);
        let step =
            f64::from(u32::try_from(history).expect("few days")) * random.between(0.15, 0.92);
        let size = if random.uniform() < 0.5 {
            random.between(1.3, 2.0)
        } else {
            random.between(0.5, 0.75)
        };
        let (mut carried, mut walked, mut holiday) = (0.0, 0.0, 0_u32);
        let mut values = Vec::with_capacity(days);
        for day in 0..days {
            let t = f64::from(u32::try_from(day).expect("few days"));
            let e = random.normal();
            carried = carry * carried + (1.0_f64 - carry * carry).sqrt() * e;
            walked += 0.02 * random.normal();
            holiday = Self::holiday(random, holiday);
            let usual = week[day % 7];
            let shape = match self {
                Self::Noise => 1.0 + 0.2 * e,
                Self::Week => usual + 0.1 * e,
                Self::Line => usual * (1.0 + rate * t).max(0.05) * (noise * e).exp(),
                Self::Growth => usual * (0.006 * t).exp() * (noise * e).exp(),
                Self::Carried => usual * (0.15 * carried).exp(),
                Self::Walk => usual * (walked + 0.1 * e).exp(),
                Self::Step => usual * if t >= step { size } else { 1.0 } * (noise * e).exp(),
                Self::Holidays if holiday > 0 => usual * 0.2 * (noise * e).exp(),
                Self::Spikes if random.uniform() < 0.03 => usual * random.between(2.0, 5.0),
                Self::Counts => random.poisson(5.0 * usual) / scale,
                _ => usual * (noise * e).exp(),
            };
            values.push((scale * shape).max(0.0));
        }
        values
    }

    fn week(self, random: &mut Random) -> [f64; 7] {
        let weekend = match self {
            Self::Noise => return [1.0; 7],
            Self::IdleWeekends => 0.0,
            _ => random.between(0.2, 0.7),
        };
        let mut week = [1.0; 7].map(|one: f64| one + 0.1 * random.normal());
        week[5] = weekend;
        week[6] = weekend * random.between(0.8, 1.1);
        week
    }

    /// Days that a holiday still lasts.
    fn holiday(random: &mut Random, left: u32) -> u32 {
        if left > 1 {
            return left - 1;
        }
        match random.uniform() {
            draw if draw < 0.004 => 4,
            draw if draw < 0.02 => 1,
            _ => 0,
        }
    }
}
