"""One landed window: its files, its first rows."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from adf.windows import Grid
from deployment import landed
from deployment.errors import LakeError, NotLandedError
from tests.unit.deployment.test_status import settings

WINDOW = Grid.parse("day").window_starting(datetime(2026, 11, 22, tzinfo=UTC))
MANIFEST = "_landing/churn/2026-11-22T00-00-00Z.json"
TABLE = pa.table(
    {
        "id": ["k1", "k2", "k3"],
        "score": [0.5, float("nan"), None],
        "at": [datetime(2026, 11, 22, 6, tzinfo=UTC)] * 3,
        "day": [date(2026, 11, 22)] * 3,
        "price": [Decimal("1.50")] * 3,
    }
)


@dataclass
class Lake:
    files: dict[str, bytes] = field(default_factory=dict)
    fetched: int = 0

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def open(self, path: str) -> Counted:
        return Counted(self, self.files[path])


class Counted(io.BytesIO):
    """Counts what is fetched."""

    def __init__(self, lake: Lake, content: bytes) -> None:
        super().__init__(content)
        self._lake = lake

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self._lake.fetched += len(content)
        return content


def written(table: pa.Table, suffix: str) -> bytes:
    buffer = io.BytesIO()
    if suffix == "csv":
        csv.write_csv(table, buffer)
    else:
        parquet.write_table(table, buffer)
    return buffer.getvalue()


def test_a_window_is_found_by_its_manifest():
    """Which names its files: those that hold the rows, where the path holds a summary of them."""
    files = ["out/_parts/a/part-00000.parquet", "out/_parts/a/part-00001.parquet"]
    lake = Lake({MANIFEST: json.dumps({"path": "out/p.parquet", "files": files, "rows_in": 3}).encode()})

    assert landed.read(lake, "churn", WINDOW, "dev").paths == files


def test_a_window_of_which_nothing_landed_says_how_to_run_it():
    """The hint is a command."""
    with pytest.raises(NotLandedError) as raised:
        landed.read(Lake(), "churn", WINDOW, "dev")

    assert raised.value.hint == "python deploy.py run --env dev --model churn --window 2026-11-22T00-00-00Z"


@pytest.mark.parametrize("content", [b'{"files": ', b"[]", b"\xff"])
def test_a_damaged_manifest_says_which_file_it_is(content):
    """As `status` of all windows says it."""
    with pytest.raises(LakeError, match=f"the manifest {MANIFEST} is damaged: ") as raised:
        landed.read(Lake({MANIFEST: content}), "churn", WINDOW, "dev")

    assert raised.value.hint == "a rerun of the window writes it again"


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_the_first_rows_are_plain_values(count):
    """Of Parquet with their types; what JSON cannot say is null or a text."""
    lake = Lake({"p.parquet": written(TABLE, "parquet")})

    rows = landed.head(lake, ["p.parquet"], count)

    assert len(rows) == min(count, 3)
    assert rows[0] == {
        "id": "k1", "score": 0.5, "at": "2026-11-22T06:00:00Z", "day": "2026-11-22", "price": "1.50",
    }  # fmt: skip
    assert [row["score"] for row in rows[1:]] == [None] * (len(rows) - 1)
    json.dumps(rows, allow_nan=False)


def test_the_first_rows_of_csv_are_texts():
    """As they stand there."""
    lake = Lake({"p.csv": b'id,text\nk1,"a\nb"\nk2,\n'})

    assert landed.head(lake, ["p.csv"], 9) == [{"id": "k1", "text": "a\nb"}, {"id": "k2", "text": ""}]


@pytest.mark.parametrize(("name", "content"), [("p.parquet", b"PAR1"), ("p.csv", b"id\n\xff\xfe")])
def test_a_file_that_is_not_what_its_name_says_is_told(name, content):
    """By its path: the window has landed, and was written over since."""
    with pytest.raises(LakeError, match=f"out/{name} cannot be read: "):
        landed.head(Lake({f"out/{name}": content}), [f"out/{name}"], 1)


def test_rows_go_on_in_the_next_file():
    """Where a window is several."""
    lake = Lake({f"{name}.csv": f"id\n{name}1\n{name}2\n".encode() for name in "ab"})

    assert [row["id"] for row in landed.head(lake, ["a.csv", "b.csv"], 3)] == ["a1", "a2", "b1"]


def test_a_few_rows_of_a_big_file_are_a_small_part_of_it():
    """A terminal shows no gigabyte."""
    rows = 2_000_000
    big = pa.table(
        {"id": pa.array(range(rows)), "score": pa.array([number * 0.37 for number in range(rows)])}
    )
    lake = Lake({"p.parquet": written(big, "parquet")})

    assert landed.head(lake, ["p.parquet"], 2)[1] == {"id": 1, "score": 0.37}
    assert lake.fetched < len(lake.files["p.parquet"]) / 10


def test_an_address_opens_the_file():
    """In a storage account as Spark and DuckDB write it."""
    assert landed.addresses(settings(), ["out/p.parquet"]) == [
        "abfss://data@shop.dfs.core.windows.net/out/p.parquet"
    ]
