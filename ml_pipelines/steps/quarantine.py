"""The rows of a window that do not land: why, and where they stand in the input.

Two kinds: rejects, which could not be read or scored (counted by `max_quarantined_percent`), and, where the
model says so, rows whose key another row has. All of them lie in `quarantine/` beside the window that landed.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from .column_types import schema_of
from .duplicates import keys_of, repeated_rows
from .errors import DuplicateKeys, RowsUnaccounted, TooManyQuarantined
from .landing import quarantine_path
from .origins import Origins
from .parts import ROWS_A_BATCH
from .receipts import of_plan
from .tables import Reject
from .work import rejects_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from .duplicates import Keep, Numbers
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
        self._origins = Origins([part.facts for part in parts])
        self._repeated: Numbers | None = None
        """Numbers of rows, over all parts with rows, that `duplicate_keys` sets aside."""

    @property
    def rows_in(self) -> int:
        return sum(part.facts.rows_in for part in self._parts)

    @property
    def rows_duplicate(self) -> int:
        return 0 if self._repeated is None else len(self._repeated)

    @property
    def rows(self) -> int:
        return self._rejected + self.rows_duplicate

    @property
    def _rejected(self) -> int:
        return sum(part.facts.rows_quarantined for part in self._parts)

    # ------------------------------------------------------------------------------------- duplicates

    def without_duplicates(self, folder: Path) -> list[Part]:
        """The parts without the rows that `duplicate_keys` sets aside; raises DuplicateKeys for `error`."""
        plan = self._plan
        if plan.unique_key is None or not self._filled:
            return list(self._parts)
        repeated = repeated_rows(self._filled, plan.unique_key, self._key_type, folder, self._kept)
        if not len(repeated):
            return list(self._parts)
        if plan.duplicate_keys == "error":
            first = next(self._duplicates(repeated[:1]))[0]
            said = f"{_place(first)}: {first.text}"
            raise DuplicateKeys(plan.model, plan.window_id, plan.unique_key, len(repeated), said)
        self._repeated = repeated
        return [
            part.without(mine, folder / f"{part.path.stem}-unique.parquet") if len(mine) else part
            for part, mine in self._shared_out(repeated)
        ]

    @property
    def _filled(self) -> list[Part]:
        return [part for part in self._parts if part.rows]

    @property
    def _key_type(self) -> pa.DataType:
        """The type that keys have where they land."""
        return schema_of((part.files, part.schema) for part in self._filled).field(self._plan.row_key).type

    @property
    def _kept(self) -> Keep:
        return "last" if self._plan.duplicate_keys == "keep_last" else "first"

    def _shared_out(self, repeated: Numbers) -> Iterator[tuple[Part, Numbers]]:
        """Each part with those of the rows that are its own, by their numbers in it."""
        before = 0
        for part in self._filled:
            yield part, _within(repeated, before, part.rows)
            before += part.rows

    def _duplicates(self, repeated: Numbers) -> Iterator[list[Reject]]:
        """These rows as they are set aside, some at a time."""
        import pyarrow as pa

        cause = f"another row has this {self._plan.row_key}; the {self._kept} of them was kept"
        for part, mine in self._shared_out(repeated):
            if not len(mine):
                continue
            origins = self._origins.of_part(part.facts, self._read(part))
            before = 0
            for keys in keys_of([part], str(self._plan.row_key), self._key_type, ROWS_A_BATCH):
                rows = _within(mine, before, len(keys))
                texts = keys.take(pa.array(rows)).cast(pa.string()).fill_null("").to_pylist()
                places = [origins(before + row) for row in rows.tolist()]
                yield [Reject(*place, cause, text) for place, text in zip(places, texts, strict=True)]
                before += len(keys)

    # ------------------------------------------------------------------------------------- rejects

    def check(self) -> None:
        """Raises TooManyQuarantined; duplicates are there because the model says so, and do not count."""
        plan, rejected = self._plan, self._rejected
        if not rejected or 100 * rejected / self.rows_in <= plan.max_quarantined_percent:
            return
        part = next(part for part in self._parts if part.facts.rows_quarantined)
        reject = self._origins.in_file(part.facts, self._read(part)[0])
        first = f"{_place(reject)}: {reject.cause}: {reject.text[:200]}"
        counted = replace(
            of_plan(plan, "failed"),
            rows_in=self.rows_in,
            rows_scored=self.rows_in - self.rows,
            rows_quarantined=self.rows,
            rows_duplicate=self.rows_duplicate,
        )
        raise TooManyQuarantined(counted, rejected, plan.max_quarantined_percent, first)

    def _read(self, part: Part) -> list[Reject]:
        """A part's rejects, as score wrote them: those of the same try, or their number is another."""
        if not part.facts.rows_quarantined:
            return []
        from pyarrow import parquet

        content = self._lake.read(rejects_path(self._plan, part.facts.number))
        rejects = [Reject(**row) for row in parquet.read_table(io.BytesIO(content)).to_pylist()]
        if len(rejects) != part.facts.rows_quarantined:
            raise RowsUnaccounted(part.files, part.facts.rows_in, part.rows, len(rejects))
        return rejects

    # ------------------------------------------------------------------------------------- writing

    def write(self, folder: Path) -> None:
        """Beside the landed window; what an earlier landing of it set aside is replaced, and never mixed."""
        path = quarantine_path(self._plan.model, self._plan.window_id)
        if not self.rows and not self._is_stale(path):
            return
        from pyarrow import csv

        target = folder / "rows.csv"
        with csv.CSVWriter(target, _schema()) as writer:
            for rejects in self._all():
                writer.write_table(_table(rejects))
        self._lake.replace(path, target)

    def _all(self) -> Iterator[list[Reject]]:
        for part in self._parts:
            yield [self._origins.in_file(part.facts, reject) for reject in self._read(part)]
        if self._repeated is not None:
            yield from self._duplicates(self._repeated)

    def _is_stale(self, path: str) -> bool:
        """Whether a window that was replaced had rows in quarantine."""
        if not self._plan.destination_etag:
            return False
        return self._lake.state(path) is not None


def _within(rows: Numbers, before: int, count: int) -> Numbers:
    """Those of the sorted `rows` that are in [before, before + count), counted from `before`."""
    return rows[rows.searchsorted(before) : rows.searchsorted(before + count)] - before


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
