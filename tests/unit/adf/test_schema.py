"""adf/schema.json: equal to what the SDK says, and understood as a complete validator understands it."""

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adf import schema, schema_from_sdk
from adf.entities import Kind, resolve
from adf.factory import build
from tests.golden.test_factory_bodies import CASES, published
from tests.unit.adf.builders import PUBLISHED, calendar, contracts, model, settings, tumbling

SCHEDULES = {"score": {"daily": calendar(hours=[6]), "hourly": tumbling()}, "train": {"weekly": calendar()}}
MODEL = model(training={"data": "raw/patients.csv"}, schedules=SCHEDULES)
ENTITIES = [
    (entity.kind, resolve(entity.properties, PUBLISHED))
    for entity in build(settings(MODEL), contracts("diabetes"))
]


def accepts(kind: Kind, body: Any) -> bool:
    whole = json.loads(schema_from_sdk.SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator({**whole, "$ref": f"#/$defs/{kind}"})
    return bool(validator.is_valid(body))


def test_the_file_is_what_the_installed_sdk_describes():
    """After an update of the SDK: `python -m adf.schema_from_sdk`, and read the difference."""
    assert schema_from_sdk.SCHEMA.read_text() == schema_from_sdk.rendered()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_everything_we_generate_fits_the_schema(case):
    """By the complete validator and by ours."""
    entities = case()
    for entity in entities.values():
        body = resolve(entity.properties, published(entities))

        assert accepts(entity.kind, body), entity
        assert list(schema.wrong_in(entity.kind, body)) == []


def places(body: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a body."""
    keys = list(body) if isinstance(body, dict) else list(range(len(body)))
    found = [(body, key) for key in keys]
    return found + [p for key in keys if isinstance(body[key], dict | list) for p in places(body[key])]


@given(st.sampled_from(ENTITIES), st.data())
def test_our_reading_of_the_schema_agrees_with_a_complete_validator(entity, data: st.DataObject):
    """Whatever value of a body is replaced, removed or renamed."""
    kind, body = entity[0], copy.deepcopy(entity[1])
    container, key = data.draw(st.sampled_from(places(body)))
    match data.draw(st.sampled_from(["replace", "remove", "rename"])):
        case "replace":
            container[key] = data.draw(
                st.sampled_from([None, "x", 1, 1.5, True, [], {}, ["x"], {"type": "Fail"}])
            )
        case "remove":
            del container[key]
        case "rename" if isinstance(container, dict):
            container[f"{key}x"] = container.pop(key)

    assert accepts(kind, body) == (list(schema.wrong_in(kind, body)) == [])
