#!/usr/bin/env python3
"""How long answers take from a store of three million requests, and how much memory.

    python3 benches/answers.py --lens target/release/bedrock-lens --work /tmp/answers

The first run generates a month of logs (`sample-data/generate.py`, some minutes and 6 GB of memory)
and ingests it below --work; later runs reuse the store. Every line is the best of --runs runs of the
whole process: wall time, processor time, peak memory. Costing is the difference between a query and
the same query with `cost_usd`, taken in turns so that both see the same machine.
Python 3.11, standard library only; Linux for the peak memory.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
START = "2026-10-19"
BY = ["model,principal", "hour,model", "day,principal", "principal,tag:team"]
PLAIN = "requests,input_tokens,output_tokens"
FULL = "requests,error_rate,total_tokens,cost_usd,latency_p50_ms,latency_p95_ms,latency_p99_ms"
AS_OF = "2026-11-18T00:00:00Z"


def main() -> int:
    options = arguments()
    store = options.work / "store"
    if not store.is_dir():
        build(options, store)
    lens = [str(options.lens), "--store", str(store), "--as-of", AS_OF]

    print(f"{'query':<52}{'groups':>8}{'wall s':>9}{'cpu s':>8}{'peak MB':>9}")
    for by in BY:
        query = [*lens, "query", "--by", by, "--format", "csv", "--metrics"]
        plain, costed = best_of(options.runs, [*query, PLAIN], [*query, f"{PLAIN},cost_usd"])
        show(f"by {by}", plain)
        show(f"by {by} + cost", costed)
        print(f"{'  costing adds':<52}{'':>8}{costed[0] - plain[0]:>9.2f}{costed[1] - plain[1]:>8.2f}")
        show(f"by {by} + cost + percentiles", *best_of(options.runs, [*query, FULL]))
    out = str(options.work / "report.html")
    for name, period in [
        ("weekly report of one week", ["--date", "2026-11-10"]),
        ("weekly report over the whole month", ["--from", START, "--to", "2026-11-18"]),
    ]:
        show(name, *best_of(options.runs, [*lens, "report", "weekly", *period, "-o", out]))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lens", type=Path, default=REPOSITORY / "target/release/bedrock-lens")
    parser.add_argument("--work", type=Path, required=True, help="folder for logs and store")
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cloudtrail", action="store_true", help="with an event for every call")
    return parser.parse_args()


def build(options: argparse.Namespace, store: Path) -> None:
    logs = options.work / "logs"
    if not logs.is_dir():
        generate = [sys.executable, str(REPOSITORY / "sample-data/generate.py"), "--profile", "week",
                    "--records", str(options.records), "--days", "30", "--start", START,
                    "--out", str(logs), "--truth", str(options.work / "truth.json")]
        subprocess.run(generate + ["--cloudtrail"] * options.cloudtrail, check=True)
    subprocess.run([str(options.lens), "--store", str(store), "ingest", str(logs)], check=True)


def best_of(runs: int, *commands: list[str]) -> list[tuple[float, float, int, int]]:
    """Per command the fastest run: wall, cpu, peak in KiB, lines of output."""
    measured: list[list[tuple[float, float, int, int]]] = [[] for _ in commands]
    for _ in range(runs):
        for results, command in zip(measured, commands):
            results.append(run(command))
    return [min(results) for results in measured]


def run(command: list[str]) -> tuple[float, float, int, int]:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines = process.stdout.read().count(b"\n")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status != 0:
        sys.exit(f"error: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, lines


def show(name: str, result: tuple[float, float, int, int]) -> None:
    wall, cpu, peak, lines = result
    print(f"{name:<52}{max(lines - 1, 0):>8,}{wall:>9.2f}{cpu:>8.2f}{peak / 1024:>9.0f}")


if __name__ == "__main__":
    sys.exit(main())
