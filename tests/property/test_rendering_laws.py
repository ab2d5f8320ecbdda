"""The laws of files: whatever a body says, both shapes say the same."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adf.entities import EndpointId, EndpointVersion, Entity, Placeholder, StartAtCreation, replaced
from adf.git_layout import FOLDERS
from adf.rendering import TEMPLATE, VALUES, files
from adf.windows import Grid
from tests.unit.adf.resource_manager import Deployment, names_as_microsofts_script_reads_them

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters) | st.text(st.sampled_from("[]'\"@{}(),a"), max_size=8)
placeholders = st.builds(EndpointId, st.sampled_from(["score_a", "train_a"])) | st.builds(
    EndpointVersion, st.sampled_from(["score_a", "train_a"])
)
scalars = texts | st.integers() | st.booleans() | st.none() | placeholders
bodies = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10)
places = st.sampled_from(["url", "scope", "subscriptionId", "mlWorkspaceName"])
names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_' -]{0,20}", fullmatch=True)


@st.composite
def entities(draw: st.DrawFn) -> Entity:
    kind = draw(st.sampled_from(sorted(FOLDERS)))
    type_properties = draw(st.dictionaries(texts, bodies, max_size=3) | st.dictionaries(places, texts))
    if kind == "trigger" and draw(st.booleans()):
        type_properties["startTime"] = StartAtCreation(Grid.parse("day"))
    properties = draw(st.dictionaries(texts, bodies, max_size=3)) | {"typeProperties": type_properties}
    started = draw(st.booleans()) if kind == "trigger" else None
    return Entity(kind, draw(names), properties, started=started)  # type: ignore[arg-type]


several = st.lists(entities(), max_size=5, unique_by=lambda each: each.name.casefold())


def known(entity: Entity, placeholder: Placeholder) -> str:
    """Values that look like expressions: in a parameters file they are none."""
    if isinstance(placeholder, StartAtCreation):
        return f"[start of {entity.name}]"
    return f"[{placeholder!r}]"


def rendered(made: list[Entity]) -> dict[str, Any]:
    contents = files(made, known, factory="adf-demo", location="westeurope", metadata={"env": "[x]"})
    return {path: json.loads(content) for path, content in contents.items()}


def bodies_of(made: list[Entity]) -> list[dict[str, Any]]:
    """What `deploy` puts, and the state that it brings triggers to."""
    return [
        replaced(each.properties, lambda placeholder, each=each: known(each, placeholder))  # type: ignore[misc]
        | each.runtime_state
        for each in made
    ]


@given(several)
def test_a_template_evaluated_is_what_was_rendered(made: list[Entity]):
    """evaluate(arm(entities)) == entities, whatever brackets, quotes and letters stand in them."""
    document = rendered(made)
    values = {name: said["value"] for name, said in document[VALUES]["parameters"].items()}
    found = Deployment(document[TEMPLATE], values).bodies()

    assert list(found.values()) == bodies_of(made)
    assert [name for _, name in found] == [f"adf-demo/{each.name}" for each in made]


@given(several)
def test_a_git_folder_read_is_what_was_rendered(made: list[Entity]):
    """Each file holds its entity's name and body."""
    document = rendered(made)

    assert [document[f"{FOLDERS[each.kind]}/{each.name}.json"] for each in made] == [
        {"name": each.name, "properties": body} for each, body in zip(made, bodies_of(made), strict=True)
    ]


@given(several)
def test_names_stand_where_microsofts_script_cuts(made: list[Entity]):
    """A quote is doubled there, as in every expression."""
    expected = [each.name.replace("'", "''") for each in made]

    assert names_as_microsofts_script_reads_them(rendered(made)[TEMPLATE]) == expected
