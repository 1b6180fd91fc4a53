//! `prices explain` of what isn't tokens, settings, and provisioned throughput by the hour.

use super::{Folder, json, lens, run, stderr, stdout};

#[test]
fn images_queries_seconds_and_speech_are_priced_by_options() {
    let cost = |args: &[&str]| {
        let mut all = vec!["explain", "--json", "--at", "2026-10-09"];
        all.extend(args);
        let found = json(None, &all);
        let text = |key: &str| found[key].as_str().unwrap_or("-").to_owned();
        (text("status"), text("cost_usd"), text("reason"))
    };
    let priced = |usd: &str| ("priced".to_owned(), usd.to_owned(), "-".to_owned());
    let canvas = ["--model-id", "amazon.nova-canvas-v1:0", "--region", "us-east-1"];
    let square = ["--images", "3", "--image-width", "1024", "--image-height", "1024"];
    // 3 × 0.06 and 3 × 0.04: the catalogue's premium and standard prices up to 1024 × 1024.
    let premium = [&canvas[..], &square, &["--image-quality", "premium"]].concat();
    assert_eq!(cost(&premium), priced("0.18"));
    let standard = [&canvas[..], &square, &["--image-quality", "standard"]].concat();
    assert_eq!(cost(&standard), priced("0.12"));
    assert_eq!(cost(&[&canvas[..], &square].concat()).2, "no_unit_match", "quality decides");
    // 1 $ per 1,000 queries would be 0.001; rerank 3.5 is 2 $ per 1,000.
    let rerank = ["--model-id", "cohere.rerank-v3-5:0", "--region", "us-east-1"];
    assert_eq!(cost(&[&rerank[..], &["--search-units", "7"]].concat()), priced("0.014"));
    assert_eq!(cost(&[&rerank[..], &["--documents", "101"]].concat()), priced("0.004"));
    // 6.5 s × 1.5 $ at 720p; without a resolution there are two prices.
    let ray = ["--model-id", "luma.ray-v2:0", "--region", "us-west-2", "--seconds", "6.5"];
    assert_eq!(cost(&[&ray[..], &["--resolution", "720p"]].concat()), priced("9.75"));
    assert_eq!(cost(&[&ray[..], &["--resolution", "540p"]].concat()), priced("4.875"));
    assert_eq!(cost(&ray).2, "no_unit_match");
    // 12.25 s × 0.0007 $ of video, 2 s × 0.00014 $ of sound, 2 images × 0.0001 $.
    let marengo = ["--model-id", "twelvelabs.marengo-embed-3-0-v1:0", "--region", "us-east-1"];
    let media =
        ["--input-video-seconds", "12.25", "--input-audio-seconds", "2", "--input-images", "2"];
    assert_eq!(cost(&[&marengo[..], &media].concat()), priced("0.009055"));
    // A text model has no price for sound: its tokens are priced, the sound isn't.
    let text =
        ["--model-id", "amazon.nova-pro-v1:0", "--region", "us-east-1", "--input-tokens", "1000"];
    let with_sound = [&text[..], &["--input-audio-seconds", "3"]].concat();
    assert_eq!(
        cost(&with_sound),
        ("partly_priced".to_owned(), "0.0008".to_owned(), "no_unit_match".to_owned())
    );
}

