#!/usr/bin/env python3
"""Computes golden.json: allocation and savings of the sample data, from the log files alone.

Shares nothing with the tool: reads the records with `json`, prices them with exact fractions by the
rules of the price catalogue, and states every rule again in Python. Run it from anywhere:

    python3 tests/savings/golden.py > tests/savings/golden.json
"""

import gzip
import json
from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CATALOGUE = json.loads((REPOSITORY / "src/prices/bedrock-prices.json").read_text(encoding="utf-8"))
PREFIXES = ("us.", "eu.", "global.", "apac.")
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"

# What steers an answer and is no prompt, as docs/columns.md and the log's fields have it.
PARAMETERS = set(
    "additionalModelRequestFields additionalModelResponseFieldPaths guardrailConfig inferenceConfig "
    "performanceConfig requestMetadata serviceTier amazon-bedrock-guardrailConfig anthropic_beta "
    "anthropic_version metadata model modelId schemaVersion service_tier stream stream_options "
    "frequency_penalty imageGenerationConfig k maxTokens max_completion_tokens max_gen_len "
    "max_new_tokens max_tokens max_tokens_to_sample numResults p presence_penalty reasoning_effort "
    "seed stop stopSequences stop_sequences temperature textGenerationConfig topK topP top_k top_p"
    .split())


# ---- the log ----

def records():
    """Every distinct record below BedrockModelInvocationLogs, bodies that lie apart left alone."""
    seen = {}
    for path in sorted((REPOSITORY / "sample-data/AWSLogs").rglob("*.gz")):
        if "BedrockModelInvocationLogs" not in path.parts or "data" in path.parts:
            continue
        for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
            record = json.loads(line)
            seen.setdefault(record["requestId"], record)
    return list(seen.values())


def find(value, names):
    """The first value under one of these keys, at any depth."""
    if isinstance(value, dict):
        for name in names:
            if value.get(name) is not None:
                return value[name]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            found = find(item, names)
            if found is not None:
                return found
    return None


class Call:
    def __init__(self, record):
        self.id = record["requestId"]
        self.time = datetime.fromisoformat(record["timestamp"].replace("Z", "+00:00"))
        self.day = record["timestamp"][:10]
        self.account, self.region = record["accountId"], record["region"]
        self.operation, self.model_id = record["operation"], record["modelId"]
        self.ok = "errorCode" not in record
        self.team = (record.get("requestMetadata") or {}).get("team")
        self.principal, self.kind = principal(record["identity"]["arn"])
        given, made = record.get("input") or {}, record.get("output") or {}
        request, response = given.get("inputBodyJson"), made.get("outputBodyJson")
        self.request = request
        self.input = given.get("inputTokenCount")
        self.output = made.get("outputTokenCount")
        self.read = given.get("cacheReadInputTokenCount")
        self.write = given.get("cacheWriteInputTokenCount")
        if self.input is None and self.output is None:
            usage = find(response, ["usage"]) or {}
            self.input = usage.get("inputTokens", usage.get("input_tokens"))
            self.output = usage.get("outputTokens", usage.get("output_tokens"))
        self.hour = one_hour(response)
        self.tier = tier(request, response)
        self.intervened = is_intervened(response)
        self.model, self.routing = model_of(self.model_id)

    def counts(self):
        return [self.input, self.output, self.read, self.write]

    def total(self):
        return sum(count or 0 for count in self.counts())

    def context(self):
        return sum(count or 0 for count in (self.input, self.read, self.write))

    def tokens(self):
        """(count, kind of price) pairs; kinds without tokens left out."""
        hour = min(self.hour or 0, self.write or 0)
        pairs = [(self.input, "input"), (self.output, "output"), (self.read, "cache_read"),
                 ((self.write or 0) - hour, "cache_write"), (hour, "cache_write_1h")]
        return [(count, kind) for count, kind in pairs if count]


def principal(arn):
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    name = rest.split("/")[0] if kind == "assumed-role" else rest.split("/")[-1]
    if kind == "assumed-role":
        return name, "sso" if name.startswith("AWSReservedSSO_") else "role"
    return name, "api_key" if name.startswith("BedrockAPIKey-") else "user"


