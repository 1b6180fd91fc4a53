//! `api_events`: one row per CloudTrail event, of any service.
//!
//! Names are CloudTrail's (record contents reference, CloudTrail user guide) in snake case.

use super::{Table, TimeMs, table};

table! {
    Table::ApiEvents, partitioned by event_time, columns of ApiEventRef;

    /// One CloudTrail event.
    pub struct ApiEvent {
        /// `eventID`; events with the same id are one.
        EVENT_ID event_id: String,
        /// `sharedEventID`: the same action seen in two accounts, or the two ends of an Insight.
        SHARED_EVENT_ID shared_event_id: String,
        /// `requestID`; joins `invocations.request_id`. Null where the event has none.
        REQUEST_ID request_id: String,
        /// `eventTime`, UTC.
        EVENT_TIME event_time: TimeMs,
        /// `userIdentity.accountId`, else `recipientAccountId`.
        ACCOUNT_ID account_id: String,
        /// `recipientAccountId`: the account whose resource was used.
        RECIPIENT_ACCOUNT_ID recipient_account_id: String,
        /// `awsRegion`.
        REGION region: String,
        /// `eventSource`, e.g. `bedrock.amazonaws.com` (control plane and runtime).
        /// For Insights `insightDetails.eventSource`.
        EVENT_SOURCE event_source: String,
        /// `eventName`; for Insights `insightDetails.eventName`.
        EVENT_NAME event_name: String,
        /// `eventType`, e.g. `AwsApiCall`, `AwsServiceEvent`, `AwsCloudTrailInsight`.
        EVENT_TYPE event_type: String,
        /// `eventCategory`: `Management`, `Data`, `NetworkActivity`, `Insight`.
        EVENT_CATEGORY event_category: String,
        /// `readOnly`; text in LookupEvents output is accepted.
        READ_ONLY read_only: bool,

        /// `userIdentity.type`.
        USER_IDENTITY_TYPE user_identity_type: String,
        /// `userIdentity.arn`.
        IDENTITY_ARN identity_arn: String,
        /// Who called, without the session; same rule as `invocations.principal`, else the service name.
        PRINCIPAL principal: String,
        /// Session name of an assumed role.
        SESSION session: String,
        /// `userIdentity.sessionContext.sessionIssuer.arn`: the role with its path.
        SESSION_ISSUER_ARN session_issuer_arn: String,
        /// `userIdentity.invokedBy`: the AWS service that called on behalf.
        INVOKED_BY invoked_by: String,
        /// `userIdentity.accessKeyId`.
        ACCESS_KEY_ID access_key_id: String,
        /// `userIdentity.sessionContext.attributes.mfaAuthenticated`.
        MFA_AUTHENTICATED mfa_authenticated: bool,
        /// `root`, `long_term_key`, `role_session`, `bedrock_api_key`, `aws_service`, `console`; null if unknown.
        CREDENTIAL_CLASS credential_class: String,
        /// `sessionCredentialFromConsole`, or a console event type.
        FROM_CONSOLE from_console: bool,

        /// `sourceIPAddress`: an address, a service name or `AWS Internal`.
        SOURCE_IP_ADDRESS source_ip_address: String,
        /// `userAgent`.
        USER_AGENT user_agent: String,
        /// `tlsDetails.tlsVersion`.
        TLS_VERSION tls_version: String,
        /// `tlsDetails.clientProvidedHostHeader`: tells `bedrock-runtime` from `bedrock`.
        HOST_HEADER host_header: String,
        /// `vpcEndpointId`.
        VPC_ENDPOINT_ID vpc_endpoint_id: String,

        /// `errorCode`; null on success. For Insights `insightDetails.errorCode`.
        ERROR_CODE error_code: String,
        /// `errorMessage`.
        ERROR_MESSAGE error_message: String,

        /// `requestParameters.modelId`.
        MODEL_ID model_id: String,
        /// `requestParameters.guardrailIdentifier` or `guardrailConfig.guardrailIdentifier`.
        GUARDRAIL_ID guardrail_id: String,
        /// `additionalEventData.inferenceRegion`; written only when re-routed.
        INFERENCE_REGION inference_region: String,
        /// `additionalEventData.inputTokens`/`inputTokenCount`, if ever present.
        INPUT_TOKENS input_tokens: i64,
        /// `additionalEventData.outputTokens`/`outputTokenCount`, if ever present.
        OUTPUT_TOKENS output_tokens: i64,
        /// `resources` as compact JSON text.
        RESOURCES resources: String,
        /// `requestParameters` as compact JSON text; null for the four runtime operations.
        REQUEST_PARAMETERS request_parameters: String,
        /// `additionalEventData` as compact JSON text; null for the four runtime operations.
        ADDITIONAL_EVENT_DATA additional_event_data: String,
        /// `insightDetails` as compact JSON text.
        INSIGHT_DETAILS insight_details: String,
        /// `addendum.reason`: this event corrects an earlier one.
        ADDENDUM_REASON addendum_reason: String,
        /// `addendum.originalEventID`: the event that this one replaces.
        ORIGINAL_EVENT_ID original_event_id: String,

        /// The log object the row came from: bucket and key, or the path below the source folder.
        OBJECT object: String,
        /// The record's number in its object, counted from 1 over all records of the object.
        RECORD record: i64,
    }
}

/// `eventSource` of the Bedrock control plane and runtime.
pub const BEDROCK_SOURCE: &str = "bedrock.amazonaws.com";

/// `eventSource` of the Responses and Chat Completions endpoint, which invocation logging leaves out.
pub const MANTLE_SOURCE: &str = "bedrock-mantle.amazonaws.com";

/// Operations that use models and that invocation logging leaves out; CloudTrail has them as data
/// events, where a trail selects those.
pub const UNLOGGED_OPERATIONS: [&str; 7] = [
    "InvokeModelWithBidirectionalStream",
    "StartAsyncInvoke",
    "InvokeAgent",
    "InvokeInlineAgent",
    "InvokeFlow",
    "RetrieveAndGenerate",
    "CreateModelInvocationJob",
];

/// The four runtime operations that invocation logging covers: `eventName` here, `operation` there.
pub const RUNTIME_OPERATIONS: [&str; 4] =
    ["Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"];
