//! Which figures are to be sent: those that are new, and what has changed of those that are there.
//!
//! `CloudWatch` adds what it gets and never replaces. A count that has grown since it was sent is
//! mended by sending the difference, so that its sum is right; of a state the new value is sent, and
//! both are kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::period::Period;
use crate::setup::metrics::Datum;
use crate::setup::metrics::catalogue::{Nature, known};
use crate::store::{FigureKey, PublishedFigure};

use super::figures::Figure;
use super::{PublishRequest, PublishSummary};

/// A datum to send, its key in the ledger, the figure that it brings the hour to, and what the ledger
/// had before.
pub(super) type Note = (Datum, FigureKey, f64, Option<PublishedFigure>);

/// What is to be sent, and what is not.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) datums: Vec<Note>,
    pub(super) summary: PublishSummary,
}

impl Pending {
    pub(super) fn of(
        figures: Vec<Figure>,
        published: &BTreeMap<FigureKey, PublishedFigure>,
        request: &PublishRequest,
        hours: Period,
    ) -> Self {
        let mut pending = Self::default();
        let mut series = BTreeSet::new();
        pending.summary.from = hours.from;
        pending.summary.to = hours.to;
        pending.summary.figures = figures.len();
        for figure in figures {
            series.insert((figure.metric, figure.dimension.clone()));
            pending.add(&figure, published, request);
        }
        pending.summary.metrics = series.len();
        pending.summary.sent = pending.datums.len();
        pending
    }

    fn add(
        &mut self,
        figure: &Figure,
        published: &BTreeMap<FigureKey, PublishedFigure>,
        request: &PublishRequest,
    ) {
        let Some(metric) = known(figure.metric) else { return };
        let key = figure.key();
        let old = published.get(&key).copied();
        if old.is_some_and(|old| !old.is_confirmed) && !request.resend {
            self.summary.unknown += 1;
            return;
        }
        // What may not have arrived is sent as if it had not.
        let before = old.filter(|old| old.is_confirmed);
        let value = match (before, metric.nature) {
            (Some(before), Nature::Count) => figure.value - before.value,
            _ => figure.value,
        };
        #[expect(clippy::float_cmp, reason = "the very figure that was kept")]
        let is_there = before.is_some_and(|before| before.value == figure.value);
        if is_there {
            self.summary.unchanged += 1;
            return;
        }
        let datum = Datum {
            metric: figure.metric.to_owned(),
            dimensions: figure.dimension.clone().into_iter().collect(),
            at: figure.at,
            value,
            unit: metric.unit,
        };
        if let Some(problem) = datum.problem(request.now) {
            *self.summary.refused.entry(problem.as_str()).or_default() += 1;
            return;
        }
        self.summary.corrections += usize::from(before.is_some());
        self.datums.push((datum, key, figure.value, before));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::super::PublishRequest;
    use super::{Figure, Pending, PublishedFigure};
    use crate::aws::Access;
    use crate::period::Period;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn figure(metric: &'static str, value: f64) -> Figure {
        Figure { metric, dimension: None, at: now() - TimeDelta::hours(2), value }
    }

    #[track_caller]
    fn check(figure: Figure, sent: Option<(f64, bool)>, resend: bool, expected: Option<f64>) {
        let request = PublishRequest {
            access: Access::default(),
            namespace: "BedrockLens".to_owned(),
            period: None,
            top: 20,
            resend,
            timezone: chrono_tz::UTC,
            now: now(),
        };
        let published: BTreeMap<_, _> = sent
            .map(|(value, is_confirmed)| (figure.key(), PublishedFigure { value, is_confirmed }))
            .into_iter()
            .collect();
        let hours = Period { from: now() - TimeDelta::hours(4), to: now() };
        let pending = Pending::of(vec![figure], &published, &request, hours);
        let values: Vec<f64> = pending.datums.iter().map(|(datum, ..)| datum.value).collect();
        assert_eq!(values, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_count_is_mended_by_the_difference_and_a_state_by_its_new_value() {
        check(figure("Requests", 10.0), None, false, Some(10.0));
        check(figure("Requests", 10.0), Some((10.0, true)), false, None);
        check(figure("Requests", 12.0), Some((10.0, true)), false, Some(2.0));
        check(figure("Requests", 9.0), Some((10.0, true)), false, Some(-1.0));
        check(figure("LatencyP95", 900.0), Some((800.0, true)), false, Some(900.0));
    }

    #[test]
    fn what_may_have_arrived_is_sent_again_only_when_asked() {
        check(figure("Requests", 12.0), Some((10.0, false)), false, None);
        check(figure("Requests", 12.0), Some((10.0, false)), true, Some(12.0));
    }
}
