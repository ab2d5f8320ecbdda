"""The same tests for every lake: the local one always, a real account when CONTRACT_LAKE_URL names
it.

On a real account (hierarchical namespace) the login of the Azure CLI or a managed identity is used; the
tests make file systems called `contract-<random>` and delete them.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.filedatalake import DataLakeServiceClient, FileSystemClient

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def lake(request: pytest.FixtureRequest) -> Iterator[DataLakeServiceClient]:
    url = os.environ.get("CONTRACT_LAKE_URL")
    client = (
        _real(url) if url else request.getfixturevalue("sandbox").lake_client("contractlake", retry_total=0)
    )
    with client:
        yield client


@pytest.fixture
def files(lake: DataLakeServiceClient) -> Iterator[FileSystemClient]:
    """A new, empty file system."""
    name = f"contract-{uuid.uuid4().hex[:12]}"
    created = lake.create_file_system(name)
    yield created
    created.delete_file_system()


def _real(url: str) -> Any:
    from azure.identity import DefaultAzureCredential

    return DataLakeServiceClient(url, credential=DefaultAzureCredential())
