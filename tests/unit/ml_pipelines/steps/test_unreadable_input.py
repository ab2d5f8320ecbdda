"""Input that is no table fails the window, with the file, the line and what to do; nothing lands."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma

import pyarrow as pa
import pytest
from pyarrow import parquet

from ml_pipelines.steps import rows
from ml_pipelines.steps.errors import ColumnMissing, InputUnreadable
from ml_pipelines.steps.publish import publish
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import LANDED, landed, receipt, score

GOOD = b"id,x\n1,2\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,x\n1,5\n2,caf\xe9\n", "byte 0xe9 in line 3 is no UTF-8; save it as CSV in UTF-8"),
        (b"id,x\ncaf\xe9,5\n", "byte 0xe9 in line 2"),
        (b"id,x,\xe9\n1,2,3\n", "byte 0xe9 in line 1"),
        ("id,x\n1,2\n".encode("utf-16"), "it is UTF-16 or binary, not CSV in UTF-8: save it as CSV in UTF-8"),
        ("id,x\n1,2\n".encode("utf-16-le"), "it is UTF-16 or binary"),
        ("id,x\n1,2\n".encode("utf-16-be"), "it is UTF-16 or binary"),
        (
            gzip.compress(b"id,x\n1,2\n", mtime=0),
            "it is gzip, not CSV: unpack it (`gunzip`), or leave it out",
        ),
        (bz2.compress(b"id,x\n1,2\n"), "it is bzip2"),
        (lzma.compress(b"id,x\n1,2\n"), "it is xz"),
        (b"PK\x03\x04\x14\x00", "it is a zip archive or an Excel workbook"),
        (b"PAR1\x15\x04", "it is Parquet, not CSV: name it .parquet and set `scoring.input_format: parquet`"),
        (b"id,\xe9", "byte 0xe9 in line 1"),
        (b"id,x,x\n1,2,3\n", "it has the column 'x' more than once"),
        (b"id,id\n1,2\n", "it has the column 'id' more than once"),
        (b"\n\n", "its first line is empty: the columns' names belong there"),
        (b"id,x\r1,1\r2,2\r", "line 1 ends with a carriage return alone; save it with"),
        (b"id,x\n1,1\n2,2\r3,3\n", "line 3 ends with a carriage return alone"),
        (b'id,x\n1,1\n2,"a\n3,b\n', "in the row that begins in line 3 is unpaired"),
        (b'id,x\n1,1\n2,5" pipe\n3,6" pipe\n', "a quotation mark in line 3 stands inside a value"),
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


@pytest.mark.parametrize("passes", ["tables", "files"])
def test_a_packed_file_is_never_one_without_rows(tmp_path, passes):
    """It need not hold a newline: all of it would be its header, and its rows would be lost beside others."""
    packed = gzip.compress(GOOD, mtime=0)
    lake = FakeLake({"in/a.csv": GOOD, "in/b.csv": packed})

    assert b"\n" not in packed
    with pytest.raises(InputUnreadable, match=r"'b\.csv' cannot be read: it is gzip"):
        score(tmp_path, lake, passes=passes)


@pytest.mark.parametrize("passes", ["tables", "files"])
@pytest.mark.parametrize("content", [b"1,2", b"x\n", b"ID,x"])
def test_a_file_that_seems_without_rows_has_the_row_key_in_its_header(tmp_path, content, passes):
    """Or what seems its header is a row."""
    lake = FakeLake({"in/a.csv": GOOD, "in/b.csv": content})

    with pytest.raises(ColumnMissing, match=r"'b\.csv' has no column 'id'"):
        score(tmp_path, lake, passes=passes)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\r\n", b'""\n', b"id,x", b"x,id\r\n", b"\xef\xbb\xbfid,x\n"]
)
def test_a_file_without_rows_is_none_to_complain_of(tmp_path, content):
    """Empty, as pandas writes an empty table, or a header."""
    lake = FakeLake({"in/a.csv": content, "in/b.csv": GOOD})

    assert publish(score(tmp_path, lake), lake).rows_in == 1


@pytest.mark.parametrize("row_key", ["id", None])
def test_run_is_not_asked_for_files_without_rows(tmp_path, row_key):
    """A work item may have no others; whatever run() reads of them, there is nothing to return."""
    lake = FakeLake({"in/a.csv": b"id,x\n", "in/b.csv": b"id,x\n1,5\n"})
    script = "import pandas as pd\ndef run(paths):\n    return [pd.read_csv(paths[0])['x'][0]]\n"

    publish(score(tmp_path, lake, script, passes="files", files_per_work_item=1, row_key=row_key), lake)

    assert landed(lake)["prediction"].tolist() == [5]


@pytest.mark.parametrize("separator", [b";", b"\t", b"|"])
def test_values_that_no_comma_separates_are_guessed_at(tmp_path, separator):
    """What a spreadsheet writes where the comma is decimal."""
    lake = FakeLake({"in/a.csv": GOOD.replace(b",", separator)})

    with pytest.raises(ColumnMissing, match="Are its values separated by commas"):
        score(tmp_path, lake)


@pytest.mark.parametrize("content", [b"PAR1", GOOD, b""])
def test_parquet_that_is_none_is_named(tmp_path, content):
    """A CSV file with another name, an upload that broke off."""
    lake = FakeLake({"in/a.parquet": content})

    with pytest.raises(InputUnreadable, match=r"'a.parquet' cannot be read: "):
        score(tmp_path, lake, input_format="parquet")


@pytest.mark.parametrize("names", [["id", "x", "x"], ["id", "id", "x"]])
def test_parquet_with_a_column_twice_is_named(tmp_path, names):
    """As Spark may write it: which of them is meant nobody can say."""
    buffer = io.BytesIO()
    parquet.write_table(pa.table([pa.array([1])] * 3, names=names), buffer)
    lake = FakeLake({"in/a.parquet": buffer.getvalue()})

    with pytest.raises(
        InputUnreadable, match=r"'a\.parquet' cannot be read: it has the column '\w+' more than"
    ):
        score(tmp_path, lake, input_format="parquet")


def test_a_row_that_never_ends_is_not_read_to_the_end_of_the_file(tmp_path, monkeypatch):
    """However large the file: a worker's memory is bounded."""
    monkeypatch.setattr(rows, "LONGEST_ROW", 1000)
    lake = FakeLake({"in/a.csv": b'id,x\n1,"a\n' + b"2,3\n" * 1000})

    with pytest.raises(InputUnreadable, match=r"a row does not end within .*; it begins with '1,\"a"):
        score(tmp_path, lake)


def test_a_return_inside_quotation_marks_ends_no_line(tmp_path):
    """It is a value's own, in a header too."""
    lake = FakeLake({"in/a.csv": b'id,"x","a\rb"\n1,2,"c\rd"\n'})

    publish(score(tmp_path, lake), lake)

    assert landed(lake)["prediction"].tolist() == [4]


def test_parquet_that_pandas_has_no_form_for_is_named(tmp_path):
    """Python's times have no nanoseconds."""
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"id": [1], "x": pa.array([1], pa.time64("ns"))}), buffer)
    lake = FakeLake({"in/a.parquet": buffer.getvalue()})

    with pytest.raises(InputUnreadable, match=r"'a\.parquet' cannot be read: .*nanoseconds"):
        score(tmp_path, lake)
