"""Pages are followed to the letter: their files are written, their commands run, their outputs compared.

The tests that run commands share one clone and run in the order in which they stand.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from deployment import desired
from tests.docs.pages import blocks
from tests.docs.project import Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docs.pages import Block

BRING = "docs/bring-your-own-model.md"
LAKE = ".sandbox/lake/localbatchscoring/data"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Where pages are followed."""
    project = Project.copied(tmp_path_factory.mktemp("followed") / "clone", three_free_ports())
    yield project
    project.stop_local_azure()


def test_who_brings_a_model_lands_every_bottle(clone: Project) -> None:
    """Both days, each row once under its key, and the manifests account for them."""
    clone.follow(BRING)
    lake = clone.folder / LAKE
    landed = pd.read_parquet(lake / "predictions/wine")
    delivered = [pd.read_csv(file) for file in sorted((lake / "raw/wine/incoming").rglob("*.csv"))]
    manifests = [json.loads(file.read_text()) for file in sorted((lake / "_landing/wine").glob("*.json"))]

    assert landed["bottle"].tolist() == pd.concat(delivered)["bottle"].tolist()
    assert landed.columns[:3].tolist() == ["bottle", "cultivar", "probability"]
    assert [each["rows_scored"] for each in manifests] == [30, 28]
    assert {each["model_version"] for each in manifests} == {"1"}


def test_code_of_ones_own_finds_the_local_azure(clone: Project) -> None:
    """Microsoft's own clients of the lake, Data Factory and Azure ML, as the page sets them up."""
    clone.follow("docs/local-azure.md")


@pytest.mark.timeout(900)
def test_a_worse_model_is_refused_a_better_one_scores_and_is_taken_back(tmp_path: Path) -> None:
    """Each window says which version made it, and every training has left its report."""
    project = Project.copied(tmp_path / "clone", three_free_ports())
    try:
        project.follow("docs/gate.md")
        status = project.run("python deploy.py status --env local -o json")
    finally:
        project.stop_local_azure()
    lake = project.folder / LAKE
    trainings = [each for each in json.loads(status.stdout)["runs"] if each["pipeline"] == "train_diabetes"]
    windows = sorted((lake / "_landing/diabetes").glob("*.json"))

    assert [each["decision"] for each in trainings] == ["approved", "refused", "approved"]
    assert all((lake / each["gate_report"]).is_file() for each in trainings)
    assert [json.loads(each.read_text())["model_version"] for each in windows] == ["1", "3"]


def test_who_rehearses_sees_what_the_page_shows(tmp_path: Path) -> None:
    """In a clone of its own, without any Azure."""
    project = Project.copied(tmp_path / "clone", three_free_ports())

    project.follow("docs/rehearse.md")

    assert "<svg" in (project.folder / "month.html").read_text()
    runs = json.loads((project.folder / "timetable.json").read_text())["runs"]
    assert sum(run["trigger"] == "tr_score_diabetes_mornings" for run in runs) == 30
    assert not (project.folder / ".sandbox").exists()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The page's files, with nothing deployed."""
    return Project.with_files_of(BRING, tmp_path_factory.mktemp("written") / "clone")


def fragments() -> list[tuple[str, Block]]:
    """(model, block) of what pages add to a model or to an environment."""
    pages = {BRING: "wine", "docs/gate.md": "diabetes"}
    found = [(model, block) for page, model in pages.items() for block in blocks(page)]
    return [(model, block) for model, block in found if block.kind in {"model", "environment"}]


@pytest.mark.parametrize(("model", "block"), fragments(), ids=lambda each: getattr(each, "line", each))
def test_what_the_page_adds_to_the_configuration_is_valid(model: str, block: Block, written: Project) -> None:
    """Each snippet in its place, and everything that is deployed built of it."""
    assert desired.build(written.settings(block, model)).entities
