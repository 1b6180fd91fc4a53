"""Guardrail traces: what a guardrail saw and did, in both of the log's dialects."""

from .outcomes import BLOCKED_INPUT, BLOCKED_OUTPUT, MASKED, NONE

VERSION = "3"


def _assessment(policies: dict) -> dict:
    usage = {"topicPolicyUnits": 1, "contentPolicyUnits": 1, "wordPolicyUnits": 1,
             "sensitiveInformationPolicyUnits": 1, "sensitiveInformationPolicyFreeUnits": 0,
             "contextualGroundingPolicyUnits": 0}
    coverage = {"textCharacters": {"guarded": 120, "total": 120}}
    return policies | {"invocationMetrics": {"guardrailProcessingLatency": 240, "usage": usage,
                                             "guardrailCoverage": coverage}}


_BLOCK_MISCONDUCT = {"contentPolicy": {"filters": [
    {"type": "MISCONDUCT", "confidence": "HIGH", "filterStrength": "MEDIUM", "action": "BLOCKED", "detected": True}]}}
_BLOCK_TOPIC = {"topicPolicy": {"topics": [{"name": "Legal advice", "type": "DENY", "action": "BLOCKED"}]}}
_MASK_EMAIL = {"sensitiveInformationPolicy": {"piiEntities": [
    {"type": "EMAIL", "match": "customer@example.com", "action": "ANONYMIZED"}]}}

# outcome -> (what acted on the input, what acted on the output; None = output not assessed)
_POLICIES = {
    NONE: ({}, {}),
    MASKED: ({}, _MASK_EMAIL),
    BLOCKED_INPUT: (_BLOCK_MISCONDUCT, None),
    BLOCKED_OUTPUT: ({}, _BLOCK_TOPIC),
}
_REASON = {MASKED: "Guardrail masked.", BLOCKED_INPUT: "Guardrail blocked.", BLOCKED_OUTPUT: "Guardrail blocked."}


def converse_trace(outcome: str, guardrail: str) -> dict:
    """`trace.guardrail` of Converse; output assessments as a list of maps, as real logs have them."""
    on_input, on_output = _POLICIES[outcome]
    trace = {"inputAssessment": {guardrail: _assessment(on_input)}}
    if on_output is not None:
        trace["outputAssessments"] = [{guardrail: _assessment(on_output)}]
    if outcome in _REASON:
        trace["actionReason"] = _REASON[outcome]
    return trace


def invoke_keys(outcome: str, guardrail: str) -> dict:
    """The `amazon-bedrock-…` keys of InvokeModel bodies and stream chunks."""
    on_input, on_output = _POLICIES[outcome]
    trace = {"input": {guardrail: _assessment(on_input)}}
    if on_output is not None:
        trace["outputs"] = [{guardrail: _assessment(on_output)}]
    if outcome in _REASON:
        trace["actionReason"] = _REASON[outcome]
    return {"amazon-bedrock-trace": {"guardrail": trace},
            "amazon-bedrock-guardrailAction": "NONE" if outcome == NONE else "INTERVENED"}
