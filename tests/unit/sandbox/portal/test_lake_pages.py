"""The lake's pages: nothing outside of it is shown, and a preview has bounds."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa
import pytest
from pyarrow import parquet

from sandbox.portal import preview

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LocalAzure
    from tests.portal import Visitor


@pytest.fixture
def files(sandbox: LocalAzure) -> Path:
    sandbox.account("portallake")
    folder = sandbox.state / "lake/portallake/data"
    folder.mkdir(exist_ok=True)
    return folder


def page_of(path: str) -> str:
    return f"/portal/lake?at={quote(path, safe='')}"


@pytest.mark.parametrize(
    "path",
    [
        "../identity.secret",
        "portallake/../../identity.secret",
        "portallake/data/../../../identity.secret",
        ".staging",
        ".trash",
        "portallake/data/linked",
        "portallake/data/link/identity.secret",
        "portallake/data/\0",
        "portallake/data/" + "n" * 300,
        "nowhere",
    ],
)
def test_nothing_outside_the_lake_is_shown(
    sandbox: LocalAzure, visitor: Visitor, files: Path, path: str
) -> None:
    """By no name and by no link."""
    for name, target in (("linked", sandbox.state / "identity.secret"), ("link", sandbox.state)):
        if not (files / name).is_symlink():
            (files / name).symlink_to(target)

    answer = visitor.ask("GET", page_of(path))

    assert answer.status_code == 404
    assert (sandbox.state / "identity.secret").read_text() not in answer.text


def test_a_folder_of_many_files_is_shown_in_pages_each_once(visitor: Visitor, files: Path) -> None:
    many = files / "many"
    many.mkdir(exist_ok=True)
    for number in range(450):
        (many / f"{number:04}.txt").touch()
    (many / "folder").mkdir(exist_ok=True)
    address, seen = page_of("portallake/data/many"), []
    while address:
        page = visitor.page(address)
        seen += re.findall(r"</span>([^<]+)</a></th>", page)
        more = re.search(r'<a rel="next" href="([^"]+)"', page)
        address = html.unescape(more[1]) if more else ""

    assert seen == ["folder/", *(f"{number:04}.txt" for number in range(450))]


def test_the_first_rows_of_parquet_and_csv_are_shown(tmp_path: Path) -> None:
    """Not more, and it is said how many there are."""
    table = pa.table({"id": range(1000), "name": [None, "x"] * 500})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=10)
    (tmp_path / "a.csv").write_text("id,name\n" + "1,x\n" * 1000)

    first, second = preview.of(tmp_path / "a.parquet"), preview.of(tmp_path / "a.csv")

    assert (first.columns, first.types, first.total_rows) == (["id", "name"], ["int64", "string"], 1000)
    assert first.rows[:2] == [["0", ""], ["1", "x"]]
    assert (second.columns, second.rows[0], len(second.rows)) == (["id", "name"], ["1", "x"], preview.ROWS)
    assert second.note == "Shown: the first 50 rows."


def test_only_the_beginning_of_a_large_file_is_read(tmp_path: Path) -> None:
    """A line that is cut is not shown as one."""
    (tmp_path / "a.csv").write_text("id\n" + "x" * 10_000_000)
    (tmp_path / "a.txt").write_text("y" * 10_000_000)

    assert preview.of(tmp_path / "a.csv").rows == []
    shown = preview.of(tmp_path / "a.txt")
    assert (len(shown.text), shown.note) == (262_144, "Only its beginning is shown.")


def test_an_instant_that_python_does_not_have_is_told(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"at": pa.array([2**62], pa.timestamp("us"))}), tmp_path / "a.parquet")

    assert "out of range" in preview.of(tmp_path / "a.parquet").note


def test_many_columns_and_long_values_are_cut(tmp_path: Path) -> None:
    parquet.write_table(pa.table({f"c{n}": ["v" * 1000] for n in range(500)}), tmp_path / "a.parquet")

    shown = preview.of(tmp_path / "a.parquet")

    assert (len(shown.columns), len(shown.rows[0]), len(shown.rows[0][0])) == (60, 60, 301)
    assert shown.note == "Shown: 60 of 500 columns."


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"", "It cannot be read as Parquet"),
        ("a.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1", "It cannot be read as Parquet"),
        ("a.csv", b"", "It is empty."),
        ("a.csv", b"\0\1\2", "This is no text"),
        ("a.bin", b"\x89PNG\0", "This is no text"),
        ("a.txt", b"\xff\xfe-", ""),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told_so(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert said in preview.of(tmp_path / name).note


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": 1}'])
def test_json_is_set_out_where_it_is_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)

    shown = preview.of(tmp_path / "a.json").text

    assert shown == ('{\n  "a": 1\n}' if text == '{"a": 1}' else text)


def test_a_large_windows_file_says_where_its_rows_are(tmp_path: Path) -> None:
    """It is a footer that names others."""
    table = pa.table({"a": [1]})
    metadata = []
    parquet.write_table(table, tmp_path / "part.parquet", metadata_collector=metadata)
    metadata[0].set_file_path("_parts/x/part.parquet")
    metadata[0].write_metadata_file(tmp_path / "a.parquet")

    shown = preview.of(tmp_path / "a.parquet")

    assert (shown.rows, shown.total_rows) == ([], 1)
    assert "_parts" in shown.note
