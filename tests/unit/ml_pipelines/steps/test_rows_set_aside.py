"""Rows that do not land: duplicates, and those that cannot be read or scored. Each with its place and why."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from pyarrow import parquet

from ml_pipelines.steps import errors
from ml_pipelines.steps.bad_rows import MOST_CALLS
from ml_pipelines.steps.publish import publish
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import LANDED, QUARANTINE, landed, receipt, score

TWO_FILES = {"in/a.csv": b"id,x\nk1,1\nk2,2\n", "in/b.csv": b"id,x\nk3,3\nk1,4\n"}
RAISES_FOR_NEGATIVES = """
def run(rows):
    rows["x"] += 0
    if (rows["x"] < 0).any():
        raise ValueError(f"{len(rows)} rows, one of them negative")
    return rows["x"] * 2
"""


def set_aside(lake: FakeLake) -> list[tuple[str, int, int]]:
    rows = landed(lake, QUARANTINE).fillna(0)
    return [(row.file, int(row.row), int(row.line)) for row in rows.itertuples()]


# ------------------------------------------------------------------------------------------- duplicates


def test_rows_that_share_a_key_fail_the_window_and_are_named(tmp_path):
    """Unless the model says which of them is meant."""
    lake = FakeLake(TWO_FILES)

    with pytest.raises(errors.DuplicateKeys) as caught:
        publish(score(tmp_path, lake), lake)

    assert "1 row has the 'id' of another" in str(caught.value)
    assert "The first: b.csv, row 2 (line 3): k1" in str(caught.value)
    assert "keep_first" in str(caught.value)
    assert LANDED not in lake.stored


@pytest.mark.parametrize(
    ("keep", "landed_rows", "gone"),
    [
        ("keep_first", {"k1": 2, "k2": 4, "k3": 6}, ("b.csv", 2, 3)),
        ("keep_last", {"k2": 4, "k3": 6, "k1": 8}, ("a.csv", 1, 2)),
    ],
)
@pytest.mark.parametrize("files", [1, 9])
def test_one_row_a_key_lands_and_the_others_are_accounted_for(tmp_path, keep, landed_rows, gone, files):
    """In quarantine, with their place and the reason; they are no bad rows, and 0 of those are allowed."""
    lake = FakeLake(TWO_FILES)

    publish(score(tmp_path, lake, duplicate_keys=keep, files_per_work_item=files), lake)

    found = receipt(lake)
    assert dict(zip(landed(lake)["id"], landed(lake)["prediction"], strict=True)) == landed_rows
    assert (found.rows_in, found.rows_scored, found.rows_quarantined, found.rows_duplicate) == (4, 3, 1, 1)
    assert set_aside(lake) == [gone]
    kept = keep.removeprefix("keep_")
    assert landed(lake, QUARANTINE)["cause"].tolist() == [
        f"another row has this id; the {kept} of them was kept"
    ]


def test_duplicates_may_all_land(tmp_path):
    """Where the key is no key."""
    lake = FakeLake(TWO_FILES)

    publish(score(tmp_path, lake, duplicate_keys="allow"), lake)

    assert landed(lake)["id"].tolist() == ["k1", "k2", "k3", "k1"]


def test_keys_are_compared_as_they_land(tmp_path):
    """`7` of a file of numbers is `7` of a file of texts; `07` is not."""
    lake = FakeLake({"in/a.csv": b"id,x\n7,1\n8,2\n", "in/b.csv": b"id,x\n7,3\n07,4\n"})

    publish(score(tmp_path, lake, duplicate_keys="keep_first", files_per_work_item=1), lake)

    assert landed(lake)["prediction"].tolist() == [2, 4, 8]
    assert set_aside(lake) == [("b.csv", 1, 2)]


def test_bad_rows_above_a_duplicate_do_not_move_it(tmp_path):
    """The part lacks them, the file does not."""
    lake = FakeLake({"in/a.csv": b"id,x\nk1,1\nk2,2,2\nk3,oops\nk4,4\nk1,5\n"})

    publish(score(tmp_path, lake, duplicate_keys="keep_first", max_quarantined_percent=50.0), lake)

    assert set_aside(lake) == [("a.csv", 2, 3), ("a.csv", 3, 4), ("a.csv", 5, 6)]


def test_a_file_that_run_reads_itself_has_keys_too(tmp_path):
    """Local paths in, a result a row out: the keys were read beside."""
    lake = FakeLake(TWO_FILES)
    script = (
        "import pandas as pd\ndef run(paths):\n    return pd.concat(map(pd.read_csv, paths))['x'].tolist()\n"
    )

    publish(score(tmp_path, lake, script, passes="files", duplicate_keys="keep_last"), lake)

    assert landed(lake)["prediction"].tolist() == [2, 3, 4]
    assert set_aside(lake) == [("a.csv", 1, 2)]


def test_keys_of_files_that_run_reads_itself_are_of_one_type(tmp_path):
    """Whole numbers stay numbers, however wide each file has them."""
    kinds = {"a": pa.array([1], pa.int32()), "b": pa.array([2], pa.int64())}
    lake = FakeLake({f"in/{name}.parquet": parquet_file(keys) for name, keys in kinds.items()})
    script = "def run(paths):\n    return [0.5, 1.5]\n"

    plan = score(tmp_path, lake, script, passes="files", output_format="parquet")
    rows = parquet.read_table(io.BytesIO(lake.stored[publish(plan, lake).path].content))

    assert rows.column("id").type == pa.int64()


# ------------------------------------------------------------------------------------------- missing keys


CSV = b'id,x\nk1,1\n\n,2\n"",3\nk4,4\n'


def parquet_file(keys: list[str | None] | pa.Array) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"id": keys, "x": range(1, len(keys) + 1)}), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "places"),
    [
        ("a.csv", CSV, [("a.csv", 2, 4), ("a.csv", 3, 5)]),
        ("a.parquet", parquet_file(["k1", None, None, "k4"]), [("a.parquet", 2, 0), ("a.parquet", 3, 0)]),
    ],
    ids=["csv", "parquet"],
)
def test_rows_without_a_key_are_set_aside(tmp_path, name, content, places):
    """Nobody could say whose predictions they are."""
    lake = FakeLake({f"in/{name}": content})

    publish(score(tmp_path, lake, max_quarantined_percent=50.0), lake)

    found = receipt(lake)
    assert landed(lake)["id"].tolist() == ["k1", "k4"]
    assert (found.rows_in, found.rows_scored, found.rows_quarantined) == (4, 2, 2)
    assert set_aside(lake) == places
    assert set(landed(lake, QUARANTINE)["cause"]) == {"it has no id"}


def test_a_key_that_is_no_number_is_missing(tmp_path):
    """As Spark and Polars write it where pandas writes nothing."""
    keys = pa.array([1.5, float("nan"), float("nan")])
    lake = FakeLake({"in/a.parquet": parquet_file(keys)})

    publish(score(tmp_path, lake, max_quarantined_percent=70.0), lake)

    assert landed(lake)["id"].tolist() == [1.5]
    assert set_aside(lake) == [("a.parquet", 2, 0), ("a.parquet", 3, 0)]


@pytest.mark.parametrize("body", ["k1,a\n\nid,x\nk2,b\n", "k1,1\n\nid,x\nk2,2\n"])
def test_a_header_between_the_rows_is_none_of_them(tmp_path, body):
    """As where files were put together as one: not a row with the key `id`."""
    lake = FakeLake({"in/a.csv": f"id,x\n{body}".encode()})

    publish(score(tmp_path, lake, max_quarantined_percent=50.0), lake)

    assert landed(lake)["id"].tolist() == ["k1", "k2"]
    assert set_aside(lake) == [("a.csv", 2, 4)]


@pytest.mark.parametrize(("rows", "allowed"), [(57, 0.57), (69, 0.69), (113, 1.13)])
def test_as_many_rows_as_are_allowed_may_be_set_aside(tmp_path, rows, allowed):
    """0.57 % of 10,000 rows are 57, though 0.57 times 10,000 is a little less."""
    body = "".join(f"{number},1\n" if number >= rows else f"{number}\n" for number in range(10_000))
    lake = FakeLake({"in/a.csv": f"id,x\n{body}".encode()})

    publish(score(tmp_path, lake, max_quarantined_percent=allowed), lake)

    assert receipt(lake).rows_quarantined == rows


def test_one_row_without_a_key_fails_a_window_that_allows_no_bad_row(tmp_path):
    lake = FakeLake({"in/a.csv": b"id,x\nk1,1\n,2\n"})

    with pytest.raises(errors.TooManyQuarantined, match=r"a.csv, row 2 \(line 3\): it has no id: ,2"):
        publish(score(tmp_path, lake), lake)

    found = receipt(lake)
    assert (found.rows_in, found.rows_scored, found.rows_quarantined) == (2, 1, 1)
    assert LANDED not in lake.stored


def test_rows_may_lack_a_key_that_they_may_share(tmp_path):
    lake = FakeLake({"in/a.csv": b"id,x\nk1,1\n,2\n,3\n"})

    publish(score(tmp_path, lake, duplicate_keys="allow"), lake)

    assert landed(lake)["prediction"].tolist() == [2, 4, 6]


def test_a_key_is_what_is_written(tmp_path):
    """`NA` is what pandas and Arrow read as missing, and Namibia."""
    lake = FakeLake({"in/a.csv": b"id,x\nDE,1\nNA,2\nnull,3\n"})

    publish(score(tmp_path, lake), lake)

    rows = lake.stored[LANDED].content.splitlines()
    assert [row.split(b",")[0] for row in rows] == [b'"id"', b'"DE"', b'"NA"', b'"null"']


@pytest.mark.parametrize("row", [b",2", b"k2,2,2"])
def test_of_a_file_that_run_reads_itself_no_row_can_be_set_aside(tmp_path, row):
    """Its results would be those of other rows."""
    lake = FakeLake({"in/a.csv": b"id,x\nk1,1\n" + row + b"\n"})

    with pytest.raises(
        errors.InputUnreadable, match=r"'a.csv' cannot be read: row 2 \(line 3\): .*set aside"
    ):
        score(tmp_path, lake, "def run(paths): return [1]", passes="files", max_quarantined_percent=50.0)


# ------------------------------------------------------------------------------------------- run() raises


def test_rows_for_which_run_raises_are_found_and_the_others_scored(tmp_path):
    """Once each, in order, though run() saw them in several tables and changed some of those."""
    values = [-1 if number in (7, 8, 40) else number for number in range(64)]
    rows = "".join(f"k{number},{value}\n" for number, value in enumerate(values))
    lake = FakeLake({"in/a.csv": f"id,x\n{rows}".encode()})

    publish(score(tmp_path, lake, RAISES_FOR_NEGATIVES, max_quarantined_percent=10.0), lake)

    assert landed(lake)["prediction"].tolist() == [2 * value for value in values if value >= 0]
    assert set_aside(lake) == [("a.csv", 8, 9), ("a.csv", 9, 10), ("a.csv", 41, 42)]
    assert landed(lake, QUARANTINE).loc[0, ["cause", "text"]].tolist() == [
        "score.py run() raised ValueError: 1 rows, one of them negative",
        "k7,-1",
    ]


def test_where_no_bad_row_is_allowed_what_run_raises_is_what_is_said(tmp_path):
    """Nothing is searched for: the whole block is to blame."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,-1\n"})

    with pytest.raises(errors.ScoringFailed, match="2 rows, one of them negative"):
        score(tmp_path, lake, RAISES_FOR_NEGATIVES)


