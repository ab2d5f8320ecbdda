"""A schedule trigger that stands still for a deployment loses what falls due meanwhile: that is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adf.entities import Entity
from deployment.executor import Executor
from deployment.journal import Journal, restore
from deployment.missed import missed
from deployment.observed import observe
from deployment.planner import plan
from tests.unit.deployment.fakes import (
    OWNER,
    FakeFactory,
    FakeLake,
    FakeMachineLearning,
    Told,
    calendar,
    desired,
    pipeline,
    tumbling,
)

SIX = datetime(2026, 11, 23, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def with_fire_time(trigger: Entity) -> Entity:
    (starts,) = trigger.properties["pipelines"]
    given = {**starts, "parameters": {"fire_time": "@{trigger().scheduledTime}"}}
    return Entity(
        "trigger", trigger.name, {**trigger.properties, "pipelines": [given]}, started=trigger.started
    )


def fires(trigger: Entity, stopped: datetime, started: datetime) -> list[datetime]:
    found = missed(trigger.name, trigger.properties, stopped, started)
    return [] if found is None else list(found.fires)


def test_what_falls_due_between_stop_and_start_is_missed():
    """Each day at six, in between; not what was before or comes after."""
    assert fires(calendar(), SIX - MINUTE, SIX + MINUTE) == [SIX]
    assert fires(calendar(), SIX + MINUTE, SIX + timedelta(hours=23)) == []
    assert len(fires(calendar(), SIX - MINUTE, SIX + timedelta(days=3))) == 3


def test_a_tumbling_trigger_misses_nothing():
    """It runs its windows when it is started again."""
    assert fires(tumbling(), SIX - timedelta(days=9), SIX) == []


def test_what_makes_up_for_it_runs_with_what_the_trigger_would_have_given():
    """The fire time, not the moment of catching up: of it `stage` makes the window."""
    trigger = with_fire_time(calendar())

    runs = list(missed(trigger.name, trigger.properties, SIX - MINUTE, SIX + MINUTE).runs())

    assert runs == [(SIX, "score_churn", {"fire_time": "2026-11-23T06:00:00Z"})]


class Clock:
    """Each look at it is a minute later."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += MINUTE
        return self.now


def test_an_edit_over_a_fire_time_is_told_by_the_schedule_that_was_live():
    """Stopped before six, edited, started after it: the six o'clock of the old schedule was missed."""
    factory, machine_learning = FakeFactory(), FakeMachineLearning()
    for hour, start in ((6, SIX - timedelta(days=1)), (7, SIX - 1.5 * MINUTE)):
        wanted = desired(pipeline(), calendar(hour=hour))
        executor = Executor(factory, machine_learning, Told(), clock=Clock(start))
        executor.apply(plan(wanted, observe(factory, machine_learning, [])))

    (found,) = executor.missed
    assert (found.trigger, found.fires) == ("tr_daily", (SIX,))


def test_what_a_deployment_that_died_left_stopped_has_missed_what_came_since():
    """From its journal on to the moment when it is started again."""
    factory, lake = FakeFactory(), FakeLake()
    Executor(factory, FakeMachineLearning(), Told()).apply(
        plan(desired(pipeline(), calendar()), observe(factory, FakeMachineLearning(), []))
    )
    factory.stop_trigger("tr_daily", "ScheduleTrigger")
    journal = Journal(lake, OWNER, "ada")
    journal.open(["tr_daily"])
    later = datetime.now(UTC) + timedelta(days=2)

    (found,) = restore(journal, factory, Told(), later)

    assert (found.trigger, len(found.fires), factory.state("tr_daily")) == ("tr_daily", 2, "Started")
