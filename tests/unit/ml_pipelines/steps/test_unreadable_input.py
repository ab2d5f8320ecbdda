"""Input that is no table fails the window, with the file, the line and what to do; nothing lands."""

from __future__ import annotations

import pytest

from ml_pipelines.steps.errors import InputUnreadable
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import LANDED, receipt, score

GOOD = b"id,x\n1,2\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,x\n1,5\n2,caf\xe9\n", "byte 0xe9 in line 3 is no UTF-8; save it as CSV in UTF-8"),
        (b"id,x\ncaf\xe9,5\n", "byte 0xe9 in line 2"),
        (b"id,x,\xe9\n1,2,3\n", "byte 0xe9 in line 1"),
        ("id,x\n1,2\n".encode("utf-16"), "byte 0xff in line 1"),
        (b"id,x,x\n1,2,3\n", "its header has the column 'x' more than once"),
        (b"id,id\n1,2\n", "its header has the column 'id' more than once"),
        (b"\n\n", "Empty CSV"),
    ],
)
@pytest.mark.parametrize("rejects", [0.0, 50.0])
def test_csv_that_is_no_table_is_named_with_its_line(tmp_path, content, said, rejects):
    """Also where it is read together with files that are."""
    lake = FakeLake({"in/a.csv": GOOD, "in/b.csv": content})

    with pytest.raises(InputUnreadable) as caught:
        score(tmp_path, lake, max_quarantined_percent=rejects)

    assert "'b.csv' cannot be read: " in str(caught.value)
    assert said in str(caught.value)
    assert receipt(lake).error == str(caught.value)
    assert LANDED not in lake.stored


@pytest.mark.parametrize("content", [b"PAR1", GOOD, b""])
def test_parquet_that_is_none_is_named(tmp_path, content):
    """A CSV file with another name, an upload that broke off."""
    lake = FakeLake({"in/a.parquet": content})

    with pytest.raises(InputUnreadable, match=r"'a.parquet' cannot be read: "):
        score(tmp_path, lake, input_format="parquet")
