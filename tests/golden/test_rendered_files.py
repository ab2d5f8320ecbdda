"""The configurations of `factory/` as files: what `render` adds to the entities that are held there.

`UPDATE_GOLDEN=1 pytest tests/golden/test_rendered_files.py` writes the files anew; read the diff then.
"""

import json
import os
from pathlib import Path

import pytest

from adf.entities import EndpointId, EndpointVersion
from adf.rendering import files
from tests.golden.test_factory_bodies import CASES, published

GOLDEN = Path(__file__).parent / "rendered"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_files_are_exactly_what_they_were(case):
    """The ARM template, its parameters, and what Data Factory's Git integration reads beside the entities."""
    entities = case()
    folder = GOLDEN / case.__name__
    endpoints = published(entities)

    def known(_entity, placeholder):
        match placeholder:
            case EndpointId(name):
                return endpoints[name][0]
            case EndpointVersion(name):
                return endpoints[name][1]
        return None

    made = files(
        list(entities.values()),
        known,
        factory="adf-demo",
        location="westeurope",
        metadata={"generator": "adf-batch-scoring", "gitCommit": "abc"},
    )
    texts = {path: content.decode() for path, content in made.items() if is_held(path)}
    if os.environ.get("UPDATE_GOLDEN") == "1":
        rewrite(folder, texts)

    assert texts == {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.json")}


def is_held(path: str) -> bool:
    return "/" not in path or path.startswith("factory/")


def rewrite(folder: Path, texts: dict[str, str]) -> None:
    for path in folder.rglob("*.json"):
        path.unlink()
    for name, content in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_template_holds_the_bodies_that_are_held_as_files(case):
    """Two golden files, one truth."""
    template = json.loads((GOLDEN / case.__name__ / "ARMTemplateForFactory.json").read_text())
    names = {resource["name"].split("'/")[1].removesuffix("')]") for resource in template["resources"]}

    assert names == {path.stem for path in (GOLDEN.parent / "factory" / case.__name__).rglob("*.json")}
