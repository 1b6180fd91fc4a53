"""The S3 layout: which records lie in which object, under which key, and the odd objects between them."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from . import digests, invocation
from .scenario import BROKEN, CUT, UNLOGGED, Call, Plan, Profile, iso, seconds
from .trail import Event
from .workloads import CHAT_ACCOUNT, ORGANISATION, RESEARCH_ACCOUNT

TRAIL_HOURS_PER_FILE = 12
# Times in which a second trail (the organisation's) delivered the chat account's us-east-1 events too.
SECOND_TRAIL = (("2026-11-03T00:00:00Z", "2026-11-03T12:00:00Z"), ("2026-11-10T00:00:00Z", "2026-11-10T12:00:00Z"))
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Files:
    """What was written, as far as the truth needs it."""

    counts: Counter = field(default_factory=Counter)  # by kind
    duplicates: int = 0
    repeated_events: int = 0
    rejected: list[dict] = field(default_factory=list)


def write_tree(out: Path, plan: Plan, events: list[Event] | None) -> Files:
    """Writes everything below `out/AWSLogs`."""
    files = Files()
    writer = _Writer(out, files, level=_level(plan.profile))
    by_place: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in plan.calls:
        if call.fate != UNLOGGED:
            by_place[call.workload.account, call.workload.region].append(call)
    for (account, region), calls in sorted(by_place.items()):
        _write_invocations(writer, plan, account, region, calls)
    if events is not None:
        _write_trail(writer, plan, events)
    return files


def _level(profile: Profile) -> int:
    """Small files where they are committed, fast writing where they are many, else as writers do."""
    return 9 if profile.stories else 6 if profile.token_bytes else 3


class _Writer:
    def __init__(self, out: Path, files: Files, level: int):
        self.out, self.files, self.level = out, files, level

    def write(self, kind: str, key: str, content: bytes) -> None:
        path = self.out / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files.counts[kind] += 1

    def write_gzip(self, kind: str, key: str, content: bytes) -> None:
        self.write(kind, key, self.gzip(content))

    def gzip(self, content: bytes) -> bytes:
        packer = zlib.compressobj(self.level, zlib.DEFLATED, 31)  # no name, no time in the header
        return packer.compress(content) + packer.flush()

    def gzip_cut_after(self, kept: bytes) -> bytes:
        """A gzip stream that ends, without its end, right after `kept`."""
        packer = zlib.compressobj(self.level, zlib.DEFLATED, 31)
        return packer.compress(kept) + packer.flush(zlib.Z_FULL_FLUSH)


def _write_invocations(writer: _Writer, plan: Plan, account: str, region: str, calls: list[Call]) -> None:
    rng = Random(f"{plan.seed}/records/{account}/{region}")
    root = f"AWSLogs/{account}/BedrockModelInvocationLogs"
    writer.write("permission_check", f"{root}/{region}/amazon-bedrock-logs-permission-check", b"")
    again: list[bytes] = []
    for group in _groups(calls, plan.profile.hours_per_file, plan.profile.records_per_file):
        written = _written_after(rng, group[-1].time)
        folder = f"{root}/{region}/{iso(written)[:13].replace('-', '/').replace('T', '/')}"
        name = f"{_stamp(written)}{rng.randrange(1000):03d}Z_{rng.getrandbits(64):016x}.json.gz"
        lines, copies = [], []
        for call in sorted(group, key=lambda call: call.fate == CUT):
            line, offloaded = invocation.encode(rng, call, folder, plan.profile)
            for file, body in offloaded.items():
                writer.write_gzip("offloaded_body", f"{folder}/data/{file}", body)
            if call.fate == BROKEN:
                line = line[: len(line) // 2]
            if call.fate != CUT:
                lines.append(line)
            if call.request_id in plan.duplicated:
                copies.append(line)
        lines += again
        _write_records(writer, f"{folder}/{name}", lines, group)
        writer.files.duplicates += len(again)
        again = copies
    if again:
        written += 3600
        folder = f"{root}/{region}/{iso(written)[:13].replace('-', '/').replace('T', '/')}"
        name = f"{_stamp(written)}{rng.randrange(1000):03d}Z_{rng.getrandbits(64):016x}.json.gz"
        _write_records(writer, f"{folder}/{name}", again, [])
        writer.files.duplicates += len(again)


def _write_records(writer: _Writer, key: str, lines: list[bytes], group: list[Call]) -> None:
    content = b"".join(line + b"\n" for line in lines)
    lost = sum(call.fate == CUT for call in group)
    for number, call in enumerate((call for call in group if call.fate != CUT), start=1):
        if call.fate == BROKEN:
            writer.files.rejected.append({"object": key, "reason": "invalid_json", "record": number,
                                          "records_kept": len(lines) - 1, "records_lost": 1})
    if lost:
        writer.files.rejected.append({"object": key, "reason": "cut_gzip", "record": None,
                                      "records_kept": len(lines), "records_lost": lost})
        writer.write("invocations", key, writer.gzip_cut_after(content))
    else:
        writer.write_gzip("invocations", key, content)


def _write_trail(writer: _Writer, plan: Plan, events: list[Event]) -> None:
    rng = Random(f"{plan.seed}/trail-files")
    by_place: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if not event.insight:
            by_place[event.account, event.region].append(event)
    logs: list[digests.LogFile] = []
    for (account, region), of_place in sorted(by_place.items()):
        parent = f"{ORGANISATION}/{account}" if account == RESEARCH_ACCOUNT else account
        for group in _groups(of_place, TRAIL_HOURS_PER_FILE, 20_000):
            key, content = _trail_object(rng, parent, account, region, "CloudTrail", group)
            writer.write_gzip("cloudtrail", key, content)
            logs.append(digests.LogFile(account, region, key, content, group[0].time, group[-1].time))
            if (account, region) == (CHAT_ACCOUNT, "us-east-1") and plan.profile.stories:
                _repeat(writer, rng, group)
    insights = [event for event in events if event.insight]
    if insights:
        account, region = insights[0].account, insights[0].region
        key, content = _trail_object(rng, account, account, region, "CloudTrail-Insight", insights)
        writer.write_gzip("cloudtrail_insight", key, content)
    if plan.profile.stories:
        for key, content in digests.chain(rng, logs):
            writer.write_gzip("cloudtrail_digest", key, content)


def _repeat(writer: _Writer, rng: Random, group: list[Event]) -> None:
    """Delivers the events once more through the organisation's trail, where that one was on."""
    windows = [tuple(map(seconds, window)) for window in SECOND_TRAIL]
    seen_twice = [event for event in group if any(begin <= event.time < end for begin, end in windows)]
    if seen_twice:
        event = seen_twice[0]
        parent = f"{ORGANISATION}/{event.account}"
        key, content = _trail_object(rng, parent, event.account, event.region, "CloudTrail", seen_twice)
        writer.write_gzip("cloudtrail", key, content)
        writer.files.repeated_events += len(seen_twice)


def _trail_object(rng: Random, parent: str, account: str, region: str, kind: str,
                  group: list[Event]) -> tuple[str, bytes]:
    """Key and content of one trail file, delivered some minutes after its newest event."""
    delivered = (group[-1].time + 120 + rng.randrange(300)) // 300 * 300 + 300
    suffix = "".join(rng.choices(_ALPHABET, k=16))
    unordered = rng.sample(group, len(group))
    folder = f"AWSLogs/{parent}/{kind}/{region}/{iso(delivered)[:10].replace('-', '/')}"
    key = f"{folder}/{account}_{kind}_{region}_{_stamp(delivered)[:13]}Z_{suffix}.json.gz"
    return key, b'{"Records":[' + b",".join(event.body for event in unordered) + b"]}"


def _groups(items: list, hours: int, most: int) -> Iterator[list]:
    """Cuts a list ordered by time into runs of some hours; never across midnight."""
    group: list = []
    for item in items:
        if group and (item.time // (hours * 3600) != group[0].time // (hours * 3600) or len(group) >= most):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _written_after(rng: Random, newest: int) -> int:
    return newest + 15 + rng.randrange(60)


def _stamp(time: int) -> str:
    return iso(time).replace("-", "").replace(":", "").removesuffix("Z")
