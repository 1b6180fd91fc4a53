//! The progress line: on a terminal, after a second, at most ten times a second; elsewhere nothing,
//! or with `-v` a line every thirty seconds.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{FormattedDuration, HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget};

use super::output::Output;
use crate::pipeline::Progress;

/// How long a run must last before a line appears.
const APPEARS_AFTER: Duration = Duration::from_secs(1);
/// How often a line is written where there is no terminal.
const LOGGED_EVERY: Duration = Duration::from_secs(30);
/// Most often that the line is drawn, per second.
const DRAWS_PER_SECOND: u8 = 10;

/// `reading  1,204/18,214 objects  12.3 GiB  842 MiB/s  9,120 records/s  42 seconds left`
pub(super) struct Bar {
    line: ProgressBar,
    /// Where a line goes now and then when there is no terminal.
    log: Option<Output>,
    next_log: AtomicU64,
    started: Instant,
    bytes_total: AtomicU64,
    bytes: AtomicU64,
    records: AtomicU64,
}

impl Bar {
    pub(super) fn new(output: Output) -> Self {
        let shown = !output.quiet && std::io::stderr().is_terminal();
        let target = if shown {
            ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        let line = ProgressBar::with_draw_target(None, target);
        // The template is constant and known to parse; a plain bar would do as well.
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg}") {
            line.set_style(style);
        }
        let log = (!shown && !output.quiet && output.verbose > 0).then_some(output);
        Self {
            line,
            log,
            next_log: AtomicU64::new(LOGGED_EVERY.as_secs()),
            started: Instant::now(),
            bytes_total: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            records: AtomicU64::new(0),
        }
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.line.finish_and_clear();
    }

    fn log_now_and_then(&self) {
        let Some(output) = &self.log else { return };
        let now = self.started.elapsed().as_secs();
        let due = self.next_log.load(Ordering::Relaxed);
        let next = now + LOGGED_EVERY.as_secs();
        let mine = now >= due
            && self
                .next_log
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            output.note(&self.text());
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a speed shown for a tenth of a second"
    )]
    fn text(&self) -> String {
        let elapsed = self.started.elapsed().as_secs_f64();
        let bytes = self.bytes.load(Ordering::Relaxed);
        let rest = self.bytes_total.load(Ordering::Relaxed).saturating_sub(bytes);
        let per_second = |amount: u64| (amount as f64 / elapsed) as u64;
        let left = rest / per_second(bytes).max(1);
        format!(
            "reading  {}/{} objects  {}  {}/s  {} records/s  {} left",
            HumanCount(self.line.position()),
            HumanCount(self.line.length().unwrap_or(0)),
            HumanBytes(bytes),
            HumanBytes(per_second(bytes)),
            HumanCount(per_second(self.records.load(Ordering::Relaxed))),
            FormattedDuration(Duration::from_secs(left)),
        )
    }
}

impl Progress for Bar {
    fn plan(&self, objects: u64, bytes: u64) {
        self.line.set_length(objects);
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    fn advance(&self, objects: u64, bytes: u64, records: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
        self.line.inc(objects);
        if !self.line.is_hidden() && self.started.elapsed() > APPEARS_AFTER {
            self.line.set_message(self.text());
        }
        self.log_now_and_then();
    }
}
