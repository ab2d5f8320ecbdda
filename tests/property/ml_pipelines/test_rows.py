"""Laws of cutting CSV: no row is lost, doubled or torn, wherever the cuts fall."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from ml_pipelines.steps.feed import BLOCK_BYTES, table_blocks
from ml_pipelines.steps.rows import count_rows, last_row_end, split_header, whole_rows
from ml_pipelines.steps.work import Piece, WorkItem, cut
from tests.unit.ml_pipelines.fakes import FakeLake, pieces, plan

PLAIN = st.text(alphabet="abc ,'", max_size=8)
WILD = st.text(alphabet='ab,"\n\r ;', max_size=8)
ENDINGS = st.sampled_from(["\n", "\r\n"])


def table(rows: list[list[str]], ending: str, *, last_newline: bool) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=ending).writerows([["id", "text"], *rows])
    content = stream.getvalue().encode()
    return content if last_newline else content.removesuffix(ending.encode())


def rows_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    return st.lists(texts, max_size=30).map(lambda found: [[str(n), text] for n, text in enumerate(found)])


@given(rows=rows_of(WILD), ending=ENDINGS, last=st.booleans())
def test_rows_are_counted_as_a_csv_parser_counts_them(rows, ending, last):
    """Newlines inside quotation marks end no row; a missing last newline loses none."""
    assert count_rows(table(rows, ending, last_newline=last)) == len(rows) + 1


@given(rows=rows_of(WILD), size=st.integers(1, 20), block=st.integers(1, 50))
def test_blocks_of_whole_rows_are_the_stream(rows, size, block):
    """Put together they are the same bytes, and each but the last ends where a row ends."""
    content = table(rows, "\n", last_newline=True)
    chunks = [content[start : start + size] for start in range(0, len(content), size)]

    blocks = list(whole_rows(chunks, block))

    assert b"".join(blocks) == content
    assert all(last_row_end(each) == len(each) for each in blocks)
    assert sum(count_rows(each) for each in blocks) == len(rows) + 1


@given(rows=rows_of(WILD), size=st.integers(1, 20))
def test_the_header_and_what_follows_are_the_stream(rows, size):
    """However the bytes arrive, the first row is the header."""
    content = table(rows, "\n", last_newline=True)
    chunks = [content[start : start + size] for start in range(0, len(content), size)]

    header, rest = split_header(iter(chunks))

    assert (header, header + b"".join(rest)) == (b"id,text\n", content)


@settings(deadline=None)
@given(rows=rows_of(PLAIN), ending=ENDINGS, last=st.booleans(), count=st.integers(1, 9))
def test_ranges_of_a_file_have_each_row_once(rows, ending, last, count):
    """The ranges' rows in order are the file's rows in order: a row belongs to the range it starts in."""
    lake = FakeLake({"in/a.csv": table(rows, ending, last_newline=last)})
    whole = pieces(lake)[0]
    limit = max(whole.size // count, 1)
    groups = cut([whole], files_per_work_item=1, bytes_per_work_item=limit, workers=1, split={"csv"})

    found = [key for group in groups for key in keys(lake, group)]

    assert found == [int(row[0]) for row in rows]


def keys(lake: FakeLake, group: tuple[Piece, ...]) -> list[int]:
    blocks = table_blocks(WorkItem(0, plan(), group), lake, None)  # type: ignore[arg-type]
    return [key for block in blocks for key in block.table.column("id").to_pylist()]


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 100), max_size=20), files=st.integers(1, 5), limit=st.integers(1, 150))
def test_work_items_are_the_input_in_order_within_the_limits(sizes, files, limit):
    """Every piece once, in order; an item is over its bytes only where one piece alone is."""
    found = [Piece(f"p{n}.csv", f"p{n}.csv", "e", size, 0, size) for n, size in enumerate(sizes)]

    groups = list(cut(found, files_per_work_item=files, bytes_per_work_item=limit, workers=1, split=()))

    assert [piece for group in groups for piece in group] == found
    assert all(len(group) <= files for group in groups)
    assert all(len(group) == 1 or sum(p.length for p in group) <= limit for group in groups)


def test_a_block_is_small_enough_for_a_workers_memory():
    """A worker holds a few times a block, whatever the file's size."""
    assert BLOCK_BYTES <= 32 * 1024 * 1024
