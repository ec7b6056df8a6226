"""Runs one query over Parquet files and writes the result as one: {"tables": {name: [path]}, "sql": text, "out": path}."""

import json
import sys

import duckdb

request = json.load(sys.stdin)
connection = duckdb.connect()
for name, paths in request["tables"].items():
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    # The rows are in the files: the folders' names are not columns.
    connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}], hive_partitioning = false)")
out = request["out"].replace("'", "''")
connection.execute(f"COPY ({request['sql']}) TO '{out}' (FORMAT parquet)")
