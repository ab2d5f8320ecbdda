"""A window that lands as parts, with checks, run columns and duplicates; and what publish copies."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from ml_pipelines.steps import errors
from ml_pipelines.steps.landing import landed_files
from ml_pipelines.steps.parts import ROWS_A_BATCH
from ml_pipelines.steps.publish import publish
from ml_pipelines.steps.work import part_path
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import receipt, score

if TYPE_CHECKING:
    from pathlib import Path

    from ml_pipelines.steps.work import Plan

LANDED = "out/window=2026-11-22T00-00-00Z/predictions.parquet"
SAME = "def run(mini_batch):\n    return mini_batch['x']\n"
RUN_COLUMNS = ["window_start", "model_version", "scored_at"]
LARGE = pa.table({"id": range(ROWS_A_BATCH), "x": [0.37 * number for number in range(ROWS_A_BATCH)]})


def input_file(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def scored(folder: Path, lake: FakeLake, **changes: object) -> Plan:
    """Each file of the input as a work item of its own."""
    usual = {"files_per_work_item": 1, "output_format": "parquet", "input_format": "parquet"}
    return score(folder, lake, SAME, **usual | changes)


def rows(lake: FakeLake, path: str = LANDED) -> pa.Table:
    files = landed_files(path, lake.stored[path].metadata)
    return pa.concat_tables(
        parquet.read_table(io.BytesIO(lake.stored[file].content)).replace_schema_metadata(None)
        for file in files
    )


def of_parts() -> FakeLake:
    small = [pa.table({"id": [2 * number, 2 * number + 1], "x": [0.5, 1.5]}) for number in range(3)]
    return FakeLake({f"in/{number}.parquet": input_file(table) for number, table in enumerate(small)})


def test_checks_see_the_rows_of_all_parts(tmp_path):
    """And each row says its run."""
    lake = of_parts()
    checks = {"minimum_rows": 6, "columns": {"prediction": {"maximum": 1.5}}}

    publish(scored(tmp_path, lake, maximum_file_bytes=1, checks=checks, run_columns=True), lake)

    found = rows(lake)
    assert len(landed_files(LANDED, lake.stored[LANDED].metadata)) == 3
    assert found.column_names == ["id", "prediction", *RUN_COLUMNS]
    assert found["id"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert len(found["scored_at"].unique()) == 1


def test_parts_of_a_window_that_failed_lie_beside_their_summary(tmp_path):
    """To be looked at as they would have been read; nothing of them is where readers look."""
    lake = of_parts()
    publish(scored(tmp_path, lake, maximum_file_bytes=1), lake)
    before = {path: each.etag for path, each in lake.stored.items() if path.startswith("out/")}
    known = {"attempt": "a2", "digest": "d2", "destination_etag": lake.stored[LANDED].etag}

    with pytest.raises(errors.ChecksFailed):
        publish(scored(tmp_path, lake, maximum_file_bytes=1, checks={"minimum_rows": 7}, **known), lake)

    staged = receipt(lake).staged
    files = landed_files(staged, lake.stored[staged].metadata)
    assert len(files) == 3
    assert all(file.startswith(staged.rpartition("/")[0] + "/_parts/a2/") for file in files)
    assert rows(lake, staged)["id"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert {path: each.etag for path, each in lake.stored.items() if path.startswith("out/")} == before


def encoded(content: bytes) -> bytes:
    """The row groups of a part, without its footer."""
    length = int.from_bytes(content[-8:-4], "little")
    return content[4 : -8 - length]


@pytest.mark.parametrize("run_columns", [False, True])
def test_publish_copies_a_large_part_with_its_run_columns(tmp_path, run_columns):
    """They were encoded by the worker, and are next to nothing."""
    lake = FakeLake({"in/a.parquet": input_file(LARGE)})
    plan = scored(tmp_path, lake, run_columns=run_columns)
    part = lake.stored[part_path(plan, 0)].content

    publish(plan, lake)

    landed = lake.stored[LANDED].content
    assert encoded(part) in landed
    group = parquet.read_metadata(io.BytesIO(landed)).row_group(0)
    sizes = {
        group.column(number).path_in_schema: group.column(number).total_compressed_size
        for number in range(2, group.num_columns)
    }
    assert list(sizes) == (RUN_COLUMNS if run_columns else [])
    assert all(size < 1000 for size in sizes.values())


@pytest.mark.parametrize(("keep", "first"), [("keep_first", 0.0), ("keep_last", 9.0)])
def test_only_the_part_that_loses_rows_is_encoded_again(tmp_path, keep, first):
    """Its duplicates lie in another; that one is copied."""
    more = pa.table({"id": [*range(-ROWS_A_BATCH, 0), 0], "x": [9.0] * (ROWS_A_BATCH + 1)})
    lake = FakeLake({"in/a.parquet": input_file(LARGE), "in/b.parquet": input_file(more)})
    plan = scored(tmp_path, lake, duplicate_keys=keep)
    parts = [lake.stored[path].content for path in plan.part_paths()]

    publish(plan, lake)

    found = rows(lake)
    keys = found["id"].to_pylist()
    assert len(keys) == len(set(keys)) == 2 * ROWS_A_BATCH
    assert found["prediction"][keys.index(0)].as_py() == first
    copied = [encoded(part) in lake.stored[LANDED].content for part in parts]
    assert copied == [keep == "keep_first", keep == "keep_last"]
    assert receipt(lake).rows_duplicate == 1
