#!/usr/bin/env python3
"""Writes docs/columns.md from the doc comments of src/schema; with --check only compares."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "columns.md"
TABLES = [("invocations", "invocation.rs"), ("api_events", "api_event.rs"), ("rejects", "reject.rs"),
          ("sensitive", "sensitive.rs"), ("service_metrics", "service_metric.rs")]
TYPES = {"String": "text", "i64": "integer", "bool": "boolean", "TimeMs": "timestamp, UTC, milliseconds"}
COLUMN = re.compile(r"^\s*[A-Z0-9_]+ ([a-z0-9_]+): (\w+),$")


def columns(source: str):
    docs = []
    for line in source.splitlines():
        stripped = line.strip()
        if stripped.startswith("///"):
            docs.append(stripped[3:].strip())
        elif match := COLUMN.match(line):
            yield match[1], TYPES[match[2]], plain(" ".join(docs))
            docs = []
        else:
            docs = []


def plain(text: str) -> str:
    """Links between constants as the column names they are."""
    text = re.sub(r"\[`([A-Z0-9_]+)`\]", lambda match: f"`{match[1].lower()}`", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    return text.replace("[`reason`]", "the reasons below").replace("|", "\\|")


def reasons(source: str):
    docs = ""
    for line in source[source.index("pub mod reason"):].splitlines():
        stripped = line.strip()
        if stripped.startswith("///"):
            docs = f"{docs} {stripped[3:].strip()}".strip()
        elif match := re.match(r'pub const \w+: &str = "(\w+)";', stripped):
            yield match[1], docs
            docs = ""


def page() -> str:
    lines = [
        "# Columns",
        "",
        "Every column of the store, and which field of the log it is taken from. Null means unknown, never zero.",
        "This page is written from `src/schema` by `docs/generate-columns.py`.",
    ]
    for table, file in TABLES:
        source = (ROOT / "src" / "schema" / file).read_text(encoding="utf-8")
        lines += ["", f"## `{table}`", "", "| column | type | what it holds, and its source |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {kind} | {docs} |" for name, kind, docs in columns(source)]
        if "pub mod reason" in source:
            lines += ["", "### Reasons", "", "| reason | meaning |", "| --- | --- |"]
            lines += [f"| `{name}` | {docs} |" for name, docs in reasons(source)]
    return "\n".join(lines) + "\n"


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        print("docs/columns.md differs from src/schema: run docs/generate-columns.py", file=sys.stderr)
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
