"""The session's local Azure, and one factory of it for each test module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.datafactory.factories import Factory, client_of, new_factory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def data_factory_client(sandbox: Any) -> Iterator[Any]:
    client = client_of(sandbox)
    yield client
    client.close()


@pytest.fixture(scope="module")
def factory(sandbox: Any, data_factory_client: Any) -> Factory:
    return new_factory(sandbox, data_factory_client)
