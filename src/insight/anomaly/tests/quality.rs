//! How many injected events are found, and how often nothing is called something.
//!
//! The table in `docs/anomalies.md` is printed by
//! `cargo test --release --lib -- --ignored --nocapture quality_table`.

use std::io::Write;

use chrono::Duration;

use super::world::{
    Event, Plan, Random, What, Workload, first_judged, holidays_of, judged, workloads, world,
};
use crate::insight::anomaly::{
    Anomalies, DepartingSeries, Incident, IncidentKind, Request, Rules, anomalies,
};

/// All kinds of events, in the order of the table.
const KINDS: [What; 7] = [
    What::Spike,
    What::LevelShift,
    What::Ramp,
    What::ThrottleStorm,
    What::Errors,
    What::Outage,
    What::Slow,
];

/// Seeds of worlds with an event don't overlap those of clean ones.
const EVENTFUL: u64 = 1000;

/// The table's seeds begin here: none of them was looked at when the thresholds were chosen.
const UNSEEN: u64 = 70_000;

fn judge(plan: &Plan) -> Anomalies {
    let rules = Rules::embedded().expect("rules");
    let request = Request { period: judged(), rules: &rules, filter: None };
    anomalies(&world(plan), &[], request)
}

/// An event of a kind, to everything or to one of the larger workloads, at a random time.
fn event(what: What, seed: u64) -> Event {
    const LARGER: [usize; 5] = [0, 1, 2, 4, 5];
    /// All that a model, principal or team does: without it, a series is silent.
    const WHOLE: [usize; 4] = [2, 4, 5, 12];
    let mut random = Random::seeded(seed * 31 + what as u64 * 7 + 5);
    let holidays = holidays_of(seed);
    let workload = match random.below(3) {
        0 => None,
        _ if what == What::Outage => Some(WHOLE[random.below(WHOLE.len())]),
        _ => Some(LARGER[random.below(LARGER.len())]),
    };
    let day = random.below(20);
    let mut working = day - (day % 7).saturating_sub(4);
    // Nothing happens to an office that is closed.
    while holidays.contains(&(first_judged() / 24 + working)) || working % 7 > 4 {
        working += 1;
    }
    let hour = first_judged() + working * 24 + 9 + random.below(6);
    let end = first_judged() + 28 * 24;
    let some_hours = |random: &mut Random| 1 + random.below(4);
    let (hours, size) = match what {
        What::Spike => (hour..hour + 1, 4.0 + 4.0 * random.uniform()),
        What::LevelShift => {
            let start = first_judged() + random.below(14) * 24 + random.below(24);
            let up = 1.8 + random.uniform();
            (start..end, if random.uniform() < 0.7 { up } else { 0.4 })
        }
        What::Ramp => (first_judged() + random.below(5) * 24..end, 2.0 + random.uniform()),
        What::ThrottleStorm | What::Errors => {
            (hour..hour + some_hours(&mut random), 0.15 + 0.35 * random.uniform())
        }
        What::Outage => (hour..hour + 2 + some_hours(&mut random), 0.0),
        What::Slow => (hour..hour + 1 + some_hours(&mut random), 2.0 + 2.0 * random.uniform()),
    };
    Event { what, workload, hours, size }
}

/// Whether an incident happens while the event does, or right after.
fn overlaps(incident: &Incident, event: &Event) -> bool {
    let at = |hour: usize| judged().from + Duration::hours(hour as i64 - first_judged() as i64);
    incident.from < at(event.hours.end) + Duration::hours(2) && at(event.hours.start) < incident.to
}

