#!/usr/bin/env python3
"""Writes the synthetic log tree and the truth it adds up to. Same arguments, same bytes.

Without arguments it rewrites `sample-data/AWSLogs` and `tests/truth/sample-data.json`.
Python 3.11, standard library only. README.md says what the data shows.
"""

import argparse
import json
import shutil
import sys
from datetime import date
from pathlib import Path

from generator import layout, prices, scenario, trail, truth

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
DEFAULT_OUT = HERE
DEFAULT_TRUTH = REPOSITORY / "tests" / "truth" / "sample-data.json"
DEFAULT_PRICES = REPOSITORY / "src" / "prices" / "bedrock-prices.json"


def main() -> int:
    options = parse_arguments()
    if not options.prices.is_file():
        print(f"error: no price catalogue at `{options.prices}`; name one with --prices", file=sys.stderr)
        return 2
    tree = options.out / "AWSLogs"
    if tree.exists():
        if options.out.resolve() != DEFAULT_OUT:
            print(f"error: `{tree}` exists; remove it or choose another --out", file=sys.stderr)
            return 2
        shutil.rmtree(tree)
    price_book = prices.PriceBook.load(options.prices)
    plan = scenario.plan(
        profile=options.profile,
        records=options.records,
        start=options.start,
        days=options.days,
        seed=options.seed,
        with_trail=options.cloudtrail,
        damage=options.damage,
        token_bytes=options.token_bytes,
    )
    events = trail.events_of(plan) if options.cloudtrail else None
    files = layout.write_tree(options.out, plan, events)
    result = truth.compute(plan, events, files, price_book)
    options.truth.parent.mkdir(parents=True, exist_ok=True)
    options.truth.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", choices=sorted(scenario.PROFILES), default="sample",
                        help="sample: two weeks with every story; week: one week of many records")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder to write AWSLogs/ into")
    parser.add_argument("--truth", type=Path, default=DEFAULT_TRUTH, help="truth file to write")
    parser.add_argument("--prices", type=Path, default=DEFAULT_PRICES, help="price catalogue to cost with")
    parser.add_argument("--records", type=int, help="distinct invocation records")
    parser.add_argument("--days", type=int, help="days covered")
    parser.add_argument("--start", type=date.fromisoformat, help="first day, UTC")
    parser.add_argument("--seed", type=int, default=46, help="seed of every random choice")
    parser.add_argument("--token-bytes", type=float, default=0,
                        help="texts of so many bytes for each token counted; short invented ones otherwise")
    parser.add_argument("--cloudtrail", action="store_true",
                        help="write trail files too (the sample profile always does)")
    parser.add_argument("--damage", action="store_true",
                        help="cut one object and break one line (with the sample profile's stories)")
    options = parser.parse_args()
    profile = scenario.PROFILES[options.profile]
    for name in ("records", "days", "start"):
        if getattr(options, name) is None:
            setattr(options, name, getattr(profile, name))
    options.cloudtrail = options.cloudtrail or options.profile == "sample"
    return options


if __name__ == "__main__":
    sys.exit(main())
