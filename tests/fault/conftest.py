"""What the tests that kill share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault.machine import GROUP, Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LocalAzure


@pytest.fixture
def machine(tmp_path: Path, start_sandbox: Callable[..., LocalAzure]) -> Machine:
    made = Machine(tmp_path / "state", start_sandbox)
    made.azure.arm("PUT", GROUP, {"location": "x"}).raise_for_status()
    made.call("PUT", "", {"location": "x", "identity": {"type": "SystemAssigned"}})
    return made
