"""The workspace of the functional tests, for runs that end badly."""

from tests.functional.ml_pipelines.conftest import pytest_collection_modifyitems, workspace

__all__ = ["pytest_collection_modifyitems", "workspace"]
