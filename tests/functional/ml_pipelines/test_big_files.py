"""One file that is several work items: cut in ranges, read by workers side by side, landed once."""

from __future__ import annotations

import io
import json
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from ml_pipelines.steps.landing import landed_files, manifest_path
from tests.functional.ml_pipelines.workspace import WINDOW

FILE_BYTES = 20 * 1024 * 1024
ITEM_BYTES = 4 * 1024 * 1024
MOST_MEGABYTES = 110
"""What a worker may grow by: 40 to 85 were measured for ranges of 4 MB, 136 for the whole file at once."""

REPORT = """
import os, resource
import azure.identity, azure.storage.filedatalake, pandas, pyarrow.csv, pyarrow.parquet

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def init():
    global before
    before = peak()

def run(rows):
    return rows[[]].assign(prediction=2 * rows["x"], process=os.getpid(), grew=peak() - before)
"""


def big_csv() -> tuple[pd.DataFrame, bytes]:
    """Rows of many lengths, so that no range happens to end where a row does."""
    random = np.random.default_rng(7)
    lengths = random.integers(1, 200, FILE_BYTES // 110)
    rows = pd.DataFrame(
        {
            "id": [f"k{number:06}" for number in range(len(lengths))],
            "x": random.integers(0, 1_000_000, len(lengths)),
            "note": ["n" * length for length in lengths],
        }
    )
    return rows, rows.to_csv(index=False, lineterminator="\r\n").encode()


def test_a_big_csv_file_is_scored_in_ranges_and_lands_once(workspace, new_scored_model):
    """Every row exactly once, in the file's order, by two processes that hold a range each."""
    rows, content = big_csv()
    assert len(content) > FILE_BYTES
    cut = {"newlines_in_values": False, "bytes_per_work_item": ITEM_BYTES, "process_count_per_node": 2}
    model = new_scored_model(REPORT, {"big.csv": content}, scoring=cut)

    ran = workspace.score(model)

    assert (ran.outcome.status, ran.outcome.rows_in) == ("committed", len(rows)), ran
    landed = pd.read_csv(io.BytesIO(workspace.lake.read(ran.outcome.path)))
    assert landed["id"].tolist() == rows["id"].tolist()
    assert landed["prediction"].tolist() == (2 * rows["x"]).tolist()
    assert landed["process"].nunique() == 2
    assert landed["grew"].max() <= MOST_MEGABYTES


def test_the_same_file_is_one_work_item_where_values_may_hold_newlines(workspace, new_scored_model):
    """The default: a range could begin inside a value. It is one process's, a block at a time."""
    rows, content = big_csv()
    one = {"bytes_per_work_item": ITEM_BYTES, "process_count_per_node": 2}
    model = new_scored_model(REPORT, {"big.csv": content}, scoring=one)

    ran = workspace.score(model)

    landed = pd.read_csv(io.BytesIO(workspace.lake.read(ran.outcome.path)))
    assert landed["id"].tolist() == rows["id"].tolist()
    assert len(set(landed["process"])) == 1


def test_a_big_parquet_file_is_scored_by_row_groups_and_lands_as_parts(workspace, new_scored_model):
    """Two processes share one file; the window is too large for one, and its summary leads to every row."""
    values = np.random.default_rng(7).normal(size=200_000)
    rows = pa.table({"id": np.arange(len(values)), "x": values})
    content = io.BytesIO()
    parquet.write_table(rows, content, row_group_size=20_000)
    script = "import os\ndef run(rows):\n    return rows[['x']].assign(process=os.getpid())\n"
    model = new_scored_model(
        script,
        {"big.parquet": content.getvalue()},
        scoring={"input_format": "parquet", "bytes_per_work_item": 500_000},
        output={"path": f"out/large-{uuid.uuid4().hex[:8]}", "maximum_file_megabytes": 1},
    )

    ran = workspace.score(model)

    assert (ran.outcome.status, ran.outcome.rows_in) == ("committed", len(values)), ran
    landed = workspace.lake.state(ran.outcome.path)
    files = landed_files(ran.outcome.path, landed.metadata)
    found = pa.concat_tables([parquet.read_table(io.BytesIO(workspace.lake.read(file))) for file in files])
    assert len(files) > 1
    assert found["x"].to_pylist() == values.tolist()
    assert len(set(found["process"].to_pylist())) == 2
    described = json.loads(workspace.lake.read(manifest_path(model.name, WINDOW)))
    assert described["files"] == files
