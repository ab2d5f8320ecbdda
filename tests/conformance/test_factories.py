"""JSON of real public factories: each entity is taken, or refused for a reason that names what of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest, NotRun
from sandbox.datafactory.models import TERMINAL
from tests.conformance.cases import FOLDER
from tests.conformance.entities import Entity, entities, stand_ins
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, ManualClock, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FACTORIES = FOLDER / "factories"
# What runs without a server beside it.
_CONTROL = frozenset({"Wait", "IfCondition", "Switch", "ForEach", "Until", "Filter", "SetVariable", "Fail"})
_VALUES = {"string": "x", "int": 1, "float": 1.0, "bool": True, "array": [], "object": {}}


def files() -> list[Any]:
    found = sorted(file for file in FACTORIES.glob("*.json") if file.name != "INDEX.json")
    if not found:
        reason = f"no factories in {FOLDER}: set CONFORMANCE_DIR to a folder that has them"
        return [pytest.param(None, id="factories-absent", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(file, id=f"factories.json-{file.stem}") for file in found]


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[LocalFactory]:
    made = LocalFactory(tmp_path, ManualClock(), "https://127.0.0.1:2", "https://127.0.0.1:1")
    made.create()
    yield made
    made.store.close()


def texts(value: Any) -> Iterator[str]:
    """Every text and key of a body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from texts(one)


def refused(factory: LocalFactory, entity: Entity) -> str | None:
    """None when it was taken; else why not. Then the factory is as it was."""
    before = factory.service.entities.list(factory.id, entity.kind)
    try:
        factory.put(entity.kind, entity.name, entity.properties)
    except (BadRequest, NotRun) as refusal:
        assert factory.service.entities.list(factory.id, entity.kind) == before
        return refusal.message
    return None


@pytest.mark.parametrize("file", files())
def test_real_entities_are_taken_or_refused_for_a_stated_reason(factory: LocalFactory, file: Path) -> None:
    """The reason quotes the entity; what is taken comes back as it was sent."""
    document = json.loads(file.read_text("utf-8"))
    found = entities(document)
    if not found:
        factory.create(properties=document["properties"])  # the file is a factory itself
    for stand_in in stand_ins(found):
        refused(factory, stand_in)  # a template's placeholder is no name
    for entity in found:
        reason = refused(factory, entity)
        if reason is None:
            taken = factory.service.entities.get(factory.id, entity.kind, entity.name)["properties"]
            assert taken.keys() >= entity.properties.keys()
        else:
            quoted = [
                one for one in texts([entity.name, entity.properties]) if len(one) > 2 and one in reason
            ]
            assert quoted


@pytest.mark.parametrize("file", files())
def test_real_pipelines_of_control_activities_run(factory: LocalFactory, file: Path) -> None:
    """To an end, without an error of the runtime's own."""
    found = [
        one
        for one in entities(json.loads(file.read_text("utf-8")))
        if one.kind == "pipelines" and refused(factory, one) is None
    ]
    runnable = [one for one in found if set(types(one.properties["activities"])) <= _CONTROL]
    if not runnable:
        pytest.skip("has no pipeline of control activities only")

    async def scenario() -> None:
        for one in runnable:
            parameters = {
                name: _VALUES[str(declared["type"]).lower()]
                for name, declared in (one.properties.get("parameters") or {}).items()
                if "defaultValue" not in declared
            }
            run = await factory.run(one.name, **parameters)
            assert run["status"] in TERMINAL
            assert "InternalError" not in run["message"]

    play(scenario)


def types(activities: list[Any]) -> Iterator[str]:
    for one in activities:
        yield one["type"]
        for inner in (one.get("typeProperties") or {}).values():
            if isinstance(inner, list):
                nested = [
                    each for each in inner if isinstance(each, dict) and "type" in each and "name" in each
                ]
                yield from types(nested)
