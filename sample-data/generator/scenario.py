"""The plan: every call with its facts, before anything is written.

A call's fields hold what its log record will show; what the shape cannot carry (the latency of an
InvokeModel call, the tier of a record without bodies) is `None` here, so the truth needs no parser.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from random import Random
from time import gmtime, strftime

from . import outcomes
from .workloads import BY_NAME, CHAT_ACCOUNT, SPIKE_ROUTE, WORKLOADS, Identity, Route, Workload, hour_weight

# Story of the week of 2026-11-09 (W46), all times UTC. Told whole, or (spike, slowness, throttling) by a
# week of many records; outages, damage and single events only when all of STORY_DAYS is covered.
STORY_DAYS = (date(2026, 11, 2), date(2026, 11, 16))  # from, to (exclusive)
SPIKE = ("2026-11-11T14:00:00Z", "2026-11-11T16:00:00Z")
SLOWER_SINCE = "2026-11-12T00:00:00Z"
THROTTLING = ("2026-11-12T10:00:00Z", "2026-11-12T12:00:00Z")
LOGGING_OFF = ("2026-11-13T03:10:00Z", "2026-11-13T05:40:00Z")
CUT_OBJECT_AT = "2026-11-10T15:59:30Z"
BROKEN_LINE_AT = "2026-11-12T09:30:15Z"
RETRY_INPUT_TOKENS = {1: 23_850, 2: 28_210, 3: 25_760}
SPIKE_SHARE, THROTTLING_SHARE = 0.07, 0.02
UNLOGGED_SHARE, LOGGING_OFF_SHARE = 0.003, 0.007
GROWTH_PER_WEEK = 0.04

LOGGED, LOG_ONLY, UNLOGGED, CUT, BROKEN = "logged", "log_only", "unlogged", "cut", "broken"


@dataclass(frozen=True)
class Profile:
    """What a named data set is by default. `long_bodies`: bodies up to some KB, a few over 100 KB.
    `damage`: one object is cut and one line broken. `token_bytes`: how long texts are for each token
    that the record counts; 0 for short invented ones."""

    records: int
    start: date
    days: int
    hours_per_file: int
    records_per_file: int
    duplicates: int
    long_bodies: bool
    stories: bool
    damage: bool = False
    token_bytes: float = 0


PROFILES = {
    "sample": Profile(6500, date(2026, 11, 2), 14, 8, 10_000, 24, False, True),
    "week": Profile(300_000, date(2026, 11, 9), 7, 1, 400, 300, True, False),
}


@dataclass(slots=True)
class Call:
    """One call. `time` in seconds since the epoch; `facts` as far as its record shows them."""

    time: int
    workload: Workload
    route: Route
    identity: Identity
    session: str | None
    team: str | None
    request_id: str
    facts: outcomes.Facts
    fate: str = LOGGED
    prompt: int | None = None  # number of the repeated prompt, None for a prompt of its own

    @property
    def logged(self) -> bool:
        return self.fate in (LOGGED, LOG_ONLY)


@dataclass
class Plan:
    """All calls, by time, and what the writers need to know."""

    profile_name: str
    profile: Profile
    start: date
    days: int
    seed: int
    with_trail: bool
    calls: list[Call]
    duplicated: set[str]  # request ids of records that are written twice


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def iso(time: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(time))


def uuid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def plan(profile: str, records: int, start: date, days: int, seed: int, with_trail: bool,
         damage: bool = False, token_bytes: float = 0) -> Plan:
    """Plans exactly `records` logged calls, and with a trail also those that no log shows."""
    rng = Random(f"{seed}/calls")
    settings = PROFILES[profile]
    covered = start <= STORY_DAYS[0] and STORY_DAYS[1] <= start + timedelta(days=days)
    settings = replace(settings, stories=settings.stories and covered, damage=damage,
                       token_bytes=token_bytes)
    planner = _Planner(rng, settings, start, days)
    calls = planner.logged_calls(records)
    if with_trail:
        calls += planner.unlogged_calls(records)
        for call in rng.sample(calls[: records // 2], min(6, records // 1000)):
            call.fate = LOG_ONLY
    calls.sort(key=lambda call: (call.time, call.request_id))
    candidates = [call.request_id for call in calls if call.logged]
    duplicated = set(rng.sample(candidates, min(settings.duplicates, records // 100)))
    return Plan(profile, settings, start, days, seed, with_trail, calls, duplicated)


class _Planner:
    def __init__(self, rng: Random, profile: Profile, start: date, days: int):
        self.rng = rng
        self.profile = profile
        self.start = int(datetime(start.year, start.month, start.day, tzinfo=timezone.utc).timestamp())
        self.end = self.start + days * 86_400
        self.gap = tuple(map(seconds, LOGGING_OFF))
        self.slower_since = seconds(SLOWER_SINCE)
        self.cells, self.cell_weights = self._cells(start, days)

    def _cells(self, start: date, days: int) -> tuple[list[tuple[int, Workload]], list[float]]:
        cells, cumulative, total = [], [], 0.0
        for day in range(days):
            weekday = (start + timedelta(days=day)).weekday()
            growth = 1 + GROWTH_PER_WEEK * (day // 7)
            for hour in range(24):
                for workload in WORKLOADS:
                    busy_hours = sum(hour_weight(workload.rhythm, 0, h) for h in range(24))
                    share = hour_weight(workload.rhythm, weekday, hour) / busy_hours
                    if share:
                        total += workload.weight * share * growth
                        cells.append((self.start + day * 86_400 + hour * 3600, workload))
                        cumulative.append(total)
        return cells, cumulative

    def logged_calls(self, records: int) -> list[Call]:
        spike = self._spike(round(records * SPIKE_SHARE)) if self._covers(SPIKE) else []
        burst = self._burst(round(records * THROTTLING_SHARE)) if self._covers(THROTTLING) else []
        return self._background(records - len(spike) - len(burst)) + spike + burst

    def unlogged_calls(self, records: int) -> list[Call]:
        calls = self._background(round(records * UNLOGGED_SHARE))
        for call in calls[::3]:  # refused before they reached a model
            call.facts = call.facts.failed("AccessDeniedException")
        if self.profile.stories:
            calls += [self._call(self._between(LOGGING_OFF), BY_NAME["etl"])
                      for _ in range(round(records * LOGGING_OFF_SHARE))]
        for call in calls:
            call.fate = UNLOGGED
        return calls + self._damaged_calls() if self.profile.stories and self.profile.damage else calls

    def _damaged_calls(self) -> list[Call]:
        """Calls whose records are lost to the cut object and the broken line."""
        cut = [self._call(seconds(CUT_OBJECT_AT) + 9 * number, BY_NAME["search"]) for number in range(3)]
        for call in cut:
            call.fate = CUT
        broken = self._call(seconds(BROKEN_LINE_AT), BY_NAME["chat-us"])
        broken.fate = BROKEN
        broken.facts = outcomes.plain_success()
        return [*cut, broken]

    def _background(self, count: int) -> list[Call]:
        cells = self.rng.choices(self.cells, cum_weights=self.cell_weights, k=count)
        return [self._call(self._outside_the_gap(hour, workload), workload) for hour, workload in cells]

    def _outside_the_gap(self, hour: int, workload: Workload) -> int:
        """A time in the hour; a call that logging would have missed is moved before the gap."""
        time = hour + int(self.rng.random() * 3600)
        gap_from, gap_to = self.gap
        in_gap = (workload.account, workload.region) == (CHAT_ACCOUNT, "us-west-2") and gap_from <= time < gap_to
        if in_gap and self.profile.stories:
            return gap_from - 600 - int(self.rng.random() * 6000)
        return time

    def _spike(self, count: int) -> list[Call]:
        """A retry loop: three long prompts sent again and again, answered up to the token limit."""
        calls = []
        for _ in range(count):
            call = self._call(self._between(SPIKE), BY_NAME["chat-us"], SPIKE_ROUTE)
            call.session = "chat-api-7"
            call.prompt = self.rng.choice((1, 1, 1, 2, 2, 3))
            call.facts = outcomes.retry_answer(self.rng, RETRY_INPUT_TOKENS[call.prompt])
            calls.append(call)
        return calls

    def _burst(self, count: int) -> list[Call]:
        """Throttled calls in eu-west-1 over two hours."""
        calls = []
        for _ in range(count):
            workload = BY_NAME[self.rng.choice(("contracts", "contracts", "contracts", "chat-eu"))]
            call = self._call(self._between(THROTTLING), workload)
            call.facts = call.facts.failed("ThrottlingException")
            calls.append(call)
        return calls

    def _call(self, time: int, workload: Workload, route: Route | None = None) -> Call:
        rng = self.rng
        if route is None:
            route = rng.choices(workload.routes, weights=[route.weight for route in workload.routes])[0]
        identity = rng.choice(workload.identities)
        session = rng.choice(identity.sessions) if identity.sessions else None
        facts = outcomes.draw(rng, workload, route, slower=time >= self.slower_since,
                              long_bodies=self.profile.long_bodies)
        return Call(time, workload, route, identity, session, rng.choice(workload.teams), uuid(rng), facts)

    def _between(self, window: tuple[str, str]) -> int:
        begin, end = map(seconds, window)
        return begin + int(self.rng.random() * (end - begin))

    def _covers(self, window: tuple[str, str]) -> bool:
        return self.start <= seconds(window[0]) and seconds(window[1]) <= self.end
