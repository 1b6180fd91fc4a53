"""Request and response bodies, by operation and provider, as Bedrock logs them."""

from random import Random

from . import guardrails, prose, texts
from .outcomes import BLOCKED_INPUT, RETRY_LIMIT, Facts
from .scenario import Call, Profile
from .workloads import CONVERSE, CONVERSE_STREAM, INVOKE_STREAM, LLAMA, TITAN_EMBED

REFUSAL = "Sorry, I cannot help with this request."
MOST_BYTES = 95_000  # Bedrock keeps bodies of more than 100 KB apart


class Texts:
    """Prompt and answer of one call."""

    def __init__(self, rng: Random, call: Call, profile: Profile):
        topic, long, blocked = call.workload.topic, profile.long_bodies, call.facts.guardrail == BLOCKED_INPUT
        self.system = texts.SYSTEM[topic]
        if profile.token_bytes:
            self._as_counted(rng, call, profile.token_bytes)
        else:
            self.prompt = texts.REPEATED[call.prompt] if call.prompt else texts.question(rng, topic, long)
            self.answer = "" if blocked else texts.answer(rng, long)
        if blocked:
            self.answer = REFUSAL

    def _as_counted(self, rng: Random, call: Call, token_bytes: float) -> None:
        """Texts of so many bytes for each token that the record counts; cached tokens are instructions."""
        facts, name = call.facts, call.workload.name
        cached = ((facts.cache_read or 0) + (facts.cache_write or 0)) * token_bytes
        if cached:
            self.system = prose.instructions(name, int(min(cached, MOST_BYTES / 2)))
        size = int(min((facts.input_tokens or 250) * token_bytes, MOST_BYTES / 2))
        self.prompt = prose.instructions(f"{name} {call.prompt}", size) if call.prompt else prose.excerpt(rng, size)
        self.answer = prose.excerpt(rng, int(min((facts.output_tokens or 1) * token_bytes, MOST_BYTES)))


def request(call: Call, text: Texts) -> dict:
    """The body as the caller sent it."""
    limit = RETRY_LIMIT if call.prompt else 4096 if call.workload.topic == "legal" else 1024
    if call.route.operation in (CONVERSE, CONVERSE_STREAM):
        return _converse_request(call, text, limit)
    model = call.route.model
    if model == TITAN_EMBED:
        return {"inputText": text.prompt, "dimensions": 256, "normalize": True}
    if model == LLAMA:
        return {"prompt": text.prompt, "max_gen_len": limit, "temperature": 0.3}
    if model.startswith("amazon.nova"):
        body = {"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [{"text": text.prompt}]}],
                "inferenceConfig": {"maxTokens": limit}}
        if call.facts.tier:
            body["service_tier"] = call.facts.tier
        return body
    system = text.system
    if call.route.caching:
        control = {"type": "ephemeral"} | ({"ttl": "1h"} if call.route.caching == "1h" else {})
        system = [{"type": "text", "text": system, "cache_control": control}]
    return {"anthropic_version": "bedrock-2023-05-31", "max_tokens": limit, "system": system,
            "messages": [{"role": "user", "content": [{"type": "text", "text": text.prompt}]}]}


def _converse_request(call: Call, text: Texts, limit: int) -> dict:
    content, system = [{"text": text.prompt}], [{"text": text.system}]
    if call.route.caching:
        point = {"type": "default"} | ({"ttl": "1h"} if call.route.caching == "1h" else {})
        system.append({"cachePoint": point})
    body = {"messages": [{"role": "user", "content": content}], "system": system,
            "inferenceConfig": {"maxTokens": limit, "temperature": 0.2}}
    if call.facts.guardrail:
        body["guardrailConfig"] = {"guardrailIdentifier": call.workload.guardrail,
                                   "guardrailVersion": guardrails.VERSION, "trace": "enabled"}
    if call.facts.tier:
        body["serviceTier"] = {"type": call.facts.tier}
    return body


def response(rng: Random, call: Call, text: Texts, profile: Profile) -> dict | list | None:
    """The body as the model answered; `None` where the log leaves it out."""
    model, operation = call.route.model, call.route.operation
    if operation in (CONVERSE, CONVERSE_STREAM):
        return _converse_response(call, text)
    if operation == INVOKE_STREAM:
        return stream(rng, call, text, profile)
    if model == TITAN_EMBED:
        if call.workload.bodies == "no_embeddings":
            return None
        numbers = [round(rng.uniform(-0.2, 0.2), 4) for _ in range(256)]
        return {"embedding": numbers, "inputTextTokenCount": call.facts.input_tokens}
    if model == LLAMA:
        return {"generation": text.answer, "prompt_token_count": call.facts.input_tokens,
                "generation_token_count": call.facts.output_tokens, "stop_reason": "stop"}
    if model.startswith("amazon.nova"):
        return {"output": {"message": {"role": "assistant", "content": [{"text": text.answer}]}},
                "stopReason": "end_turn", "usage": _converse_usage(call.facts)}
    return _anthropic_response(rng, call, text)


def _converse_response(call: Call, text: Texts) -> dict:
    facts = call.facts
    body = {"output": {"message": {"role": "assistant", "content": [{"text": text.answer}]}},
            "stopReason": facts.stop_reason, "metrics": {"latencyMs": facts.latency_ms},
            "usage": _converse_usage(facts)}
    if facts.guardrail:
        body["trace"] = {"guardrail": guardrails.converse_trace(facts.guardrail, call.workload.guardrail)}
    if facts.tier:
        body["serviceTier"] = {"type": facts.tier}
    return body


