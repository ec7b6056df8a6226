"""Runs one query over the tables of every shard and prints how many rows came out: {"shards": [{name: [path]}], "sql": text, "spill": path}."""

import json
import sys

import duckdb

request = json.load(sys.stdin)
connection = duckdb.connect()
connection.execute("SET memory_limit = '2GiB'")
connection.execute(f"SET temp_directory = '{request['spill']}'")
rows = 0
for tables in request["shards"]:
    for name, paths in tables.items():
        files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        # The rows are in the files: the folders' names are not columns.
        view = f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet([{files}], hive_partitioning = false)"
        connection.execute(view)
    # Everything is computed and ordered; the rows stay there.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS {request['sql']}")
    rows += connection.execute("SELECT count(*) FROM result").fetchone()[0]
print(rows)
