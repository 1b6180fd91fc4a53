#!/usr/bin/env python3
"""Writes the tables of docs/detections.md and docs/controls.md from the rules and controls of a binary.

    docs/generate-rules.py target/release/bedrock-lens

A test holds the pages against the binary.
"""

import json
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
FRAMEWORKS = ["soc2", "pci-dss-4", "hipaa", "gdpr", "fedramp-moderate", "iso-27001", "iso-42001"]
START, END = "<!-- from the data -->", "<!-- end -->"


def listed(*args):
    command = [sys.argv[1], "audit", *args, "--list", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rules():
    lines = ["| rule | severity | what was found | when | techniques | needs |", "| --- | --- | --- | --- | --- | --- |"]
    for rule in listed("detections"):
        cells = [f"`{rule['rule']}`", rule["severity"], rule["title"], rule["finds"]]
        cells += [", ".join(rule["techniques"]), ", ".join(rule["needs"])]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def controls():
    lines = []
    for framework in FRAMEWORKS:
        lines += [f"### `{framework}`", "", "| control | what it asks for | passes when |", "| --- | --- | --- |"]
        for control in listed("controls", "--framework", framework):
            lines.append(f"| {control['id']} | {control['title']} | {'; '.join(control['tests'])} |")
        lines.append("")
    return lines[:-1]


def write(name, lines):
    page = DOCS / name
    before, rest = page.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    page.write_text("\n".join([before + START, "", *lines, "", END]) + after, encoding="utf-8")


write("detections.md", rules())
write("controls.md", controls())
