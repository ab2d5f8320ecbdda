"""Reading ahead, and which files several workers may share."""

from __future__ import annotations

import threading

import pytest

from ml_pipelines.steps import feed
from ml_pipelines.steps.errors import InputChanged, InputUnreadable
from ml_pipelines.steps.lake import CHUNK_BYTES
from ml_pipelines.steps.work import Piece, cut
from tests.unit.ml_pipelines.fakes import FakeLake, item


def test_a_chunk_is_fetched_while_the_one_before_is_worked_on():
    """One, never two: memory is bounded by what is asked for."""
    asked = [threading.Event() for _ in range(4)]

    def chunks():
        for number in range(4):
            asked[number].set()
            yield bytes([number])

    coming = feed.ahead(chunks())

    assert next(coming) == b"\x00"
    assert asked[1].wait(10)
    assert not asked[2].is_set()
    assert b"".join(coming) == b"\x01\x02\x03"


def test_what_goes_wrong_ahead_is_told_when_it_is_reached():
    """After the chunks before it."""

    def chunks():
        yield b"a"
        raise InputChanged("in/a.csv")

    coming = feed.ahead(chunks())

    assert next(coming) == b"a"
    with pytest.raises(InputChanged):
        next(coming)


def test_what_cannot_be_read_leaves_no_thread_behind(tmp_path):
    """While its error is still held: who leaves it to the garbage collector may wait for ever."""
    good = {f"in/{name}.csv": f"id,{name}\n1,2\n".encode() for name in "bcd"}
    lake = FakeLake({"in/a.csv": b"id,x\n\xff,2\n"} | good)
    before = threading.enumerate()

    with pytest.raises(InputUnreadable) as caught:
        list(feed.table_blocks(item(lake, row_key="id"), lake, tmp_path))

    assert "a.csv" in str(caught.value)
    assert threading.enumerate() == before


def test_each_chunk_of_the_lake_is_a_call_of_run():
    """Else two would be gathered, and twice the memory with them: a header takes some bytes of the first."""
    assert CHUNK_BYTES // 2 < feed.BLOCK_BYTES < CHUNK_BYTES - 64 * 1024


@pytest.mark.parametrize(("split", "cuts"), [((), [1, 1]), (("csv",), [3, 1]), (("csv", "parquet"), [3, 3])])
def test_only_files_of_the_formats_that_may_be_split_are_cut(split, cuts):
    """What is neither CSV nor Parquet by its name is read as CSV."""
    for name, expected in zip(("a.txt", "a.parquet"), cuts, strict=True):
        whole = Piece(f"in/{name}", name, "e", 30, 0, 30)

        found = list(cut([whole], files_per_work_item=9, bytes_per_work_item=10, workers=1, split=split))

        assert len(found) == expected
        assert sum(piece.length for (piece,) in found) == 30
