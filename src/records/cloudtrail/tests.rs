//! Synthetic events of every shape, column by column.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Event, is_digest, is_event};
use crate::records::wire::parse;
use crate::schema::TimeMs;
use crate::schema::api_event::{ApiEvent, Columns};
use crate::schema::reject::reason;

const ARN: &str = "arn:aws:sts::111122223333:assumed-role/app/i-0abc";

/// Reads one event's JSON text.
fn event(json: &str) -> Result<ApiEvent, &'static str> {
    let event = parse::<Event<'_>>(json).map_err(|_| reason::INVALID_JSON)?;
    let mut columns = Columns::default();
    columns.push(super::row(&event, &mut super::LastCaller::default())?);
    Ok(columns.rows().next().expect("one row"))
}

/// An event of an application's role that called a model, with `changes` merged over it.
fn event_with(changes: &Value) -> Value {
    let mut event = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:i-0abc", "arn": ARN,
            "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/team/app"},
                "attributes": {"creationDate": "2026-01-02T03:00:00Z", "mfaAuthenticated": "false"}
            }
        },
        "eventTime": "2026-01-02T03:04:05Z",
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "Boto3/1.40",
        "requestParameters": {"modelId": "amazon.nova-lite-v1:0"},
        "responseElements": null,
        "additionalEventData": {"inferenceRegion": "us-west-2"},
        "requestID": "11111111-2222-3333-4444-555555555555",
        "eventID": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "444455556666",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "bedrock-runtime.us-east-1.amazonaws.com"
        }
    });
    let fields = event.as_object_mut().expect("an object");
    for (key, value) in changes.as_object().expect("an object") {
        fields.insert(key.clone(), value.clone());
    }
    event
}

fn row(changes: &Value) -> ApiEvent {
    event(&event_with(changes).to_string()).expect("an event")
}

#[expect(clippy::unnecessary_wraps, reason = "columns are optional")]
fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// The caller of an event with this `userIdentity`: principal, session, credential class.
fn caller(user_identity: &Value) -> (Option<String>, Option<String>, Option<String>) {
    let row = row(&json!({"userIdentity": user_identity}));
    (row.principal, row.session, row.credential_class)
}

