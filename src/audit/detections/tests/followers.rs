//! What follows in sequences, summed up by day and not: the same findings.

use std::path::PathBuf;

use chrono::Duration;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PolarsResult, UnionArgs, concat};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::{day, instant};
use crate::audit::detections::{
    DetectionQuestion, FollowedRule, Kept, PickedRows, Places, Rule, RuleSet, TableRows, detections,
};
use crate::metrics::window::in_period;
use crate::period::Period;
use crate::schema::api_event::ApiEvent;
use crate::schema::invocation::Invocation;
use crate::schema::security::Security;
use crate::schema::{Row, Table, TimeMs};

const RULES: &str = "
rules:
  - id: mine
    title: Refused, then let through
    severity: high
    techniques: []
    description: Two refusals within a day, then two calls within a day.
    false_positives: None.
    table: api_events
    by: [account_id, 'substr(event_name, 1, 2) AS begins']
    sequence:
      first: error_code = 'AccessDenied'
      first_count: 2
      then: error_code IS NULL
      then_count: 2
      within: 1d
";

/// Account, name, minutes after the start of two days before the period, and whether it was refused.
type Told = (usize, usize, i64, bool);

fn frame(told: &[Told]) -> DataFrame {
    let event = |(number, (account, name, minutes, refused)): (usize, &Told)| {
        let time = day().from - Duration::days(2) + Duration::minutes(*minutes);
        ApiEvent {
            event_id: Some(format!("{number:04}")),
            event_time: Some(TimeMs(time.timestamp_millis())),
            account_id: Some(["111122223333", "444455556666"][*account].to_owned()),
            event_name: Some(["Converse", "InvokeModel"][*name].to_owned()),
            error_code: refused.then(|| "AccessDenied".to_owned()),
            object: Some("trail.json".to_owned()),
            record: Some(i64::try_from(number).expect("small")),
            ..ApiEvent::default()
        }
    };
    ApiEvent::frame(told.iter().enumerate().map(event).collect()).expect("a frame")
}

fn rows(table: Table, frame: &DataFrame, period: Period) -> TableRows {
    let rows = in_period(frame.clone().lazy(), period).collect().expect("rows");
    TableRows::of(table, rows, period, Some(instant("2026-10-01T00:00:00Z")))
}

/// The days that records may be of.
fn days() -> impl Iterator<Item = Period> {
    (-3..5).map(|number| {
        let from = day().from + Duration::days(number);
        Period { from, to: from + Duration::days(1) }
    })
}

/// Days looked at by themselves.
struct ByDay<'a> {
    frame: &'a DataFrame,
    period: Period,
}

impl Kept for ByDay<'_> {
    fn picked(&self, wanted: &PickedRows) -> PolarsResult<Option<LazyFrame>> {
        let of = |period| wanted.of(&rows(wanted.table, self.frame, period));
        let days = days().map(of).collect::<PolarsResult<Vec<_>>>()?;
        concat(days, UnionArgs::default()).map(Some)
    }

    fn followers(&self, rule: &Rule) -> PolarsResult<Option<LazyFrame>> {
        let followed = FollowedRule::of(rule).expect("a sequence that can be kept");
        let days = days().map(|of_day| {
            let around = rows(Table::ApiEvents, self.frame, followed.around(of_day));
            let followers = followed.followers(&around, of_day)?.collect()?;
            assert!(followed.schema().iter_names().all(|name| followers.column(name).is_ok()));
            Ok(in_period(followers.lazy(), self.period))
        });
        let days = days.collect::<PolarsResult<Vec<_>>>()?;
        concat(days, UnionArgs::default()).map(Some)
    }
}

fn found(rule: &Rule, frame: &DataFrame, period: Period, kept: Option<&dyn Kept>) -> String {
    let no_calls = Invocation::frame(Vec::new()).expect("a frame");
    let question = DetectionQuestion {
        rules: vec![rule],
        security: &Security::default(),
        places: &Places::default(),
        period,
        invocations: rows(Table::Invocations, &no_calls, period),
        api_events: rows(Table::ApiEvents, frame, period),
        kept,
    };
    let found = detections(&question).expect("findings");
    serde_json::to_string(&found.findings).expect("JSON")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn sequences_of_days_summed_up_are_those_of_rows(
        told in vec((0_usize..2, 0_usize..2, 0_i64..6 * 1440, any::<bool>()), 4..60),
        (from, hours) in (0_i64..72, 24_i64..96),
    ) {
        let rules = RuleSet::read(&[(PathBuf::from("mine.yaml"), RULES.to_owned())]).expect("rules");
        let rule = rules.rule("mine").expect("a rule");
        let frame = frame(&told);
        let from = day().from + Duration::hours(from - 48);
        let period = Period { from, to: from + Duration::hours(hours) };
        let kept = ByDay { frame: &frame, period };
        let of_rows = found(rule, &frame, period, None);
        prop_assert_eq!(found(rule, &frame, period, Some(&kept)), of_rows);
    }
}
