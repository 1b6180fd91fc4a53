#!/usr/bin/env python3
"""Writes golden.tsv: requests and what they cost, in exact fractions.

Shares nothing with the program but the catalogue (src/prices/bedrock-prices.json) and the prices
file (prices.toml): written from the catalogue's rules, not from the program's code. Run it from
anywhere, without arguments; the same catalogue gives the same table.
"""

import datetime
import json
import random
import re
import tomllib
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).parent
CATALOGUE = json.loads((HERE / "../../src/prices/bedrock-prices.json").read_text())
OWN = tomllib.loads((HERE / "prices.toml").read_text())

PREFIXES = ["us-gov.", "global.", "apac.", "us.", "eu.", "jp.", "au.", "ca.", "in."]
SUFFIXES = [":24k", ":48k", ":200k", ":300k", ":8k", ":1m", ":512"]
ARN_REASONS = {
    "provisioned-model": "provisioned",
    "custom-model": "custom",
    "custom-model-deployment": "custom",
    "imported-model": "imported",
    "prompt-router": "prompt_router",
    "default-prompt-router": "prompt_router",
    "marketplace": "marketplace",
}
COLUMNS = (
    "prices_file model_id region tier at input output cache_read cache_write cache_write_1h as_logged"
    " status reason resolved_model routing cost_usd"
).split()


class Unpriced(Exception):
    """Carries the reason."""


def names(models):
    return {name: model for model in models for name in [model["model_id"], *model.get("aliases", [])]}


def model_and_routing(model_id, own):
    """The model and the routing that a logged id stands for."""
    if not model_id:
        raise Unpriced("no_model_id")
    if model_id.startswith("arn:"):
        service, _region, _account, resource = model_id.split(":", 5)[2:6]
        if service == "sagemaker":
            raise Unpriced("sagemaker")
        if service != "bedrock":
            raise Unpriced("other_service")
        kind, _, rest = resource.partition("/")
        if kind == "application-inference-profile":
            profiles = OWN["profiles"] if own else {}
            target = profiles.get(model_id) or profiles.get(rest)
            if target is None:
                raise Unpriced("application_profile_unmapped")
            return model_and_routing(target, own)
        if kind in ARN_REASONS:
            raise Unpriced(ARN_REASONS[kind])
        if kind not in ("foundation-model", "inference-profile"):
            raise Unpriced("unknown_model")
        model_id = rest
    routing = "regional"
    for prefix in PREFIXES:
        if model_id.startswith(prefix):
            model_id = model_id[len(prefix):]
            routing = "global" if prefix == "global." else "regional"
            break
    known = names(CATALOGUE["models"] + (OWN["model"] if own else []))
    if model_id in known:
        return known[model_id], routing
    for suffix in SUFFIXES:
        if model_id.endswith(suffix) and model_id[: -len(suffix)] in known:
            return known[model_id[: -len(suffix)]], routing
    return None, routing


def covers(row, day):
    start, end = row.get("effective_from"), row.get("effective_to")
    return (start is None or str(start) <= day) and (end is None or day < str(end))


def key(row):
    return row["model_id"], row["routing"], row["region"], row["tier"]


def price_row(model, routing, region, tier, day, own):
    """The row that holds, by catalogue and prices file."""
    if model is None:
        raise Unpriced("unknown_model")
    theirs = [row for row in CATALOGUE["prices"] if row["model_id"] == model["model_id"]]
    ours = [row for row in OWN["price"] if own and row["model_id"] == model["model_id"]]
    rows = [row for row in ours + theirs if row["routing"] == routing]
    if not rows and routing == "global":
        raise Unpriced("no_global_price")
    if not region:
        raise Unpriced("no_region")
    # `*` is every commercial Region: two letters, a direction, a number.
    commercial = re.fullmatch(r"(?!cn)[a-z]{2}-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d+", region)
    rows = [row for row in rows if row["region"] == region or (row["region"] == "*" and commercial)]
    if not rows:
        raise Unpriced("no_region_price")
    rows = [row for row in rows if row["tier"] == tier]
    if not rows:
        raise Unpriced("no_tier_price")
    rows = [row for row in rows if covers(row, day)]
    if not rows:
        raise Unpriced("no_price_on_date")
    # A Region's row before `*`; for the same calls the prices file before the catalogue.
    row = min(rows, key=lambda row: (row["region"] == "*", not any(row is our for our in ours)))
    return row, any(row is our for our in ours)


def share_left(model, day):
    """What discounts leave of a catalogue price: one for the model before one for its maker."""
    holding = [one for one in OWN["discount"] if covers(one, day)]
    by_model = [one for one in holding if one.get("model_id") == model["model_id"]]
    by_maker = [one for one in holding if "model_id" not in one and one["provider"] == model["provider"]]
    for one in by_model + by_maker:
        return 1 - Fraction(one["percent"]) / 100
    return None


def per_token(text, left):
    """Price of one token; a discounted one is rounded half up to 1e-14."""
    if text is None:
        return None
    price = Fraction(text) / 10**6
    if left is None:
        return price
    return Fraction(int(price * left * 10**14 + Fraction(1, 2)), 10**14)


