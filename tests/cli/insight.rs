//! `drivers`, `trends` and `forecast`: sums that are exact, days that are not known, words.

use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Sandbox, files_below, generated, sample_store};

/// Money as whole units of 10⁻¹⁴ US dollars.
#[track_caller]
fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no decimal text"));
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let number: i128 = format!("{whole}{fraction:0<14}").parse().expect("digits");
    sign * number
}

fn object(sandbox: &Sandbox, args: &[&str]) -> Value {
    sandbox.run(args.iter().copied().chain(["--json"])).exits(0).json()
}

const WEEKS: [&str; 4] = ["--from", "2026-11-09", "--to", "2026-11-16"];

fn drivers(more: &[&str]) -> Value {
    object(&sample_store(), &[&["drivers"], &WEEKS[..], more].concat())
}

fn cost_of(sandbox: &Sandbox, more: &[&str]) -> i128 {
    units(&sandbox.query("", "cost_usd", more)[0]["cost_usd"])
}

fn sum<'v>(amounts: impl IntoIterator<Item = &'v Value>) -> i128 {
    amounts.into_iter().map(units).sum()
}

fn values(object: &Value) -> impl Iterator<Item = &Value> {
    object.as_object().expect("an object").values()
}

fn items(array: &Value) -> &Vec<Value> {
    array.as_array().expect("an array")
}

#[test]
fn drivers_add_up_to_what_query_says_to_the_last_digit() {
    let answer = drivers(&[]);
    let now = cost_of(&sample_store(), &WEEKS);
    let before = cost_of(&sample_store(), &["--from", "2026-11-02", "--to", "2026-11-09"]);
    assert_eq!((units(&answer["before_usd"]), units(&answer["after_usd"])), (before, now));
    let change = units(&answer["change_usd"]);
    assert_eq!(change, now - before);
    assert_eq!(sum(values(&answer["effects"])), change);
    for model in items(&answer["models"]) {
        assert_eq!(sum(values(&model["effects"])), units(&model["change_usd"]), "{model}");
    }
    assert_eq!(sum(items(&answer["models"]).iter().map(|model| &model["change_usd"])), change);
    let dimensions = answer["by"].as_object().expect("dimensions");
    assert_eq!(dimensions.len(), 4);
    for split in dimensions.values() {
        let groups = items(&split["groups"]).iter().chain([&split["other"]]);
        let changes = groups.filter(|group| !group.is_null()).map(|group| &group["change_usd"]);
        // The change of what has no price is unknown.
        assert_eq!(sum(changes.filter(|change| !change.is_null())), change);
    }
}

#[test]
fn drivers_see_what_the_sample_data_tells() {
    let answer = drivers(&["--limit", "2", "--by", "principal"]);
    // One agent repeats itself on the dearest model in the second week; list prices did not change.
    assert_eq!(answer["effects"]["price_usd"], "0");
    assert_eq!(answer["effects"]["period_length_usd"], "0");
    assert_eq!(answer["by"]["principal"]["groups"][0]["name"], "svc-chat");
    assert_eq!(items(&answer["by"]["principal"]["groups"]).len(), 2);
    assert_eq!(answer["by"]["principal"]["other"]["groups"], 7);
    assert_eq!(answer["period"]["unpriced_requests"], 117);
    assert_eq!((&answer["complete"], &answer["same_weekdays"]), (&true.into(), &true.into()));
}

#[test]
fn drivers_of_a_part_and_of_other_periods_add_up_too() {
    let filter = ["--where", "region = eu-west-1"];
    let answer = drivers(&filter);
    let now = cost_of(&sample_store(), &[&WEEKS[..], &filter].concat());
    assert_eq!(units(&answer["after_usd"]), now);
    assert_eq!(sum(values(&answer["effects"])), units(&answer["change_usd"]));
    let own = ["--against-from", "2026-11-03", "--against-to", "2026-11-06"];
    let answer = drivers(&own);
    assert_eq!(answer["against"]["days"], 3.0);
    assert_eq!(answer["same_weekdays"], false);
    assert!(units(&answer["effects"]["period_length_usd"]) > 0);
    assert_eq!(sum(values(&answer["effects"])), units(&answer["change_usd"]));
}

#[test]
fn a_running_week_is_compared_with_as_many_days_of_the_one_before() {
    let week = ["drivers", "--from", "2026-11-09", "--to", "2026-11-16", "--json"];
    let sandbox = sample_store();
    let mut command = sandbox.command(crate::support::binary());
    command
        .arg("--store")
        .arg(sandbox.store())
        .args(["--as-of", "2026-11-12T10:00:00Z"])
        .args(week);
    let outcome = sandbox.outcome(&mut command).exits(0);
    let answer = outcome.json();
    assert_eq!(answer["complete"], false);
    assert_eq!(answer["period"]["to"], "2026-11-12T00:00:00Z");
    assert_eq!(answer["against"]["to"], "2026-11-05T00:00:00Z");
    assert!(outcome.stderr.contains("the period is not over"), "{}", outcome.stderr);
}

