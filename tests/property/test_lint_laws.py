"""The laws of reading and judging factories that anybody may have written."""

from __future__ import annotations

import copy
import json
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adf import factory_files
from adf.entities import Entity, Unresolved
from adf.factory import build
from adf.git_layout import FOLDERS
from adf.json_lines import lines_of
from adf.problems import inside
from adf.rendering import TEMPLATE, files
from adf.validation import lint
from tests.unit.adf.builders import calendar, contracts, model, settings, tumbling
from tests.unit.adf.test_lint import MISTAKES

SCHEDULES = {"score": {"daily": calendar(), "hourly": tumbling()}, "train": {"weekly": calendar()}}
OURS = build(settings(model(training={"data": "raw/x.csv"}, schedules=SCHEDULES)), contracts("diabetes"))
THEIRS = [
    each
    for entities, _ in MISTAKES.values()
    for each in (entities if isinstance(entities, tuple) else (entities,))
]
SMALL = [each for each in [*OURS, *THEIRS] if len(str(each.properties)) < 6000]

words = st.sampled_from(
    ["@", "@{", "@concat(", "[x]", "Expression", "a", "", "Failed", "ForEach", "0.01:00:00"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.text(max_size=5)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "value", "name", "referenceName", "activities", "x"]), inner
        )
    ),
    max_leaves=6,
)


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    steps = list(
        body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    )
    return [path] + [place for key, value in steps for place in places(value, (*path, key))]


def changed(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    made = copy.deepcopy(body)
    inner = made
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return made


@given(st.data())
def test_whatever_stands_anywhere_in_a_body_is_judged_without_a_crash(data: st.DataObject):
    """Of any two places of a factory that somebody spoilt; and the same again is said the second time."""
    entities = [data.draw(st.sampled_from(SMALL)) for _ in range(2)]
    spoilt = []
    for entity in entities:
        place = data.draw(st.sampled_from(places(entity.properties)[1:]))
        properties = changed(entity.properties, place, data.draw(anything))
        spoilt.append(Entity(entity.kind, entity.name, properties, entity.started))

    complete = data.draw(st.booleans())

    assert lint(spoilt, complete=complete) == lint(copy.deepcopy(spoilt), complete=complete)


def known(_entity: Entity, _placeholder: object) -> str | None:
    return None


@given(st.lists(st.sampled_from(THEIRS), max_size=4, unique_by=lambda each: (each.kind, each.name)))
def test_what_is_rendered_is_read_back(entities: list[Entity]):
    """From the Git layout and from the template alike: kind, name, state and every property."""
    made = files(entities, known, factory="adf-demo", location="westeurope", metadata={})
    folders = tuple(FOLDERS.values())
    from_git = [
        found.entity
        for path, content in made.items()
        if path.startswith(folders)
        for found in factory_files.read(path, content.decode()).entities
    ]
    template = factory_files.read(TEMPLATE, made[TEMPLATE].decode())
    expected = [(each.kind, each.name, each.properties | each.runtime_state) for each in entities]

    assert template.form == "template"
    for read in (from_git, [found.entity for found in template.entities]):
        assert sorted(map(repr, expected)) == sorted(repr((e.kind, e.name, e.properties)) for e in read)


def test_what_only_azure_knows_is_read_back_as_unresolved():
    """Of a template without values; the Git layout says what is to be filled in."""
    made = files(OURS, known, factory="adf-demo", location="westeurope", metadata={})
    [pipeline] = [
        found.entity
        for found in factory_files.read(TEMPLATE, made[TEMPLATE].decode()).entities
        if found.entity.name == "score_diabetes"
    ]

    assert isinstance(pipeline.properties["activities"][0]["typeProperties"]["version"], Unresolved)


@given(st.data(), st.sampled_from([None, 0, 1, 4]))
def test_every_value_is_found_on_its_line(data: st.DataObject, indent: int | None):
    """Numbered leaves: each number stands on the line that its path leads to."""
    numbers = iter(range(1000, 9999))
    leaf = st.builds(lambda: next(numbers))
    keys = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\{}[],:'), max_size=4)
    body = data.draw(
        st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=8)
    )
    text = json.dumps(body, indent=indent, ensure_ascii=data.draw(st.booleans()))
    found = lines_of(text)

    paths = [_path(place) for place in places(body)]
    for place in places(body):
        value = body
        for step in place:
            value = value[step]
        if isinstance(value, int) and paths.count(_path(place)) == 1:  # `a.b` may be one key or two
            assert str(value) in text.split("\n")[found[_path(place)] - 1]


def _path(place: tuple[Any, ...]) -> str:
    return reduce(inside, place, "")
