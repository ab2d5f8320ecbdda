"""One installation for all tests here, deployed once in each of its configurations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fault.deployment.sweep import ALL
from tests.fault.deployment.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure


@pytest.fixture(scope="session")
def installation(sandbox: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(sandbox, tmp_path_factory.mktemp("deployments"), "faults")
    try:
        made.begin()
        yield made
    finally:
        made.close()


@pytest.fixture
def world(installation: World) -> World:
    """Each test leaves it as a deployment left it: `world.now` says of what. Here all triggers run."""
    installation.all_run()
    return installation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A sweep takes the time that it takes: of all requests an hour, of one of each kind some minutes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(0 if ALL else 1200))
