"""Laws of cutting and joining Parquet: no row is lost, doubled or moved; nothing is decoded on the way."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import dataset, parquet

from ml_pipelines.steps import parquet_join
from ml_pipelines.steps.row_groups import piece_blocks
from ml_pipelines.steps.thrift import Reader, write_struct
from ml_pipelines.steps.work import cut
from tests.unit.ml_pipelines.fakes import FakeLake, pieces

ROWS = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 2**62), "text": st.none() | st.text(max_size=9)}), max_size=40
)
SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.string())])


def written(rows: list[dict[str, object]], group: int, path: Path | None = None, **options) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pylist(rows, SCHEMA)
    parquet.write_table(table, buffer, row_group_size=group, compression="zstd", **options)
    if path:
        path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


@given(rows=ROWS, group=st.integers(1, 9), limit=st.integers(1, 4000), footer=st.integers(8, 300))
@settings(deadline=None, max_examples=30)
def test_a_parquet_file_cut_anywhere_is_read_once_and_in_order(rows, group, limit, footer):
    """By workers that each fetch the footer and their own row groups; rows keep their numbers in the file."""
    lake = FakeLake({"in/a.parquet": written(rows, group)})
    groups = cut(pieces(lake), files_per_work_item=1, bytes_per_work_item=limit, workers=1, split={"parquet"})

    with TemporaryDirectory() as folder:
        target = Path(folder) / "input.parquet"
        found = (piece_blocks(piece, lake, target, None, footer) for (piece,) in groups)
        blocks = list(chain.from_iterable(found))
        assert not target.exists()

    assert [row for block in blocks for row in block.table.to_pylist()] == rows
    numbers = [number for block in blocks for number in block.origins()[1]]
    assert numbers == list(range(1, len(rows) + 1))


@given(parts=st.lists(ROWS, min_size=1, max_size=5), group=st.integers(1, 20))
@settings(deadline=None, max_examples=60)
def test_joined_files_are_their_rows_in_order(parts, group):
    """Statistics and metadata included; the summary reads as the same table."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            f"_parts/{number}.parquet": folder / f"_parts/{number}.parquet" for number in range(len(parts))
        }
        (folder / "_parts").mkdir()
        for rows, path in zip(parts, files.values(), strict=True):
            written(rows, group, path)
        parquet.ParquetWriter(folder / "schema", SCHEMA.with_metadata({"abs_attempt": "a"})).close()

        joined = parquet_join.join(folder / "schema", files.values(), folder / "joined.parquet")
        named = parquet_join.summarize(folder / "schema", files, folder / "summary.parquet")

        expected = pa.Table.from_pylist(list(chain.from_iterable(parts)), SCHEMA)
        assert joined == named == expected.num_rows
        found = parquet.read_table(folder / "joined.parquet")
        assert found.replace_schema_metadata(None).equals(expected)
        assert found.schema.metadata == {b"abs_attempt": b"a"}
        low = parquet.read_table(folder / "joined.parquet", filters=[("id", "<", 2**61)])
        assert low.num_rows == sum(row["id"] < 2**61 for rows in parts for row in rows)
        if expected.num_rows:
            seen = dataset.parquet_dataset(folder / "summary.parquet").to_table()
            assert seen.replace_schema_metadata(None).equals(expected)


@given(rows=ROWS, group=st.integers(1, 20), index=st.booleans())
@settings(deadline=None, max_examples=40)
def test_a_footer_that_is_read_and_written_is_the_same_bytes(rows, group, index):
    """Whatever Arrow puts there."""
    content = written(rows, group, write_page_index=index)
    length = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - length : -8]

    assert write_struct(Reader(footer).struct()) == footer
