"""CloudTrail events: one per call, and what happened around the calls."""

import json
import zlib
from dataclasses import dataclass
from random import Random

from .scenario import (BROKEN_LINE_AT, LOG_ONLY, LOGGING_OFF, THROTTLING, Call, Plan, iso, seconds, uuid)
from .workloads import (API_KEY_USER, CHAT_ACCOUNT, MARKETING_SCRIPTS, OPERATOR, SCIENTISTS,
                        SVC_CHAT, Identity)

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

MESSAGES = {
    "ThrottlingException": "Too many requests, please wait before trying again.",
    "AccessDeniedException": "You don't have access to the model with the specified model ID.",
    "ValidationException": "The provided request is not valid: max_tokens exceeds the limit of the model.",
    "ModelTimeoutException": "Model has timed out in processing the request. Try your request again.",
    "ServiceUnavailableException": "Bedrock is unable to process your request.",
    "InternalServerException": "The system encountered an unexpected error during processing.",
    "ModelErrorException": "The system encountered an unexpected error while the model was processing the request.",
}


@dataclass(slots=True)
class Event:
    """One event. `call` is the model call it reports, if any; `body` is its JSON."""

    time: int
    account: str
    region: str
    event_id: str
    name: str
    call: Call | None
    body: bytes
    insight: bool = False


def events_of(plan: Plan) -> list[Event]:
    """All distinct events, by time."""
    rng = Random(f"{plan.seed}/trail")
    events = [_runtime_event(rng, call) for call in plan.calls if call.fate != LOG_ONLY]
    if plan.profile.stories:
        first = plan.calls[0].time // 86_400 * 86_400
        for day in range(plan.days):
            events += _routine(rng, first + day * 86_400)
        events += _around_the_stories(rng)
    return sorted(events, key=lambda event: (event.time, event.event_id))


def _runtime_event(rng: Random, call: Call) -> Event:
    account, region = call.workload.account, call.workload.region
    late = 1 if rng.random() < 0.2 and (call.time + 1) % 86_400 else 0
    parameters = {"modelId": call.route.model_id(account, region)}
    event = _event(rng, call.identity, call.session, call.time + late, region, call.route.operation,
                   "bedrock.amazonaws.com", "bedrock-runtime", True, parameters, call.request_id)
    if call.facts.error_code:
        code = call.facts.error_code
        event["errorCode"] = "AccessDenied" if code == "AccessDeniedException" else code
        event["errorMessage"] = MESSAGES[code]
    if call.identity.kind == "api_key":
        event["additionalEventData"] = {"callWithBearerToken": True}
    return _finish(event, call)


def _event(rng: Random, identity: Identity, session: str | None, time: int, region: str, name: str, source: str,
           host: str, read_only: bool, parameters: dict | None, request_id: str) -> dict:
    event = {
        "eventVersion": "1.11", "userIdentity": _user_identity(identity, session, time), "eventTime": iso(time),
        "eventSource": source, "eventName": name, "awsRegion": region, "sourceIPAddress": identity.address,
        "userAgent": identity.agent, "requestParameters": parameters, "responseElements": None,
        "requestID": request_id, "eventID": uuid(rng), "readOnly": read_only, "eventType": "AwsApiCall",
        "managementEvent": True, "recipientAccountId": identity.account, "eventCategory": "Management",
    }
    if identity.kind != "service_role":
        event["tlsDetails"] = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                               "clientProvidedHostHeader": f"{host}.{region}.amazonaws.com"}
    return event