def one_hour(response):
    """Tokens written for an hour; None where the body doesn't tell."""
    details = find(response, ["cacheDetails"])
    if details is not None:
        return sum(one["inputTokens"] for one in details if one["ttl"] == "1h")
    creation = find(response, ["cache_creation"])
    return None if creation is None else creation.get("ephemeral_1h_input_tokens")


def tier(request, response):
    for body in (response, request):
        found = find(body, ["serviceTier", "service_tier"])
        if found is not None:
            return found["type"] if isinstance(found, dict) else found
    return None


def is_intervened(response):
    if find(response, ["stopReason"]) == "guardrail_intervened":
        return True
    return find(response, ["amazon-bedrock-guardrailAction"]) == "INTERVENED"


def model_of(model_id):
    """Base model and routing; None for an application profile."""
    name = model_id.split("/", 1)[1] if model_id.startswith("arn:") else model_id
    if "application-inference-profile" in model_id:
        return None, None
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix):], prefix[:-1]
    return name, "in_region"


# ---- prices ----

ROWS = defaultdict(list)
for row in CATALOGUE["prices"]:
    ROWS[row["model_id"], row["routing"], row["tier"]].append(row)
WINDOWS = {model["model_id"]: model["context_window"] for model in CATALOGUE["models"]}


def row_of(model, routing, tier, region, day):
    rows = [row for row in ROWS[model, routing, tier] if row["region"] in (region, "*")
            and row.get("effective_from", "0000") <= day < row.get("effective_to", "9999")]
    own = [row for row in rows if row["region"] == region]
    return (own or rows or [None])[0]


def prices(call, model=None, routing=None, tier=None):
    """The prices of a call as it was, or with something else; None where there is no row."""
    model = model or call.model
    routing = routing or ("global" if call.routing == "global" else "regional")
    tier = tier or {None: "standard", "default": "standard"}.get(call.tier, call.tier)
    row = row_of(model, routing, tier, call.region, call.day)
    if row is None:
        return None
    long = row.get("long_context")
    if long and call.context() > long["above_input_tokens"]:
        row = long
    found = {kind: row.get(kind) for kind in ("input", "output", "cache_read", "cache_write")}
    found["cache_write_1h"] = row.get("cache_write_1h") or row.get("cache_write")
    return {kind: None if price is None else Fraction(price) / 10**6 for kind, price in found.items()}


def cost(call, at):
    """(priced part, whether that is all); (None, _) where nothing is."""
    if at is None:
        return None, False
    parts = [(count, at[kind]) for count, kind in call.tokens()]
    priced = [count * price for count, price in parts if price is not None]
    if parts and not priced:
        return None, False
    return sum(priced, Fraction(0)), len(priced) == len(parts)


def usd(amount):
    units = amount * 10**14
    assert units.denominator == 1, amount
    sign, units = ("-" if units < 0 else ""), abs(units.numerator)
    whole, fraction = divmod(units, 10**14)
    return sign + f"{whole}.{fraction:014d}".rstrip("0").rstrip(".")


# ---- allocation ----

TEAMS = {"support": "Support", "search": "search", "legal": "legal", "data-platform": "platform"}


def team_of(call):
    if call.team in TEAMS:
        return TEAMS[call.team]
    if call.account.startswith("2222") and (
            call.principal.startswith("AWSReservedSSO_") or call.principal.endswith("@example.com")):
        return "people"
    if call.principal.startswith("svc-") and call.region.startswith("eu-"):
        return "legal"
    if call.principal.startswith("AmazonBedrockExecutionRoleForKnowledgeBase_"):
        return "platform"
    return None


def cost_center_of(call):
    if call.principal.startswith("AmazonBedrockExecutionRoleForKnowledgeBase_"):
        return "CC-000"
    if call.model_id.endswith("application-inference-profile/9x2k4mq7w1zt"):
        return "CC-700"
    return {"111122223333": "CC-100", "333344445555": "CC-300"}.get(call.account)


def lines(calls, name_of):
    found = defaultdict(lambda: [0, Fraction(0)])
    for call in calls:
        line = found[name_of(call)]
        line[0] += 1
        line[1] += call.cost or 0
    return found