#[test]
fn a_model_call_fills_every_column_it_can() {
    let expected = ApiEvent {
        event_id: text("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
        request_id: text("11111111-2222-3333-4444-555555555555"),
        event_time: Some(TimeMs(1_767_323_045_000)),
        account_id: text("111122223333"),
        recipient_account_id: text("444455556666"),
        region: text("us-east-1"),
        event_source: text("bedrock.amazonaws.com"),
        event_name: text("Converse"),
        event_type: text("AwsApiCall"),
        event_category: text("Management"),
        read_only: Some(true),
        user_identity_type: text("AssumedRole"),
        identity_arn: text(ARN),
        principal: text("app"),
        session: text("i-0abc"),
        session_issuer_arn: text("arn:aws:iam::111122223333:role/team/app"),
        access_key_id: text("ASIAEXAMPLE"),
        mfa_authenticated: Some(false),
        credential_class: text("role_session"),
        source_ip_address: text("203.0.113.7"),
        user_agent: text("Boto3/1.40"),
        tls_version: text("TLSv1.3"),
        host_header: text("bedrock-runtime.us-east-1.amazonaws.com"),
        model_id: text("amazon.nova-lite-v1:0"),
        inference_region: text("us-west-2"),
        ..ApiEvent::default()
    };
    assert_eq!(row(&json!({})), expected);
}

#[test]
fn an_event_with_nothing_but_its_names_and_time_is_kept() {
    let raw = r#" {"eventTime":"2026-01-02T03:04:05Z","eventSource":"s","eventName":"n"} "#;
    let expected = ApiEvent {
        event_time: Some(TimeMs(1_767_323_045_000)),
        event_source: text("s"),
        event_name: text("n"),
        ..ApiEvent::default()
    };
    assert_eq!(event(raw), Ok(expected));
}

#[test]
fn every_kind_of_user_identity_names_its_caller() {
    let check = |identity: Value, principal: Option<&str>, session: Option<&str>, class| {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        assert_eq!(
            caller(&identity),
            (owned(principal), owned(session), owned(class)),
            "{identity}"
        );
    };
    let user = "arn:aws:iam::111122223333:user/sales/ana";
    check(
        json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accessKeyId": "AKIAX"}),
        Some("root"),
        None,
        Some("root"),
    );
    check(json!({"type": "Root", "userName": "alias"}), Some("root"), None, Some("root"));
    let long_term =
        json!({"type": "IAMUser", "arn": user, "accessKeyId": "AKIAX", "userName": "ana"});
    check(long_term, Some("ana"), None, Some("long_term_key"));
    let temporary = json!({"type": "IAMUser", "arn": user, "accessKeyId": "ASIAX"});
    check(temporary, Some("ana"), None, Some("role_session"));
    check(json!({"type": "IAMUser", "userName": "ana"}), Some("ana"), None, None);
    let role = json!({"type": "Role", "arn": "arn:aws:iam::111122223333:role/app"});
    check(role, Some("app"), None, Some("role_session"));
    let no_arn = json!({
        "type": "AssumedRole", "principalId": "AROAX:job",
        "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/a/app"}}
    });
    check(no_arn, Some("app"), Some("job"), Some("role_session"));
    let federated = json!({
        "type": "FederatedUser", "accessKeyId": "ASIAX",
        "arn": "arn:aws:sts::111122223333:federated-user/ana"
    });
    check(federated, Some("ana"), None, Some("role_session"));
    check(json!({"type": "Directory", "userName": "ana"}), Some("ana"), None, None);
    check(
        json!({"type": "SAMLUser", "userName": "ana@example.com"}),
        Some("ana@example.com"),
        None,
        None,
    );
    check(json!({"type": "WebIdentityUser", "userName": "u-1"}), Some("u-1"), None, None);
    let cross_account = json!({"type": "AWSAccount", "accountId": "1", "principalId": "AROAX:job"});
    check(cross_account, None, Some("job"), None);
    let person = json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-2"}});
    check(person, Some("u-2"), None, None);
    let service = json!({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"});
    check(service, Some("lambda.amazonaws.com"), None, Some("aws_service"));
    check(
        json!({"invokedBy": "ec2.amazonaws.com"}),
        Some("ec2.amazonaws.com"),
        None,
        Some("aws_service"),
    );
    check(json!({"type": "Unknown"}), None, None, None);
    check(json!({}), None, None, None);
    check(Value::Null, None, None, None);
    check(json!("ana"), None, None, None);
}

#[test]
fn a_user_name_that_may_be_a_password_is_no_principal() {
    let hidden = json!({"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"});
    assert_eq!(caller(&hidden).0, None);
}

#[test]
fn the_credential_class_is_the_first_that_holds() {
    let class = |changes: Value| row(&changes).credential_class;
    let bearer = json!({"callWithBearerToken": true});
    let root = json!({"type": "Root", "accessKeyId": "ASIAX", "invokedBy": "s3.amazonaws.com"});
    assert_eq!(class(json!({"userIdentity": root, "additionalEventData": bearer})), text("root"));
    assert_eq!(class(json!({"additionalEventData": bearer})), text("bedrock_api_key"));
    let as_text = json!({"callWithBearerToken": "true"});
    assert_eq!(class(json!({"additionalEventData": as_text})), text("bedrock_api_key"));
    let phantom = json!({
        "type": "IAMUser", "accessKeyId": "AKIAX", "userName": "BedrockAPIKey-k1",
        "arn": "arn:aws:iam::111122223333:user/BedrockAPIKey-k1"
    });
    assert_eq!(class(json!({"userIdentity": phantom})), text("bedrock_api_key"));
    let on_behalf = json!({"type": "AssumedRole", "arn": ARN, "invokedBy": "athena.amazonaws.com"});
    let row_on_behalf =
        row(&json!({"userIdentity": on_behalf, "sessionCredentialFromConsole": "true"}));
    assert_eq!(row_on_behalf.credential_class, text("aws_service"));
    assert_eq!(row_on_behalf.principal, text("app"), "the role, not the service it called through");
    let internal = json!({"type": "AssumedRole", "arn": ARN, "invokedBy": "AWS Internal"});
    assert_eq!(class(json!({"userIdentity": internal})), text("role_session"));
    assert_eq!(class(json!({"sessionCredentialFromConsole": "true"})), text("console"));
    assert_eq!(class(json!({"eventType": "AwsConsoleSignIn"})), text("console"));
}

#[test]
fn flags_are_read_as_booleans_and_as_text_and_unknown_ones_are_null() {
    for (written, expected) in [
        (json!(true), Some(true)),
        (json!("true"), Some(true)),
        (json!("False"), Some(false)),
        (json!(false), Some(false)),
        (json!("yes"), None),
        (json!(1), None),
        (Value::Null, None),
    ] {
        let attributes = json!({"sessionContext": {"attributes": {"mfaAuthenticated": written}}});
        let row = row(&json!({
            "readOnly": written, "sessionCredentialFromConsole": written, "userIdentity": attributes
        }));
        assert_eq!(row.read_only, expected, "{written}");
        assert_eq!(row.from_console, expected, "{written}");
        assert_eq!(row.mfa_authenticated, expected, "{written}");
    }
}

#[test]
fn a_console_event_is_from_the_console_even_without_the_flag() {
    for event_type in ["AwsConsoleSignIn", "AwsConsoleAction"] {
        assert_eq!(row(&json!({"eventType": event_type})).from_console, Some(true));
    }
}

#[test]
fn an_insight_takes_its_names_from_the_details() {
    let raw = r#"{"eventVersion":"1.09","eventTime":"2026-01-02T03:04:05Z","awsRegion":"us-east-1",
        "eventID":"e","sharedEventID":"s","eventType":"AwsCloudTrailInsight",
        "recipientAccountId":"111122223333","eventCategory":"Insight","insightDetails":{
        "state": "Start", "eventSource": "bedrock.amazonaws.com", "eventName": "Converse",
        "insightType": "ApiErrorRateInsight", "errorCode": "ThrottlingException",
        "insightContext": {"statistics": {"baseline": {"average": 0.0020}}}}}"#;
    let row = event(raw).expect("an event");
    assert_eq!(row.event_source, text("bedrock.amazonaws.com"));
    assert_eq!(row.event_name, text("Converse"));
    assert_eq!(row.error_code, text("ThrottlingException"));
    assert_eq!(row.account_id, text("111122223333"));
    assert_eq!(row.shared_event_id, text("s"));
    assert_eq!((row.principal, row.credential_class), (None, None));
    let details = r#"{"state":"Start","eventSource":"bedrock.amazonaws.com","eventName":"Converse","insightType":"ApiErrorRateInsight","errorCode":"ThrottlingException","insightContext":{"statistics":{"baseline":{"average":0.0020}}}}"#;
    assert_eq!(row.insight_details, text(details));
}

