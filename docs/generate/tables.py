"""Tables of GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and the empty line behind it. A `|` in a cell is escaped, in code too: GitHub wants it so."""
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for cells in rows:
        yield _row([cell.replace("|", "\\|") for cell in cells])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
