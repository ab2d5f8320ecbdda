from __future__ import annotations


import pytest

from tests.unit.sandbox.machinelearning.local_workspace import LocalWorkspace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from collections.abc import Iterator


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalWorkspace]:
    made = LocalWorkspace(tmp_path)
    yield made
    made.store.close()