#[test]
fn a_correction_names_its_reason_and_the_event_it_replaces() {
    let addendum =
        json!({"reason": "UPDATED_DATA", "originalEventID": "first", "updatedFields": "x"});
    let row = row(&json!({"addendum": addendum}));
    assert_eq!(row.addendum_reason, text("UPDATED_DATA"));
    assert_eq!(row.original_event_id, text("first"));
}

#[test]
fn parameters_keep_their_order_and_lose_their_blanks() {
    let raw = "{\"eventVersion\":\"1.11\",\"eventTime\":\"2026-01-02T03:04:05Z\",\
        \"eventSource\":\"bedrock.amazonaws.com\",\"eventName\":\"UpdateGuardrail\",\
        \"requestParameters\":{ \"z\" : \"a \\\" b\\\\\" ,\r\n\t\"a\" : [ 1.50, 1e3 , null ] },\
        \"additionalEventData\": { } , \"resources\": [ {\"type\": \"T\", \"ARN\": \"é x\"} ]}";
    let row = event(raw).expect("an event");
    assert_eq!(row.request_parameters, text(r#"{"z":"a \" b\\","a":[1.50,1e3,null]}"#));
    assert_eq!(row.additional_event_data, text("{}"));
    assert_eq!(row.resources, text(r#"[{"type":"T","ARN":"é x"}]"#));
}

#[test]
fn of_model_calls_only_ids_and_counts_are_kept() {
    let request = json!({
        "modelId": "m", "guardrailConfig": {"guardrailIdentifier": "g1"}, "messages": "a prompt"
    });
    let additional =
        json!({"inferenceRegion": "eu-west-1", "inputTokens": 12, "outputTokenCount": "7"});
    for name in ["Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"] {
        let row = row(&json!({
            "eventName": name, "requestParameters": request, "additionalEventData": additional
        }));
        assert_eq!((row.request_parameters, row.additional_event_data), (None, None), "{name}");
        assert_eq!((row.model_id, row.guardrail_id), (text("m"), text("g1")));
        assert_eq!(row.inference_region, text("eu-west-1"));
        assert_eq!((row.input_tokens, row.output_tokens), (Some(12), Some(7)));
    }
    let elsewhere = row(&json!({"eventSource": "example.amazonaws.com"}));
    assert!(elsewhere.request_parameters.is_some());
    let applied = json!({"guardrailIdentifier": "g2", "guardrailVersion": "1"});
    let row = row(&json!({"eventName": "ApplyGuardrail", "requestParameters": applied}));
    assert_eq!(row.guardrail_id, text("g2"));
    assert_eq!(
        row.request_parameters,
        text(r#"{"guardrailIdentifier":"g2","guardrailVersion":"1"}"#)
    );
}

#[test]
fn unexpected_types_are_null_and_the_event_is_kept() {
    let row = row(&json!({
        "userIdentity": {"type": 7, "accountId": 111_122_223_333_u64, "arn": ["x"], "sessionContext": []},
        "recipientAccountId": 12, "awsRegion": {}, "errorCode": false, "requestParameters": "text",
        "additionalEventData": [1], "resources": 3, "tlsDetails": "TLS", "userAgent": "", "addendum": 1
    }));
    assert_eq!(row.user_identity_type, text("7"));
    assert_eq!(row.account_id, text("111122223333"), "a number is the text that writes it");
    assert_eq!(row.recipient_account_id, text("12"));
    for null in
        [row.identity_arn, row.region, row.error_code, row.request_parameters, row.resources]
    {
        assert_eq!(null, None);
    }
    assert_eq!(row.additional_event_data, None, "of a model call");
    assert_eq!((row.tls_version, row.user_agent), (None, None), "an empty text says nothing");
}

#[test]
fn escapes_are_resolved_and_half_characters_replaced() {
    let raw = event_with(&json!({"userAgent": "AGENT"})).to_string();
    let agent = |written: &str| event(&raw.replace("AGENT", written)).expect("an event").user_agent;
    assert_eq!(agent(r#"a\"b\\c\n\u00e9\ud83d\ude00"#), text("a\"b\\c\né😀"));
    assert!(agent(r"cut \ud83d").expect("text").starts_with("cut "));
}

#[test]
fn what_is_no_event_is_refused_with_its_reason() {
    let s3 = json!({"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "eventTime": "2026-01-02T03:04:05Z", "s3": {}});
    for (raw, expected) in [
        (s3.to_string().as_str(), reason::UNKNOWN_SCHEMA),
        ("{}", reason::UNKNOWN_SCHEMA),
        ("[]", reason::UNKNOWN_SCHEMA),
        ("7", reason::UNKNOWN_SCHEMA),
        (r#"{"digestEndTime":"2026-01-02T03:04:05Z"}"#, reason::UNKNOWN_SCHEMA),
        ("", reason::INVALID_JSON),
        ("{", reason::INVALID_JSON),
        ("{} {}", reason::INVALID_JSON),
        (r#"{"eventID":"a","eventID":"b"}"#, reason::INVALID_JSON),
    ] {
        assert_eq!(event(raw), Err(expected), "{raw}");
    }
    for time in [Value::Null, json!(""), json!("yesterday"), json!(1_767_323_045), json!({})] {
        let raw = event_with(&json!({"eventTime": time})).to_string();
        assert_eq!(event(&raw), Err(reason::BAD_TIMESTAMP), "{time}");
    }
}

#[test]
fn events_and_digests_are_told_apart_by_their_keys() {
    let has = |keys: &'static [&'static str]| move |key: &str| keys.contains(&key);
    let event_keys = has(&["eventVersion", "eventTime", "eventSource", "eventName"]);
    let insight_keys = has(&["eventTime", "eventType", "insightDetails"]);
    let digest_keys = has(&["awsAccountId", "digestStartTime", "digestEndTime", "logFiles"]);
    let invocation_keys = has(&["schemaType", "timestamp", "requestId", "modelId"]);
    assert!(is_event(event_keys) && is_event(insight_keys));
    assert!(!is_event(digest_keys) && !is_event(invocation_keys));
    assert!(is_digest(digest_keys));
    assert!(!is_digest(event_keys) && !is_digest(insight_keys) && !is_digest(invocation_keys));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        let _ = event(&text);
    }

    #[test]
    fn a_cut_or_changed_event_never_panics(at in 0_usize..1700, new in "[\"\\\\{}:,é0a ]{0,3}") {
        let whole = event_with(&json!({})).to_string();
        let (before, after) = whole.split_at(at.min(whole.len()));
        let _ = event(before);
        let _ = event(&format!("{before}{new}{after}"));
    }
}
