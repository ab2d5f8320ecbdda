"""Laws of the configuration, over files that say anything at all."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.errors import ConfigurationError, Problem
from config.loader import load
from config.schema import Settings
from tests.unit.config import project

if TYPE_CHECKING:
    from collections.abc import Iterator

VALID = {
    "name": "churn",
    "source": "models/churn",
    "training": {
        "data": "raw/churn.csv",
        "hyperparameters": {"depth": 3},
        "gate": {"auc": {"minimum": 0.5, "margin": 0.01}},
    },
    "scoring": {"input": "raw/churn/{window_start:yyyy/MM/dd}", "model_version": "approved", "node_count": 1},
    "output": {"path": "predictions/churn", "format": "csv"},
    "window": {"every": "day", "time_zone": "UTC", "offset_minutes": 0},
    "schedules": {
        "score": {
            "daily": {
                "type": "calendar",
                "frequency": "Week",
                "start": "2026-11-01T06:00:00",
                "week_days": ["Monday"],
            },
            "window": {
                "type": "tumbling",
                "frequency": "Hour",
                "interval": 24,
                "start": "2026-11-01T00:00:00Z",
            },
        },
        "train": {},
    },
}

words = st.sampled_from(
    ["", "x", "no", "type", "UTC", "Europe/Berlin", "{model}", "{", "../x", "1", "é", "a.b"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def answer_of(root: Path, **said: Any) -> Settings | list[Problem]:
    try:
        return load(root, "dev", **said)
    except ConfigurationError as error:
        return error.problems


PLACES = sorted(places(VALID), key=str)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), anything)
@example((), None)
@example(("schedules", "score", "daily"), {"type": ["calendar"]})
@example(("schedules", "score"), ["daily"])
@example(("schedules", "score", "daily", "week_days"), 5)
@example(("training", "hyperparameters", "depth"), {"a": 1})
def test_whatever_a_model_file_says_the_answer_is_settings_or_problems(place, value):
    """Never a traceback; every problem has a place and a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        root = project.write(Path(folder), model=json.dumps(replaced(VALID, place, value)))
        answer = answer_of(root)

    assert isinstance(answer, Settings) or answer
    for problem in answer if isinstance(answer, list) else []:
        assert problem.where.source.startswith("config/")
        assert problem.expected


@settings(max_examples=100, deadline=None)
@given(
    st.text("abc._=[]{}:'\" \n\t&*!#", max_size=20),
    st.dictionaries(st.text("ABC_", max_size=6), st.text(max_size=6)),
)
def test_whatever_options_and_variables_say_the_answer_is_settings_or_problems(option, variables):
    """The command line and the shell may say anything too."""
    named = {f"ADFBATCH__{name}": value for name, value in variables.items()}
    with tempfile.TemporaryDirectory() as folder:
        answer = answer_of(project.write(Path(folder)), options=[option], variables=named)

    assert isinstance(answer, Settings) or answer
