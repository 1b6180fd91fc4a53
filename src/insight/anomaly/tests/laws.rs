//! Laws that hold for any series: nothing depends on the future, drivers add up, names are stable.

use super::world::{Event, Plan, What, first_judged, judged, world};
use crate::insight::anomaly::amounts::Judged;
use crate::insight::anomaly::departure::Departure;
use crate::insight::anomaly::scan::scan;
use crate::insight::anomaly::{
    Anomalies, Figure, Grid, Hourly, IncidentKind, Request, Rules, anomalies,
};
use crate::period::Period;

fn storm_and_spike() -> Plan {
    let at = |day: usize, hour: usize| first_judged() + day * 24 + hour;
    let storm = Event {
        what: What::ThrottleStorm,
        workload: Some(0),
        hours: at(1, 10)..at(1, 13),
        size: 0.4,
    };
    let spike =
        Event { what: What::Spike, workload: Some(1), hours: at(3, 11)..at(3, 12), size: 6.0 };
    Plan { seed: 4711, events: vec![storm, spike] }
}

fn judge(hourly: &Hourly, rules: &Rules) -> Anomalies {
    anomalies(hourly, &[], Request { period: judged(), rules, filter: None })
}

/// The same world, known only until an hour.
fn cut(hourly: &Hourly, hours: usize) -> Hourly {
    let period = Period { from: hourly.grid.instant(0), to: hourly.grid.instant(hours) };
    let mut cut = hourly.clone();
    cut.grid = Grid::new(period, hourly.grid.zone());
    let cells = cut.cells.hour.partition_point(|hour| *hour < hours);
    cut.cells.hour.truncate(cells);
    cut.cells.codes.iter_mut().for_each(|codes| codes.truncate(cells));
    cut.cells.requests.truncate(cells);
    cut.cells.errors.truncate(cells);
    cut.cells.throttled.truncate(cells);
    cut.cells.tokens.truncate(cells);
    cut.cells.cost_units.truncate(cells);
    cut.latency.retain(|latency| latency.hour < hours);
    for place in &mut cut.places {
        place.logged.truncate(hours);
        place.called.truncate(hours);
        place.events.truncate(hours);
    }
    cut
}

fn departures(hourly: &Hourly, rules: &Rules) -> Vec<Departure> {
    let judged = Judged { grid: &hourly.grid, first_hour: first_judged(), rules };
    scan(hourly, judged).departures
}

#[test]
fn what_is_said_of_a_day_does_not_depend_on_later_days() {
    let mut rules = Rules::embedded().expect("rules");
    // An average hour of everything is a yardstick of what matters, over all that is known.
    rules.spike.share_of_all = 0.0;
    rules.shift.share_of_all = 0.0;
    let all = world(&storm_and_spike());
    let known_to = first_judged() + 7 * 24;
    let earlier = departures(&cut(&all, known_to), &rules);
    let later = departures(&all, &rules);
    let key = |d: &Departure| (d.hours.clone(), d.scope, d.metric, d.nature);
    let over: Vec<_> = earlier.iter().filter(|d| d.hours.end + 24 < known_to).map(key).collect();
    let in_time: Vec<_> = later.iter().filter(|d| d.hours.end + 24 < known_to).map(key).collect();
    assert!(!over.is_empty());
    assert_eq!(over, in_time);
}

#[test]
fn the_storm_is_told_with_the_one_it_hit_as_its_first_driver() {
    let rules = Rules::embedded().expect("rules");
    let hourly = world(&storm_and_spike());
    let found = judge(&hourly, &rules);
    let storm =
        found.incidents.iter().find(|i| i.kind == IncidentKind::Throttling).expect("a storm");
    assert_eq!(storm.from, hourly.grid.instant(first_judged() + 34));
    assert_eq!(storm.to, hourly.grid.instant(first_judged() + 37));
    let principal = storm.drivers.iter().find(|driver| driver.dimension == "principal");
    let named: Vec<&str> = storm
        .metrics
        .iter()
        .filter_map(|series| series.scope.value.as_deref())
        .chain(principal.and_then(|driver| driver.value.as_deref()))
        .collect();
    assert!(named.contains(&"chat-api"), "{named:?}");
    assert!(storm.query.starts_with("bedrock-lens query --from "), "{}", storm.query);
}

#[test]
fn observed_figures_are_exact_sums_and_changes_their_differences() {
    let rules = Rules::embedded().expect("rules");
    let hourly = world(&storm_and_spike());
    let found = judge(&hourly, &rules);
    let spike = found.incidents.iter().find(|i| i.kind == IncidentKind::Spike).expect("a spike");
    let hour = first_judged() + 3 * 24 + 11;
    let requests: i64 = (0..hourly.cells.hour.len())
        .filter(|cell| hourly.cells.hour[*cell] == hour)
        .map(|cell| hourly.cells.requests[cell])
        .sum();
    let of_all = spike
        .metrics
        .iter()
        .find(|series| series.metric == "requests" && series.scope.dimension.is_none());
    assert_eq!(of_all.expect("requests of everything").observed, Figure::Count(requests.into()));
    assert!(!spike.drivers.is_empty());
    for driver in &spike.drivers {
        let change = match (driver.observed, driver.usual) {
            (Figure::Usd(now), Figure::Usd(usual)) => Figure::Usd(now - usual),
            (Figure::Count(now), Figure::Count(usual)) => Figure::Count(now - usual),
            other => panic!("{other:?}"),
        };
        assert_eq!(driver.change, change);
    }
}

#[test]
fn the_same_figures_give_the_same_answer() {
    let rules = Rules::embedded().expect("rules");
    let hourly = world(&storm_and_spike());
    assert_eq!(judge(&hourly, &rules), judge(&hourly, &rules));
}

#[test]
fn too_little_history_is_said_and_not_judged() {
    let rules = Rules::embedded().expect("rules");
    let mut hourly = world(&storm_and_spike());
    // Nothing before the last ten days of the history.
    let first = first_judged() - 10 * 24;
    let cells = hourly.cells.hour.partition_point(|hour| *hour < first);
    let drop = |column: &mut Vec<i64>| drop(column.drain(..cells));
    hourly.cells.hour.drain(..cells);
    hourly.cells.codes.iter_mut().for_each(|codes| drop_first(codes, cells));
    drop(&mut hourly.cells.requests);
    drop(&mut hourly.cells.errors);
    drop(&mut hourly.cells.throttled);
    drop_first(&mut hourly.cells.tokens, cells);
    drop_first(&mut hourly.cells.cost_units, cells);
    hourly.latency.retain(|latency| latency.hour >= first);
    let week = Period { from: judged().from, to: judged().from + chrono::Duration::days(3) };
    let hourly = cut(&hourly, first_judged() + 3 * 24);
    let found = anomalies(&hourly, &[], Request { period: week, rules: &rules, filter: None });
    assert_eq!(found.series_tested, 0);
    assert_eq!(found.history.days, 10);
    let everything = found.skipped.iter().find(|skipped| skipped.series == "everything");
    let reason = &everything.expect("a reason").reason;
    assert!(reason.starts_with("insufficient history: 12 whole days, 14 needed"), "{reason}");
}

fn drop_first<T>(column: &mut Vec<T>, number: usize) {
    column.drain(..number);
}
