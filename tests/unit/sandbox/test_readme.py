"""The fidelity tables name tests that exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "sandbox/README.md").read_text(encoding="utf-8")
PLACE = re.compile(r"`(tests/[^`]+)` \(([A-Z])")
ELSEWHERE = re.compile(r"`(tests/[^`]+)`")
A_TEST = re.compile(r"\btest_\w+|`tests/[^`]+`")
NAMED = re.compile(r"\b(?:([A-Z]) )?(test_\w+)")


def rows() -> Iterator[tuple[str, dict[str, Path], str]]:
    """Of each table: its rows' first cell, the section's places by letter, and the last cell."""
    for section in re.split(r"^## ", README, flags=re.MULTILINE)[1:]:
        text = " ".join(section.split("\n|")[0].split())
        places = {letter: REPOSITORY / path for path, letter in PLACE.findall(text)}
        for line in re.findall(r"^\| (.*) \|$", section, re.MULTILINE):
            cells = line.split(" | ")
            yield cells[0], places, cells[-1]


ROWS = list(rows())


@cache
def names_in(place: Path) -> frozenset[str]:
    """Names of test files and of the tests in them."""
    files = [place] if place.is_file() else list(place.rglob("test_*.py"))
    names = {
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    return frozenset(names | {file.stem for file in files})


@pytest.mark.parametrize(("row", "places", "tests"), ROWS, ids=[row[:60] for row, _, _ in ROWS])
def test_a_rows_tests_exist(row: str, places: dict[str, Path], tests: str) -> None:  # noqa: ARG001
    """In the folder or file that its letter stands for, or where it says."""
    letter = ""
    for found, name in NAMED.findall(ELSEWHERE.sub("", tests)):
        letter = found or letter
        assert name in names_in(places[letter]), f"{name} is not in {places[letter]}"
    for path in ELSEWHERE.findall(tests):
        assert (REPOSITORY / path).exists()


def test_every_supported_row_has_a_source_and_a_test() -> None:
    supported = re.findall(r"^\| supported .*\n.*\n((?:^\|.*\n)+)", README, re.MULTILINE)
    lines = [line for table in supported for line in table.splitlines()]

    assert len(lines) > 60
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert [row for row in cells if len(row) != 3 or not row[1] or not A_TEST.search(row[2])] == []