def _user_identity(identity: Identity, session: str | None, time: int) -> dict:
    suffix = f"{zlib.crc32(identity.name.encode()) % 10**9:09d}"
    arn = identity.arn(session)
    if session is None:
        return {"type": "IAMUser", "principalId": f"AIDA{suffix}EXAMPLE", "arn": arn, "accountId": identity.account,
                "accessKeyId": f"AKIA{suffix}EXAMPLE", "userName": identity.name}
    path = "aws-reserved/sso.amazonaws.com/" if identity.kind == "sso" else ""
    person = "true" if identity.kind == "sso" else "false"
    user = {
        "type": "AssumedRole", "principalId": f"AROA{suffix}EXAMPLE:{session}", "arn": arn,
        "accountId": identity.account, "accessKeyId": f"ASIA{suffix}EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": f"AROA{suffix}EXAMPLE",
                              "arn": f"arn:aws:iam::{identity.account}:role/{path}{identity.name}",
                              "accountId": identity.account, "userName": identity.name},
            "attributes": {"creationDate": iso(time // 14_400 * 14_400), "mfaAuthenticated": person}},
    }
    if identity.kind == "service_role":
        user["invokedBy"] = "bedrock.amazonaws.com"
    return user


def _finish(event: dict, call: Call | None = None) -> Event:
    return Event(seconds(event["eventTime"]), event["recipientAccountId"], event["awsRegion"], event["eventID"],
                 event["eventName"], call, _encode(event).encode())


def _control(rng: Random, identity: Identity, time: int, region: str, name: str, read_only: bool,
             parameters: dict | None = None, source: str = "bedrock") -> Event:
    session = identity.sessions[0] if identity.sessions else None
    event = _event(rng, identity, session, time, region, name, f"{source}.amazonaws.com", source, read_only,
                   parameters, uuid(rng))
    return _finish(event)


def _routine(rng: Random, midnight: int) -> list[Event]:
    """A few looks around, every day."""
    return [
        _control(rng, OPERATOR, midnight + 26_100, "us-east-1", "GetModelInvocationLoggingConfiguration", True),
        _control(rng, SCIENTISTS, midnight + 54_300, "us-west-2", "ListFoundationModels", True),
        _control(rng, SVC_CHAT, midnight + 43_000, "us-east-1", "GetBucketLocation", True,
                 {"bucketName": "example-chat-attachments"}, "s3"),
    ]


def _around_the_stories(rng: Random) -> list[Event]:
    off_from, off_to = map(seconds, LOGGING_OFF)
    config = {"loggingConfig": {"s3Config": {"bucketName": "example-bedrock-logs", "keyPrefix": ""},
                                "textDataDeliveryEnabled": True, "embeddingDataDeliveryEnabled": False}}
    hidden = {"guardrailIdentifier": "gr4x8m2k9q1t", "name": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    credential = {"userName": API_KEY_USER.name, "serviceName": "bedrock.amazonaws.com"}
    return [
        _control(rng, SCIENTISTS, seconds("2026-11-03T15:04:10Z"), "us-east-1", "CreateServiceSpecificCredential",
                 False, credential, "iam"),
        _control(rng, MARKETING_SCRIPTS, seconds("2026-11-05T16:20:00Z"), "us-east-1", "ListInferenceProfiles", True),
        _control(rng, OPERATOR, seconds("2026-11-10T13:41:07Z"), "us-east-1", "UpdateGuardrail", False, hidden),
        _control(rng, OPERATOR, seconds(BROKEN_LINE_AT) + 3600, "eu-west-1", "GetFoundationModelAvailability", True),
        _control(rng, OPERATOR, off_from, "us-west-2", "DeleteModelInvocationLoggingConfiguration", False),
        _control(rng, OPERATOR, off_to, "us-west-2", "PutModelInvocationLoggingConfiguration", False, config),
        *_insight(rng),
    ]


def _insight(rng: Random) -> list[Event]:
    """An unusual rate of throttling, begun and ended."""
    shared = uuid(rng)
    arn = f"arn:aws:sts::{CHAT_ACCOUNT}:assumed-role/svc-contracts/contract-review"
    events = []
    for state, at in zip(("Start", "End"), THROTTLING):
        context = {
            "statistics": {"baseline": {"average": 0.02}, "insight": {"average": 1.1}, "baselineDuration": 10_080},
            "attributions": [{"attribute": "userIdentityArn", "insight": [{"value": arn, "average": 0.8}],
                              "baseline": []}]}
        if state == "End":
            context["statistics"]["insightDuration"] = 120
        event = {
            "eventVersion": "1.11", "eventTime": at, "awsRegion": "eu-west-1", "eventID": uuid(rng),
            "eventType": "AwsCloudTrailInsight", "recipientAccountId": CHAT_ACCOUNT, "sharedEventID": shared,
            "insightDetails": {"state": state, "eventSource": "bedrock.amazonaws.com", "eventName": "InvokeModel",
                               "insightType": "ApiErrorRateInsight", "errorCode": "ThrottlingException",
                               "insightContext": context},
            "eventCategory": "Insight"}
        events.append(Event(seconds(at), CHAT_ACCOUNT, "eu-west-1", event["eventID"], "InvokeModel", None,
                            _encode(event).encode(), insight=True))
    return events
