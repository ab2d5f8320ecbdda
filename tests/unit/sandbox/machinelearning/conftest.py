from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.machinelearning.local_workspace import LocalWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalWorkspace]:
    made = LocalWorkspace(tmp_path)
    yield made
    made.store.close()