def cost(case):
    own = case["prices_file"]
    result = dict(status="unpriced", reason=None, resolved_model=None, routing=None, cost_usd=None)
    try:
        model, routing = model_and_routing(case["model_id"], own)
        result["routing"] = routing
        result["resolved_model"] = model["model_id"] if model else None
        row, is_ours = price_row(model, routing, case["region"], case["tier"], case["at"][:10], own)
    except Unpriced as unpriced:
        return result | {"reason": str(unpriced)}
    counts = [case[name] for name in ("input", "output", "cache_read", "cache_write", "cache_write_1h")]
    written = case["cache_write"] if case["cache_write"] is not None else case["cache_write_1h"]
    hour = min(case["cache_write_1h"] or 0, written or 0)
    kinds = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    if all(row.get(kind) is None for kind in kinds):
        return result | {"reason": "no_unit_match"}
    if all(count is None for count in counts):
        return result | {"reason": "no_token_counts"}
    cached = (case["cache_read"] or 0) + (written or 0)
    fresh = case["input"] or 0
    if model.get("usage_semantics") == "input_includes_cache_reported":
        fresh = max(fresh - cached, 0)
    prices = row
    long = row.get("long_context")
    if long and fresh + cached > long["above_input_tokens"]:
        prices = long
    left = share_left(model, case["at"][:10]) if own and not is_ours else None
    price = {kind: per_token(prices.get(kind), left) for kind in kinds}
    if price["cache_write_1h"] is None:
        price["cache_write_1h"] = price["cache_write"]
    tokens = {
        "input": fresh,
        "output": case["output"] or 0,
        "cache_read": case["cache_read"] or 0,
        "cache_write": (written or 0) - hour,
        "cache_write_1h": hour,
    }
    missing = [kind for kind in kinds if tokens[kind] > 0 and price[kind] is None]
    reasons = []
    for kind in missing:
        reason = f"no_{kind.removesuffix('_1h')}_price"
        if reason not in reasons:
            reasons.append(reason)
    charged = dict(tokens, input=(case["input"] or 0) if case["as_logged"] else fresh)
    total = sum(charged[kind] * price[kind] for kind in kinds if price[kind] is not None)
    result["reason"] = ",".join(reasons) or None
    if not missing:
        return result | {"status": "priced", "cost_usd": total}
    if any(tokens[kind] > 0 and price[kind] is not None for kind in kinds):
        return result | {"status": "partly_priced", "cost_usd": total}
    return result


def decimal(amount):
    """An exact decimal without trailing zeros."""
    units = amount * 10**14
    assert units.denominator == 1, amount
    whole, rest = divmod(int(units), 10**14)
    return f"{whole}.{rest:014}".rstrip("0").rstrip(".")


def case(model_id, region="us-east-1", at="2026-10-09", tier="standard", own=False, as_logged=False, **counts):
    every = dict(input=1000, output=200, cache_read=None, cache_write=None, cache_write_1h=None)
    return dict(
        prices_file=own, model_id=model_id, region=region, tier=tier, at=at, as_logged=as_logged, **(every | counts)
    )


SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
HAIKU = "anthropic.claude-haiku-5-5"
ACCOUNT = "arn:aws:bedrock:us-east-1:111122223333:"


