from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.simulation.small_factory import SmallFactory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def factory(tmp_path: Path) -> SmallFactory:
    return SmallFactory(tmp_path / "factory")