#[test]
fn the_headline_s_driver_parts_add_up_to_the_printed_change() {
    let sandbox = sample_store();
    let args = ["report", "weekly", "--date", "2026-11-11", "--format", "text", "-o", "-"];
    let page = sandbox.run(args).exits(0).stdout.replace('\n', " ");
    let sentence = page.split("By driver, ").nth(1).expect("the sentence").split(". ").next();
    let cents: Vec<i64> = sentence
        .expect("the sentence")
        .split_whitespace()
        .filter(|word| word.contains('$'))
        .map(|word| word.replace(['$', '+', '.', ','], "").parse().expect("an amount"))
        .collect();
    assert_eq!(cents.len(), 3, "{sentence:?}");
    let change = (units(&drivers(&[])["change_usd"]) + 500_000_000_000) / 1_000_000_000_000;
    assert_eq!(i128::from(cents.iter().sum::<i64>()), change, "{sentence:?}");
}

#[test]
fn drivers_of_a_period_without_logs_are_refused() {
    let sandbox = sample_store();
    for args in [
        &["drivers", "--month", "2026-10"] as &[&str],
        &["drivers", "--from", "2026-11-02", "--to", "2026-11-09"],
        &["drivers", "--from", "2027-01-01", "--to", "2027-02-01"],
    ] {
        let outcome = sandbox.run(args).exits(1);
        assert!(outcome.stderr.contains("the store holds no "), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
    sandbox.run(["drivers", "--against-from", "2026-11-09", "--against-to", "2026-11-02"]).exits(2);
    sandbox.run(["drivers", "--by", "modle"]).exits(2);
}

/// Forty days until 16 November 2026, the 2nd of November missing.
fn forty_days() -> &'static Sandbox {
    static STORE: OnceLock<Sandbox> = OnceLock::new();
    STORE.get_or_init(|| {
        let profile = ["--profile", "week", "--days", "40", "--start", "2026-10-08"];
        let logs = generated(&[&profile[..], &["--records", "4000"]].concat());
        for file in files_below(&logs.path()) {
            if file.to_string_lossy().contains("/2026/11/02/") {
                std::fs::remove_file(file).expect("a file to remove");
            }
        }
        let sandbox = Sandbox::new();
        sandbox.ingest(&logs.path(), 0);
        sandbox
    })
}

#[test]
fn a_month_s_forecast_is_its_exact_part_and_the_days_to_come() {
    let answer = object(forty_days(), &["forecast"]);
    let history = &answer["history"];
    assert_eq!((&history["from"], &history["to"]), (&"2026-10-08".into(), &"2026-11-17".into()));
    assert_eq!(history["unknown_days"], serde_json::json!(["2026-11-02"]));
    assert_eq!(history["known_days"], 39);
    let forecast = &answer["forecast"];
    let month = &forecast["month_end"];
    let complete = ["--where", "day >= 2026-11-01 and day < 2026-11-17 and day != 2026-11-02"];
    let actual = cost_of(forty_days(), &complete);
    assert_eq!(units(&month["actual"]), actual);
    assert_eq!((&month["actual_days"], &month["month"]), (&15.into(), &"2026-11".into()));
    // The 2nd was a Monday; the mean of the known Mondays of the four weeks before.
    let mondays = ["2026-10-12", "2026-10-19", "2026-10-26"].map(|day| {
        let rows = forty_days().query("day", "cost_usd", &["--where", &format!("day = {day}")]);
        units(&rows[0]["cost_usd"])
    });
    assert_eq!(units(&month["filled_in"]), mondays.iter().sum::<i128>() / 3);
    let to_come = units(&month["expected"]) - actual - units(&month["filled_in"]);
    let days = items(&forecast["days"]);
    let fourteen = sum(days[..14].iter().map(|day| &day["expected"]));
    assert!((to_come - fourteen).abs() < 14 * 100_000_000, "{to_come} {fourteen}");
    assert_eq!((days.len(), &days[0]["day"]), (30, &"2026-11-17".into()));
    for day in days {
        let ends =
            ["low_95", "low_80", "expected", "high_80", "high_95"].map(|end| units(&day[end]));
        assert!(ends.is_sorted() && ends[0] >= 0, "{day}");
    }
    assert!(forecast["back_test"]["mae"].is_string());
}

#[test]
fn tokens_are_whole_numbers_and_a_horizon_ends_where_asked() {
    let answer = object(forty_days(), &["forecast", "--metric", "total_tokens", "--horizon", "7d"]);
    let forecast = &answer["forecast"];
    assert_eq!(items(&forecast["days"]).len(), 7);
    assert_eq!(forecast["horizon"]["to"], "2026-11-24");
    let november = ["--from", "2026-11-01", "--to", "2026-11-17", "--where", "day != 2026-11-02"];
    let tokens = &forty_days().query("", "total_tokens", &november)[0]["total_tokens"];
    assert_eq!(&forecast["month_end"]["actual"], tokens);
    let answer = object(forty_days(), &["forecast", "--horizon", "month-end"]);
    assert_eq!(answer["forecast"]["horizon"]["to"], "2026-12-01");
}

#[test]
fn a_budget_runs_out_on_a_day_between_the_earliest_and_the_latest() {
    let spent = object(forty_days(), &["forecast"])["forecast"]["month_end"]["expected"].clone();
    let budget = format!("{:.2}", spent.as_str().unwrap().parse::<f64>().unwrap() * 0.98);
    let answer = object(forty_days(), &["forecast", "--budget", &budget]);
    let outlook = &answer["forecast"]["budget"];
    let day = |name: &str| outlook[name].as_str().map(str::to_owned);
    assert_eq!(outlook["exhausted"], false);
    let expected = day("expected").expect("within the month");
    assert!(day("earliest").expect("earlier") <= expected);
    assert!(day("latest").is_none_or(|latest| latest >= expected));
    let answer = object(forty_days(), &["forecast", "--budget", "0.01"]);
    assert_eq!(answer["forecast"]["budget"]["exhausted"], true);
}

#[test]
fn two_weeks_are_too_few_for_any_number() {
    let outcome = sample_store().run(["forecast", "--json"]).exits(0);
    let answer = outcome.json();
    assert_eq!(answer["forecast"], Value::Null);
    assert_eq!(
        (&answer["needed_days"], &answer["history"]["known_days"]),
        (&21.into(), &14.into())
    );
    assert!(outcome.stderr.contains("insufficient history: 14 of the 21"), "{}", outcome.stderr);
    let text = sample_store().run(["forecast"]).exits(0).stdout;
    assert!(text.ends_with("insufficient history\n"), "{text}");
}

#[test]
fn trends_compare_like_with_like_and_leave_unknown_days_out() {
    let answer = object(forty_days(), &["trends", "--metric", "requests"]);
    assert_eq!(answer["slope"]["known_days"], 39);
    // A few records of the lost day lie in the next day's objects; they don't make it a day.
    assert_eq!(answer["history"]["incomplete_days"], serde_json::json!(["2026-11-02"]));
    let [week, month] = &items(&answer["comparisons"])[..] else {
        panic!("28 days have no 28 days before them: {answer}")
    };
    assert_eq!((&week["name"], &month["name"]), (&"last_7_days".into(), &"month_to_date".into()));
    let count = |from: &str, to: &str| {
        forty_days().query("", "requests", &["--from", from, "--to", to])[0]["requests"].as_f64()
    };
    let now = count("2026-11-10", "2026-11-17").unwrap();
    let before = count("2026-11-03", "2026-11-10").unwrap();
    let change = week["relative_change"].as_f64().unwrap();
    assert!((change - (now / before - 1.0)).abs() < 1e-9, "{change}");
    assert_eq!((&month["compared_days"], &month["complete"]), (&15.into(), &false.into()));
    assert!(answer["level_shifts"].is_array());
    let short = object(&sample_store(), &["trends"]);
    assert_eq!((&short["slope"], &short["level_shifts"]), (&Value::Null, &Value::Null));
}

#[test]
fn wrong_words_are_named_before_the_store_is_opened() {
    let sandbox = Sandbox::new();
    for (args, said) in [
        (&["forecast", "--horizon", "0d"] as &[&str], "--horizon"),
        (&["forecast", "--horizon", "93d"], "--horizon"),
        (&["forecast", "--horizon", "a month"], "--horizon"),
        (&["forecast", "--budget", "0"], "--budget"),
        (&["forecast", "--budget", "1e3"], "--budget"),
        (&["forecast", "--metric", "requests", "--budget", "5"], "--budget"),
        (&["forecast", "--metric", "cost"], "--metric"),
        (&["trends", "--where", "modle = x"], "modle"),
    ] {
        let outcome = sandbox.run(args).exits(2);
        assert!(outcome.stderr.contains(said), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn targets_of_the_configuration_judge_key_figures_and_the_tiles_of_reports() {
    let sandbox = Sandbox::new();
    let own =
        "[targets]\nsuccess_rate = { above = 0.5 }\nresponse_time_mean_ms = { below = 9000 }\n";
    let config = sandbox.write("lens.toml", own);
    let with_config = |args: &[&str]| {
        let config = ["--config", config.to_str().expect("text")];
        sample_store().run(config.iter().chain(args)).exits(0)
    };
    let report = ["report", "weekly", "--date", "2026-11-11", "--format", "json", "-o", "-"];
    let report = with_config(&report).json();
    let shown = with_config(&["config", "show", "--json"]).json();
    assert_eq!(shown["targets"]["success_rate"]["above"], 0.5);
    for (key, target) in [("success_rate", "over 50%"), ("response_time_mean_ms", "under 9 s")] {
        let tile = items(&report["kpis"]).iter().find(|tile| tile["key"] == key).expect("a tile");
        assert_eq!((&tile["target"], &tile["outcome"]), (&target.into(), &"pass".into()), "{tile}");
    }
}