def by_hand():
    """Every id form, edge of a date, cache and long-context rule."""
    for prefix in ["", *PREFIXES]:
        yield case(prefix + SONNET)
    for suffix in [*SUFFIXES, ":9k", ":200K"]:
        yield case(SONNET + suffix)
    for arn in [
        f"arn:aws:bedrock:us-east-1::foundation-model/{SONNET}",
        f"arn:aws:bedrock:::foundation-model/{SONNET}",
        f"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/{SONNET}",
        f"{ACCOUNT}inference-profile/eu.{SONNET}",
        f"{ACCOUNT}inference-profile/global.{SONNET}",
        f"{ACCOUNT}inference-profile/{SONNET}:1m",
        "arn:aws:sagemaker:us-east-1:111122223333:endpoint/x",
        "arn:aws:lambda:us-east-1:111122223333:function:x",
        f"{ACCOUNT}guardrail/abc",
        f"{ACCOUNT}application-inference-profile/team1",
        f"{ACCOUNT}application-inference-profile/unknown",
        *[f"{ACCOUNT}{kind}/abc" for kind in ARN_REASONS],
    ]:
        yield case(arn)
        yield case(arn, own=True)
    for unknown in ["anthropic.claude-sonnet-4-5", "us.us." + SONNET, "claude", "us." , "Anthropic.claude-v2"]:
        yield case(unknown)
    for region in ["us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1", "US-EAST-1", "mars-north-1",
                   "us-east", "ap-southeast-9", "eu-west-1", "ap-northeast-1"]:
        for model in [SONNET, "global." + SONNET, "amazon.nova-pro-v1:0", "meta.llama3-70b-instruct-v1:0"]:
            yield case(model, region)
    for tier in ["standard", "batch", "flex", "priority", "latency_optimized", "reserved"]:
        for model in [SONNET, "us.amazon.nova-pro-v1:0", "openai.gpt-5.4", "us.meta.llama3-1-405b-instruct-v1:0"]:
            yield case(model, "us-east-2", tier=tier)
    yield case(SONNET, input=None, output=None)
    yield case(SONNET, input=0, output=0)
    yield case(SONNET, input=None)
    yield case(SONNET, output=None)
    yield case("amazon.nova-canvas-v1:0")
    for model in ["deepseek.v3.1", "openai.gpt-5.4-2026-03-05", "amazon.titan-embed-text-v1:2:8k", "cohere.embed-english-v3:0:512"]:
        for prefix in ["", "us.", "global.", f"{ACCOUNT}inference-profile/global.", f"{ACCOUNT}foundation-model/"]:
            yield case(prefix + model, "ap-northeast-1", output=None)
    for dated in [row for row in CATALOGUE["prices"] if row.get("effective_from")][::6]:
        start = datetime.date.fromisoformat(dated["effective_from"])
        region = "us-east-1" if dated["region"] == "*" else dated["region"]
        prefix = "global." if dated["routing"] == "global" else ""
        for at in [f"{start - datetime.timedelta(1)}T23:59:59.999Z", f"{start}T00:00:00Z"]:
            yield case(prefix + dated["model_id"], region, at, dated["tier"])
    for counts in [
        dict(cache_read=700),
        dict(cache_write=700),
        dict(cache_write=700, cache_write_1h=300),
        dict(cache_write=300, cache_write_1h=700),
        dict(cache_write_1h=300),
        dict(cache_read=5000, cache_write=3000),
        dict(input=None, output=None, cache_read=10),
    ]:
        for model in [SONNET, "amazon.nova-pro-v1:0", "anthropic.claude-3-sonnet-20240229-v1:0"]:
            yield case(model, **counts)
        for model in ["openai.gpt-5.6-luna", "global.openai.gpt-5.6-sol", "zai.glm-5.3"]:
            yield case(model, **counts)
            yield case(model, as_logged=True, **counts)
    for row in [row for row in CATALOGUE["prices"] if row.get("long_context")][::3]:
        above = row["long_context"]["above_input_tokens"]
        prefix = "global." if row["routing"] == "global" else ""
        region = "us-east-1" if row["region"] == "*" else row["region"]
        at = row.get("effective_from", "2026-10-09")
        for counts in [
            dict(input=above),
            dict(input=above + 1),
            dict(input=above - 10, cache_read=6, cache_write=4),
            dict(input=above - 10, cache_read=6, cache_write=5, cache_write_1h=2),
        ]:
            yield case(prefix + row["model_id"], region, at, row["tier"], **counts)


def own_prices():
    """The prices file: rows, dates, discounts, private models, profiles."""
    everything = dict(cache_read=7000, cache_write=123, cache_write_1h=45)
    for at in ["2026-05-31", "2026-06-01", "2026-06-30", "2026-07-01", "2026-09-30", "2026-10-01"]:
        for model in [SONNET, "global." + SONNET, "acme.scribe-1", "us.acme.scribe", HAIKU]:
            for region in ["us-east-1", "eu-central-1", "us-gov-west-1"]:
                yield case(model, region, at, own=True, **everything)
    for model in ["amazon.nova-pro-v1:0", "amazon.titan-embed-text-v2:0", "openai.gpt-5.4", HAIKU]:
        yield case(model, own=True, input=123457, output=None)
    yield case(HAIKU, own=True, input=100001, output=33333)
    for team in ["team1", "team2", "team3", "team4"]:
        yield case(f"{ACCOUNT}application-inference-profile/{team}", own=True)
    yield case("arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/team1", own=True)


def at_random():
    """Rows of the whole catalogue, with counts of every size; the seed is fixed."""
    dice = random.Random(20261122)
    count = lambda: dice.choice([None, 0, dice.randrange(10**3), dice.randrange(10**6), dice.randrange(10**9)])
    for row in dice.sample(CATALOGUE["prices"], 150):
        prefix = "global." if row["routing"] == "global" else dice.choice(["", "", "us.", "eu."])
        region = dice.choice(["us-east-1", "eu-west-1"]) if row["region"] == "*" else row["region"]
        yield case(
            prefix + row["model_id"],
            region,
            row.get("effective_from", "2026-10-09"),
            row["tier"],
            own=dice.random() < 0.2,
            as_logged=dice.random() < 0.2,
            input=count(),
            output=count(),
            cache_read=count(),
            cache_write=count(),
            cache_write_1h=dice.choice([None, None, count()]),
        )


def line(asked):
    answer = asked | cost(asked)
    if answer["cost_usd"] is not None:
        answer["cost_usd"] = decimal(answer["cost_usd"])
    text = lambda value: "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return "\t".join(text(answer[column]) for column in COLUMNS)


def main():
    lines = dict.fromkeys(line(asked) for asked in [*by_hand(), *own_prices(), *at_random()])
    table = ["# written by golden.py; a dash is null", "# " + "\t".join(COLUMNS), *lines]
    (HERE / "golden.tsv").write_text("\n".join(table) + "\n")
    print(len(lines), "cases")


if __name__ == "__main__":
    main()
