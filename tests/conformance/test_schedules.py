"""Recurrences of schedule triggers."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from adf.recurrence import IllegalRecurrence, Recurrence
from tests.conformance.cases import cases

LEGAL = [c for c in cases("schedules.json") if "illegal" not in c.values[0]]
ILLEGAL = [c for c in cases("schedules.json") if "illegal" in c.values[0]]
MISPLACED = [c for c in cases("schedules.json") if "docs_illegal" in c.values[0]]


@pytest.mark.parametrize("case", LEGAL)
def test_a_recurrence_fires_when_the_engine_fires(case: dict[str, Any]):
    """Strictly after the trigger's start; the engine overlooks what the documentation forbids."""
    recurrence = Recurrence.from_json(case["recurrence"], ignore_misplaced="docs_illegal" in case)
    expected = [datetime.fromisoformat(text) for text in case["expected"]]
    started = datetime.fromisoformat(case["triggerStartedAt"])

    assert expected == list(islice(recurrence.fire_times(started), len(expected)))


@pytest.mark.parametrize("case", LEGAL)
def test_a_span_holds_the_same_fire_times(case: dict[str, Any]):
    """The fast form and the endless one agree."""
    recurrence = Recurrence.from_json(case["recurrence"], ignore_misplaced="docs_illegal" in case)
    expected = [datetime.fromisoformat(text) for text in case["expected"]]
    started = datetime.fromisoformat(case["triggerStartedAt"])
    start, end = started + timedelta(microseconds=1), expected[-1] + timedelta(microseconds=1)

    assert expected == list(recurrence.between(start, end))


@pytest.mark.parametrize("case", ILLEGAL)
def test_an_illegal_recurrence_is_refused(case: dict[str, Any]):
    """The error names the field."""
    with pytest.raises(IllegalRecurrence, match=r"^recurrence\.\w+"):
        Recurrence.from_json(case["recurrence"])


@pytest.mark.parametrize("case", MISPLACED)
def test_what_the_documentation_forbids_is_refused_by_default(case: dict[str, Any]):
    """The local factory answers as documented, though the engine would overlook it."""
    with pytest.raises(IllegalRecurrence, match="only the frequency"):
        Recurrence.from_json(case["recurrence"])
