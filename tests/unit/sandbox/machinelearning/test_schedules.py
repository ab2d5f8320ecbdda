"""Azure ML's own schedules: what is no recurrence is refused before anything is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.machinelearning.errors import BadRequest
from sandbox.machinelearning.schedules import Schedules


@pytest.mark.parametrize(
    "recurrence", [None, "daily", ["Day", 1], {"Frequency": "Never"}, {"Frequency": "Day"}]
)
def test_a_schedule_needs_a_recurrence(recurrence: Any) -> None:
    nothing: Any = None
    body = {"ScheduleType": "Recurrence", "Recurrence": recurrence}
    call: Any = SimpleNamespace(document=lambda: body)

    with pytest.raises(BadRequest, match="Frequency, one of Month, Week, Day, Hour, Minute, and an Interval"):
        Schedules(nothing, nothing, nothing).create(call)
