"""A window's parts as what lands."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ml_pipelines.steps.column_types import schema_of
from ml_pipelines.steps.landing import landed_files
from ml_pipelines.steps.parts import (
    ROWS_A_BATCH,
    ROWS_A_GROUP,
    Part,
    PartFacts,
    PartWriter,
    Scored,
)
from ml_pipelines.steps.run_columns import RunColumns
from ml_pipelines.steps.window_file import write_file, write_parts
from tests.unit.ml_pipelines.fakes import record


def scored(*parts: Part, **run_columns: pa.Scalar) -> Scored:
    schema = schema_of((each.files, each.schema) for each in parts)
    return Scored(parts, schema, RunColumns(run_columns), sum(each.facts.rows_in for each in parts))


def part(folder, number: int, values: np.ndarray) -> Part:
    path = folder / f"{number:06}.parquet"
    writer = PartWriter(path, "id")
    keys = np.arange(len(values))
    for start in range(0, len(values), 50_000):
        rows = slice(start, start + 50_000)
        writer.add(pa.table({"id": keys[rows], "prediction": values[rows]}), "a.csv")
    writer.close(PartFacts(number, len(values), 0, "-"))
    return Part.open(path)


def test_a_large_part_is_copied_and_small_ones_share_a_row_group(tmp_path):
    """The bytes of the large one are in the file as they are."""
    large = part(tmp_path, 1, np.random.default_rng(1).normal(size=ROWS_A_BATCH))
    small = [part(tmp_path, number, np.arange(3.0) + number) for number in (0, 2, 3)]

    rows = write_file(scored(small[0], large, *small[1:]), tmp_path / "all.parquet", "parquet", {})

    landed = parquet.ParquetFile(tmp_path / "all.parquet")
    groups = [landed.metadata.row_group(number).num_rows for number in range(landed.num_row_groups)]
    assert (rows, groups) == (ROWS_A_BATCH + 9, [3, ROWS_A_BATCH, 6])
    assert large.path.read_bytes()[4:4000] in (tmp_path / "all.parquet").read_bytes()


def test_the_columns_of_the_run_stand_beside_every_row_group(tmp_path):
    """Of copied groups and of encoded ones, as Arrow would have written them with the rest."""
    sizes = (ROWS_A_GROUP + ROWS_A_BATCH, 3, 5, ROWS_A_BATCH)
    parts = [part(tmp_path, number, np.arange(float(rows))) for number, rows in enumerate(sizes)]
    whole = scored(
        *parts,
        window_start=pa.scalar(datetime(2026, 11, 22, tzinfo=UTC), pa.timestamp("us", "UTC")),
        model_version=pa.scalar(3),
    )

    write_file(whole, tmp_path / "all.parquet", "parquet", {})

    landed = parquet.ParquetFile(tmp_path / "all.parquet")
    rows = pa.concat_tables(parquet.read_table(each.path).replace_schema_metadata() for each in parts)
    assert landed.read().replace_schema_metadata() == whole.run_columns.behind(rows)
    for number, rows_there in enumerate([ROWS_A_GROUP, ROWS_A_BATCH, 8, ROWS_A_BATCH]):
        group = landed.metadata.row_group(number)
        columns = [group.column(each) for each in range(group.num_columns)]
        version = columns[3]
        assert (group.num_rows, version.num_values) == (rows_there, rows_there)
        assert (version.path_in_schema, version.statistics.min) == ("model_version", 3)
        assert group.total_byte_size == sum(each.total_uncompressed_size for each in columns)
    assert version.total_compressed_size < 1000


def test_a_part_that_disagrees_about_a_type_is_encoded_again(tmp_path):
    """One saw whole numbers only."""
    parts = [part(tmp_path, 0, np.arange(ROWS_A_BATCH)), part(tmp_path, 1, np.array([0.5]))]

    write_file(scored(*parts), tmp_path / "all.parquet", "parquet", {"attempt": "a"})

    found = parquet.read_table(tmp_path / "all.parquet")
    assert found["prediction"].type == pa.float64()
    assert found["prediction"].to_pylist() == [*map(float, range(ROWS_A_BATCH)), 0.5]
    assert found.schema.metadata == {b"abs_attempt": b"a"}


def test_the_rows_of_an_item_are_not_held_in_memory(tmp_path):
    """They wait on disk, and are encoded in row groups."""
    found = part(tmp_path, 0, np.arange(3.0 * ROWS_A_GROUP))

    footer = parquet.read_metadata(found.path)
    assert footer.num_rows == 3 * ROWS_A_GROUP
    assert (
        max(footer.row_group(number).num_rows for number in range(footer.num_row_groups)) < 2 * ROWS_A_GROUP
    )
    assert [each.name for each in tmp_path.iterdir()] == ["000000.parquet"]


def test_parts_of_a_window_are_no_larger_than_asked_and_the_summary_names_them(tmp_path):
    """The reader's way from the landed path to the files is that of landing.py."""
    parts = [part(tmp_path, number, np.random.default_rng(number).normal(size=1000)) for number in range(6)]

    rows, files = write_parts(
        scored(*parts), tmp_path / "predictions.parquet", "a1", 2 * parts[0].size + 500, {}
    )

    landed = record(attempt="a1", parts=str(len(files))).to_metadata()
    named = landed_files(f"{tmp_path}/predictions.parquet", landed)
    assert (rows, named) == (6000, [str(file) for file in files])
    assert len(files) == 3
    assert parquet.read_metadata(tmp_path / "predictions.parquet").num_rows == 6000
    with pytest.raises(OSError, match="corrupt"):  # rather than an empty table
        parquet.ParquetFile(tmp_path / "predictions.parquet").read()
