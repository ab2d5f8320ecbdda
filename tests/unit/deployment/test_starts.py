"""Where the windows of a tumbling trigger begin: planned, created, and kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adf.windows import format_instant
from config.errors import Where
from deployment.errors import PastStartError
from deployment.executor import Executor
from deployment.fires import backfill, firing_of
from deployment.firing_lines import told as lines_of
from deployment.observed import observe
from deployment.planner import plan
from deployment.resources import NOTHING
from deployment.verbs.past_starts import placed
from tests.unit.adf import builders
from tests.unit.adf.builders import model
from tests.unit.deployment.fakes import (
    FakeFactory,
    FakeMachineLearning,
    Told,
    desired,
    open_start,
    pipeline,
    tumbling,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LATER = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


class World:
    def __init__(self) -> None:
        self.factory = FakeFactory()

    def plan(self, *entities, now=NOW):
        return plan(desired(pipeline(), *entities), observe(self.factory, FakeMachineLearning(), []), now=now)

    def deploy(self, *entities, now=NOW):
        made = self.plan(*entities, now=now)
        Executor(self.factory, FakeMachineLearning(), Told(), clock=lambda: now).apply(made)
        return made

    @property
    def start(self) -> str:
        return self.factory.entities["trigger", "tr_daily"].properties["typeProperties"]["startTime"]


@pytest.fixture
def world() -> World:
    return World()


def test_an_open_start_is_the_next_window_when_the_trigger_is_created(world):
    """The executor's clock decides, not the plan's."""
    world.deploy(tumbling(start=open_start()))

    assert world.start == "2026-11-24T00:00:00Z"


def test_a_start_once_fixed_is_kept_and_the_second_plan_is_empty(world):
    """It is read from the live trigger, however much later."""
    world.deploy(tumbling(start=open_start()))

    assert world.plan(tumbling(start=open_start()), now=LATER).changes == []


@pytest.mark.parametrize("earlier", ["2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"])
def test_a_start_that_leaves_the_configuration_stays_in_the_factory(world, earlier):
    """A backfill that has run may be forgotten."""
    world.deploy(tumbling(start=earlier))

    assert world.plan(tumbling(start=open_start()), now=LATER).changes == []


def test_what_else_changes_is_changed_and_the_start_kept(world):
    """No new trigger for a new concurrency."""
    world.deploy(tumbling(start=open_start()))

    made = world.deploy(tumbling(start=open_start(), concurrency=4), now=LATER)

    assert [step.action for step in made.changes] == ["change"]
    assert world.start == "2026-11-24T00:00:00Z"


@pytest.mark.parametrize(
    ("after", "start"),
    [
        (tumbling(hours=12, start=open_start(12)), "2027-03-01T12:00:00Z"),
        (tumbling(start=open_start(offset_minutes=360)), "2027-03-02T06:00:00Z"),
    ],
    ids=["interval", "grid"],
)
def test_windows_that_become_others_begin_anew(world, after, start):
    """With the next one, when they do: nothing of the past runs again."""
    world.deploy(tumbling(start=open_start()))

    (change,) = world.deploy(after, now=LATER).changes

    assert (change.action, world.start) == ("recreate", start)
    shown = {each.path: each.after for each in change.differences}
    assert shown["typeProperties.startTime"] == "(the next window when created)"


def test_a_start_that_is_past_when_the_trigger_is_created_is_refused_with_both_ways_out(world):
    """Nothing runs by surprise; once the trigger exists its start may well be past."""
    first = tumbling(start="2026-11-22T00:00:00Z", backfills=False)

    with pytest.raises(PastStartError, match=r"tr_daily .* 2026-11-22T00:00:00Z is past") as raised:
        world.plan(first)

    assert "leave `start` out" in raised.value.hint
    assert "backfill_from" in raised.value.hint
    world.deploy(first, now=datetime(2026, 11, 21, tzinfo=UTC))
    assert world.plan(first).changes == []


def test_what_is_planned_without_a_clock_is_not_judged_by_it():
    """Offline nobody knows whether the trigger exists."""
    assert plan(desired(tumbling(start="2020-01-01T00:00:00Z", backfills=False)), NOTHING).changes


def test_a_past_start_is_shown_offline_as_what_it_would_be():
    """An error for a new trigger, nothing at all for one that is there."""
    *_, step = plan(desired(tumbling(start="2026-11-20T00:00:00Z", backfills=False)), NOTHING).changes

    told = [line for line, _ in lines_of(firing_of(step, NOW))]

    assert told[0].startswith("a new trigger is refused with this past `start`")
    assert told[0].endswith("3 windows at once, from 2026-11-20T00:00:00Z to 2026-11-23T00:00:00Z")


def test_the_windows_of_a_long_past_are_counted_and_not_listed():
    """A century of five minutes."""
    body = tumbling(start="1926-11-23T00:00:00Z").properties
    every = body["typeProperties"] | {"frequency": "Minute", "interval": 5}

    due = backfill(body | {"typeProperties": every}, NOW)

    assert due is not None
    assert (due.count, format_instant(due.end)) == (10_519_296, "2026-11-23T08:00:00Z")


def test_a_schedule_that_has_ended_is_said_to_fire_no_more():
    """A reader of the plan would look for its times."""
    ended = tumbling(start="2026-11-01T00:00:00Z")
    ended.properties["typeProperties"]["endTime"] = "2026-11-10T00:00:00Z"
    *_, step = plan(desired(ended), NOTHING).changes

    told = [line for line, _ in lines_of(firing_of(step, NOW))]

    assert [each.split(" at once")[0] for each in told] == [
        "runs 9 windows",
        "fires no more: its end is past",
    ]


SCHEDULED = model(schedules={"score": {"daily": builders.tumbling(start="2026-11-22T00:00:00Z")}})
START = ("models", "diabetes", "schedules", "score", "daily", "start")


def test_a_past_start_is_blamed_on_the_line_that_says_it():
    """A layer may have said it, as --set."""
    error = PastStartError([("tr_score_diabetes_daily", "2026-11-22T00:00:00Z")])

    told = placed(error, builders.settings(SCHEDULED), {START: Where("config/models/diabetes.yaml", 31)})

    assert str(told).startswith(f"config/models/diabetes.yaml:31: {'.'.join(START)}: found `2026-11-22T00")
    assert "backfill_from" in str(told)


def test_a_past_start_that_no_file_says_is_told_as_it_is():
    """An earlier release's."""
    error = PastStartError([("tr_score_diabetes_daily", "2026-11-22T00:00:00Z")])

    assert placed(error, builders.settings(), {}) is error