def by_team(calls):
    """Direct, shared and total in units of 10⁻¹⁴: platform and the unattributed rest are shared out
    in proportion to direct cost, rounded by largest remainder, among equals to the first name."""
    found = lines(calls, team_of)
    direct = {name: int(amount * 10**14) for name, (_, amount) in found.items()}
    givers = [None, "platform"]
    takers = sorted(name for name in direct if name not in givers)
    pool, base = sum(direct.get(name, 0) for name in givers), sum(direct[name] for name in takers)
    exact = {name: Fraction(pool * direct[name], base) for name in takers}
    shared = {name: int(part) for name, part in exact.items()}
    left = pool - sum(shared.values())
    for name in sorted(takers, key=lambda name: (shared[name] - exact[name], name))[:left]:
        shared[name] += 1
    shared |= {name: -direct.get(name, 0) for name in givers}
    as_usd = lambda units: usd(Fraction(units, 10**14))
    return {
        name or "unattributed": {
            "requests": found[name][0],
            "direct_cost_usd": as_usd(direct[name]),
            "shared_cost_usd": as_usd(shared[name]),
            "total_cost_usd": as_usd(direct[name] + shared[name]),
        }
        for name in sorted(direct, key=lambda name: name or "")
    }


def spent_on(calls, amount):
    """The day on which the calls' cost reaches the amount."""
    days = defaultdict(Fraction)
    for call in calls:
        days[call.day] += call.cost or 0
    spent = Fraction(0)
    for day in sorted(days):
        spent += days[day]
        if spent >= amount:
            return day
    return None


# ---- savings ----

def range_of(calls, then, low, high):
    """Low and high of what the calls would have saved, requests of the high end, those left out."""
    saved, requests, left_out = [Fraction(0), Fraction(0)], 0, 0
    for call in calls:
        amount, whole = cost(call, then(call))
        if not whole:
            left_out += high(call)
            continue
        saved[0] += (call.cost - amount) * low(call)
        saved[1] += (call.cost - amount) * high(call)
        requests += high(call)
    return {"low_usd": usd(min(saved)), "high_usd": usd(max(saved)), "requests": requests,
            "left_out": left_out}


def can_wait(call):
    return "Stream" not in call.operation and call.kind == "role"


def cache_effect(calls):
    saved = premium = if_1h = Fraction(0)
    requests = 0
    for call in calls:
        if not (call.read or call.write):
            continue
        at, requests = prices(call), requests + 1
        for count, kind in call.tokens():
            if kind == "cache_read":
                saved += count * (at["input"] - at[kind])
            elif kind.startswith("cache_write"):
                premium += count * (at[kind] - at["input"])
                if_1h += count * (at[kind] - at["input"])
        if call.write and call.hour is None:
            if_1h += call.write * (at["cache_write_1h"] - at["cache_write"])
    return {"low_usd": usd(saved - if_1h), "high_usd": usd(saved - premium), "requests": requests,
            "saved_by_reads_usd": usd(saved), "paid_for_writes_usd": usd(premium)}


def unread_writes(calls):
    """What writes cost beyond plain input that nobody read, or not the same principal in time."""
    ordered = sorted(calls, key=lambda call: (call.time, call.id))
    end = max(call.time for call in calls)
    low = high = Fraction(0)
    for number, call in enumerate(ordered):
        if not call.write or not call.whole:
            continue
        same = lambda other: (other.account, other.region, other.model) == (
            call.account, call.region, call.model)
        later = [other for other in ordered[number + 1:] if other.read and same(other)]
        wait = lambda reads: min(((other.time - call.time).total_seconds() for other in reads),
                                 default=float("inf"))
        by_any = wait(later)
        by_own = wait(other for other in later if other.principal == call.principal)
        at, known = prices(call), (end - call.time).total_seconds() >= 3600
        for count, kind in call.tokens():
            if kind.startswith("cache_write"):
                more = count * max(at[kind] - at["input"], 0)
                low += more if by_any > 3600 and known else 0
                high += more if by_own > (3600 if kind.endswith("1h") else 300) else 0
    return {"low_usd": usd(low), "high_usd": usd(high)}


