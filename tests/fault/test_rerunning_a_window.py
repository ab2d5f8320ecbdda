"""A window of a tumbling trigger is run again by that trigger, once, whatever happens to the answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from azure.core.rest import HttpRequest

from adf.errors import DataFactoryError
from adf.trigger_runs import newest
from adf.windows import Window, format_instant
from deployment.resources import Owner
from deployment.runs import Runner, RunOrder, scoring_request
from deployment.window_reruns import SKEW, of_pipelines, of_window
from tests.contract.data_factories import empty_factory, local_azure
from tests.unit.deployment.fakes import FakeLake, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adf.gateway import DataFactory
    from adf.trigger_runs import WindowRun
    from deployment.runs import RunReport

OWNER = Owner("shop", "local")
PIPELINE, TRIGGER = "score_churn", "tr_score_churn_windows"
PARAMETERS = {name: {"type": "String", "defaultValue": "-"} for name in ("window_start", "window_end")}
FAILS = {"name": "fail", "type": "Fail", "typeProperties": {"message": "no input", "errorCode": "1"}}
WAITS = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
FIVE = timedelta(minutes=5)


@dataclass
class World:
    """Two windows of the past, which the trigger ran while the pipeline failed; now it would succeed."""

    factory: DataFactory
    windows: list[Window]

    def run(self, window: Window) -> RunReport:
        """As the command does."""
        [report] = self.runner.run_all([self.order(window)])
        return report

    @property
    def runner(self) -> Runner:
        return Runner(self.factory, FakeLake(), Told(), "local", 0.1)

    def order(self, window: Window) -> RunOrder:
        since = {PIPELINE: self.windows[0].end}
        found = of_pipelines(self.factory, OWNER, since, datetime.now(UTC))[PIPELINE]
        return RunOrder(scoring_request("churn", window), of_trigger=of_window(found, window))

    def trigger_run(self, window: Window) -> WindowRun:
        now = datetime.now(UTC)
        runs = self.factory.trigger_runs(now - timedelta(hours=1), now + SKEW, TriggerName=TRIGGER)
        return newest(runs)[window.start]

    def pipeline_runs(self, window: Window) -> list[str]:
        """Of the window, whoever started them: how each ended."""
        now = datetime.now(UTC)
        runs = self.factory.runs(now - timedelta(hours=1), now + SKEW, PipelineName=PIPELINE)
        start = format_instant(window.start)
        return [run["status"] for run in runs if run["parameters"]["window_start"] == start]

    def fails(self, **fault: object) -> None:
        """The next request for a rerun, and no other."""
        body = {"service": "control", "method": "POST", "path": "rerun", "times": 1, **fault}
        request = HttpRequest("POST", "/_sandbox/faults", json=body)
        self.factory._client.send_request(request).raise_for_status()


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with local_azure(tmp_path_factory.mktemp("azure") / "state") as addresses:
        yield addresses


@pytest.fixture
def world(azure: dict[str, str]) -> World:
    factory = empty_factory(azure, f"adf-{uuid4().hex[:12]}")
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    windows = [Window(now - each * FIVE, now - (each - 1) * FIVE) for each in (3, 2)]
    write(factory, FAILS)
    factory.put("trigger", TRIGGER, tumbling(windows[0].start, windows[-1].end))
    factory.start_trigger(TRIGGER, "TumblingWindowTrigger")
    wait_until(lambda: ended(factory, 2))
    write(factory, WAITS)
    return World(factory, windows)


def write(factory: DataFactory, activity: dict[str, Any]) -> None:
    factory.put("pipeline", PIPELINE, {"parameters": PARAMETERS, "activities": [activity]})


def tumbling(start: datetime, end: datetime) -> dict[str, Any]:
    window = {
        "window_start": "@trigger().outputs.windowStartTime",
        "window_end": "@trigger().outputs.windowEndTime",
    }
    reference = {"referenceName": PIPELINE, "type": "PipelineReference"}
    times = {"startTime": format_instant(start), "endTime": format_instant(end)}
    return {
        "type": "TumblingWindowTrigger",
        "annotations": OWNER.annotations,
        "pipeline": {"pipelineReference": reference, "parameters": window},
        "typeProperties": {"frequency": "Minute", "interval": 5, "maxConcurrency": 1, **times},
    }


def ended(factory: DataFactory, count: int) -> bool:
    now = datetime.now(UTC)
    runs = factory.trigger_runs(now - timedelta(hours=1), now + SKEW, TriggerName=TRIGGER)
    return [run["status"] for run in runs] == ["Failed"] * count


def wait_until(fact: Any) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_the_window_is_run_once_more_and_the_trigger_knows_that_it_succeeded(world: World):
    """In the trigger run that it had, and in no window beside it."""
    first, second = world.windows
    before = world.trigger_run(first)

    report = world.run(first)

    after = world.trigger_run(first)
    assert (report.status, report.trigger) == ("Succeeded", TRIGGER)
    assert (after.status, after.run_id, after.pipeline_run) == (
        "Succeeded",
        before.run_id,
        report.adf_run_id,
    )
    assert world.pipeline_runs(first) == ["Failed", "Succeeded"]
    assert world.pipeline_runs(second) == ["Failed"]


def test_what_succeeded_is_run_again_when_it_is_asked_for(world: World):
    """As a backfill of `all` does; a trigger that stands still does it, too."""
    first = world.windows[0]
    world.run(first)
    world.factory.stop_trigger(TRIGGER, "TumblingWindowTrigger")

    assert world.run(first).status == "Succeeded"
    assert world.pipeline_runs(first) == ["Failed", "Succeeded", "Succeeded"]


@pytest.mark.parametrize("action", [{"action": "drop_reply"}, {"action": "cut"}], ids=["heard", "not heard"])
def test_an_answer_that_got_lost_runs_no_window_twice(world: World, action):
    """Heard: its run is found and waited for. Not heard: an error, and nothing runs."""
    first = world.windows[0]
    world.fails(**action)
    if action["action"] == "drop_reply":
        assert world.run(first).status == "Succeeded"
    else:
        with pytest.raises(DataFactoryError, match="rerun"):
            world.run(first)

    expected = ["Failed", "Succeeded"] if action["action"] == "drop_reply" else ["Failed"]
    assert world.pipeline_runs(first) == expected


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refused_rerun_is_not_repeated_by_itself(world: World, status):
    """The SDK would, and could not know whether the first was carried out."""
    first = world.windows[0]
    world.fails(action="refuse", status=status, code="ServerBusy", retry_after=0)

    with pytest.raises(DataFactoryError, match=str(status)):
        world.run(first)
    assert world.pipeline_runs(first) == ["Failed"]


def test_two_that_want_the_same_window_share_one_run(world: World):
    """The second has looked before the first asked: it is refused, and waits for the other's."""
    first = world.windows[0]
    late = world.order(first)
    begun = world.runner.start(world.order(first))

    [report] = world.runner.run_all([late])

    assert (report.status, report.adf_run_id) == ("Succeeded", begun.adf_run_id)
    assert world.pipeline_runs(first) == ["Failed", "Succeeded"]


def test_a_window_that_the_trigger_has_not_run_is_started_beside_it(world: World):
    """It is not due there, or forgotten: by createRun, with the same parameters."""
    start = world.windows[-1].end
    report = world.run(Window(start, start + FIVE))

    assert (report.status, report.trigger) == ("Succeeded", None)
