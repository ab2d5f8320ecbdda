"""A plan applied: resolved, bounded, and with the triggers left as they should be."""

from __future__ import annotations

import _thread
import contextlib
import itertools
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adf.entities import EndpointId, EndpointVersion
from deployment.errors import ApplyError, InterruptedByUserError
from deployment.executor import Executor
from deployment.journal import Journal, restore
from deployment.observed import observe
from deployment.planner import plan
from tests.unit.deployment.fakes import (
    OWNER,
    Definition,
    FakeFactory,
    FakeLake,
    FakeMachineLearning,
    RefusedError,
    Told,
    calendar,
    dataset,
    desired,
    linked_service,
    on_files,
    pipeline,
    tumbling,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class World:
    def __init__(self) -> None:
        self.factory = FakeFactory()
        self.machine_learning = FakeMachineLearning()
        self.told = Told()

    def deploy(self, wanted, *, prune: bool = False):
        names = [definition.name for definition in wanted.ml_pipelines]
        made = plan(wanted, observe(self.factory, self.machine_learning, names), prune=prune)
        self.factory.calls.clear()
        self.machine_learning.calls.clear()
        Executor(self.factory, self.machine_learning, self.told).apply(made)
        return made


@pytest.fixture
def world() -> World:
    return World()


def test_placeholders_are_resolved_from_what_was_published(world):
    """The pipeline is written with the endpoint's id and version, as text."""
    activity = {"name": "score", "id": EndpointId("score_churn"), "version": EndpointVersion("score_churn")}
    wanted = desired(pipeline("score_churn", activity), ml_pipelines=(Definition("score_churn", "f"),))

    world.deploy(wanted)

    written = world.factory.entities["pipeline", "score_churn"].properties["activities"][0]
    assert (written["id"], written["version"]) == ("id-of-score_churn", "0")


def test_a_second_deployment_calls_nothing(world):
    """Unchanged means no call, and nothing is published."""
    wanted = desired(
        linked_service(), dataset(), pipeline(), calendar(), ml_pipelines=(Definition("score_churn", "f"),)
    )
    world.deploy(wanted)

    world.deploy(wanted)

    assert world.factory.calls == []
    assert world.machine_learning.calls == []


def test_only_a_trigger_whose_body_changes_is_stopped(world):
    """A changed pipeline stops nothing."""
    world.deploy(desired(pipeline(), calendar("tr_a"), calendar("tr_b")))

    world.deploy(desired(pipeline(description="new"), calendar("tr_a", hour=7), calendar("tr_b")))

    assert world.factory.calls == ["put pipeline score_churn", "stop tr_a", "put trigger tr_a", "start tr_a"]


def test_schedules_off_stops_and_leaves_the_body_alone(world):
    """Only the state differs, so nothing is written."""
    world.deploy(desired(pipeline(), calendar()))

    world.deploy(desired(pipeline(), calendar(started=False)))

    assert world.factory.calls == ["stop tr_daily"]


def test_what_cannot_be_edited_is_deleted_and_created_again(world):
    """Stop, delete, put, start."""
    world.deploy(desired(pipeline(), calendar()))

    world.deploy(desired(pipeline(), tumbling()))

    assert world.factory.calls == [
        "stop tr_daily",
        "delete trigger tr_daily",
        "put trigger tr_daily",
        "start tr_daily",
    ]


def test_a_failure_says_what_failed_and_how_much_was_not_tried(world):
    """Steps of the same level go on; later levels do not start."""
    world.factory.refuses.add("ds_b")

    with pytest.raises(ApplyError) as raised:
        world.deploy(desired(linked_service(), dataset("ds_a"), dataset("ds_b"), pipeline(), calendar()))

    assert raised.value.failures == [("dataset ds_b", "refused ds_b")]
    assert "2 later steps were not tried" in str(raised.value)
    assert ("dataset", "ds_a") in world.factory.entities


def test_a_trigger_whose_edit_fails_is_started_again(world):
    """It ran before, so it runs after."""
    world.deploy(desired(pipeline(), calendar()))
    world.factory.refuses.add("tr_daily")

    with pytest.raises(ApplyError):
        world.deploy(desired(pipeline(), calendar(hour=7)))

    assert world.factory.state("tr_daily") == "Started"


def test_a_trigger_that_became_another_is_put_back_as_what_it_is_now(world):
    """Of storage events by now: started as the schedule that it was, it would be deaf."""
    world.deploy(desired(pipeline(), calendar()))
    start, asked = world.factory.start_trigger, []

    def refused_once(name, trigger_type):
        asked.append(trigger_type)
        if len(asked) == 1:
            raise RefusedError("busy")
        start(name, trigger_type)

    world.factory.start_trigger = refused_once
    with pytest.raises(ApplyError, match="busy"):
        world.deploy(desired(pipeline(), on_files("tr_daily")))

    assert asked == ["BlobEventsTrigger"] * 2
    assert world.factory.state("tr_daily") == "Started"


def test_a_trigger_that_was_deleted_and_could_not_be_made_anew_is_told_of(world):
    """There is nothing to start."""
    world.deploy(desired(pipeline(), calendar()))
    world.factory.refuses.add("tr_daily")

    with pytest.raises(ApplyError, match="refused tr_daily"):
        world.deploy(desired(pipeline(), tumbling()))

    assert "trigger tr_daily could not be started again: it is not there any more" in world.told.lines


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C in its default sense, which a shell takes from what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interruption_waits_for_running_steps_and_puts_triggers_back(world):
    """Ctrl-C while a trigger is stopped for its edit: it is started again, whatever became of the edit."""
    world.deploy(desired(pipeline(), calendar()))

    def interrupted(*_):
        _thread.interrupt_main()
        time.sleep(0.05)
        raise RefusedError("connection lost")

    world.factory.put = interrupted

    with pytest.raises(InterruptedByUserError, match="tr_daily") as raised:
        world.deploy(desired(pipeline(), calendar(hour=7)))

    assert raised.value.exit_code == 130
    assert world.factory.state("tr_daily") == "Started"


@pytest.mark.usefixtures("ctrl_c")
def test_wherever_ctrl_c_comes_every_trigger_that_ran_runs(world):
    """At every line of the main thread: of ours, and of the library that starts its threads."""
    world.deploy(desired(pipeline(), calendar("tr_a"), calendar("tr_b"), tumbling("tr_c")))
    slow_down(world.factory)
    for line, hour in zip(itertools.count(1), itertools.cycle(range(1, 24)), strict=False):
        edited = [calendar("tr_a", hour=hour), calendar("tr_b", hour=hour), tumbling("tr_c", hours=hour)]
        made = plan(desired(pipeline(), *edited), observe(world.factory, world.machine_learning, []))
        with ctrl_c_at(line) as passed:
            Executor(world.factory, world.machine_learning, world.told).apply(made)
        running = [world.factory.state(each.name) for each in edited]
        assert running == ["Started"] * 3, f"line {line}"
        if not passed:
            break


def slow_down(factory: FakeFactory) -> None:
    """So that a step takes longer than the start of the next."""
    stop = factory.stop_trigger

    def slow(name: str, trigger_type: str) -> None:
        stop(name, trigger_type)
        time.sleep(0.002)

    factory.stop_trigger = slow  # type: ignore[method-assign]


@contextlib.contextmanager
def ctrl_c_at(line: int) -> Iterator[list[str]]:
    """Yields where it came, once it did; nothing where the main thread ends before that line."""
    counted, passed = itertools.count(1), []

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        file = frame.f_code.co_filename
        if not file.endswith(("executor.py", "interrupts.py", "futures/thread.py", "threading.py")):
            return None
        if event == "line" and next(counted) == line:
            passed.append(f"{file}:{frame.f_lineno}")
            signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    with contextlib.suppress(InterruptedByUserError, KeyboardInterrupt):
        try:
            yield passed
        finally:
            sys.settrace(None)  # a call, and at a call comes what is pending: not after this block


def test_what_somebody_else_changed_since_the_plan_is_not_overwritten(world):
    """The etag that was read is the condition of the write."""
    world.deploy(desired(pipeline()))
    wanted = desired(pipeline(description="new"))
    made = plan(wanted, observe(world.factory, world.machine_learning, []))
    world.factory.put("pipeline", "score_churn", {"activities": []})

    with pytest.raises(ApplyError, match="412"):
        Executor(world.factory, world.machine_learning, world.told).apply(made)


def test_pruning_deletes_a_started_trigger_and_what_it_ran(world):
    """Stopped first, or Azure would refuse."""
    world.deploy(desired(pipeline(), calendar()))

    world.deploy(desired(), prune=True)

    assert world.factory.entities == {}


def test_a_trigger_is_created_after_those_it_waits_for(world):
    """Azure wants them to be there; their names say nothing."""
    world.deploy(desired(pipeline(), tumbling("tr_a", after=["tr_b"]), tumbling("tr_b")))

    assert [call for call in world.factory.calls if "tr_" in call] == [
        "put trigger tr_b",
        "start tr_b",
        "put trigger tr_a",
        "start tr_a",
    ]


def test_what_waits_for_a_trigger_lets_go_of_it_while_it_is_made_anew(world):
    """Or Azure would not delete it; it is stopped meanwhile, and is afterwards what it was."""
    waiting = tumbling("tr_a", after=["tr_b", "tr_c"])
    world.deploy(desired(pipeline(), waiting, tumbling("tr_b"), tumbling("tr_c")))

    world.deploy(desired(pipeline(), waiting, tumbling("tr_b", hours=12), tumbling("tr_c")))

    assert world.factory.calls == [
        "stop tr_b",
        "stop tr_a",
        "put trigger tr_a",
        "delete trigger tr_b",
        "put trigger tr_b",
        "put trigger tr_a",
        "start tr_a",
        "start tr_b",
    ]
    assert len(world.factory.entities["trigger", "tr_a"].properties["typeProperties"]["dependsOn"]) == 2


def test_what_waits_for_two_triggers_that_are_made_anew_lets_go_of_one_after_the_other(world):
    """Whatever the order in which they come."""
    waiting = tumbling("tr_a", after=["tr_b", "tr_c"])
    world.deploy(desired(pipeline(), waiting, tumbling("tr_b"), tumbling("tr_c")))
    anew = desired(pipeline(), waiting, tumbling("tr_b", hours=12), tumbling("tr_c", hours=12))

    world.deploy(anew)

    assert world.deploy(anew).changes == []


def test_a_trigger_that_cannot_take_up_its_wait_again_stays_stopped_until_the_next_deployment(world):
    """It would run too early: what it waits for is gone."""
    waiting = tumbling("tr_a", after=["tr_b"])
    world.deploy(desired(pipeline(), waiting, tumbling("tr_b")))
    world.factory.refuses.add("tr_b")
    anew = desired(pipeline(), waiting, tumbling("tr_b", hours=12))

    with pytest.raises(ApplyError, match="refused tr_b"):
        world.deploy(anew)

    assert world.factory.state("tr_a") == "Stopped"
    assert any("tr_a stays stopped" in line for line in world.told.lines)
    world.factory.refuses.clear()
    world.deploy(anew)
    assert (world.factory.state("tr_a"), world.deploy(anew).changes) == ("Started", [])


class KilledError(BaseException):
    """The process is gone: nothing is put back."""


class Deadly(FakeFactory):
    """Kills the deployment at one of its calls, and never lets `tr_a` run without what it waits for."""

    calls_left: int = 10**9

    def put(self, *arguments):
        self._live()
        return super().put(*arguments)

    def delete(self, *arguments):
        self._live()
        super().delete(*arguments)

    def _switch(self, name, trigger_type, verb, state):
        self._live()
        body = self.entities["trigger", name].properties["typeProperties"]
        assert (name, verb) != ("tr_a", "start") or len(body["dependsOn"]) == 2
        super()._switch(name, trigger_type, verb, state)

    def _live(self):
        self.calls_left -= 1
        if self.calls_left < 0:
            raise KilledError


def test_a_deployment_that_dies_while_a_trigger_is_made_anew_is_finished_by_the_next_one():
    """At whichever of its calls: in between, nothing runs without what it waits for."""
    before = desired(pipeline(), tumbling("tr_a", after=["tr_b", "tr_c"]), tumbling("tr_b"), tumbling("tr_c"))
    anew = replace(before, entities=(*before.entities[:2], tumbling("tr_b", hours=12), tumbling("tr_c")))
    killed, calls = True, 0
    while killed:
        world = World()
        world.factory = Deadly()
        world.deploy(before)
        journal = Journal(FakeLake(), OWNER)
        made = plan(anew, observe(world.factory, world.machine_learning, []))
        world.factory.calls_left = calls
        try:
            Executor(world.factory, world.machine_learning, world.told, journal=journal).apply(made)
            killed = False
        except KilledError:
            calls += 1
        world.factory.calls_left = 10**9

        restore(journal, world.factory, world.told)
        world.deploy(anew)

        assert [world.factory.state(name) for name in ("tr_a", "tr_b", "tr_c")] == ["Started"] * 3
        assert world.deploy(anew).changes == []
    assert calls == 8


def test_a_trigger_is_deleted_before_those_it_waits_for(world):
    """Azure refuses the other way round."""
    world.deploy(desired(pipeline(), tumbling("tr_a"), tumbling("tr_b", after=["tr_a"])))

    world.deploy(desired(), prune=True)

    assert world.factory.entities == {}


def test_a_write_whose_answer_got_lost_is_done(world):
    """The SDK asks again with the etag that its own first try has changed."""
    world.deploy(desired(pipeline()))
    put = world.factory.put

    def twice(*arguments):
        put(*arguments)
        return put(*arguments)

    world.factory.put = twice
    world.deploy(desired(pipeline(description="new")))

    assert world.factory.entities["pipeline", "score_churn"].properties["description"] == "new"


def test_a_trigger_that_somebody_edits_meanwhile_is_not_overwritten_and_runs(world):
    """Between the plan and the stop for our own edit."""
    world.deploy(desired(pipeline(), calendar()))
    stop = world.factory.stop_trigger

    def edited_and_stopped(name, trigger_type):
        stop(name, trigger_type)
        world.factory.put("trigger", name, {**calendar(hour=9).properties, "description": "by hand"})

    world.factory.stop_trigger = edited_and_stopped
    with pytest.raises(ApplyError, match="another by now"):
        world.deploy(desired(pipeline(), calendar(hour=7)))

    assert world.factory.state("tr_daily") == "Started"
    assert world.factory.entities["trigger", "tr_daily"].properties["description"] == "by hand"
