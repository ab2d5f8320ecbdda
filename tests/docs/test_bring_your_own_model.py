"""The page is followed to the letter: its files are written, its commands run, its outputs compared."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from deployment import desired
from tests.docs.pages import blocks, shows
from tests.docs.project import Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docs.pages import Block

PAGE = "docs/bring-your-own-model.md"
LAKE = ".sandbox/lake/localbatchscoring/data"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Project]:
    """Where the page is followed; its local Azure, if one runs in the end, is stopped."""
    project = Project.copied(tmp_path / "clone", three_free_ports())
    yield project
    _stop(project)


def _stop(project: Project) -> None:
    lock = project.folder / ".sandbox/lock"
    if not lock.exists():
        return
    os.kill(int(lock.read_text()), signal.SIGTERM)
    deadline = time.monotonic() + 30
    while (project.folder / ".sandbox/endpoints.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)


def test_who_follows_the_page_lands_every_bottle(clone: Project) -> None:
    """Both days, each row once under its key, and the manifests account for them."""
    follow(clone)
    lake = clone.folder / LAKE
    landed = pd.read_parquet(lake / "predictions/wine")
    delivered = [pd.read_csv(file) for file in sorted((lake / "raw/wine/incoming").rglob("*.csv"))]
    manifests = [json.loads(file.read_text()) for file in sorted((lake / "_landing/wine").glob("*.json"))]

    assert landed["bottle"].tolist() == pd.concat(delivered)["bottle"].tolist()
    assert landed.columns.tolist() == ["bottle", "cultivar", "probability", "window"]
    assert [each["rows_scored"] for each in manifests] == [30, 28]
    assert {each["model_version"] for each in manifests} == {"1"}


def follow(clone: Project) -> None:
    """Write the page's files and run its commands, in its order; each prints what the page shows."""
    printed = ""
    for block in blocks(PAGE):
        if block.file is not None:
            clone.write(block)
        elif block.language == "sh":
            ended = clone.run(block.text)
            assert ended.returncode == 0, f"{PAGE}:{block.line}\n{ended.stdout}{ended.stderr}"
            printed = ended.stdout
        elif block.language == "text":
            assert shows(block.text, printed), f"{PAGE}:{block.line} is not what is printed:\n{printed}"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The page's files, with nothing deployed."""
    return Project.with_files_of(PAGE, tmp_path_factory.mktemp("page") / "clone")


def fragments() -> list[Block]:
    return [block for block in blocks(PAGE) if block.kind in {"model", "environment"}]


@pytest.mark.parametrize("block", fragments(), ids=lambda block: f"line {block.line}")
def test_what_the_page_adds_to_the_configuration_is_valid(block: Block, written: Project) -> None:
    """Each snippet in its place, and everything that is deployed built of it."""
    assert desired.build(written.settings(block, "wine")).entities