@pytest.mark.parametrize(
    ("raises", "passes", "told"),
    [
        ("ValueError('bad')", "tables", True),
        ("ValueError('bad')", "files", False),
        ("SystemExit('bad')", "tables", False),
    ],
)
def test_who_could_find_the_rows_is_told_how(tmp_path, raises, passes, told):
    """Not where no row could be to blame, nor where run() reads the file itself."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,-1\n"})

    with pytest.raises(errors.ScoringFailed) as caught:
        score(tmp_path, lake, f"def run(_):\n    raise {raises}\n", passes=passes)

    assert ("`scoring.max_quarantined_percent` above 0" in str(caught.value)) is told


def test_files_for_which_run_raises_are_set_aside_where_a_file_is_an_observation(tmp_path):
    """The tutorials' shape."""
    lake = FakeLake({f"in/{name}.csv": name.encode() for name in "abc"})
    script = (
        "from pathlib import Path\n"
        "def run(paths):\n    return [{'a': 1, 'c': 3}[Path(path).read_text()] for path in paths]\n"
    )
    one_a_file = {"passes": "files", "returns": "files", "row_key": None, "max_quarantined_percent": 40.0}

    publish(score(tmp_path, lake, script, **one_a_file), lake)

    assert landed(lake).to_dict("list") == {"file": ["a.csv", "c.csv"], "prediction": [1, 3]}
    assert set_aside(lake) == [("b.csv", 1, 0)]


