#!/usr/bin/env python3
"""Measures `ingest` as whole processes: against inflating alone, and against other ways to count.

    benches/ingest.py                          300,000 calls of about 11 KB, 1 and 2 threads
    benches/ingest.py --token-bytes 1,4,16     calls of about 4, 11 and 30 KB
    benches/ingest.py --events 1000000         CloudTrail events instead
    benches/ingest.py --compare                DuckDB, ClickHouse and Python over the same files too
    benches/ingest.py --data FOLDER            logs of your own

Calls are those of the sample generator in a week without incidents: 2,250 tokens each on average, 980 of
them cached, at four bytes a token. Every command runs `--runs` times, in turn with the others, so that
a machine whose speed drifts is as fast for all of them; the middle run is printed. `cpu` is user and system
time. Data and the comparison's virtual environment are made once, in `--work`. Python 3.11, standard
library; Linux (`taskset`).
"""

import argparse
import gzip
import itertools
import json
import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
QUIET_WEEK = "2026-10-19"
MB = 1e6
SAMPLED = "duckdb-sampled"  # may miss what only later files have
ENGINES = ("clickhouse", "duckdb", SAMPLED, "clickhouse-told", "duckdb-told", "python")


def main() -> int:
    options = parse_arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    lens, inflate = build(options)
    for folder in [options.data] if options.data else made(options):
        for threads in options.threads:
            measure(options, lens, inflate, folder, threads)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of gzip objects to ingest")
    parser.add_argument("--records", type=int, default=300_000, help="invocation records to generate")
    parser.add_argument("--token-bytes", type=lambda text: text.split(","), default=["4"],
                        help="length of their texts for each token counted")
    parser.add_argument("--events", type=int, help="CloudTrail events to generate instead")
    parser.add_argument("--triple", action="store_true", help="also with three times the data")
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--compare", action="store_true", help="also DuckDB, ClickHouse and Python")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/bedrock-lens/bench")
    parser.add_argument("--lens", type=Path, help="a built bedrock-lens")
    parser.add_argument("--inflate", type=Path, help="a built benches/inflate.rs")
    return parser.parse_args()


def build(options: argparse.Namespace) -> tuple[Path, Path]:
    """The release binary and the yardstick."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release"
    if not options.lens:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=REPOSITORY, check=True)
    if options.inflate:
        return options.lens or target / "bedrock-lens", options.inflate
    command = ["cargo", "bench", "--no-run", "--bench", "inflate", "--message-format=json", "--quiet"]
    output = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    built = [json.loads(line).get("executable") for line in output.splitlines() if line.startswith("{")]
    return options.lens or target / "bedrock-lens", Path([path for path in built if path][-1])


# Data


def made(options: argparse.Namespace) -> Iterator[Path]:
    """The data, made where it isn't yet; three times as much at last."""
    for times in (1, 3) if options.triple else (1,):
        if options.events:
            yield apart(trail, options, options.events * times)
            continue
        for token_bytes in options.token_bytes:
            yield apart(calls, options, options.records * times, token_bytes)


def apart(make, options: argparse.Namespace, *arguments) -> Path:
    """Data made in another process: a command's peak memory is never less than that of who starts it."""
    with multiprocessing.Pool(1) as pool:
        return pool.apply(make, (options.work, *arguments))


def calls(work: Path, records: int, token_bytes: str) -> Path:
    """Invocation logs of a week by the sample generator, with texts as long as their tokens say."""
    out, unfinished = work / f"calls-{records}-{token_bytes}", work / "unfinished"
    if not out.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        sys.path.insert(0, str(REPOSITORY / "sample-data"))
        import generate
        sys.argv = ["generate.py", "--profile", "week", "--start", QUIET_WEEK, "--records", str(records),
                    "--token-bytes", token_bytes, "--out", str(unfinished),
                    "--truth", str(work / f"{out.name}.truth.json")]
        generate.main()
        unfinished.rename(out)
    return out