#[test]
fn what_is_charged_by_the_image_is_shown_so() {
    let args = [
        "explain",
        "--model-id",
        "amazon.nova-reel-v1:1",
        "--region",
        "us-east-1",
        "--at",
        "2026-10-09",
        "--seconds",
        "6.5",
    ];
    let text = stdout(&run(None, &args));
    assert!(
        text.contains("unit price    0.08 USD per output_video_second (720p, 24 fps)"),
        "{text}"
    );
    assert!(text.contains("output video     6.5  ×  0.08 per second  =  0.52"), "{text}");
    for wrong in
        [["--seconds", "1.2345"], ["--seconds", "-1"], ["--image-width", "5"], ["--images", "x"]]
    {
        let output = run(None, &[&args[..7], &wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_region_that_is_none_has_no_price() {
    for region in [
        "US-EAST-1",
        "mars-north-1",
        "us-esat-1",
        "us-east",
        "cn-north-1",
        "us-gov-west-1",
        "eusc-de-east-1",
    ] {
        let args = [
            "explain",
            "--model-id",
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "--region",
            region,
            "--input-tokens",
            "1",
            "--json",
        ];
        let found = json(None, &args);
        let expected = if region == "us-gov-west-1" {
            found["reason"].clone()
        } else {
            "no_region_price".into()
        };
        assert_eq!(found["reason"], expected, "{region}");
        assert_ne!(
            found["status"],
            if region == "us-gov-west-1" { "" } else { "priced" },
            "{region}"
        );
    }
    let new = [
        "explain",
        "--model-id",
        "amazon.nova-canvas-v1:0",
        "--region",
        "ap-southeast-9",
        "--json",
    ];
    assert_eq!(
        json(None, &new)["reason"],
        "no_unit_match",
        "a Region to come is in every row for `*`"
    );
}

#[test]
fn the_configuration_can_charge_cached_tokens_as_logged() {
    let folder = Folder::new("");
    let write = |text: &str| std::fs::write(folder.config(), text).expect("a file");
    let args = [
        "explain",
        "--model-id",
        "openai.gpt-5.6-luna",
        "--region",
        "us-east-1",
        "--at",
        "2026-10-09",
        "--input-tokens",
        "5000",
        "--cache-read-tokens",
        "3000",
        "--json",
    ];
    write("[prices]\ncached_tokens = \"as_logged\"\n");
    let found = json(Some(&folder.config()), &args);
    // 5000 × 0.22 + 3000 × 0.022 per million; documented: 2000 × 0.22 + 3000 × 0.022.
    assert_eq!(found["cost_usd"], "0.001166");
    assert_eq!(found["cached_tokens"]["charged"], "as_logged");
    assert_eq!(found["cached_tokens"]["documented_cost_usd"], "0.000506");
    write("[prices]\ncached_tokens = \"half\"\n");
    let output = run(Some(&folder.config()), &args);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("as_logged"), "{}", stderr(&output));
}

#[test]
fn provisioned_throughput_costs_its_hours_beside_everything_else() {
    let folder = Folder::new(
        "[[provisioned]]\narn = \"arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abc\"\n\
         model_id = \"amazon.nova-pro-v1:0\"\nusd_per_hour = \"39.6\"\nmodel_units = 2\n\
         effective_from = 2026-11-20T06:00:00Z\n",
    );
    let config = folder.config();
    let ask = |args: &[&str]| json(Some(&config), &[&["provisioned", "--json"], args].concat());
    // As of 2026-11-22 12:00: 54 hours × 2 × 39.6.
    let month = ask(&[]);
    assert_eq!(month["provisioned_cost_usd"], "4276.8");
    assert_eq!(month["commitments"][0]["hours"], "54");
    let day = ask(&["--from", "2026-11-20", "--to", "2026-11-21"]);
    assert_eq!(day["provisioned_cost_usd"], "1425.6");
    assert_eq!(ask(&["--from", "2026-10-01", "--to", "2026-11-01"])["provisioned_cost_usd"], "0");
    let text = stdout(&run(Some(&config), &["provisioned"]));
    assert!(text.contains("2 units × 39.6 USD × 54 hours = 4276.8 USD"), "{text}");
    let none = json(None, &["provisioned", "--json"]);
    assert_eq!(none["provisioned_cost_usd"], serde_json::Value::Null, "unknown, not 0");
    let future = lens(Some(&config))
        .args(["provisioned", "--from", "2027-01-01", "--to", "2027-02-01"])
        .output()
        .expect("the program runs");
    assert_eq!(future.status.code(), Some(2));
}

#[test]
fn two_rates_for_one_commitment_at_a_time_are_refused() {
    let one = |fields: &str| {
        format!(
            "[[provisioned]]\narn = \"arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abc\"\n\
             usd_per_hour = \"1\"\n{fields}\n"
        )
    };
    let both = |first: &str, second: &str| {
        let folder = Folder::new(&(one(first) + &one(second)));
        let output = run(Some(&folder.config()), &["list", "--format", "json"]);
        (output.status.code(), stderr(&output))
    };
    let (code, text) = both("", "effective_from = 2026-01-01");
    assert_eq!(code, Some(2));
    assert!(text.contains("line 6") && text.contains("after that in line 1"), "{text}");
    let (code, text) = both("effective_to = 2026-01-01", "effective_from = 2026-01-01T00:00:00Z");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = both("effective_from = \"noon\"", "");
    assert_eq!(code, Some(2));
    assert!(text.contains("line 4") && text.contains("must be a date like"), "{text}");
    let (code, text) = both("model_id = \"amazon.nova-por-v1:0\"", "effective_from = 2027-01-01");
    assert_eq!(code, Some(2));
    assert!(text.contains("did you mean `amazon.nova-pro-v1:0`"), "{text}");
}
