"""List cost of a call, exact, in units of 10⁻¹⁴ USD, by the rules of the price catalogue."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from .scenario import Call, iso

UNITS_PER_USD = 10**14
PRICED, PARTLY_PRICED, UNPRICED, NOT_BILLED = "priced", "partly_priced", "unpriced", "not_billed"
_TIERS = {None: "standard", "default": "standard", "flex": "flex", "priority": "priority"}


@dataclass(frozen=True)
class Cost:
    """`units` is the priced part; `None` when nothing is priced or nothing is billed."""

    status: str
    units: int | None


class PriceBook:
    """The rows of a catalogue, by model, routing and tier."""

    def __init__(self, rows: list[dict]):
        self._rows: dict[tuple[str, str, str], list[dict]] = {}
        for row in rows:
            self._rows.setdefault((row["model_id"], row["routing"], row["tier"]), []).append(row)

    @classmethod
    def load(cls, path: Path) -> "PriceBook":
        return cls(json.loads(path.read_text(encoding="utf-8"))["prices"])

    def cost(self, call: Call) -> Cost:
        facts = call.facts
        known = [count for count in facts.counts if count is not None]
        if (facts.error_code and not known) or (facts.intervened and not any(known)):
            return Cost(NOT_BILLED, None)
        row = self._row(call)
        if row is None:
            return Cost(UNPRICED, None)
        return _priced(row, call)

    def _row(self, call: Call) -> dict | None:
        routing = "global" if call.route.routing == "global" else "regional"
        rows = self._rows.get((call.route.model, routing, _TIERS[call.facts.tier]), [])
        day, region = iso(call.time)[:10], call.workload.region
        valid = [row for row in rows
                 if row["region"] in (region, "*")
                 and row.get("effective_from", "0000") <= day < row.get("effective_to", "9999")]
        exact = [row for row in valid if row["region"] == region]
        return (exact or valid or [None])[0]


def _priced(row: dict, call: Call) -> Cost:
    facts = call.facts
    cached = (facts.cache_read or 0) + (facts.cache_write or 0)
    long = row.get("long_context")
    if long and (facts.input_tokens or 0) + cached > long["above_input_tokens"]:
        row = row | long
    one_hour = facts.cache_write_1h or 0
    one_hour_price = row.get("cache_write_1h", row.get("cache_write"))
    parts = (
        (facts.input_tokens or 0, row.get("input")),
        (facts.output_tokens or 0, row.get("output")),
        (facts.cache_read or 0, row.get("cache_read")),
        ((facts.cache_write or 0) - one_hour, row.get("cache_write")),
        (one_hour, one_hour_price),
    )
    used = [(count, price) for count, price in parts if count]
    units = sum(count * _units_per_token(price) for count, price in used if price is not None)
    whole = all(price is not None for _, price in used)
    return Cost(PRICED if whole else PARTLY_PRICED, units)


_units: dict[str, int] = {}


def _units_per_token(usd_per_million: str) -> int:
    if usd_per_million not in _units:
        exact = Decimal(usd_per_million) * UNITS_PER_USD / 1_000_000
        if exact != int(exact):
            raise ValueError(f"price {usd_per_million} has too many decimals")
        _units[usd_per_million] = int(exact)
    return _units[usd_per_million]


def usd(units: int | None) -> str | None:
    """The exact decimal without trailing zeros."""
    if units is None:
        return None
    whole, fraction = divmod(units, UNITS_PER_USD)
    return f"{whole}.{fraction:014d}".rstrip("0").rstrip(".")
