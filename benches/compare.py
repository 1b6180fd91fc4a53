#!/usr/bin/env python3
"""Counts logs without bedrock-lens, for `ingest.py --compare`: `compare.py ENGINE KIND GLOB`.

ENGINE is duckdb, clickhouse (chdb) or python; KIND is calls (by model: calls and tokens) or trail (by
event name and principal: events). The database engines find out themselves what the files hold; as
duckdb-sampled, what the first files hold, which is DuckDB's default and leaves out any field that only
later files have. As duckdb-told and clickhouse-told they are told by hand the few fields that are wanted,
and pass over the rest. Prints groups, rows and tokens, which must be the same for all.
"""

import collections
import glob
import gzip
import json
import sys

QUERIES = {
    "calls": "SELECT modelId, count(*), sum(input.inputTokenCount), sum(output.outputTokenCount) FROM {} GROUP BY 1",
    "trail": "SELECT event.eventName, event.userIdentity.arn, count(*), 0, 0 FROM {} GROUP BY 1, 2",
}


def duckdb(kind: str, files: str, way: str) -> list:
    import duckdb
    columns = {
        "calls": "{modelId: 'VARCHAR', input: 'STRUCT(inputTokenCount BIGINT)', "
                 "output: 'STRUCT(outputTokenCount BIGINT)'}",
        "trail": "{Records: 'STRUCT(eventName VARCHAR, userIdentity STRUCT(arn VARCHAR))[]'}",
    }
    given = {
        "": ", union_by_name = true",
        "sampled": "",
        "told": f", format = 'newline_delimited', columns = {columns[kind]}",
    }
    rows = f"read_json('{files}'{given[way]})"
    if kind == "trail":
        rows = f"(SELECT unnest(Records) AS event FROM {rows})"
    return duckdb.sql(QUERIES[kind].format(rows)).fetchall()


def clickhouse(kind: str, files: str, way: str) -> list:
    import chdb
    columns = {
        "calls": "modelId Nullable(String), input Tuple(inputTokenCount Nullable(Int64)), "
                 "output Tuple(outputTokenCount Nullable(Int64))",
        "trail": "Records Array(Tuple(eventName Nullable(String), userIdentity Tuple(arn Nullable(String))))",
    }
    query, rows = QUERIES[kind], f"file('{files}', 'JSONEachRow')"
    if way == "told":
        rows = f"file('{files}', 'JSONEachRow', '{columns[kind]}')"
    elif kind == "calls":  # bodies are lists here and objects there: no type can be inferred but JSON
        rows = f"file('{files}', 'JSONAsObject')"
        query = ("SELECT json.modelId.:String, count(*), sum(json.input.inputTokenCount.:Int64), "
                 "sum(json.output.outputTokenCount.:Int64) FROM {} GROUP BY 1")
    if kind == "trail":
        rows += " ARRAY JOIN Records AS event"
    settings = "input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1"
    answer = str(chdb.query(f"{query.format(rows)} SETTINGS {settings}", "JSONCompactEachRow"))
    return [json.loads(line) for line in answer.splitlines()]


def python(kind: str, files: str, _way: str) -> list:
    counts = collections.Counter()
    tokens = [0, 0]
    for name in glob.iglob(files, recursive=True):
        with gzip.open(name, "rt", encoding="utf-8") as file:
            if kind == "trail":
                counts.update((event.get("eventName"), event.get("userIdentity", {}).get("arn"))
                              for event in json.load(file)["Records"])
                continue
            for record in map(json.loads, file):
                counts[record.get("modelId")] += 1
                tokens[0] += record.get("input", {}).get("inputTokenCount") or 0
                tokens[1] += record.get("output", {}).get("outputTokenCount") or 0
    return [(key, count, 0, 0) for key, count in counts.items()] + [(None, 0, *tokens)]


if __name__ == "__main__":
    engine, kind, files = sys.argv[1:]
    name, _, way = engine.partition("-")
    rows = {"duckdb": duckdb, "clickhouse": clickhouse, "python": python}[name](kind, files, way)
    groups, read, tokens = 0, 0, 0
    for *_, count, input_tokens, output_tokens in rows:
        groups += int(count) > 0
        read += int(count)
        tokens += int(input_tokens or 0) + int(output_tokens or 0)
    print(groups, read, tokens)
