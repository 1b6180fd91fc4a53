//! Targets are judged by value, by trend, and not at all where something is unknown.

use std::collections::BTreeMap;

use super::{Error, Kpi, kpis};
use crate::schema::target::{Outcome, Target};

#[test]
fn the_embedded_list_is_sound_and_names_are_unique() {
    let mut names: Vec<String> =
        kpis(&BTreeMap::new()).expect("readable").into_iter().map(|kpi| kpi.name).collect();
    assert!(names.len() >= 12, "{names:?}");
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_limit_itself_does_not_meet_the_target() {
    assert_eq!(Target::Below(2.0).judge(Some(2.0), None), Outcome::Missed);
    assert_eq!(Target::Below(2.0).judge(Some(1.9), None), Outcome::Met);
    assert_eq!(Target::Above(0.995).judge(Some(0.995), None), Outcome::Missed);
    assert_eq!(Target::Above(0.995).judge(Some(0.9951), None), Outcome::Met);
}

#[test]
fn a_trend_needs_both_periods() {
    for target in [Target::Falling, Target::Growing, Target::NotFalling] {
        assert_eq!(target.judge(Some(1.0), None), Outcome::NotEvaluated);
        assert_eq!(target.judge(None, Some(1.0)), Outcome::NotEvaluated);
    }
    assert_eq!(Target::Falling.judge(Some(1.0), Some(2.0)), Outcome::Met);
    assert_eq!(Target::Growing.judge(Some(1.0), Some(1.0)), Outcome::Missed);
    assert_eq!(Target::NotFalling.judge(Some(1.0), Some(1.0)), Outcome::Met);
}

#[test]
fn a_target_reads_like_its_unit() {
    let list = kpis(&BTreeMap::new()).expect("readable");
    let words = |name: &str, target| {
        let kpi = list.iter().find(|kpi| kpi.name == name).expect("known");
        Kpi { target, ..kpi.clone() }.target_in_words()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(words("success_rate", Some(Target::Above(0.995))), text("over 99.5%"));
    assert_eq!(words("latency_p99_ms", Some(Target::Below(750.0))), text("under 0.75 s"));
    assert_eq!(words("cost_per_request_usd", Some(Target::Below(0.02))), text("under $0.02"));
    assert_eq!(words("active_principals", Some(Target::NotFalling)), text("not falling"));
    assert_eq!(words("truncated_share", None), None);
}

#[test]
fn a_target_of_the_configuration_replaces_the_embedded_one() {
    let own = BTreeMap::from([("success_rate".to_owned(), Target::Above(0.9))]);
    let found = kpis(&own).expect("known");
    let of = |name: &str| found.iter().find(|kpi| kpi.name == name).expect("there").target;
    assert_eq!(of("success_rate"), Some(Target::Above(0.9)));
    assert_eq!(of("latency_p99_ms"), Some(Target::Below(5000.0)));
    let wrong = BTreeMap::from([("sucess_rate".to_owned(), Target::Above(0.9))]);
    assert!(matches!(kpis(&wrong), Err(Error::UnknownKpi { .. })));
}
