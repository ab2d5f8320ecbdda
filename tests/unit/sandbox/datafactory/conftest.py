"""Fixtures of the local Data Factory's unit tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.datafactory.local_factory import LocalFactory, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make_factory(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., LocalFactory]]:
    """Call it again for the same state folder: a sandbox that started anew."""
    made: list[LocalFactory] = []

    def make(lake: str = "https://127.0.0.1:2", control: str = "https://127.0.0.1:1") -> LocalFactory:
        made.append(LocalFactory(tmp_path, clock, lake, control))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


@pytest.fixture
def factory(make_factory: Callable[..., LocalFactory]) -> LocalFactory:
    made = make_factory()
    made.create()
    return made
