"""What runs do without."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
WITHOUT = """
import sys
import duckdb
import pyarrow as pa
from curation.lean import without_pandas
without_pandas()
table = pa.table({"x": ["a", None]})
with duckdb.connect() as connection:
    connection.register("rows", table)
    rows = connection.sql("SELECT x FROM rows").to_arrow_table().to_pylist()
print(rows, "pandas" in sys.modules)
import pandas
print(pandas.DataFrame({"x": [1]}).shape)
"""


def test_arrow_and_duckdb_work_without_pandas_which_others_may_still_import():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["[{'x': 'a'}, {'x': None}] False", "(1, 1)"]