def prompt_length(calls):
    """What input beyond a caller's median costs, of its longest twentieth and tenth."""
    callers = defaultdict(list)
    for call in calls:
        if call.input is not None:
            callers[call.principal, call.model].append(call)
    low = high = Fraction(0)
    requests = 0
    for own in callers.values():
        lengths = sorted(call.input for call in own)
        rank = lambda percent: lengths[-(-percent * len(lengths) // 100) - 1]
        for call in own if len(own) >= 20 else []:
            beyond = (call.input - rank(50)) * prices(call)["input"]
            low += beyond if call.input > rank(95) else 0
            high += beyond if call.input > rank(90) else 0
            requests += call.input > rank(90)
    return {"low_usd": usd(low), "high_usd": usd(high), "requests": requests}


def substitution(calls, old, new):
    now = then = Fraction(0)
    requests = over = 0
    for call in calls:
        if call.model != old:
            continue
        if call.total() > WINDOWS[new]:
            over += 1
            continue
        amount, whole = cost(call, prices(call, model=new))
        if whole:
            now, then, requests = now + call.cost, then + amount, requests + 1
    return {"low_usd": usd(now - then * Fraction(12, 10)), "high_usd": usd(now - then * Fraction(8, 10)),
            "requests": requests, "same_tokens_usd": usd(now - then), "over_context_window": over}


def prompt(call):
    body = call.request
    if isinstance(body, dict):
        body = {key: value for key, value in body.items() if key not in PARAMETERS}
    return json.dumps(body, sort_keys=True) if body else None


def repeated(calls):
    low = high = Fraction(0)
    repeats = 0
    sent, answered = {}, {}
    for call in sorted(calls, key=lambda call: (call.time, call.id)):
        text = prompt(call)
        if text is None:
            continue
        key, own = (call.principal, text), (call.principal, text, call.model)
        near = lambda before: before is not None and (call.time - before).total_seconds() <= 600
        if near(sent.get(key)) and call.cost:
            high, repeats = high + call.cost, repeats + 1
            low += call.cost if near(answered.get(own)) else 0
        sent[key] = call.time
        if call.ok:
            answered[own] = call.time
    return {"low_usd": usd(low), "high_usd": usd(high), "requests": repeats}


def main():
    calls = [Call(record) for record in records()]
    for call in calls:
        known = [count for count in call.counts() if count is not None]
        not_billed = (not call.ok and not known) or (call.intervened and not any(known))
        call.cost, call.whole = (None, False) if not_billed or not known else cost(call, prices(call))
    assert len(calls) == 6500 and sum(call.total() for call in calls) == 25_026_577
    priced = [call for call in calls if call.whole]
    standard = [call for call in priced if call.tier in (None, "default", "standard")]
    regional = [call for call in priced if call.routing != "global"]
    everyone = lambda call: True
    no_stream = lambda call: "Stream" not in call.operation
    golden = {
        "cost_usd": usd(sum(call.cost for call in calls if call.cost is not None)),
        "teams": by_team(calls),
        "cost_centers": {name or "unattributed": {"requests": requests, "direct_cost_usd": usd(amount)}
                         for name, (requests, amount) in sorted(
                             lines(calls, cost_center_of).items(), key=lambda one: one[0] or "")},
        "support_spends_50_usd_on": spent_on(
            [call for call in calls if call.team == "support"], Fraction(50)),
        "cache_effect": cache_effect(priced),
        "batch": range_of([call for call in standard if no_stream(call)],
                          lambda call: prices(call, tier="batch"), can_wait, everyone),
        "flex_tier": range_of(standard, lambda call: prices(call, tier="flex"), can_wait, everyone),
        "priority_tier": range_of([call for call in priced if call.tier == "priority"],
                                  lambda call: prices(call, tier="standard"), can_wait, everyone),
        "global_routing": range_of(regional, lambda call: prices(call, routing="global"),
                                   lambda call: call.routing != "in_region", everyone),
        "model_substitution": substitution(priced, SONNET, HAIKU),
        "repeated_prompts": repeated(calls),
        "unread_cache_writes": unread_writes(calls),
        "prompt_length": prompt_length(priced),
    }
    print(json.dumps(golden, indent=1))


main()
