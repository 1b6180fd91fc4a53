"""What a reader of the files must find, computed from the plan. No file is read here."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone

from .layout import Files
from .outcomes import STATUSES
from .prices import NOT_BILLED, PARTLY_PRICED, PRICED, UNPRICED, Cost, PriceBook, usd
from .scenario import (LOGGING_OFF, SLOWER_SINCE, SPIKE, THROTTLING, Call, Plan, iso, seconds)
from .trail import Event
from .workloads import CHAT_ACCOUNT, SONNET, SVC_CHAT

UNTAGGED = "(untagged)"
DIMENSIONS: dict[str, Callable[[Call], str]] = {
    "by_model": lambda call: call.route.model,
    "by_principal": lambda call: call.identity.name,
    "by_account": lambda call: call.workload.account,
    "by_region": lambda call: call.workload.region,
    "by_operation": lambda call: call.route.operation,
    "by_team": lambda call: call.team or UNTAGGED,
    "by_day": lambda call: iso(call.time)[:10],
}
WITH_LATENCY = ("by_model", "by_day")


class Tally:
    """Sums over some calls."""

    def __init__(self) -> None:
        self.statuses: Counter = Counter()
        self.errors: Counter = Counter()
        self.tokens: Counter = Counter()
        self.pricing: Counter = Counter()
        self.cost_units: int | None = None
        self.latencies: list[int] = []
        self.first_bytes: list[int] = []
        self.interventions = 0

    def add(self, call: Call, cost: Cost) -> None:
        facts = call.facts
        self.statuses[facts.status] += 1
        if facts.error_code:
            self.errors[facts.error_code] += 1
        for name, count in zip(("input", "output", "cache_read", "cache_write"), facts.counts):
            self.tokens[name] += count or 0
        self.tokens["input_bytes"] += facts.input_bytes or 0
        self.tokens["output_bytes"] += facts.output_bytes or 0
        self.pricing[cost.status] += 1
        if cost.units is not None:
            self.cost_units = (self.cost_units or 0) + cost.units
        if facts.latency_ms is not None:
            self.latencies.append(facts.latency_ms)
        if facts.first_byte_ms is not None:
            self.first_bytes.append(facts.first_byte_ms)
        self.interventions += facts.intervened

    def merge(self, other: "Tally") -> None:
        for name in ("statuses", "errors", "tokens", "pricing"):
            getattr(self, name).update(getattr(other, name))
        if other.cost_units is not None:
            self.cost_units = (self.cost_units or 0) + other.cost_units
        self.latencies += other.latencies
        self.first_bytes += other.first_bytes
        self.interventions += other.interventions

    def figures(self, with_latency: bool) -> dict:
        requests = self.statuses.total()
        tokens = {name: self.tokens[name] for name in ("input", "output", "cache_read", "cache_write")}
        figures = {
            "requests": requests, "ok": self.statuses["ok"], "errors": requests - self.statuses["ok"],
            "throttled": self.statuses["throttled"], "tokens": tokens | {"total": sum(tokens.values())},
            "cost_usd": usd(self.cost_units), "priced_requests": self.pricing[PRICED],
            "partly_priced_requests": self.pricing[PARTLY_PRICED],
            "unpriced_requests": self.pricing[UNPRICED] + self.pricing[PARTLY_PRICED],
            "not_billed": self.pricing[NOT_BILLED], "guardrail_interventions": self.interventions,
        }
        if with_latency:
            figures["latency"] = self._latency()
        return figures

    def _latency(self) -> dict:
        figures = {"known": len(self.latencies), "sum_ms": sum(self.latencies),
                   "first_byte_known": len(self.first_bytes), "first_byte_p50_ms": nearest_rank(self.first_bytes, 50)}
        for percent in (50, 90, 95, 99):
            figures[f"p{percent}_ms"] = nearest_rank(self.latencies, percent)
        return figures


def nearest_rank(values: list[int], percent: int) -> int | None:
    """The smallest value with at least `percent` of all values at or below it."""
    if not values:
        return None
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def compute(plan: Plan, events: list[Event] | None, files: Files, book: PriceBook) -> dict:
    """The whole truth, ready for JSON."""
    logged = [call for call in plan.calls if call.logged]
    cells = _cells(logged, book)
    weeks = sorted({iso_week(call.time) for call in plan.calls})
    midnight = datetime(plan.start.year, plan.start.month, plan.start.day, tzinfo=timezone.utc)
    result = {
        "profile": plan.profile_name, "seed": plan.seed, "from": plan.start.isoformat(),
        "to": (midnight + timedelta(days=plan.days)).date().isoformat(),
        "overall": _block(cells, lambda key: True),
        "weeks": {week: _block(cells, lambda key, week=week: key[0] == week) for week in weeks},
        "duplicates": {"invocations": files.duplicates, "api_events": files.repeated_events},
        "rejects": dict(Counter(reject["reason"] for reject in files.rejected)),
        "rejected_objects": files.rejected,
        "files": dict(files.counts),
        "coverage": None, "cloudtrail": None,
    }
    if events is not None:
        result["coverage"] = _coverage(plan.calls, events) | {
            "weeks": {week: _coverage([call for call in plan.calls if iso_week(call.time) == week],
                                      [event for event in events if iso_week(event.time) == week])
                      for week in weeks}}
        result["cloudtrail"] = _trail_figures(events, files)
    if plan.profile.stories:
        result["story"] = _story(logged, events or [], book)
    return result


def iso_week(time: int) -> str:
    year, week, _ = datetime.fromtimestamp(time, timezone.utc).isocalendar()
    return f"{year}-W{week:02d}"


def _cells(calls: Iterable[Call], book: PriceBook) -> dict[tuple[str, ...], Tally]:
    """Tallies by week and all dimensions at once; every group is a sum of cells."""
    cells: dict[tuple[str, ...], Tally] = defaultdict(Tally)
    for call in calls:
        key = (iso_week(call.time), *(dimension(call) for dimension in DIMENSIONS.values()))
        cells[key].add(call, book.cost(call))
    return cells


def _block(cells: dict[tuple[str, ...], Tally], wanted: Callable[[tuple[str, ...]], bool]) -> dict:
    total = Tally()
    groups: dict[str, dict[str, Tally]] = {name: defaultdict(Tally) for name in DIMENSIONS}
    names_by_day: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for key, tally in cells.items():
        if not wanted(key):
            continue
        total.merge(tally)
        values = dict(zip(DIMENSIONS, key[1:]))
        for name, value in values.items():
            groups[name][value].merge(tally)
        principals, models = names_by_day[values["by_day"]]
        principals.add(values["by_principal"])
        models.add(values["by_model"])
    block = total.figures(with_latency=True) | {
        "by_status": {status: total.statuses[status] for status in ("ok", *sorted(set(STATUSES.values())))},
        "by_error_code": dict(total.errors),
        "principals": len(groups["by_principal"]), "models": len(groups["by_model"]),
        "input_bytes": total.tokens["input_bytes"], "output_bytes": total.tokens["output_bytes"],
    }
    for name, group in groups.items():
        block[name] = {value: tally.figures(name in WITH_LATENCY) for value, tally in group.items()}
    for day, (principals, models) in names_by_day.items():
        block["by_day"][day] |= {"principals": len(principals), "models": len(models)}
    return block


def _coverage(calls: list[Call], events: list[Event]) -> dict:
    """Calls by their events, and logged calls without one; in all and by region."""
    with_event = {event.call.request_id for event in events if event.call}
    figures = {}
    for region in (None, *sorted({call.workload.region for call in calls})):
        called = [event.call for event in events if event.call and region in (None, event.region)]
        here = [call for call in calls if call.logged and region in (None, call.workload.region)]
        logged = sum(call.logged for call in called)
        figures[region] = {"called": len(called), "logged": logged, "unlogged": len(called) - logged,
                           "log_only": sum(call.request_id not in with_event for call in here)}
    return figures.pop(None) | {"by_region": figures}


def _trail_figures(events: list[Event], files: Files) -> dict:
    return {
        "distinct_events": len(events), "repeats": files.repeated_events,
        "runtime_calls": sum(event.call is not None for event in events),
        "insight_events": sum(event.insight for event in events),
        "by_event_name": dict(Counter(event.name for event in events if not event.insight)),
    }


def _story(calls: list[Call], events: list[Event], book: PriceBook) -> dict:
    def within(items: Iterable, window: tuple[str, str]) -> list:
        begin, end = map(seconds, window)
        return [item for item in items if begin <= item.time < end]

    spike = Tally()
    for call in within(calls, SPIKE):
        if call.identity == SVC_CHAT and call.workload.region == "us-east-1":
            spike.add(call, book.cost(call))
    sonnet = [call for call in calls if call.route.model == SONNET and call.facts.latency_ms is not None]
    week_start, slower = seconds("2026-11-09T00:00:00Z"), seconds(SLOWER_SINCE)
    before = [call.facts.latency_ms for call in sonnet if week_start <= call.time < slower]
    after = [call.facts.latency_ms for call in sonnet if call.time >= slower]
    burst = [call for call in within(calls, THROTTLING) if call.workload.region == "eu-west-1"]
    gap = [event for event in within(events, LOGGING_OFF) if event.call
           and (event.account, event.region) == (CHAT_ACCOUNT, "us-west-2")]
    return {
        "cost_spike": {"from": SPIKE[0], "to": SPIKE[1], "principal": SVC_CHAT.name, "region": "us-east-1",
                       "requests": spike.statuses.total(), "cost_usd": usd(spike.cost_units),
                       "repeated_prompts": sum(call.prompt is not None for call in calls)},
        "slower_model": {"since": SLOWER_SINCE, "model": SONNET,
                         "p50_ms_earlier_in_week": nearest_rank(before, 50), "p50_ms_since": nearest_rank(after, 50)},
        "throttling": {"from": THROTTLING[0], "to": THROTTLING[1], "region": "eu-west-1", "requests": len(burst),
                       "throttled": sum(call.facts.status == "throttled" for call in burst)},
        "logging_off": {"from": LOGGING_OFF[0], "to": LOGGING_OFF[1], "account": CHAT_ACCOUNT,
                        "region": "us-west-2", "called": len(gap), "logged": sum(e.call.logged for e in gap)},
    }
