"""Windows that wait for others: what they may wait for, and what is said where they may not."""

from __future__ import annotations

import pytest

from config.errors import ConfigurationError, Problem
from config.loader import load
from tests.unit.config import project

DAILY = "type: tumbling, frequency: Hour, interval: 24"


def write(tmp_path, *entries: str, other: str = DAILY):
    """Two models: churn, whose daily windows wait (from line 13 on), and price, whose `daily` is `other`."""
    lines = "".join(f"        - {{{entry}}}\n" for entry in entries)
    waiting = f"      type: tumbling\n      frequency: Hour\n      interval: 24\n      depends_on:\n{lines}"
    folder = project.write(tmp_path, model=f"{project.MODEL}schedules:\n  score:\n    daily:\n{waiting}")
    price = project.MODEL.replace("predictions/churn", "predictions/price")
    price += f"schedules: {{score: {{daily: {{{other}}}}}}}\n"
    (folder / "config/models/price.yaml").write_text(price)
    return folder


def problems(folder) -> list[Problem]:
    with pytest.raises(ConfigurationError) as raised:
        load(folder, "dev")
    return raised.value.problems


def test_windows_wait_for_those_of_another_model_and_for_their_own(tmp_path):
    """The model and the schedule are left out where they are one's own."""
    folder = write(tmp_path, "model: price, schedule: daily", "offset_minutes: -1440", "schedule: backfill")
    more = "    backfill: {type: tumbling, frequency: Hour, interval: 24, end: 2026-01-01T00:00:00Z}\n"
    with (folder / "config/models/churn.yaml").open("a") as file:
        file.write(more)

    waiting = load(folder, "dev").models["churn"].schedules.score["daily"]

    assert waiting.type == "tumbling"
    assert [each.schedule for each in waiting.depends_on] == ["daily", None, "backfill"]


@pytest.mark.parametrize(
    ("entry", "key", "told", "meant"),
    [
        ("model: prise, schedule: daily", ".model", "a model with tumbling", "price"),
        ("model: price, schedule: dayly", ".schedule", "a tumbling score schedule of price: daily", "daily"),
        ("schedule: daily", ".schedule", "it left out", None),
        ("model: price", "", "`schedule` too", None),
        ("offset_minutes: 0", ".offset_minutes", "-1440 is the window before", None),
        ("offset_minutes: -60", ".offset_minutes", "`offset_minutes` of -1440 or less", None),
        (
            "offset_minutes: -1440, window_minutes: 2880",
            ".offset_minutes",
            "`offset_minutes` of -2880 or less",
            None,
        ),
        ("model: price, schedule: daily, window_minutes: 0", ".window_minutes", "greater than", None),
        ("modl: price, schedule: daily", ".modl", "one of model, offset_minutes", "model"),
    ],
)
def test_what_cannot_be_waited_for_is_blamed_on_its_line(tmp_path, entry, key, told, meant):
    """With what there is to wait for."""
    found = problems(write(tmp_path, entry))

    problem = next(each for each in found if each.key.endswith(f"depends_on.0{key}"))
    assert str(problem.where) == "config/models/churn.yaml:13"
    assert told in problem.expected
    assert problem.nearest == meant


def test_a_calendar_schedule_has_no_windows_to_wait_for(tmp_path):
    """Nor has a schedule that trains."""
    calendar = "type: calendar, frequency: Day, start: 2026-11-01T06:00:00"

    (problem,) = problems(write(tmp_path, "model: price, schedule: daily", other=calendar))

    assert problem.found == "`daily`, which is a calendar schedule"
    assert problem.expected == "a tumbling one of price: there is none"


def test_a_circle_of_waiting_is_refused(tmp_path):
    """Nobody in it would ever run."""
    back = f"{DAILY}, depends_on: [{{model: churn, schedule: daily}}]"

    (problem,) = problems(write(tmp_path, "model: price, schedule: daily", other=back))

    assert "price.daily" in problem.found
    assert "churn.daily" in problem.found
    assert problem.key.endswith("schedules.score.daily.depends_on")


def test_more_than_five_others_are_too_many(tmp_path):
    """Data Factory takes five."""
    six = ["model: price, schedule: daily, offset_minutes: " + str(-1440 * day) for day in range(6)]

    (problem,) = problems(write(tmp_path, *six))

    assert (problem.found, problem.where.line) == ("6 other schedules", 12)


@pytest.mark.parametrize("written", ["depends_on: 3", "depends_on: [3]", "depends_on: {model: price}"])
def test_what_is_no_list_of_maps_is_a_problem_not_a_crash(tmp_path, written):
    """pydantic says so."""
    assert problems(write(tmp_path, "offset_minutes: -1440", other=f"{DAILY}, {written}"))
