"""The rows of a window that do not land: why, and where they stand in the input.

Two kinds: rejects, which could not be read or scored (counted by `max_quarantined_percent`), and, where the
model says so, rows whose key another row has. All of them lie in `quarantine/` beside the window that landed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .duplicates import keys_of, repeated_rows
from .errors import DuplicateKeys, TooManyQuarantined
from .landing import quarantine_path
from .origins import Origins
from .parts import schema_of
from .tables import Reject
from .work import rejects_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from .duplicates import Numbers
    from .lake import Lake
    from .parts import Part
    from .work import Plan

COLUMNS = ("file", "row", "line", "cause", "text")


class Quarantine:
    """Of one window; `parts` are its items', in order."""

    def __init__(self, plan: Plan, lake: Lake, parts: Sequence[Part]) -> None:
        self._plan = plan
        self._lake = lake
        self._parts = parts
        self._duplicates: list[Reject] = []
        self._origins = Origins([part.facts for part in parts])

    @property
    def rows_in(self) -> int:
        return sum(part.facts.rows_in for part in self._parts)

    @property
    def rows_duplicate(self) -> int:
        return len(self._duplicates)

    @property
    def rows(self) -> int:
        return self._rejected + self.rows_duplicate

    @property
    def _rejected(self) -> int:
        return sum(part.facts.rows_quarantined for part in self._parts)

    # ------------------------------------------------------------------------------------- duplicates

    def without_duplicates(self, folder: Path) -> list[Part]:
        """The parts without the rows that `duplicate_keys` sets aside; raises DuplicateKeys for `error`."""
        plan, parts = self._plan, [part for part in self._parts if part.rows]
        if plan.row_key is None or plan.duplicate_keys == "allow" or not parts:
            return list(self._parts)
        keep = "last" if plan.duplicate_keys == "keep_last" else "first"
        kind = schema_of([part.schema for part in parts]).field(plan.row_key).type
        repeated = repeated_rows(parts, plan.row_key, kind, folder, keep)
        if not len(repeated):
            return list(self._parts)
        if plan.duplicate_keys == "error":
            raise self._error(parts, repeated, kind)
        return list(self._split(parts, repeated, kind, folder))

    def _error(self, parts: Sequence[Part], repeated: Numbers, kind: pa.DataType) -> DuplicateKeys:
        plan = self._plan
        reject = next(self._rejects_for(parts, repeated[:1], kind))
        return DuplicateKeys(
            plan.model, plan.window_id, str(plan.row_key), len(repeated), f"{_place(reject)}: {reject.text}"
        )

    def _split(
        self, parts: Sequence[Part], repeated: Numbers, kind: pa.DataType, folder: Path
    ) -> Iterator[Part]:
        self._duplicates = list(self._rejects_for(parts, repeated, kind))
        before = 0
        for part in parts:
            mine = _within(repeated, before, part.rows)
            before += part.rows
            yield part.without(mine, folder / f"{part.path.stem}-unique.parquet") if len(mine) else part

    def _rejects_for(self, parts: Sequence[Part], rows: Numbers, kind: pa.DataType) -> Iterator[Reject]:
        """Rows of `parts`, by their numbers over all of them, set aside as somebody's duplicates."""
        kept = "last" if self._plan.duplicate_keys == "keep_last" else "first"
        before = 0
        for part in parts:
            mine = _within(rows, before, part.rows)
            before += part.rows
            if not len(mine):
                continue
            origins = self._origins.of_rows(part.facts, self._read(part), mine.tolist())
            keys = _keys(part, str(self._plan.row_key), kind, mine)
            for origin, key in zip(origins, keys, strict=True):
                cause = f"another row has this {self._plan.row_key}; the {kept} of them was kept"
                yield Reject(*origin, cause, "" if key is None else str(key))

    # ------------------------------------------------------------------------------------- rejects

    def check(self) -> None:
        """Raises TooManyQuarantined; duplicates are there because the model says so, and do not count."""
        plan, rejected = self._plan, self._rejected
        if 100 * rejected <= plan.max_quarantined_percent * self.rows_in:
            return
        part = next(part for part in self._parts if part.facts.rows_quarantined)
        reject = self._origins.in_file(part.facts, self._read(part)[0])
        first = f"{_place(reject)}: {reject.cause}: {reject.text[:200]}"
        raise TooManyQuarantined(
            plan.model, plan.window_id, rejected, self.rows_in, plan.max_quarantined_percent, first
        )

    def _read(self, part: Part) -> list[Reject]:
        """A part's rejects, as score wrote them."""
        if not part.facts.rows_quarantined:
            return []
        from pyarrow import parquet

        content = self._lake.read(rejects_path(self._plan, part.facts.number))
        return [Reject(**row) for row in parquet.read_table(io.BytesIO(content)).to_pylist()]

    # ------------------------------------------------------------------------------------- writing

    def write(self, folder: Path) -> None:
        """Beside the landed window; what an earlier landing of it set aside is replaced, and never mixed."""
        path = quarantine_path(self._plan.model, self._plan.window_id)
        if not self.rows and not self._is_stale(path):
            return
        from pyarrow import csv

        target = folder / "rows.csv"
        with csv.CSVWriter(target, _schema()) as writer:
            for part in self._parts:
                rejects = [self._origins.in_file(part.facts, reject) for reject in self._read(part)]
                writer.write_table(_table(rejects))
            writer.write_table(_table(self._duplicates))
        self._lake.replace(path, target.read_bytes())

    def _is_stale(self, path: str) -> bool:
        """Whether a window that was replaced had rows in quarantine."""
        if not self._plan.destination_etag:
            return False
        return self._lake.state(path) is not None


def _within(rows: Numbers, before: int, count: int) -> Numbers:
    """Those of the sorted `rows` that are in [before, before + count), counted from `before`."""
    return rows[rows.searchsorted(before) : rows.searchsorted(before + count)] - before


def _keys(part: Part, key: str, kind: pa.DataType, rows: Numbers) -> list[object]:
    found: list[object] = []
    before = 0
    for column in keys_of([part], key, kind):
        found += [column[int(row)].as_py() for row in _within(rows, before, len(column))]
        before += len(column)
    return found


def _place(reject: Reject) -> str:
    return f"{reject.file}, row {reject.row}" + (f" (line {reject.line})" if reject.line else "")


def _schema() -> pa.Schema:
    import pyarrow as pa

    numbers = ("row", "line")
    return pa.schema([pa.field(name, pa.int64() if name in numbers else pa.string()) for name in COLUMNS])


def _table(rejects: Sequence[Reject]) -> pa.Table:
    """A line that is not known is missing."""
    import pyarrow as pa

    rows = [vars(reject) | {"line": reject.line or None} for reject in rejects]
    return pa.Table.from_pylist(rows, _schema())
