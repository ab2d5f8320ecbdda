"""What is kept of triggers, and found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.models import FactoryId
from sandbox.datafactory.triggers.records import OPEN, Records
from sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

FACTORY = FactoryId("sub", "rg", "adf")


def test_open_windows_are_found_by_their_trigger(tmp_path: Path) -> None:
    """And by nobody else's; closed, by nobody."""
    store = Store(tmp_path / "state.db")
    records = Records(store)
    for trigger, run_id in (("a", "1"), ("a", "2"), ("b", "3")):
        records.open(FACTORY, trigger, run_id)
    records.close("1")
    records.close("1")

    assert records.open_runs(FACTORY, "A") == ["2"]
    assert sorted(trigger for _, trigger in records.with_open_runs()) == ["a", "b"]
    store.close()


def test_windows_that_an_earlier_version_opened_are_found_at_the_start(tmp_path: Path) -> None:
    """It listed them of all triggers together only."""
    store = Store(tmp_path / "state.db")
    store.put(*OPEN, "1", {"factory": ["sub", "rg", "adf"], "trigger": "a", "run": "1"})
    records = Records(store)

    assert [trigger for _, trigger in records.with_open_runs()] == ["a"]
    assert records.open_runs(FACTORY, "a") == ["1"]
    store.close()
