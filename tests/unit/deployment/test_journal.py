"""Triggers that a deployment stops are written down first, and put back whatever becomes of it."""

from __future__ import annotations

import pytest

from deployment.errors import ApplyError, LockLostError
from deployment.executor import Executor
from deployment.journal import Journal, restore
from deployment.observed import observe
from deployment.planner import plan
from tests.unit.deployment.fakes import (
    OWNER,
    FakeFactory,
    FakeLake,
    FakeMachineLearning,
    RefusedError,
    Told,
    calendar,
    desired,
    pipeline,
)

PATH = "_deployments/shop/dev/triggers.json"


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


class World:
    def __init__(self) -> None:
        self.factory, self.lake, self.told = FakeFactory(), FakeLake(), Told()
        self.journal = Journal(self.lake, OWNER, "ada on build-7")

    def deploy(self, *entities, prune: bool = False) -> None:
        wanted = desired(pipeline(), *entities)
        made = plan(wanted, observe(self.factory, FakeMachineLearning(), []), prune=prune)
        Executor(self.factory, FakeMachineLearning(), self.told, journal=self.journal).apply(made)

    def restore(self) -> None:
        restore(self.journal, self.factory, self.told)

    def killed_while(self, call: str, *entities) -> None:
        """As kill -9 leaves it: the journal is not closed and nothing is started again."""
        before = getattr(self.factory, call)

        def die(*_):
            self.factory.start_trigger = die
            self.lake.remove = self.lake.replace = die
            raise Killed

        setattr(self.factory, call, die)
        kept = FakeLake.remove, FakeLake.replace, FakeFactory.start_trigger
        with pytest.raises(Killed):
            self.deploy(*entities)
        setattr(self.factory, call, before)
        self.lake.remove, self.lake.replace, self.factory.start_trigger = (
            kept[0].__get__(self.lake),
            kept[1].__get__(self.lake),
            kept[2].__get__(self.factory),
        )


@pytest.fixture
def world() -> World:
    made = World()
    made.deploy(calendar("tr_a"), calendar("tr_b"), calendar("tr_off", started=False))
    return made


def test_the_journal_is_written_before_the_first_trigger_is_stopped(world):
    """It names those that run and must be edited, and no others."""
    seen = []
    stop = world.factory.stop_trigger

    def look(*trigger):
        seen.append(world.journal.read().triggers)
        stop(*trigger)

    world.factory.stop_trigger = look
    world.deploy(calendar("tr_a", hour=7), calendar("tr_b"), calendar("tr_off", started=False, hour=7))

    assert seen == [("tr_a",)]


def test_a_deployment_that_ends_leaves_no_journal(world):
    """Well, or with its triggers put back."""
    world.deploy(calendar("tr_a", hour=7))
    after_success = world.journal.read()
    world.factory.refuses.add("tr_a")
    with pytest.raises(ApplyError):
        world.deploy(calendar("tr_a", hour=8))

    assert (after_success, world.journal.read()) == (None, None)
    assert world.factory.state("tr_a") == "Started"


def test_a_trigger_that_only_stops_is_not_put_back(world):
    """Schedules off is what the configuration wants: there is nothing to journal."""
    world.deploy(calendar("tr_a", started=False))

    assert (world.factory.state("tr_a"), world.lake.files) == ("Stopped", {})


def test_a_trigger_that_is_edited_and_stays_stopped_is_not_journaled(world):
    """Or the next deployment would start what nobody wants to run."""
    seen = []
    stop = world.factory.stop_trigger

    def look(*trigger):
        seen.append(world.journal.read().triggers)
        stop(*trigger)

    world.factory.stop_trigger = look
    world.deploy(calendar("tr_a", hour=7, started=False), calendar("tr_b", hour=7))

    assert seen == [("tr_b",), ("tr_b",)]


def test_a_deployment_that_lost_its_lock_puts_nothing_back(world):
    """Somebody else may deploy by now and want it otherwise: the journal tells them, or has told them."""
    lost = []
    stop = world.factory.stop_trigger

    def sleep_long(name, trigger_type):
        stop(name, trigger_type)
        lost.append(name)
        raise RefusedError("the connection was lost meanwhile")

    def go_on():
        if lost:
            raise LockLostError("deploying dev")

    world.factory.stop_trigger = sleep_long
    made = plan(
        desired(pipeline(), calendar("tr_a", hour=7), calendar("tr_b", hour=7)),
        observe(world.factory, FakeMachineLearning(), []),
    )
    with pytest.raises(LockLostError):
        Executor(
            world.factory, FakeMachineLearning(), world.told, workers=1, go_on=go_on, journal=world.journal
        ).apply(made)

    assert world.factory.state(lost[0]) == "Stopped"
    assert world.journal.read().triggers == ("tr_a", "tr_b")


def test_what_a_killed_deployment_left_stopped_the_next_one_starts_first(world):
    """Only what exists and stands still; then the journal is gone."""
    world.killed_while("put", calendar("tr_a", hour=7), calendar("tr_b", hour=7))
    stopped = [name for name in ("tr_a", "tr_b") if world.factory.state(name) == "Stopped"]
    unfinished = world.journal.read()

    world.restore()

    assert stopped
    assert (unfinished.by, unfinished.triggers) == ("ada on build-7", ("tr_a", "tr_b"))
    assert {world.factory.state(name) for name in ("tr_a", "tr_b")} == {"Started"}
    assert world.factory.state("tr_off") == "Stopped"
    assert world.journal.read() is None


def test_what_cannot_be_started_stays_in_the_journal_and_is_told(world):
    """The next deployment tries again."""
    world.journal.open(["tr_a", "tr_gone", "tr_off"])

    def refuse(*_):
        raise RefusedError("no")

    world.factory.start_trigger = refuse
    world.restore()

    assert world.journal.read().triggers == ("tr_off",)
    assert "trigger tr_off, left stopped by ada on build-7, could not be started: no" in world.told.lines


def test_without_a_journal_nothing_is_asked_of_the_factory(world):
    """The usual case costs one read of the lake."""
    world.factory.calls.clear()

    world.restore()

    assert world.factory.calls == []
