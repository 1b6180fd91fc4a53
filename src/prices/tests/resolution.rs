//! Every form of a logged model id.

use std::collections::BTreeMap;

use crate::prices::book::Routing::{Global, Regional};
use crate::prices::resolve::{Resolved, resolve};
use crate::prices::{PriceBook, Query};
use crate::schema::cost::reason;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const PROFILE: &str =
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456";

#[test]
fn ids_and_profiles_name_a_model_and_a_routing() {
    let cases = [
        ("amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("us-gov.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("eu.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("apac.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("jp.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("au.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("ca.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("in.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Regional, None),
        ("global.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", Global, None),
        // One prefix only: what is left names no model.
        ("us.us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0", Regional, None),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
            Regional,
            Some("us-east-1"),
        ),
        (
            "arn:aws:bedrock:::foundation-model/amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
            Regional,
            None,
        ),
        (
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/global.amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
            Global,
            Some("eu-west-1"),
        ),
        (
            "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:inference-profile/us-gov.amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
            Regional,
            Some("us-gov-west-1"),
        ),
    ];
    for (logged, id, routing, arn_region) in cases {
        assert_eq!(resolve(logged), Resolved::Model { id, routing, arn_region }, "{logged}");
    }
}

#[test]
fn ids_that_hide_their_model_are_told_apart_by_kind() {
    let bedrock = |resource: &str| format!("arn:aws:bedrock:us-east-1:111122223333:{resource}");
    let cases = [
        (String::new(), reason::NO_MODEL_ID),
        (bedrock("provisioned-model/abc"), reason::PROVISIONED),
        (bedrock("custom-model/amazon.nova-lite-v1:0/abc"), reason::CUSTOM),
        (bedrock("custom-model-deployment/abc"), reason::CUSTOM),
        (bedrock("imported-model/abc"), reason::IMPORTED),
        (bedrock("prompt-router/abc"), reason::PROMPT_ROUTER),
        (bedrock("default-prompt-router/anthropic.claude:1"), reason::PROMPT_ROUTER),
        (bedrock("marketplace/model-endpoint/all-access"), reason::MARKETPLACE),
        (bedrock("guardrail/abc"), reason::UNKNOWN_MODEL),
        (bedrock("foundation-model/"), reason::UNKNOWN_MODEL),
        (bedrock("foundation-model"), reason::UNKNOWN_MODEL),
        (String::from("arn:aws:bedrock"), reason::UNKNOWN_MODEL),
        (String::from("arn:"), reason::UNKNOWN_MODEL),
        (String::from("arn:aws:sagemaker:us-east-1:1:endpoint/x"), reason::SAGEMAKER),
        (String::from("arn:aws:lambda:us-east-1:1:function:x"), reason::OTHER_SERVICE),
    ];
    for (logged, reason) in cases {
        assert_eq!(resolve(&logged), Resolved::Unpriced(reason), "{logged}");
    }
    assert_eq!(resolve(PROFILE), Resolved::ApplicationProfile { arn: PROFILE });
}

#[test]
fn models_are_found_by_id_alias_and_context_suffix_and_never_by_likeness() {
    let book = PriceBook::embedded().expect("sound");
    let cases = [
        (SONNET, Some(SONNET)),
        ("anthropic.claude-haiku-4-5", Some("anthropic.claude-haiku-4-5-20251001-v1:0")),
        ("amazon.nova-pro-v1:0:300k", Some("amazon.nova-pro-v1:0")),
        ("amazon.titan-embed-text-v1:2:8k", Some("amazon.titan-embed-text-v1")),
        ("cohere.embed-english-v3:0:512", Some("cohere.embed-english-v3")),
        ("anthropic.claude-v2:1:200k", Some("anthropic.claude-v2:1")),
        ("anthropic.claude-sonnet-4-5", None),
        ("anthropic.claude-sonnet-4-5-20250930-v1:0", None),
        ("amazon.nova-pro-v1:0:301k", None),
        ("", None),
    ];
    for (id, model) in cases {
        assert_eq!(book.model(id).map(|model| model.model_id.as_str()), model, "{id}");
    }
}

#[test]
fn an_application_profile_is_priced_only_through_its_mapping() {
    let embedded = PriceBook::embedded().expect("sound").clone();
    let target = format!("global.{SONNET}");
    let day = "2026-10-09".parse().ok();
    let region = Some("us-east-1");
    let query = Query { model_id: Some(PROFILE), region, service_tier: None, day };
    assert_eq!(embedded.quote(&query).price.err(), Some(reason::APPLICATION_PROFILE_UNMAPPED));
    for key in [PROFILE, "abc123def456"] {
        let map = BTreeMap::from([(key.to_owned(), target.clone())]);
        let mapped = embedded.clone().with_application_profiles(map);
        let quote = mapped.quote(&query);
        assert_eq!(quote.routing, Some(Global));
        assert_eq!(
            quote.price.map(|row| row.id.as_str()),
            Ok(&*format!("{SONNET} global standard"))
        );
    }
    let map = BTreeMap::from([(PROFILE.to_owned(), PROFILE.to_owned())]);
    let circular = embedded.with_application_profiles(map);
    assert_eq!(circular.quote(&query).price.err(), Some(reason::APPLICATION_PROFILE_UNMAPPED));
}

#[test]
fn an_arn_of_another_region_is_flagged_and_the_record_believed() {
    let book = PriceBook::embedded().expect("sound");
    let model_id = Some("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0");
    let day = "2026-10-09".parse().ok();
    let quote = book.quote(&Query { model_id, region: Some("eu-west-2"), service_tier: None, day });
    assert!(quote.arn_region_differs);
    assert_eq!(quote.price.map(|row| row.region.as_deref()), Ok(Some("eu-west-2")));
}

#[test]
fn what_the_record_lacks_is_the_reason() {
    let book = PriceBook::embedded().expect("sound");
    let day = "2026-10-09".parse().ok();
    let full = Query { model_id: Some(SONNET), region: Some("us-east-1"), service_tier: None, day };
    let reason_of = |query: &Query<'_>| book.quote(query).price.err();
    assert_eq!(reason_of(&full), None);
    assert_eq!(reason_of(&Query { model_id: None, ..full }), Some(reason::NO_MODEL_ID));
    assert_eq!(reason_of(&Query { region: None, ..full }), Some(reason::NO_REGION));
    assert_eq!(reason_of(&Query { day: None, ..full }), Some(reason::NO_EVENT_TIME));
    let reserved = Query { service_tier: Some("reserved"), ..full };
    assert_eq!(reason_of(&reserved), Some(reason::NO_TIER_PRICE));
}
