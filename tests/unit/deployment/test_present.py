"""What time it is in an environment, as its local Azure's clock says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from deployment import present
from deployment.errors import LocalAzureError
from sandbox import clock_file, errors
from tests.unit.deployment.rehearsal.timetables import settings

if TYPE_CHECKING:
    from pathlib import Path

WORLD = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
BEGIN = datetime(2026, 3, 26, 1, 30, 0, 250_000, tzinfo=UTC)


def test_a_clock_that_stands_shows_what_was_written(tmp_path: Path) -> None:
    clock_file.opened(tmp_path, BEGIN)[0].write(BEGIN, None)

    assert present.shown(tmp_path, WORLD) == BEGIN


def test_a_clock_that_goes_has_gone_on_with_the_worlds(tmp_path: Path) -> None:
    """And never back, where the world's was set back."""
    clock_file.opened(tmp_path, BEGIN)[0].write(BEGIN, WORLD.timestamp())

    later, earlier = (present.shown(tmp_path, WORLD + timedelta(seconds=each)) for each in (0.5, -60))

    assert (later, earlier) == (BEGIN + timedelta(seconds=0.5), BEGIN)


def test_a_folder_without_a_clock_is_in_the_worlds_time(tmp_path: Path) -> None:
    assert present.shown(tmp_path, WORLD) is None


def test_an_environment_in_azure_is_in_the_worlds_time() -> None:
    before = datetime.now(UTC)

    assert before <= present.now(settings()) <= datetime.now(UTC)


@pytest.mark.parametrize("content", ["", "[]", '{"now": "soon", "going_since": null}'])
def test_a_clock_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock.json").write_text(content)

    with pytest.raises(LocalAzureError, match="does not say what its clock shows"):
        present.shown(tmp_path, WORLD)


def test_both_know_the_folder_that_nobody_named() -> None:
    assert present.VIRTUAL == errors.VIRTUAL
