"""Laws of accounting: whatever comes in, each row lands once or is set aside once, with its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_pipelines.steps.duplicates import hashes_of, repeated_rows
from ml_pipelines.steps.parts import Part, PartFacts, PartWriter
from ml_pipelines.steps.publish import publish
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import QUARANTINE, landed, receipt, score

SCRIPT = """
def run(rows):
    if (rows["x"] == 13).any():
        raise ValueError("thirteen")
    return rows["x"]
"""
VALUES = st.sampled_from(["1", "2", "13", "oops", "3,4", "7", ""])
FILE = st.lists(st.tuples(st.integers(0, 12), VALUES), max_size=14)
ALLOWED = {"max_quarantined_percent": 100.0, "empty_window": "land_empty", "output_format": "csv"}


@settings(max_examples=40)
@given(
    files=st.lists(FILE, min_size=1, max_size=3),
    keep=st.sampled_from(["keep_first", "keep_last", "allow"]),
    limit=st.integers(12, 200),
    split=st.sampled_from([(), ("csv",)]),
)
def test_every_row_lands_once_or_is_set_aside_once(files, keep, limit, split):
    """Bad rows, rows that run() refuses, duplicates, several files, ranges of files: nothing is lost."""
    lake = FakeLake({f"in/{name}.csv": content(rows) for name, rows in zip("abc", files, strict=False)})
    every = [
        (f"{name}.csv", at)
        for name, rows in zip("abc", files, strict=False)
        for at in range(1, len(rows) + 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        plan = score(
            Path(folder), lake, SCRIPT, duplicate_keys=keep, bytes_per_work_item=limit, split=split, **ALLOWED
        )
        publish(plan, lake)

    found, rows = receipt(lake), landed(lake)
    aside = landed(lake, QUARANTINE) if QUARANTINE in lake.stored else pd.DataFrame({"file": [], "row": []})
    places = list(zip(aside["file"], aside["row"].astype(int), strict=True))
    assert found.rows_in == len(every) == found.rows_scored + found.rows_quarantined
    assert (found.rows_scored, found.rows_quarantined) == (len(rows), len(places))
    assert len(set(places)) == len(places)
    assert set(places) <= set(every)
    expected = [key_of(files, place) for place in every if place not in places]
    assert rows["id"].tolist() == expected
    if keep != "allow":
        assert len(set(expected)) == len(expected)


def content(rows: list[tuple[int, str]]) -> bytes:
    return ("id,x\n" + "".join(f"k{key},{value}\n" for key, value in rows)).encode()


def key_of(files: list[list[tuple[int, str]]], place: tuple[str, int]) -> str:
    return f"k{files['abc'.index(place[0][0])][place[1] - 1][0]}"


KEYS = st.one_of(
    st.sets(st.integers(-9, 9)).map(lambda found: pa.array(sorted(found), pa.int64())),
    st.lists(st.one_of(st.none(), st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))).map(
        lambda found: pa.array(found, pa.int64())
    ),
    st.lists(st.one_of(st.none(), st.text(alphabet="aé\0", max_size=3), st.text(max_size=20))).map(
        lambda found: pa.array(found, pa.string())
    ),
    st.lists(st.sampled_from([0.5, 1.5, 0.0, -0.0, None])).map(lambda found: pa.array(found, pa.float64())),
)


@given(
    keys=KEYS, cut=st.integers(0, 10), keep=st.sampled_from(["first", "last"]), rows_a_file=st.integers(1, 9)
)
def test_duplicates_are_those_that_pandas_finds(keys, cut, keep, rows_a_file):
    """In whatever files the hashes are spread and the rows lie; a missing key equals a missing one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        halves = [keys.slice(0, cut), keys.slice(min(cut, len(keys)))]
        parts = [part(half, folder / f"{number}.parquet") for number, half in enumerate(halves)]

        found = repeated_rows(parts, "id", keys.type, folder, keep, rows_a_file)

    known = pd.Series(keys.to_pylist(), dtype=object).duplicated(keep=keep)
    assert found.tolist() == known[known].index.tolist()


def part(keys: pa.Array, path: Path) -> Part:
    writer = PartWriter(path, "id")
    for start in range(0, max(len(keys), 1), 3):
        writer.add(pa.table({"id": keys.slice(start, 3)}), "a.csv")
    writer.close(PartFacts(0, len(keys), 0, "-"))
    return Part.open(path)


@given(texts=st.lists(st.text(max_size=40), unique=True), at=st.integers(0, 5))
def test_different_texts_have_different_hashes_and_a_slice_has_those_of_its_values(texts, at):
    """Lengths, zero bytes and offsets are no matter."""
    column = pa.chunked_array([pa.array(texts, pa.string())])

    hashes = hashes_of(column)

    assert len(set(hashes.tolist())) == len(texts)
    assert hashes_of(column.slice(at)).tolist() == hashes[at:].tolist()