def trail(work: Path, events: int) -> Path:
    """CloudTrail files of five minutes each, two accounts, four days for each million of events."""
    out, unfinished = work / f"events-{events}", work / "unfinished"
    if out.exists():
        return out
    shutil.rmtree(unfinished, ignore_errors=True)
    rng = random.Random(events)
    start = datetime(2026, 11, 2, tzinfo=timezone.utc)
    files = max(1, events // 430)
    for number in range(files):
        account = ("111122223333", "222233334444")[number % 2]
        time = start + timedelta(minutes=5 * (number // 2))
        share = events // files + (number < events % files)
        records = list(itertools.islice(events_of(rng, account, time), share))
        content = json.dumps({"Records": records}, separators=(",", ":"))
        folder = unfinished / f"AWSLogs/{account}/CloudTrail/us-east-1/{time:%Y/%m/%d}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{account}_CloudTrail_us-east-1_{time:%Y%m%dT%H%MZ}_{rng.getrandbits(64):016x}.json.gz"
        (folder / name).write_bytes(gzip.compress(content.encode(), 6))
    unfinished.rename(out)
    return out


# Counted in 58 files of real trails that are public, 4,400 events: large files have 2 to 20 sessions, and
# from one event to the next the session stays the same in 83 of 100 cases, the event's name in 70.
SESSIONS = 20
SAME_SESSION = 0.83
SAME_NAME = 0.70
CALLS = ("Converse", "InvokeModel", "ConverseStream")
OTHERS = ("DescribeInstances", "AssumeRole", "GetCallerIdentity", "Decrypt", "ListBuckets")


def events_of(rng: random.Random, account: str, time: datetime) -> Iterator[dict]:
    """The events of one file: machines use their roles, half of the time to call models."""
    sessions = [session_of(account, rng.randrange(40), rng.randrange(5), time) for _ in range(SESSIONS)]
    session, name = rng.choice(sessions), rng.choice(CALLS)
    while True:
        if rng.random() > SAME_SESSION:
            session = rng.choice([other for other in sessions if other is not session])
        if rng.random() > SAME_NAME:
            name = rng.choice([other for other in rng.choice((CALLS, OTHERS)) if other != name])
        yield event(rng, account, time, session, name)


def session_of(account: str, role: int, machine: int, time: datetime) -> tuple[dict, str]:
    """The identity and address of one of a role's machines; its credentials last six hours."""
    role, hour = f"service-{role}", time.hour // 6 * 6
    of_machine = random.Random(f"{account} {role} {machine}")
    session, address = f"i-{of_machine.getrandbits(64):016x}", f"203.0.113.{of_machine.randrange(256)}"
    key = random.Random(f"{session} {time:%F} {hour}").getrandbits(64)
    return {
        "type": "AssumedRole", "principalId": f"AROAEXAMPLE{role}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}", "accountId": account,
        "accessKeyId": f"ASIA{key:016X}",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": f"AROAEXAMPLE{role}", "accountId": account,
                              "arn": f"arn:aws:iam::{account}:role/{role}", "userName": role},
            "attributes": {"creationDate": f"{time:%Y-%m-%d}T{hour:02}:00:00Z", "mfaAuthenticated": "false"}}}, address


def event(rng: random.Random, account: str, time: datetime, session: tuple[dict, str], name: str) -> dict:
    """One event of the five minutes before `time`."""
    identity, address = session
    bedrock = name in CALLS
    parameters = ({"modelId": rng.choice(("us.anthropic.claude-sonnet-4-20250514-v1:0", "amazon.nova-lite-v1:0"))}
                  if bedrock else {"maxResults": rng.randrange(1000), "filterSet": {"items": [{"name": "vpc-id"}]}})
    return {
        "eventVersion": "1.11", "userIdentity": identity,
        "eventTime": f"{time - timedelta(seconds=rng.randrange(300)):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "bedrock.amazonaws.com" if bedrock else "ec2.amazonaws.com", "eventName": name,
        "awsRegion": "us-east-1", "sourceIPAddress": address,
        "userAgent": "Boto3/1.40.0 md/Botocore#1.40.0 os/linux lang/python#3.12.1",
        "requestParameters": parameters, "responseElements": None,
        "requestID": uuid(rng), "eventID": uuid(rng), "readOnly": True, "eventType": "AwsApiCall",
        "managementEvent": True, "recipientAccountId": account, "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                       "clientProvidedHostHeader": "bedrock-runtime.us-east-1.amazonaws.com"}}


def uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


# Measuring


def measure(options: argparse.Namespace, lens: Path, inflate: Path, folder: Path, threads: int) -> None:
    commands = {"inflate": [str(inflate), str(folder)],
                "ingest": [str(lens), "--store", str(options.work / "store"), "ingest", str(folder), "--json"]}
    if options.compare:
        commands |= comparison(options, folder)
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    outputs: dict[str, str] = {}
    for _ in range(options.runs):
        for name, command in commands.items():
            shutil.rmtree(options.work / "store", ignore_errors=True)
            warm(folder)
            outputs[name], run = timed(command, threads)
            times[name].append(run)
    shutil.rmtree(options.work / "store", ignore_errors=True)
    plain = json.loads(outputs["inflate"])["bytes_uncompressed"]
    summary = json.loads(outputs["ingest"])
    rows = summary["invocations"] + summary["api_events"]
    answers = {outputs[engine] for engine in commands if engine in ENGINES and engine != SAMPLED}
    if len(answers) > 1:
        sys.exit(f"the engines don't agree: {outputs}")
    if options.compare and {outputs[SAMPLED]} != answers:
        print(f"{SAMPLED} has counted otherwise: {outputs[SAMPLED]}", file=sys.stderr)
    print(f"\n{folder.name}: {rows:,} rows, {plain / MB:,.0f} MB plain, {threads} thread(s), "
          f"load {os.getloadavg()[0]:.1f}, {options.runs} runs")
    print(f"{'':15} {'wall s':>8} {'cpu s':>8} {'peak MB':>8} {'MB/s':>7} {'rows/s':>9} {'x wall':>7} {'x cpu':>7}")
    middle = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in times.items()}
    for name, (wall, cpu, peak) in middle.items():
        print(f"{name:15} {wall:8.2f} {cpu:8.2f} {peak / MB:8.0f} {plain / MB / wall:7.0f} {rows / wall:9.0f} "
              f"{wall / middle['inflate'][0]:7.2f} {cpu / middle['inflate'][1]:7.2f}")


def warm(folder: Path) -> None:
    """Has the system hold all files in memory, for each command the same."""
    for path in folder.rglob("*.gz"):
        path.read_bytes()


def timed(command: list[str], threads: int) -> tuple[str, tuple[float, float, float]]:
    """What a command prints, and its wall seconds, CPU seconds and peak bytes."""
    cores = ",".join(str(core) for core in range(threads))
    setting = {"RAYON_NUM_THREADS": str(threads), "POLARS_MAX_THREADS": str(threads)}
    started = time.monotonic()
    process = subprocess.Popen(["taskset", "-c", cores, *command], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=os.environ | setting, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):  # 3: something was rejected, as in data of your own
        sys.exit(f"{command} ended with {process.returncode}")
    return output, (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


# Other ways to count the same files


def comparison(options: argparse.Namespace, folder: Path) -> dict[str, list[str]]:
    environment = options.work / "compare"
    python = environment / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "duckdb", "chdb"], check=True)
    kind = "trail" if list(folder.glob("AWSLogs/*/CloudTrail")) else "calls"
    files = f"{folder}/AWSLogs/**/*.json.gz"
    script = str(Path(__file__).with_name("compare.py"))
    return {engine: [str(python), script, engine, kind, files] for engine in ENGINES}


if __name__ == "__main__":
    sys.exit(main())
