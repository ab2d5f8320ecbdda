"""A portal over the session's local Azure, and who may open it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portal import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure


@pytest.fixture
def visitor(sandbox: LocalAzure) -> Iterator[Visitor]:
    with Visitor(sandbox) as signed_in:
        signed_in.enter()
        yield signed_in
