"""The workspace of the functional tests, for runs that end badly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.functional.ml_pipelines.conftest import ignore_warnings_below, workspace

if TYPE_CHECKING:
    import pytest

__all__ = ["workspace"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ignore_warnings_below(Path(__file__).parent, items)