def _converse_usage(facts: Facts) -> dict:
    total = sum(count or 0 for count in facts.counts)
    usage = {"inputTokens": facts.input_tokens, "outputTokens": facts.output_tokens, "totalTokens": total}
    if facts.cache_read is not None:
        usage |= {"cacheReadInputTokens": facts.cache_read, "cacheWriteInputTokens": facts.cache_write}
    if facts.cache_write:
        one_hour = facts.cache_write_1h or 0
        parts = (("1h", one_hour), ("5m", facts.cache_write - one_hour))
        usage["cacheDetails"] = [{"ttl": ttl, "inputTokens": count} for ttl, count in parts if count]
    return usage


def _anthropic_usage(facts: Facts, output_tokens: int) -> dict:
    usage = {"input_tokens": facts.input_tokens}
    if facts.cache_read is not None:
        one_hour = facts.cache_write_1h or 0
        usage |= {"cache_creation_input_tokens": facts.cache_write, "cache_read_input_tokens": facts.cache_read,
                  "cache_creation": {"ephemeral_5m_input_tokens": facts.cache_write - one_hour,
                                     "ephemeral_1h_input_tokens": one_hour}}
    return usage | {"output_tokens": output_tokens}


def _anthropic_message(rng: Random, call: Call) -> dict:
    name = call.route.model.removeprefix("anthropic.").removesuffix("-v1:0")
    return {"id": f"msg_bdrk_01{rng.getrandbits(64):016x}", "type": "message", "role": "assistant", "model": name}


def _anthropic_response(rng: Random, call: Call, text: Texts) -> dict:
    facts = call.facts
    content = [{"type": "text", "text": text.answer}]
    if facts.guardrail == BLOCKED_INPUT:
        body = {"type": "message", "role": "assistant", "content": content}
    else:
        body = _anthropic_message(rng, call) | {
            "content": content, "stop_reason": "end_turn", "stop_sequence": None,
            "usage": _anthropic_usage(facts, facts.output_tokens)}
    if facts.guardrail:
        body |= guardrails.invoke_keys(facts.guardrail, call.workload.guardrail)
    return body


def stream(rng: Random, call: Call, text: Texts, profile: Profile) -> list:
    """Provider chunks; the last object carries the invocation metrics unless the stream broke or was blocked."""
    facts = call.facts
    words = text.answer.split(" ")
    if facts.body == "long":
        words *= 1 + 1600 // len(words)
        pieces = [f" {word}" for word in words]
    else:
        step = 3 if profile.token_bytes else max(1, len(words) // 4)
        pieces = [" ".join(words[at:at + step]) + " " for at in range(0, len(words), step)]
    model = call.route.model
    shape = (_llama_chunks if model == LLAMA else
             _nova_chunks if model.startswith("amazon.nova") else _anthropic_chunks)
    chunks = shape(rng, call, pieces)
    if facts.error_code:
        return chunks[:-2]
    if facts.guardrail != BLOCKED_INPUT:
        chunks[-1]["amazon-bedrock-invocationMetrics"] = _invocation_metrics(facts)
    if rng.random() < 0.1:
        chunks.append("[DONE]")
    return chunks


def _invocation_metrics(facts: Facts) -> dict:
    metrics = {"inputTokenCount": facts.input_tokens, "outputTokenCount": facts.output_tokens,
               "invocationLatency": facts.latency_ms, "firstByteLatency": facts.first_byte_ms}
    if facts.cache_read is not None:
        metrics |= {"cacheReadInputTokenCount": facts.cache_read, "cacheWriteInputTokenCount": facts.cache_write}
    return metrics


def _anthropic_chunks(rng: Random, call: Call, pieces: list[str]) -> list:
    facts = call.facts
    message = _anthropic_message(rng, call) | {"content": [], "stop_reason": None, "stop_sequence": None,
                                               "usage": _anthropic_usage(facts, min(1, facts.output_tokens or 0))}
    deltas = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
              for piece in pieces]
    stop = {"type": "message_stop"}
    if facts.guardrail:
        keys = guardrails.invoke_keys(facts.guardrail, call.workload.guardrail)
        deltas[-1]["amazon-bedrock-guardrailAction"] = keys["amazon-bedrock-guardrailAction"]
        stop |= keys
    return [{"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *deltas, {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
             "usage": {"output_tokens": facts.output_tokens}}, stop]


def _llama_chunks(rng: Random, call: Call, pieces: list[str]) -> list:
    facts = call.facts
    chunks = [{"generation": piece, "prompt_token_count": None, "generation_token_count": number + 1,
               "stop_reason": None} for number, piece in enumerate(pieces)]
    chunks[0]["prompt_token_count"] = facts.input_tokens
    last = {"generation": "", "prompt_token_count": None, "generation_token_count": facts.output_tokens,
            "stop_reason": "stop"}
    return [*chunks, last]


def _nova_chunks(rng: Random, call: Call, pieces: list[str]) -> list:
    deltas = [{"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}} for piece in pieces]
    return [{"messageStart": {"role": "assistant"}}, *deltas, {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": _converse_usage(call.facts), "metrics": {}}}]