def test_a_script_that_is_wrong_for_every_row_is_not_asked_for_ever(tmp_path):
    """The item fails with what was raised first."""
    rows = "".join(f"k{number},{number}\n" for number in range(MOST_CALLS))
    lake = FakeLake({"in/a.csv": f"id,x\n{rows}".encode()})
    script = "def run(rows):\n    raise KeyError(f'age of {len(rows)}')\n"

    with pytest.raises(errors.ScoringFailed, match="KeyError: 'age of 1000'"):
        score(tmp_path, lake, script, max_quarantined_percent=100.0)


@pytest.mark.parametrize("raised", ["SystemExit(1)", "MemoryError()"])
def test_what_concerns_no_row_is_not_searched_for(tmp_path, raised):
    """A process that wants to end, or a machine that is too small."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})

    with pytest.raises(errors.ScoringFailed):
        score(tmp_path, lake, f"def run(rows):\n    raise {raised}\n", max_quarantined_percent=100.0)


def test_a_secret_of_the_compute_is_not_in_the_quarantine(tmp_path, monkeypatch):
    """As in the receipt: a user's exception may print its environment."""
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret")
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})
    script = (
        "import os\ndef run(rows):\n    if (rows['x'] > 1).any():\n"
        "        raise OSError(os.environ['IDENTITY_HEADER'])\n    return rows['x']\n"
    )

    publish(score(tmp_path, lake, script, max_quarantined_percent=50.0), lake)

    assert landed(lake, QUARANTINE)["cause"].tolist() == ["score.py run() raised OSError: ***"]


