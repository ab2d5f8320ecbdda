"""sandbox/README.md tells the truth about the local Data Factory."""

from __future__ import annotations

from pathlib import Path

from sandbox.datafactory.activities import ACTIVITIES
from sandbox.datafactory.known_types import TRIGGER_TYPES

README = Path(__file__).parents[4] / "sandbox" / "README.md"
SUPPORTED_TRIGGERS = {"ScheduleTrigger", "TumblingWindowTrigger", "BlobEventsTrigger"}


def tables() -> tuple[str, str]:
    """What the section says of Data Factory: supported, and refused."""
    section = README.read_text().split("\n## Data Factory\n")[1].split("\n## ")[0]
    return section.split("| differs |")[0], section.split("| refused by name")[1]


def test_every_activity_that_runs_is_listed() -> None:
    """A type without a row would be a promise that nobody sees."""
    supported, _ = tables()

    assert {name for name in ACTIVITIES if f"`{name}`" not in supported} == set()


def test_every_trigger_is_listed_as_supported_or_refused() -> None:
    """BlobTrigger is the events trigger's predecessor, long gone from Studio."""
    supported, refused = tables()

    assert {name for name in TRIGGER_TYPES if f"`{name}`" in supported} == SUPPORTED_TRIGGERS
    assert {name for name in TRIGGER_TYPES - SUPPORTED_TRIGGERS if name not in refused} == {"BlobTrigger"}
