"""The laws of generation, over configurations that nobody thought of."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adf import schema
from adf.entities import resolve
from adf.factory import build
from adf.language import Scope, evaluate
from adf.schedules import judge
from adf.validation import validate
from tests.unit.adf.builders import contracts, model, settings

words = st.from_regex(r"[a-z][a-z0-9_]{1,12}", fullmatch=True)
characters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
paths = st.text(characters, min_size=1, max_size=40).filter(lambda path: not path.startswith("@"))
"""The configuration refuses a path that Data Factory could take for an expression."""
zones = st.sampled_from(["UTC", "W. Europe Standard Time", "Tokyo Standard Time", "Samoa Standard Time"])
times = st.sampled_from(["2026-11-01T06:00:00", "2027-03-28T02:30:00", "2024-02-29T00:00:00"])


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, Any]:
    frequency = draw(st.sampled_from(["Minute", "Hour", "Day", "Week", "Month"]))
    schedule: dict[str, Any] = {
        "type": "calendar",
        "frequency": frequency,
        "interval": draw(st.integers(1, 1000)),
        "start": draw(times),
        "time_zone": draw(zones),
    }
    if frequency in ("Day", "Week", "Month") and draw(st.booleans()):
        schedule["hours"] = draw(st.lists(st.integers(0, 23), min_size=1))
        schedule["minutes"] = draw(st.lists(st.integers(0, 59)))
    if frequency == "Week":
        schedule["week_days"] = draw(st.lists(st.sampled_from(["Sunday", "Monday", "Friday"])))
    if frequency == "Month":
        schedule["month_days"] = draw(st.lists(st.integers(1, 31) | st.integers(-31, -1)))
    return schedule


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    hours = draw(st.integers(1, 48))
    tumbling = {"type": "tumbling", "frequency": "Hour", "interval": hours, "start": "1970-01-01T00:00:00Z"}
    schedules = {"score": draw(st.dictionaries(words, calendars(), max_size=2))}
    if draw(st.booleans()):
        tumbling[draw(st.sampled_from(["start", "backfill_from", "end"]))] = tumbling.pop("start")
        schedules["score"]["tumbling"] = {**tumbling, "delay_minutes": draw(st.integers(0, 5000))}
    parts: dict[str, Any] = {"schedules": schedules}
    if draw(st.booleans()):
        parts["training"] = {"data": draw(paths), "timeout_minutes": draw(st.integers(10, 10080))}
        schedules["train"] = draw(st.dictionaries(words, calendars(), max_size=2))
    return model(
        draw(words),
        window={"every": f"{hours} hours", "time_zone": draw(zones)},
        scoring={"input": draw(paths), "timeout_minutes": draw(st.integers(10, 10080))},
        output={"path": draw(paths)},
        **parts,
    )


def is_clear(configured: dict[str, Any]) -> bool:
    """Whether nothing in it could be read two ways, and all of it fires."""
    return list(judge(settings(configured))) == []


several = st.lists(models().filter(is_clear), min_size=1, max_size=3, unique_by=lambda each: each["name"])


@given(several)
def test_whatever_is_built_is_valid(configured: list[dict[str, Any]]):
    """No configuration that can be built gives a factory with a problem."""
    made = settings(*configured)
    declared = contracts(*made.models)

    assert validate(build(made, declared), declared) == []


@given(several)
def test_the_same_settings_are_the_same_bytes(configured: list[dict[str, Any]]):
    """In whatever order the models are given: a second plan is empty."""
    published = {name: ("id", "1") for each in configured for name in contracts(each["name"])}

    def rendered(order: list[dict[str, Any]]) -> str:
        made = settings(*order)
        entities = build(made, contracts(*made.models))
        return json.dumps([(e.kind, e.name, resolve(e.properties, published)) for e in entities])

    assert rendered(configured) == rendered(configured[::-1])


@given(several)
def test_names_are_used_once(configured: list[dict[str, Any]]):
    """By no two entities of a kind."""
    made = settings(*configured)
    entities = build(made, contracts(*made.models))

    assert len({(entity.kind, entity.name.casefold()) for entity in entities}) == len(entities)


@given(paths)
def test_a_configured_path_reaches_azure_ml_unchanged(path: str):
    """Through Data Factory's evaluation, whatever characters it has."""
    entities = build(settings(model(output={"path": path})), contracts("diabetes"))
    [score] = [entity for entity in entities if entity.kind == "pipeline"]
    given_path = score.properties["activities"][0]["typeProperties"]["mlPipelineParameters"]["output_path"]

    assert evaluate(given_path, Scope()) == path
    assert list(schema.wrong_in("pipeline", score.properties)) == []
