"""One installation for all tests here, deployed once in each of its configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault.deployment.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure


@pytest.fixture(scope="session")
def world(sandbox: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Each test leaves it as a deployment left it: `world.now` says of what."""
    made = World(sandbox, tmp_path_factory.mktemp("deployments"), "faults")
    try:
        made.begin()
        yield made
    finally:
        made.close()
