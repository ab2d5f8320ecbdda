"""The page about dev and prod, followed in a clone of its own: both ways end with landed windows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.docs.project import Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = "docs/migrating.md"
LANDED = "_landing/diabetes/2026-11-22T00-00-00Z.json"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Project]:
    project = Project.copied(tmp_path / "clone", three_free_ports())
    yield project
    project.stop_local_azure()


@pytest.mark.timeout(600)
def test_a_model_comes_to_another_environment_in_both_ways(clone: Project) -> None:
    """The bytes that were promoted are those that dev registered, and all its code comes to them too."""
    clone.follow(PAGE)
    lake = clone.folder / ".sandbox/lake"
    promoted, trained = (
        json.loads((lake / account / "data" / LANDED).read_text())
        for account in ("localbatchscoringprod", "localbatchscoring")
    )

    assert promoted["model_version"] == trained["model_version"] == "1"
    assert promoted["rows_scored"] == trained["rows_scored"]
