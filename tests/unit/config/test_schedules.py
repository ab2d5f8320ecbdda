"""What a schedule may not say: each error names the key and the line, and how to mend it."""

from __future__ import annotations

import pytest

from adf.schedules import judge
from config.errors import ConfigurationError, Problem
from config.loader import load
from config.schedules import OCCURRENCES, occurrence
from tests.unit.config import project

CALENDAR = "type: calendar, start: 2026-11-01T06:15:00"
TUMBLING = "type: tumbling, frequency: Hour"
TRAINING = "training: {data: raw/churn.csv}\n"


def model(**schedules: str) -> str:
    """The first schedule stands on line 8."""
    lines = "".join(f"    {name}: {{{written}}}\n" for name, written in schedules.items())
    return f"{project.MODEL}schedules:\n  score:\n{lines}"


def problems(tmp_path, **schedules: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as raised:
        load(project.write(tmp_path, model=model(**schedules)), "dev", judge=judge)
    return raised.value.problems


@pytest.mark.parametrize(
    ("written", "key", "told"),
    [
        ("frequency: Month, minutes: [0, 30]", "minutes", "`hours` too"),
        ("frequency: Hour, hours: [6]", "hours", "Day or Week or Month"),
        ("frequency: Day, month_days: [1]", "month_days", "Month"),
        ("frequency: Month, week_days: [Monday]", "week_days", "Week"),
        ("frequency: Week, monthly_occurrences: [last Friday]", "monthly_occurrences", "Month"),
        ("frequency: Day, hours: [6, 18, 6]", "hours", "each once"),
        (
            "frequency: Month, month_days: [1], monthly_occurrences: [last Friday]",
            "monthly_occurrences",
            "one",
        ),
        ("frequency: Month, monthly_occurrences: [6th Friday]", "monthly_occurrences", "`first` to `fifth`"),
        ("frequency: Day, interval: 0", "interval", "greater than or equal to 1"),
        ("frequency: Day, end: 2026-10-01T06:15:00", "end", "after 2026-11-01T06:15:00"),
        ("frequency: Day, end: 2026-12-01T06:15:00+01:00", "end", "without an offset"),
        ("frequency: Day, time_zone: Tokyo Standard Time, end: 2026-12-01T06:15:00Z", "end", "without Z"),
        ("frequency: Month, interval: 12, month_days: [31], end: 2026-11-30T00:00:00", "", "days that come"),
        ("frequency: Day, hours: [6], minutes: [15]", "start", "an earlier start: 2026-11-01T06:14:00"),
        ("frequency: Day, hours: [6]", "start", "an earlier start: 2026-11-01T05:15:00"),
        ("frequency: Week, week_days: [Sunday]", "start", "an earlier start: 2026-10-31T06:15:00"),
    ],
)
def test_a_calendar_that_never_fires_or_could_be_read_two_ways_is_refused(tmp_path, written, key, told):
    """With the mend."""
    (problem,) = problems(tmp_path, daily=f"{CALENDAR}, {written}")

    assert problem.key == f"models.churn.schedules.score.daily{'.' if key else ''}{key}"
    assert str(problem.where) == "config/models/churn.yaml:8"
    assert told in problem.expected


def test_the_thirty_first_of_february_never_comes(tmp_path):
    """Every twelfth month from February on has no such day."""
    february = (
        "type: calendar, start: 2026-02-01T00:00:00, frequency: Month, interval: 12, month_days: [30, 31]"
    )

    (problem,) = problems(tmp_path, yearly=february)

    assert (problem.found, problem.where.line) == ("a schedule that never fires", 8)


@pytest.mark.parametrize(
    ("written", "key", "told"),
    [
        ("interval: 24, start: 2027-01-01T06:00:00Z", "start", "the grid's start and length"),
        ("interval: 24, backfill_from: 2026-01-01T06:00:00Z", "backfill_from", "the grid's start and length"),
        ("interval: 12", "interval", "the grid's start and length"),
        ("interval: 24, start: 2027-01-01T00:00:00Z, end: 2027-01-01T12:00:00Z", "end", "after its first"),
    ],
)
def test_windows_that_are_none_of_the_models_or_never_end_are_refused(tmp_path, written, key, told):
    """The line is that of the schedule; what is found names both windows."""
    (problem,) = problems(tmp_path, daily=f"{TUMBLING}, {written}")

    assert problem.key == f"models.churn.schedules.score.daily.{key}"
    assert str(problem.where) == "config/models/churn.yaml:8"
    assert told in problem.expected


@pytest.mark.parametrize(
    "written",
    [
        "type: calendar, frequency: Day, start: 0001-01-01T00:00:00, time_zone: Tokyo Standard Time",
        f"{TUMBLING}, interval: 24, start: 9999-12-31T00:00:00Z",
        f"{TUMBLING}, interval: 24, backfill_from: 0001-01-01T00:00:00Z",
    ],
)
def test_a_start_at_an_end_of_the_calendar_is_refused(tmp_path, written):
    """It is a placeholder that somebody forgot, and its windows would leave the calendar."""
    (problem,) = problems(tmp_path, daily=written)

    assert (problem.where.line, problem.expected) == (8, "a year from 1900 to 2200")


def test_a_length_or_a_delay_beyond_the_calendar_is_refused(tmp_path):
    """With the line, before anybody computes with it."""
    huge = "interval: 99999999999999999999, delay_minutes: 99999999999999"

    told = problems(tmp_path, daily=f"{TUMBLING}, {huge}")

    assert [each.key.rpartition(".")[2] for each in told] == ["interval", "delay_minutes"]


def test_training_schedules_need_a_training(tmp_path):
    """There would be nothing to start."""
    text = f"{project.MODEL}schedules:\n  train:\n    daily: {{{CALENDAR}, frequency: Day}}\n"

    with pytest.raises(ConfigurationError, match=r"churn.yaml:7: models.churn.schedules.train: .*`training`"):
        load(project.write(tmp_path, model=text), "dev", judge=judge)


@pytest.mark.parametrize(
    ("one", "another", "twice"),
    [
        (f"{CALENDAR}, frequency: Day", f"{CALENDAR}, frequency: Day, interval: 1", True),
        (f"{CALENDAR}, frequency: Day, hours: [7, 8]", f"{CALENDAR}, hours: [8, 7], frequency: Day", True),
        (f"{CALENDAR}, frequency: Day", f"{CALENDAR}, frequency: Day, interval: 2", False),
        (f"{TUMBLING}, interval: 24", f"{TUMBLING}, interval: 24, delay_minutes: 60", True),
        (
            f"{TUMBLING}, interval: 24, backfill_from: 2026-01-01T00:00:00Z, end: 2026-06-01T00:00:00Z",
            f"{TUMBLING}, interval: 24, backfill_from: 2026-06-01T00:00:00Z",
            False,
        ),
        (
            f"{TUMBLING}, interval: 24, backfill_from: 2026-01-01T00:00:00Z, end: 2026-06-01T00:00:00Z",
            f"{TUMBLING}, interval: 24, backfill_from: 2026-05-01T00:00:00Z",
            True,
        ),
        (f"{TUMBLING}, interval: 24, end: 2026-06-01T00:00:00Z", f"{TUMBLING}, interval: 24", False),
    ],
)
def test_two_schedules_of_a_model_that_run_the_same_are_refused(tmp_path, one, another, *, twice):
    """The same fires, or the same windows; where a start is left open they may be others."""
    if not twice:
        folder = project.write(tmp_path, model=model(one=one, another=another))
        assert len(load(folder, "dev", judge=judge).models["churn"].schedules.score) == 2
        return

    (problem,) = problems(tmp_path, one=one, another=another)

    assert (problem.key, problem.where.line) == ("models.churn.schedules.score.another", 9)
    assert "twice" in problem.expected


def test_every_occurrence_of_a_week_day_in_a_month_has_one_name():
    """From the start, or from the end."""
    assert occurrence("first Monday") == (1, "Monday")
    assert occurrence("second last Friday") == (-2, "Friday")
    assert [occurrence(text) for text in ("1st Monday", "last friday", "last", "Friday")] == [None] * 4
    assert sorted(OCCURRENCES.values()) == [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]
