"""One model invocation log record per logged call."""

import json
from random import Random

from . import bodies
from .outcomes import BLOCKED_INPUT, BROKEN_STREAM, EMPTY_OUTPUT, ENVELOPE
from .scenario import Call, Profile, iso

BUCKET = "example-bedrock-logs"
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

_OLD_ORDER = ("schemaType", "schemaVersion", "timestamp", "accountId", "identity", "region", "requestId",
              "operation", "modelId", "errorCode", "input", "output", "inferenceRegion", "requestMetadata")
_NEW_ORDER = ("timestamp", "accountId", "region", "requestId", "operation", "modelId", "input", "output",
              "errorCode", "requestMetadata", "identity", "inferenceRegion", "schemaType", "schemaVersion")
_GEOGRAPHY = {"us": ("us-east-1", "us-east-2", "us-west-2"), "eu": ("eu-west-1", "eu-west-3", "eu-central-1"),
              "global": ("us-east-1", "eu-north-1", "ap-northeast-1", "us-west-2")}


def encode(rng: Random, call: Call, folder: str, profile: Profile) -> tuple[bytes, dict[str, bytes]]:
    """The record's line, and the bodies that lie beside it under `data/` (file name to JSON).

    Sets the sizes of the bodies in `call.facts`.
    """
    facts = call.facts
    text = bodies.Texts(rng, call, profile)
    offloaded: dict[str, bytes] = {}
    request = bodies.request(call, text) if _shows_request(call) else None
    response = _response(rng, call, text, profile)
    input_part = {"inputContentType": "application/json"}
    output_part = {"outputContentType": "application/json"}
    inside: dict[str, bytes] = {}
    _place_body(call, input_part, "input", request, folder, inside, offloaded)
    _place_body(call, output_part, "output", response, folder, inside, offloaded)
    _add_count(input_part, "inputTokenCount", facts.input_tokens)
    _add_count(input_part, "cacheReadInputTokenCount", facts.cache_read)
    _add_count(input_part, "cacheWriteInputTokenCount", facts.cache_write)
    _add_count(output_part, "outputTokenCount", facts.output_tokens)
    record = {
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": iso(call.time),
        "accountId": call.workload.account, "region": call.workload.region, "requestId": call.request_id,
        "operation": call.route.operation, "identity": {"arn": call.identity.arn(call.session)},
        "modelId": call.route.model_id(call.workload.account, call.workload.region), "input": input_part,
    }
    if facts.error_code:
        record["errorCode"] = facts.error_code
    if facts.error_shape in (ENVELOPE, BROKEN_STREAM):
        record["output"] = output_part
    elif facts.error_shape == EMPTY_OUTPUT:
        record["output"] = {}
    if call.team:
        record["requestMetadata"] = {"team": call.team, "env": "prod"}
    region = _inference_region(rng, call)
    if region:
        record["inferenceRegion"] = region
    order = _OLD_ORDER if call.workload.old_key_order else _NEW_ORDER
    line = _encode({key: record[key] for key in order if key in record}).encode()
    for side, body in inside.items():
        line = line.replace(f'"{_placeholder(side)}"'.encode(), body, 1)
    return line, offloaded


def _placeholder(side: str) -> str:
    """Stands for a body in the record, so that long bodies are encoded once."""
    return f"@{side} body@"


def _shows_request(call: Call) -> bool:
    return call.facts.body != "none" and not (call.facts.error_code and call.facts.error_shape == ENVELOPE)


def _response(rng: Random, call: Call, text: bodies.Texts, profile: Profile) -> dict | list | None:
    facts = call.facts
    if facts.body == "none" or (facts.error_code and facts.error_shape != BROKEN_STREAM):
        return None
    return bodies.response(rng, call, text, profile)


def _place_body(call: Call, part: dict, side: str, body: dict | list | None, folder: str,
                inside: dict[str, bytes], offloaded: dict[str, bytes]) -> None:
    """Puts a placeholder for the body into the record, or the body beside it when the log would offload it."""
    if body is None:
        return
    encoded = _encode(body).encode()
    if call.facts.body == f"offloaded_{side}":
        name = f"{call.request_id}_{side}.json.gz"
        offloaded[name] = encoded
        part[f"{side}BodyS3Path"] = f"s3://{BUCKET}/{folder}/data/{name}"
        return
    part[f"{side}BodyJson"] = _placeholder(side)
    inside[side] = encoded
    setattr(call.facts, f"{side}_bytes", len(encoded))


def _add_count(part: dict, name: str, count: int | None) -> None:
    if count is not None:
        part[name] = count


def _inference_region(rng: Random, call: Call) -> str | None:
    """Written for cross-Region profiles; missing in errors, blocked calls and now and then."""
    choices = _GEOGRAPHY.get(call.route.routing)
    if not choices or call.facts.error_code or call.facts.guardrail == BLOCKED_INPUT or rng.random() < 0.1:
        return None
    return rng.choice(choices)
