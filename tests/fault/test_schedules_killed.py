"""A configuration with every recurrence, windows and files that arrive, deployed to a local Azure that is
killed again and again: each fire time, each window and each file runs once.
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
from tests.unit.adf.builders import built, calendar, event, model, tumbling
from tests.unit.deployment.fakes import FakeMachineLearning, Told

if TYPE_CHECKING:
    from tests.fault.machine import Machine

SECONDS_UNTIL_FIRES = 8
FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
KILLED_AT = (0, 2, 4, 7, 10, 13)
"""Numbers of trigger runs: before the first, among windows that run and wait, among fires, near the end."""
LAKE = {"account": "killedlake", "file_system": "data", "resource_group": "rg-tests"}
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
        model("orders", schedules={"score": {"arrived": event()}}),
        lake=LAKE,
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


def deliver(machine: Machine, day: int) -> str:
    """The marker of a day's files; its path as Data Factory tells it."""
    path = f"raw/orders/incoming/2026/11/{day:02}/_SUCCESS"
    with machine.azure.lake_client(LAKE["account"]) as lake:
        lake.get_file_client("data", path).create_file()
    return f"data/{path}"


def test_everything_runs_once_however_often_the_local_azure_is_killed(machine: Machine):
    """Every recurrence, windows that wait for others, files that arrive just before it dies. What was
    interrupted says so, and runs again where somebody asks for it.
    """
    with machine.azure.lake_client(LAKE["account"]) as lake:
        lake.create_file_system("data")
    deploy(machine, configured(datetime.now(UTC)))
    delivered = []
    for day, runs in enumerate(KILLED_AT, 1):
        eventually(lambda runs=runs: len(machine.trigger_runs()) >= runs)
        delivered.append(deliver(machine, day))
        machine.azure.kill()
        machine.restart()

    eventually(lambda: _all_over(machine))

    fired = Counter(run["triggerName"] for run in machine.trigger_runs())
    times = {f"tr_score_churn_{each.lower()}": 1 for each in FREQUENCIES}
    assert fired == WINDOWS | times | {"tr_score_orders_arrived": len(delivered)}
    runs_of_files = [run for run in machine.runs() if run["pipelineName"] == "score_orders"]
    assert Counter(run["parameters"]["event_path"] for run in runs_of_files) == Counter(delivered)
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
    expected = sum(WINDOWS.values()) + len(FREQUENCIES) + len(KILLED_AT)
    return len(runs) == expected and {run["status"] for run in runs} == {"Succeeded"}
