"""Whatever order runs stage and swap in, however often: the table holds what the model of this file says."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sandbox.datafactory.activities.warehouse.database import Database
from sandbox.datafactory.activities.warehouse.errors import SqlFailed
from tests.unit.adf.test_warehouse_sql import Warehouse

DAYS = ("2026-11-21 00:00:00.0000000", "2026-11-22 00:00:00.0000000")


@dataclass(frozen=True)
class Run:
    """Of a window: the attempt whose landing it copies (two groups may copy one), and its group."""

    day: int
    attempt: int
    group: str

    @property
    def ids(self) -> list[int]:
        """An attempt's rows; the first attempt's are none."""
        return [100 * self.day + 10 * self.attempt + each for each in range(self.attempt)]


@dataclass
class Expected:
    """The tables in Python."""

    staged: dict[Run, list[int]] = field(default_factory=dict)
    held: dict[int, Run] = field(default_factory=dict)

    def swaps(self, run: Run) -> bool:
        """Whether the swap succeeds."""
        held = self.held.get(run.day)
        is_done = held is not None and (held.attempt > run.attempt or held == run)
        if not is_done:
            if self.staged.get(run, []) != run.ids:
                return False
            self.held[run.day] = run
        self.staged.pop(run, None)
        return True

    def ids(self, day: int) -> list[int]:
        return self.held[day].ids if day in self.held else []


RUNS = st.builds(Run, st.integers(0, 1), st.integers(0, 2), st.sampled_from("ab"))
STEPS = st.lists(st.tuples(st.sampled_from(("stage", "stop half-way", "swap", "swap")), RUNS), max_size=24)


@given(STEPS)
def test_a_table_holds_the_latest_landing_that_was_swapped_whatever_else_happened(steps):
    """And each window is of one landing, as a whole; a swap that is repeated changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "w.db", lambda: True)
        try:
            play(Warehouse(database), steps)
        finally:
            database.close()


def play(warehouse: Warehouse, steps: list[tuple[str, Run]]) -> None:
    expected = Expected()
    for step, run in steps:
        group = f"{run.group}-{run.day}-{run.attempt}"
        if step == "swap":
            assert swapped(warehouse, group, run) == expected.swaps(run)
        else:
            ids = run.ids if step == "stage" else run.ids[:-1]
            warehouse.stage(group, *ids)
            expected.staged[run] = ids

        assert [warehouse.ids(day) for day in DAYS] == [expected.ids(0), expected.ids(1)]
    assert sum(count for _, count in warehouse.staged()) == sum(map(len, expected.staged.values()))


def swapped(warehouse: Warehouse, group: str, run: Run) -> bool:
    try:
        warehouse.swap(group, run.attempt, len(run.ids), DAYS[run.day])
    except SqlFailed:
        return False
    return True