/// Whether an incident is of the event's kind and about what the event happened to.
fn names(incident: &Incident, event: &Event) -> bool {
    let workloads = workloads();
    let kinds: &[IncidentKind] = match event.what {
        What::Spike => &[IncidentKind::Spike],
        What::LevelShift | What::Ramp => &[IncidentKind::LevelShift, IncidentKind::Ramp],
        What::ThrottleStorm => &[IncidentKind::Throttling],
        What::Errors => &[IncidentKind::Errors],
        What::Outage => &[IncidentKind::Outage, IncidentKind::NoLogs],
        What::Slow => &[IncidentKind::Slow, IncidentKind::LevelShift],
    };
    let is_about = |workload: &Workload, series: &DepartingSeries| {
        let of = workload.names();
        match &series.scope.dimension {
            None => true,
            Some(dimension) => {
                let value = series.scope.value.as_deref();
                of.iter().any(|(name, of)| name == dimension && Some(*of) == value)
            }
        }
    };
    let hit = event.workload.map(|place| &workloads[place]);
    let about = |series: &DepartingSeries| hit.is_none_or(|hit| is_about(hit, series));
    kinds.contains(&incident.kind) && incident.metrics.iter().any(about)
}

/// What a number of worlds with an event of a kind gave.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    worlds: usize,
    found: usize,
    /// Incidents at the time of the event.
    at_event: usize,
    /// Incidents at other times.
    elsewhere: usize,
}

impl Score {
    fn of(what: What, seeds: std::ops::Range<u64>) -> Self {
        let mut score = Self::default();
        for seed in seeds.map(|seed| EVENTFUL + seed) {
            let event = event(what, seed);
            let found = judge(&Plan { seed, events: vec![event.clone()] }).incidents;
            let (at_event, elsewhere): (Vec<&Incident>, Vec<&Incident>) =
                found.iter().partition(|incident| overlaps(incident, &event));
            let is_found = at_event.iter().any(|incident| names(incident, &event));
            score.worlds += 1;
            score.found += usize::from(is_found);
            score.at_event += at_event.len();
            score.elsewhere += elsewhere.len();
        }
        score
    }
}

/// Incidents in clean worlds of 28 days, all series together.
fn false_incidents(seeds: std::ops::Range<u64>) -> usize {
    seeds.map(|seed| judge(&Plan { seed, events: vec![] }).incidents.len()).sum()
}

#[test]
fn events_are_found_and_clean_weeks_are_quiet() {
    assert!(false_incidents(0..3) <= 3, "more than one false incident per clean 28 days");
    for what in KINDS {
        let score = Score::of(what, 0..1);
        assert_eq!(score.found, score.worlds, "{what:?} not found");
    }
}

#[test]
#[ignore = "takes minutes; prints the table of docs/anomalies.md"]
fn quality_table() {
    const SEEDS: u64 = 24;
    let clean = false_incidents(UNSEEN..UNSEEN + SEEDS);
    print("| event | injected | found | recall | incidents per event | others per 28 days |");
    print("| --- | ---: | ---: | ---: | ---: | ---: |");
    let mut all = Score::default();
    for what in KINDS {
        let score = Score::of(what, UNSEEN..UNSEEN + SEEDS);
        row(what.name(), score);
        all.worlds += score.worlds;
        all.found += score.found;
        all.at_event += score.at_event;
        all.elsewhere += score.elsewhere;
    }
    row("all", all);
    let per_world = clean as f64 / SEEDS as f64;
    print(&format!("\n{clean} incidents in {SEEDS} clean worlds: {per_world:.2} per 28 days"));
    assert!(all.found as f64 >= 0.95 * all.worlds as f64);
    assert!(per_world <= 1.0);
}

fn row(name: &str, score: Score) {
    let worlds = score.worlds as f64;
    print(&format!(
        "| {name} | {} | {} | {:.3} | {:.2} | {:.2} |",
        score.worlds,
        score.found,
        score.found as f64 / worlds,
        score.at_event as f64 / worlds,
        score.elsewhere as f64 / worlds,
    ));
}

/// A line on stdout, past the capture of tests.
fn print(line: &str) {
    writeln!(std::io::stdout().lock(), "{line}").expect("stdout");
}
