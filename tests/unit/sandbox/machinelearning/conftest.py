from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.sandbox.machinelearning.local_workspace import LocalWorkspace


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalWorkspace]:
    made = LocalWorkspace(tmp_path)
    yield made
    made.store.close()
