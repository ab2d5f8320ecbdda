"""A configuration with every recurrence, deployed to a local Azure that is killed again and again: each fire
time and each window runs once.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from adf.entities import Entity
from adf.gateway import DataFactory
from adf.windows import format_instant
from deployment.executor import Executor
from deployment.observed import observe
from deployment.planner import plan
from deployment.resources import Desired, Owner
from tests.fault.machine import STOPPED, eventually
from tests.unit.adf.builders import built, calendar, model, tumbling
from tests.unit.deployment.fakes import FakeMachineLearning, Told

if TYPE_CHECKING:
    from tests.fault.machine import Machine

SECONDS_UNTIL_FIRES = 8
FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
KILLED_AT = (0, 2, 4, 7, 10, 13)
"""Numbers of trigger runs: before the first, among windows that run and wait, among fires, near the end."""
WINDOWS = {"tr_score_cleaning_quick": 6, "tr_score_churn_slow": 3}


def configured(now: datetime) -> list[Entity]:
    """All five fire some seconds from now; the windows of the last half hour run at once, and three of ten
    minutes wait for six of five. Each pipeline waits a second, in place of Azure ML.
    """
    start = format_instant(now + timedelta(seconds=SECONDS_UNTIL_FIRES))
    end = datetime.fromtimestamp(now.timestamp() // 600 * 600, UTC)
    past = {
        "frequency": "Minute",
        "start": None,
        "backfill_from": format_instant(end - timedelta(minutes=30)),
    }
    past |= {"end": format_instant(end), "max_concurrency": 2}
    fires = {each.lower(): calendar(frequency=each, interval=12, start=start) for each in FREQUENCIES}
    slow = tumbling(interval=10, depends_on=[{"model": "cleaning", "schedule": "quick"}], **past)
    cleaning = {"quick": tumbling(interval=5, **past)}
    entities = built(
        model("cleaning", window={"every": "5 minutes"}, schedules={"score": cleaning}),
        model("churn", window={"every": "10 minutes"}, schedules={"score": {"slow": slow, **fires}}),
    )
    made = [each for each in entities.values() if each.kind in {"trigger", "pipeline"}]
    return [_waiting(each) if each.kind == "pipeline" else each for each in made]


def _waiting(pipeline: Entity) -> Entity:
    wait = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
    properties = {key: pipeline.properties[key] for key in ("parameters", "annotations")}
    return Entity("pipeline", pipeline.name, {**properties, "activities": [wait]})


def deploy(machine: Machine, entities: list[Entity]) -> None:
    factory = DataFactory(
        subscription_id="s",
        resource_group="rg",
        factory="adf-fault",
        base_url=machine.azure.control,
        credential=machine.azure.credential,
        connection_verify=machine.azure.bundle,
    )
    wanted = Desired(Owner("demo", "dev"), "adf-fault", "local", (), tuple(entities))
    observed = observe(factory, FakeMachineLearning(), [])
    Executor(factory, FakeMachineLearning(), Told()).apply(plan(wanted, observed))
    assert plan(wanted, observe(factory, FakeMachineLearning(), [])).changes == []


def test_each_fire_and_each_window_runs_once_however_often_the_local_azure_is_killed(machine: Machine):
    """Of every recurrence, and of windows that wait for others. What was interrupted says so, and runs again
    where somebody asks for it.
    """
    deploy(machine, configured(datetime.now(UTC)))
    for runs in KILLED_AT:
        eventually(lambda runs=runs: len(machine.trigger_runs()) >= runs)
        machine.azure.kill()
        machine.restart()

    eventually(lambda: _all_over(machine))

    fired = Counter(run["triggerName"] for run in machine.trigger_runs())
    assert fired == WINDOWS | {f"tr_score_churn_{each.lower()}": 1 for each in FREQUENCIES}
    windows = [run for run in machine.trigger_runs() if run["triggerName"] in WINDOWS]
    of = Counter((run["triggerName"], run["runDimension"]["windowStartTime"]) for run in windows)
    assert set(of.values()) == {1}
    started = Counter(run["invokedBy"]["id"] for run in machine.runs() if run["message"] != STOPPED)
    assert max(started.values()) == 1
    assert {run["triggerRunId"] for run in windows} <= started.keys()


def _all_over(machine: Machine) -> bool:
    """Also what was interrupted, which is rerun."""
    runs: list[dict[str, Any]] = machine.trigger_runs()
    for run in runs:
        if run["status"] == "Failed":
            assert run["message"] == STOPPED
            path = f"/triggers/{run['triggerName']}/triggerRuns/{run['triggerRunId']}/rerun"
            machine.call("POST", path)
    expected = sum(WINDOWS.values()) + len(FREQUENCIES)
    return len(runs) == expected and {run["status"] for run in runs} == {"Succeeded"}
