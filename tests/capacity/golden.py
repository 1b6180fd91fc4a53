#!/usr/bin/env python3
"""Prints the load per minute of a folder of logs, from the files alone.

Shares nothing with the tool: reads the records with `json` and states every rule again. Arguments: the
folder above `AWSLogs`, the first and the last instant (exclusive) as the log writes them, and the quota
tokens of an output token.
"""

import gzip
import json
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

PREFIXES = ("us", "eu", "global", "apac")
THROTTLED = ("ThrottlingException", "ServiceQuotaExceededException", "TooManyRequestsException")


def records(folder, start, end):
    seen = {}
    for path in sorted((folder / "AWSLogs").rglob("*.gz")):
        if "BedrockModelInvocationLogs" in path.parts and "data" not in path.parts:
            for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
                record = json.loads(line)
                if start <= record["timestamp"] < end:
                    seen.setdefault(record["requestId"], record)
    return list(seen.values())


def find(value, name):
    """The first value under a key, at any depth."""
    if isinstance(value, dict):
        if value.get(name) is not None:
            return value[name]
        value = list(value.values())
    if isinstance(value, list):
        return next((found for item in value if (found := find(item, name)) is not None), None)
    return None


def pool(record):
    name = record["modelId"]
    if name.startswith("arn:"):
        name = name.split(":", 5)[5]
        if name.startswith("application-inference-profile/"):
            return record["accountId"], record["region"], name, None
        name = name.split("/", 1)[1]
    prefix, _, rest = name.partition(".")
    model, routing = (rest, prefix) if prefix in PREFIXES else (name, "in_region")
    return record["accountId"], record["region"], model, routing


def counts(record):
    """Input outside the cache, output, cache read and cache write tokens; None where unknown."""
    given, made = record.get("input") or {}, record.get("output") or {}
    read, write = (given.get(f"cache{kind}InputTokenCount") for kind in ("Read", "Write"))
    found, answered = given.get("inputTokenCount"), made.get("outputTokenCount")
    if found is None and answered is None:
        usage = find(made.get("outputBodyJson"), "usage") or {}
        found = usage.get("inputTokens", usage.get("input_tokens"))
        answered = usage.get("outputTokens", usage.get("output_tokens"))
    return found, answered, read, write


def quota_tokens(record, burndown):
    found, answered, _, write = counts(record)
    known = [found, write, None if answered is None else answered * burndown]
    return None if all(count is None for count in known) else sum(count or 0 for count in known)


def rank(values, percent):
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1] if values else None


def distribution(series):
    """`series`: minute → value."""
    if not series:
        return {"peak": None, "peak_at": None, "p95": None, "median": None, "mean": None}
    peak = max(series.values())
    at = min(minute for minute, value in series.items() if value == peak)
    return {"peak": peak, "peak_at": at + ":00Z", "p95": rank(series.values(), 95),
            "median": rank(series.values(), 50), "mean": sum(series.values()) / len(series)}


def mean(values):
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def load(calls, burndown):
    rpm, throttled, tpm = Counter(), Counter(), Counter()
    for call in calls:
        minute = call["timestamp"][:16]
        rpm[minute] += 1
        throttled[minute] += call.get("errorCode") in THROTTLED
        tokens = quota_tokens(call, burndown)
        if tokens is not None:
            tpm[minute] += tokens
    bad = [minute for minute in rpm if throttled[minute]]
    unknown = [call for call in calls
               if quota_tokens(call, burndown) is None and call.get("errorCode") not in THROTTLED]
    kinds = list(zip(*map(counts, calls)))
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    answer = {
        "requests": len(calls), "throttled": sum(throttled.values()), "minutes": len(rpm),
        "token_minutes": len(tpm), "tokens_unknown_requests": len(unknown),
        "rpm": distribution(rpm), "tpm": distribution(tpm),
        "peak_served_rpm": max(rpm[minute] - throttled[minute] for minute in rpm),
        "per_request": {name: mean(values) for name, values in zip(names, kinds)},
        "throttling": None,
    }
    if bad:
        answer["throttling"] = throttling(calls, bad, rpm, throttled, tpm, burndown)
    return answer


def throttling(calls, bad, rpm, throttled, tpm, burndown):
    ends = lambda values: [min(values), max(values)] if values else [None, None]
    worst = sorted(bad, key=lambda minute: (-throttled[minute], -rpm[minute], minute))
    parts = defaultdict(lambda: [0, 0, None])
    for call in calls:
        if call["timestamp"][:16] in bad:
            arn = call["identity"]["arn"].split(":", 5)[5].split("/")
            part = parts[arn[1] if arn[0] == "assumed-role" else arn[-1]]
            part[0] += 1
            part[1] += call.get("errorCode") in THROTTLED
            tokens = quota_tokens(call, burndown)
            part[2] = part[2] if tokens is None else (part[2] or 0) + tokens
    return {
        "minutes": len(bad),
        "rpm": ends([rpm[minute] for minute in bad]),
        "tpm": ends([tpm[minute] for minute in bad if minute in tpm]),
        "worst": [{"minute": minute + ":00Z", "requests": rpm[minute],
                   "throttled": throttled[minute], "tokens": tpm.get(minute)} for minute in worst],
        "principals": {name: {"requests": part[0], "throttled": part[1], "tokens": part[2]}
                       for name, part in parts.items()},
    }


def main():
    folder, start, end, burndown = sys.argv[1:]
    pools = defaultdict(list)
    for record in records(Path(folder), start, end):
        pools[pool(record)].append(record)
    names = ("account", "region", "model", "routing")
    in_order = sorted(pools.items(), key=lambda one: [(text is None, text or "") for text in one[0]])
    print(json.dumps([dict(zip(names, key)) | load(calls, int(burndown))
                      for key, calls in in_order]))


main()
