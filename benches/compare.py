#!/usr/bin/env python3
"""Counts logs without bedrock-lens, for `ingest.py --compare`: `compare.py ENGINE KIND GLOB`.

ENGINE is duckdb, clickhouse (chdb) or python; KIND is calls (by model: calls and tokens) or trail (by
event name and principal: events). Each engine reads only the fields it needs, by a given schema.
"""

import collections
import glob
import gzip
import json
import sys


def duckdb(kind: str, files: str) -> list:
    import duckdb
    if kind == "calls":
        query = f"""SELECT modelId, count(*), sum(input.inputTokenCount), sum(output.outputTokenCount)
            FROM read_json('{files}', format = 'newline_delimited', maximum_object_size = 100000000,
                columns = {{modelId: 'VARCHAR', input: 'STRUCT(inputTokenCount BIGINT)',
                            output: 'STRUCT(outputTokenCount BIGINT)'}}) GROUP BY 1"""
    else:
        query = f"""SELECT event.eventName, event.userIdentity.arn, count(*) FROM (SELECT unnest(Records) AS event
            FROM read_json('{files}', format = 'unstructured', maximum_object_size = 100000000,
                columns = {{Records: 'STRUCT(eventName VARCHAR, userIdentity STRUCT(arn VARCHAR))[]'}})) GROUP BY 1, 2"""
    return duckdb.sql(query).fetchall()


def clickhouse(kind: str, files: str) -> list:
    import chdb
    if kind == "calls":
        query = f"""SELECT modelId, count(), sum(input.inputTokenCount), sum(output.outputTokenCount)
            FROM file('{files}', 'JSONEachRow', 'modelId Nullable(String), input Tuple(inputTokenCount Nullable(Int64)),
                output Tuple(outputTokenCount Nullable(Int64))') GROUP BY 1"""
    else:
        query = f"""SELECT event.eventName, event.userIdentity.arn, count() FROM file('{files}', 'JSONEachRow',
            'Records Array(Tuple(eventName Nullable(String), userIdentity Tuple(arn Nullable(String))))')
            ARRAY JOIN Records AS event GROUP BY 1, 2"""
    settings = " SETTINGS input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1"
    return [line.split(",") for line in str(chdb.query(query + settings, "CSV")).splitlines()]


def python(kind: str, files: str) -> list:
    counts = collections.Counter()
    for name in glob.iglob(files, recursive=True):
        with gzip.open(name, "rt", encoding="utf-8") as file:
            if kind == "calls":
                counts.update(json.loads(line).get("modelId") for line in file)
            else:
                counts.update((event.get("eventName"), event.get("userIdentity", {}).get("arn"))
                              for event in json.load(file)["Records"])
    return list(counts.items())


if __name__ == "__main__":
    engine, kind, files = sys.argv[1:]
    print(len({"duckdb": duckdb, "clickhouse": clickhouse, "python": python}[engine](kind, files)))
