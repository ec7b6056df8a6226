"""Keeps one Spark session and runs queries in it, one after the other.

The first line of stdin is {"master": url, "settings": {name: value}}; every other one is a query:
{"id": number, "tables": {name: [path]}, "sql": text, "out": path of a folder that is not there}. Every line of stdout answers one:
{"kind": "ready"}, {"kind": "done", "id", "files", "rows"} or {"kind": "failed", "error", "is_final"}. When stdin ends, so does this.
"""

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading

# stdout is for answers alone: what else writes to it, and the JVM inherits it, goes where stderr goes.
answers = os.fdopen(os.dup(1), "w", encoding="ascii")
os.dup2(2, 1)

# The first Java that Spark 4 runs on.
OLDEST_JAVA = 17

# What a session has if nobody wants it otherwise.
DEFAULTS = {
    "spark.app.name": "radio-payouts",
    "spark.ui.enabled": "false",
    # The files are named: to ask for their lengths needs no job with a task for each.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
}

# What nobody may want otherwise.
FIXED = {
    "spark.ui.showConsoleProgress": "false",
    # An overflow is an error.
    "spark.sql.ansi.enabled": "true",
    # A file that is away or damaged is an error.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parquet.binaryAsString": "false",
    # One file of a task, in the order of tasks, whole or not there.
    "spark.sql.files.maxRecordsPerFile": "0",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "true",
    "spark.speculation": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.writeLegacyFormat": "false",
}

PART = re.compile(r"part-(\d+)-.*\.parquet")


def answer(**fields):
    print(json.dumps(fields), file=answers, flush=True)


def fail_for_good(error):
    """Ends this process for a reason that another attempt does not remove."""
    answer(kind="failed", error=error, is_final=True)
    sys.exit(1)


def listen(requests):
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    # Whoever asked is gone. The JVM ends when its own stdin does.
    os._exit(0)


def require_java():
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else shutil.which("java")
    install = f"install Java {OLDEST_JAVA} or newer (on Debian: apt install openjdk-17-jre-headless)"
    if java is None or not os.access(java, os.X_OK):
        where = f"JAVA_HOME is {home}, where it is not" if home else "it is not on the PATH"
        fail_for_good(f"no Java: {where}; {install}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    if said.returncode != 0 or version is None:
        fail_for_good(f"{java} does not run: {said.stderr.strip()[:300]}; {install}")
    if int(version[1]) < OLDEST_JAVA:
        fail_for_good(f"{java} is Java {version[1]}: {install}")


def start(request):
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        fail_for_good(f"{sys.executable} has no pyspark ({error}): {sys.executable} -m pip install 'pyspark>=4,<5'")
    require_java()
    builder = SparkSession.builder.master(request["master"])
    for name, value in {**DEFAULTS, **request["settings"], **FIXED}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("WARN")
        return session
    except Exception as error:
        answer(kind="failed", error=f"no session: {type(error).__name__}: {error}", is_final=False)
        sys.exit(1)


def run(session, query):
    from pyspark.sql import Observation
    from pyspark.sql.functions import count, lit

    reader = session.read
    # A path is a path, whatever letters are in it, and the folders' names are not columns.
    reader = reader.option("__globPaths__", "false").option("recursiveFileLookup", "true")
    # What the text cannot mean is not looked at.
    tables = {name: paths for name, paths in query["tables"].items() if re.search(rf"\b{name}\b", query["sql"])}
    for name, paths in tables.items():
        reader.parquet(*["file://" + path for path in paths]).createOrReplaceTempView(name)
    written = Observation()
    result = session.sql(query["sql"]).observe(written, count(lit(1)).alias("rows"))
    result.write.mode("error").parquet("file://" + query["out"])
    for name in tables:
        session.catalog.dropTempView(name)
    names = os.listdir(query["out"])
    if "_SUCCESS" not in names:
        raise RuntimeError(f"{query['out']} has no _SUCCESS: does every worker see this folder?")
    parts = [(int(part[1]), part[0]) for part in map(PART.fullmatch, names) if part]
    answer(kind="done", id=query["id"], files=[name for _, name in sorted(parts)], rows=str(written.get["rows"]))


def main():
    requests = queue.SimpleQueue()
    threading.Thread(target=listen, args=(requests,), daemon=True).start()
    session = start(requests.get())
    answer(kind="ready")
    from pyspark.errors import AnalysisException, ArithmeticException

    while True:
        query = requests.get()
        try:
            run(session, query)
        except (AnalysisException, ArithmeticException) as error:
            # The same query would fail again.
            answer(kind="failed", error=str(error), is_final=True)
        except Exception as error:
            answer(kind="failed", error=f"{type(error).__name__}: {error}", is_final=False)


if __name__ == "__main__":
    main()