# ------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("content", "row", "line"),
    [
        (b"id,x\n1,1\n2,oops\n3,3\n4,4\n", 2, 3),
        (b"id,x\r\n1,1\r\n2,oops\r\n3,3\r\n4,4\r\n", 2, 3),
        (b"\xef\xbb\xbfid,x\n1,1\n2,oops\n3,3\n4,4\n", 2, 3),
        (b'"i\nd",x\n1,1\n2,oops\n3,3\n4,4\n', 2, 4),
        (b'id,x,y\n1,1,"a\nb\n"\n2,oops,c\n3,3,c\n4,4,c\n', 2, 5),
        (b"id,x\n1,1\n\n\n2,oops\n3,3\n4,4\n", 2, 5),
        (b"id,x\n1,1\n3,3\n4,4\n2,oops", 4, 5),
    ],
)
@pytest.mark.parametrize("run_raises", [False, True])
def test_a_row_in_quarantine_says_its_line_in_the_file(tmp_path, content, row, line, run_raises):
    """As an editor counts lines; whether it is the reader or run() that refuses the row."""
    lake = FakeLake({"in/a.csv": content.replace(b"oops", b"-1") if run_raises else content})
    key = "i\nd" if b'"i\nd"' in content else "id"

    publish(score(tmp_path, lake, RAISES_FOR_NEGATIVES, row_key=key, max_quarantined_percent=50.0), lake)

    assert set_aside(lake) == [("a.csv", row, line)]


def test_rows_of_a_file_that_was_cut_in_ranges_are_counted_from_its_top(tmp_path):
    """No worker knows what is above its range; publish does."""
    rows = [f"k{number:03},{'oops' if number % 17 == 16 else number}\n" for number in range(100)]
    rows[50] = rows[3]
    lake = FakeLake({"in/a.csv": ("id,x\n" + "".join(rows)).encode()})

    plan = score(
        tmp_path, lake, bytes_per_work_item=100, split={"csv"}, duplicate_keys="keep_first",
        max_quarantined_percent=10.0,
    )  # fmt: skip
    publish(plan, lake)

    assert plan.items > 5
    bad = [number for number in range(100) if number % 17 == 16 and number != 50]
    assert set_aside(lake) == [("a.csv", number + 1, number + 2) for number in [*bad, 50]]


def test_what_an_earlier_landing_set_aside_does_not_stay_beside_a_later_one(tmp_path):
    """The quarantine is that of the rows that are readable now."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,oops\n3,3\n"})
    publish(score(tmp_path, lake, max_quarantined_percent=50.0), lake)
    lake.upload("in/a.csv", b"id,x\n1,1\n2,2\n3,3\n")

    again = {"attempt": "a2", "digest": "d2", "destination_etag": lake.stored[LANDED].etag}
    publish(score(tmp_path, lake, max_quarantined_percent=50.0, **again), lake)

    assert landed(lake)["id"].tolist() == [1, 2, 3]
    assert set_aside(lake) == []


def test_rejects_of_another_try_than_the_part_are_noticed(tmp_path):
    """Two workers at one mini-batch, of which the first was given up: no row is accounted for by halves."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2,2\n"})
    plan = score(tmp_path, lake, max_quarantined_percent=100.0)
    other = FakeLake({"in/a.csv": b"id,x\n1,1,1\n2,2,2\n"})
    score(tmp_path, other, max_quarantined_percent=100.0)
    (rejects,) = [path for path in lake.stored if path.endswith(".rejects.parquet")]
    lake.stored[rejects] = other.stored[rejects]

    with pytest.raises(errors.RowsUnaccounted, match=r"a\.csv"):
        publish(plan, lake)
