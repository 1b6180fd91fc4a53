//! How good the forecasts are on generated series: error against seasonal-naive, and coverage.

use super::generated::Kind;
use crate::insight::forecast::{Expected, forecast};

const HORIZON: usize = 30;

/// What a set of series says about the forecasts.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    error: f64,
    naive_error: f64,
    days: Cover,
    sums: Cover,
}

/// How often the truth lay inside.
#[derive(Debug, Clone, Copy, Default)]
struct Cover {
    of: f64,
    in_80: f64,
    in_95: f64,
}

impl Cover {
    fn count(&mut self, expected: &Expected, came: f64) {
        let inside = |(low, high): (f64, f64)| f64::from(u8::from(low <= came && came <= high));
        self.of += 1.0;
        self.in_80 += inside(expected.of_80);
        self.in_95 += inside(expected.of_95);
    }

    fn add(&mut self, other: Self) {
        self.of += other.of;
        self.in_80 += other.in_80;
        self.in_95 += other.in_95;
    }

    fn shares(self) -> (f64, f64) {
        (self.in_80 / self.of, self.in_95 / self.of)
    }
}

impl Score {
    /// Scores one rule over seeds; errors in units of the series' own size.
    fn of(kind: Kind, history: usize, seeds: std::ops::Range<u64>) -> Self {
        let mut score = Self::default();
        for seed in seeds {
            let (series, future) = kind.series(seed, history, HORIZON);
            let made = forecast(&series, HORIZON).expect("history is long enough");
            let naive = super::super::model::seasonal_naive(&series, HORIZON).expect("known days");
            let size = future.iter().sum::<f64>() / 30.0;
            let mut sum = 0.0;
            for (ahead, came) in future.iter().enumerate() {
                score.error += (made.days[ahead].mean - came).abs() / size;
                score.naive_error += (naive[ahead] - came).abs() / size;
                score.days.count(&made.days[ahead], *came);
                sum += came;
                if [6, 13, 29].contains(&ahead) {
                    score.sums.count(&made.sums[ahead], sum);
                }
            }
        }
        score
    }

    fn add(&mut self, other: Self) {
        self.error += other.error;
        self.naive_error += other.naive_error;
        self.days.add(other.days);
        self.sums.add(other.sums);
    }

    fn row(self, name: &str) -> String {
        let (day_80, day_95) = self.days.shares();
        let (sum_80, sum_95) = self.sums.shares();
        format!(
            "| {name} | {:.2} | {:.1} % | {:.1} % | {:.1} % | {:.1} % |",
            self.error / self.naive_error,
            day_80 * 100.0,
            day_95 * 100.0,
            sum_80 * 100.0,
            sum_95 * 100.0
        )
    }
}

/// The figures that hold for all kinds together and for each; a small part of the table below.
#[test]
fn intervals_hold_what_they_promise_and_errors_are_below_seasonal_naive() {
    let mut all = Score::default();
    for kind in Kind::ALL {
        let score = Score::of(kind, 60, 1000..1010);
        all.add(score);
        let (_, of_days) = score.days.shares();
        assert!(of_days >= 0.85, "{}", score.row(&format!("{kind:?}")));
    }
    let ((_, of_days), (_, of_sums)) = (all.days.shares(), all.sums.shares());
    assert!((0.90..=0.98).contains(&of_days), "{}", all.row("all"));
    assert!((0.90..=0.99).contains(&of_sums), "{}", all.row("all"));
    assert!(all.error < 0.9 * all.naive_error, "{}", all.row("all"));
}

/// The whole table of `docs/insight.md`; it says there how to run it.
#[test]
#[ignore = "minutes without optimisation; prints the table of docs/insight.md"]
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
fn quality_table() {
    for history in [35, 60, 120] {
        println!("\n{history} days of history\n");
        println!(
            "| series | error ÷ seasonal-naive | days in 80 % | in 95 % | sums in 80 % | in 95 % |"
        );
        println!("| --- | --: | --: | --: | --: | --: |");
        let mut all = Score::default();
        for kind in Kind::ALL {
            let score = Score::of(kind, history, 0..200);
            all.add(score);
            println!("{}", score.row(&format!("{kind:?}")));
        }
        println!("{}", all.row("**all**"));
    }
}
