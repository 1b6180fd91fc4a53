//! What AWS's answers are taken for.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ErrorMetadata, SdkError};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error;
use aws_sdk_s3::primitives::SdkBody;

use super::{Call, Error, Problem, is_of_aws};

fn listing() -> Call {
    Call::new("s3:ListBucket", "arn:aws:s3:::acme-logs")
}

/// What an answer with this status, code, message and `x-amz-bucket-region` is taken for.
fn answered(status: u16, code: Option<&str>, message: &str, region: Option<&str>) -> Error {
    let status = status.try_into().expect("a status");
    let mut raw = HttpResponse::new(status, SdkBody::empty());
    if let Some(region) = region {
        raw.headers_mut().insert("x-amz-bucket-region", region.to_owned());
    }
    let mut said = ErrorMetadata::builder().message(message);
    if let Some(code) = code {
        said = said.code(code);
    }
    Error::of(&SdkError::service_error(ListObjectsV2Error::generic(said.build()), raw), &listing())
}

#[test]
fn codes_are_told_apart() {
    for (status, code, problem) in [
        (400, "ExpiredToken", Problem::ExpiredCredentials),
        (403, "InvalidAccessKeyId", Problem::WrongCredentials),
        (403, "SignatureDoesNotMatch", Problem::WrongCredentials),
        (403, "RequestTimeTooSkewed", Problem::ClockSkew),
        (404, "NoSuchBucket", Problem::NoSuchBucket),
        (404, "NoSuchKey", Problem::NotFound),
        (403, "InvalidObjectState", Problem::Archived),
        (503, "SlowDown", Problem::Throttled),
        (400, "ThrottlingException", Problem::Throttled),
        (500, "InternalError", Problem::Server),
        (403, "AccessDenied", Problem::AccessDenied(listing())),
        (400, "SomethingNew", Problem::Other),
    ] {
        assert_eq!(answered(status, Some(code), "", None).problem, problem, "{code}");
    }
}

#[test]
fn answers_without_a_code_are_told_by_their_status() {
    for (status, problem) in [
        (403, Problem::AccessDenied(listing())),
        (404, Problem::NotFound),
        (429, Problem::Throttled),
        (502, Problem::Server),
        (301, Problem::WrongRegion(None)),
    ] {
        assert_eq!(answered(status, None, "", None).problem, problem, "{status}");
    }
}

#[test]
fn the_right_region_is_read_from_header_or_message() {
    let told = Problem::WrongRegion(Some("eu-west-1".to_owned()));
    let redirect = answered(301, Some("PermanentRedirect"), "", Some("eu-west-1"));
    assert_eq!(redirect.problem, told);
    let text = "the region 'us-east-1' is wrong; expecting 'eu-west-1'";
    assert_eq!(answered(400, Some("AuthorizationHeaderMalformed"), text, None).problem, told);
    assert!(redirect.hint().is_some_and(|hint| hint.contains("AWS_REGION=eu-west-1")));
}

#[test]
fn a_denial_names_action_and_resource() {
    let error = answered(403, Some("AccessDenied"), "", None);
    let text = "access denied: `s3:ListBucket` on `arn:aws:s3:::acme-logs` (AccessDenied)";
    assert_eq!(error.to_string(), text);
    let hint = error.hint().unwrap_or_default();
    assert!(hint.starts_with("the identity needs `s3:ListBucket` on `arn:aws:s3:::acme-logs`"));
}

#[test]
fn a_denied_key_is_named_instead_of_the_object() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/ab12";
    let text = format!(
        "User: arn:aws:sts::111122223333:assumed-role/lens/x is not authorized to perform: \
         kms:Decrypt on resource: {key} because no identity-based policy allows the kms:Decrypt action"
    );
    let error = answered(403, Some("AccessDenied"), &text, None);
    assert_eq!(error.problem, Problem::AccessDenied(Call::new("kms:Decrypt", key)));
    assert!(error.hint().is_some_and(|hint| hint.contains("the key's policy")));
}

#[test]
fn what_may_pass_is_tried_again_and_what_lasts_is_not() {
    assert!(answered(503, Some("SlowDown"), "", None).may_pass());
    assert!(Error::unreachable("reset by peer").may_pass());
    let expired = answered(400, Some("ExpiredToken"), "", None);
    assert!(!expired.may_pass() && expired.is_lasting());
    let denied = answered(403, Some("AccessDenied"), "", None);
    assert!(!denied.may_pass() && !denied.is_lasting());
}

#[test]
fn endpoints_of_aws_are_known() {
    assert!(is_of_aws("https://s3.eu-west-1.amazonaws.com"));
    assert!(is_of_aws("https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com/"));
    assert!(is_of_aws("https://s3.cn-north-1.amazonaws.com.cn"));
    for other in
        ["http://127.0.0.1:5001", "http://localhost:9000", "https://amazonaws.com.evil.test"]
    {
        assert!(!is_of_aws(other), "{other}");
    }
}
