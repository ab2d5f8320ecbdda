"""`python -m sandbox --clock virtual`: the local Azure that serves, in weeks that pass in seconds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest

from adf.recurrence import Recurrence
from adf.windows import TumblingWindow, parse_instant
from tests import conftest
from tests.conftest import PROJECT, SUBSCRIPTION, launch
from tests.functional.test_deployment import Project
from tests.portal import Visitor
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.conftest import LocalAzure

GROUP = "/subscriptions/s/resourceGroups/rg"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf"
ALWAYS = {"lastUpdatedAfter": "1970-01-01T00:00:00Z", "lastUpdatedBefore": "2200-01-01T00:00:00Z"}
BEGIN, END = "2026-03-26T00:00:00Z", "2026-04-02T00:20:00Z"
"""In central Europe the clocks go forward on the 29th: half past two does not exist."""
FOLDERS = {"linkedservices": "linkedService", "pipelines": "pipeline", "triggers": "trigger"}
WINDOW = "2026-11-22T00:00:00Z"
"""There are files of that day in the example's."""
MORNINGS = {
    "frequency": "Day",
    "interval": 1,
    "startTime": "2026-03-01T00:00:00",
    "timeZone": "W. Europe Standard Time",
    "schedule": {"hours": [2], "minutes": [30]},
}
SIX_HOURS = {"frequency": "Hour", "interval": 6, "startTime": BEGIN, "maxConcurrency": 1}


def _pipeline(name: str) -> dict[str, Any]:
    return {"pipelineReference": {"referenceName": name, "type": "PipelineReference"}, "parameters": {}}


SCORE = {
    "name": "score",
    "type": "AzureMLExecutePipeline",
    "linkedServiceName": {"referenceName": "ml", "type": "LinkedServiceReference"},
    "typeProperties": {"mlPipelineId": "x"},
    "policy": {"retry": 1, "retryIntervalInSeconds": 120, "timeout": "0.00:15:00"},
}
AGAIN = {"retryPolicy": {"count": 2, "intervalInSeconds": 300}, "maxConcurrency": 2}
WORKSPACE = {"subscriptionId": "s", "resourceGroupName": "rg", "mlWorkspaceName": "ml"}
ML_FACTORY: list[tuple[str, str, dict[str, Any]]] = [
    ("linkedservices", "ml", {"type": "AzureMLService", "typeProperties": WORKSPACE}),
    ("pipelines", "scored", {"activities": [SCORE]}),
    (
        "triggers",
        "mornings",
        {
            "type": "ScheduleTrigger",
            "pipelines": [_pipeline("scored")],
            "typeProperties": {"recurrence": MORNINGS},
        },
    ),
    (
        "triggers",
        "sixes",
        {
            "type": "TumblingWindowTrigger",
            "pipeline": _pipeline("scored"),
            "typeProperties": {**SIX_HOURS, **AGAIN},
        },
    ),
]
"""One ML run in some takes longer than its time-out; what fails is tried again, by activity and by window."""


class World:
    """A folder with a virtual clock and a factory in it, over HTTPS as Microsoft's clients have it."""

    def __init__(self, azure: LocalAzure, restart: Callable[[], LocalAzure]) -> None:
        self.azure = azure
        self._restart = restart

    def restart(self) -> None:
        self.azure = self._restart()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.azure.arm(method, path if path.startswith("/_sandbox") else FACTORY + path, body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def create(self) -> None:
        self.azure.arm("PUT", GROUP, {"location": "here"}).raise_for_status()
        self.call("PUT", "", {"location": "here", "identity": {"type": "SystemAssigned"}})

    def pipeline(self, name: str, *activities: Any) -> None:
        self.call("PUT", f"/pipelines/{name}", {"properties": {"activities": list(activities)}})

    def schedule(self, name: str, pipeline: str, recurrence: Any = MORNINGS) -> None:
        self.trigger(name, "ScheduleTrigger", {"recurrence": recurrence}, pipelines=[_pipeline(pipeline)])

    def windows(self, name: str, pipeline: str, **written: Any) -> None:
        self.trigger(name, "TumblingWindowTrigger", {**SIX_HOURS, **written}, pipeline=_pipeline(pipeline))

    def trigger(self, name: str, kind: str, type_properties: Any, **more: Any) -> None:
        properties = {"type": kind, "typeProperties": type_properties, **more}
        self.call("PUT", f"/triggers/{name}", {"properties": properties})
        self.call("POST", f"/triggers/{name}/start")

    def clock(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sandbox", "clock", "--state", str(self.azure.state), *words]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    def shown(self, *words: str) -> dict[str, Any]:
        """What the clock shows when the command has ended well."""
        ended = self.clock("-o", "json", *words)
        assert ended.returncode == 0, ended.stderr
        return dict(json.loads(ended.stdout))

    def runs(self) -> list[dict[str, Any]]:
        runs = self._queried("/queryPipelineRuns")
        return sorted(runs, key=lambda one: (one["runStart"], one["pipelineName"]))

    def fires(self, trigger: str) -> list[dict[str, Any]]:
        """In order, first to last."""
        runs = [one for one in self._queried("/queryTriggerRuns") if one["triggerName"] == trigger]
        return sorted(runs, key=lambda one: one["triggerRunTimestamp"])

    def fired_at(self, trigger: str) -> list[datetime]:
        return [parse_instant(one["triggerRunTimestamp"]) for one in self.fires(trigger)]

    def activities(self, run_id: str) -> list[dict[str, Any]]:
        found = self.call("POST", f"/pipelineruns/{run_id}/queryActivityruns", ALWAYS)["value"]
        return sorted(found, key=lambda one: (one["activityRunStart"], one["activityName"]))

    def _queried(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        asked: dict[str, Any] = dict(ALWAYS)
        while True:
            page = self.call("POST", path, asked)
            found += page["value"]
            if not page.get("continuationToken"):
                return found
            asked["continuationToken"] = page["continuationToken"]


def wait(name: str, seconds: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "Wait", "typeProperties": {"waitTimeInSeconds": seconds}, **more}


def ends_of_windows(begin: str, end: str) -> list[datetime]:
    """Of six hours, the first from `begin` on; when each is due, up to the end."""
    grid, last = TumblingWindow.from_type_properties({**SIX_HOURS, "startTime": begin}), parse_instant(end)
    return [
        grid.due_at(window) for window in takewhile(lambda one: grid.due_at(one) <= last, grid.windows(0))
    ]


def due(recurrence: Any, begin: str, end: str) -> list[datetime]:
    last = parse_instant(end)
    fires = Recurrence.from_json(recurrence).fire_times(parse_instant(begin))
    return list(takewhile(lambda moment: moment <= last, fires))


@pytest.fixture
def world(tmp_path: Path, start_sandbox: Callable[..., LocalAzure]) -> Callable[..., World]:
    """`world("name", *options)`: each in a folder of its own, at BEGIN where nothing else is said."""

    def made(name: str = "state", *options: str, start: str = BEGIN) -> World:
        def launched() -> LocalAzure:
            return start_sandbox(tmp_path / name, "--clock", "virtual", "--clock-start", start, *options)

        new = World(launched(), launched)
        new.create()
        return new

    return made


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One at BEGIN, for tests that do not move it."""
    azure = launch(
        tmp_path_factory.mktemp("standing") / "state", "--clock", "virtual", "--clock-start", BEGIN
    )
    yield World(azure, lambda: azure)
    azure.stop()


def test_a_week_passes_and_every_fire_time_is_kept(world: Callable[..., World]) -> None:
    """A morning that does not exist, windows of six hours, and runs of a quarter of an hour."""
    here = world()
    here.pipeline("p", wait("w", 900))
    here.schedule("mornings", "p")
    here.windows("sixes", "p")

    shown = here.shown("--to", END)

    assert (shown["now"], shown["pace"], shown["to"]) == (END, "stands", None)
    assert here.fired_at("mornings") == due(MORNINGS, BEGIN, END)
    assert here.fired_at("sixes") == ends_of_windows(BEGIN, END)
    runs = here.runs()
    assert {(one["status"], one["durationInMs"]) for one in runs} == {("Succeeded", 900_000)}
    assert len(runs) == len(due(MORNINGS, BEGIN, END)) + len(ends_of_windows(BEGIN, END))


def test_a_kill_in_the_middle_loses_no_fire_time_and_doubles_none(world: Callable[..., World]) -> None:
    end = "2026-05-20T00:20:00Z"
    here = world()
    here.pipeline("p", wait("w", 900))
    here.schedule("mornings", "p")
    here.windows("sixes", "p")
    seen = [BEGIN]

    for until in ("2026-03-29", "2026-04-05", "2026-04-20"):
        here.call("POST", "/_sandbox/clock", {"to": end})
        while here.call("GET", "/_sandbox/clock")["now"] < until:
            pass
        here.azure.kill()
        here.restart()
        seen.append(here.shown()["now"])
    here.shown("--to", end)

    assert seen == sorted(seen)
    assert seen[-1] < end
    assert here.fired_at("mornings") == due(MORNINGS, BEGIN, end)
    assert here.fired_at("sixes") == ends_of_windows(BEGIN, end)
    told = {one["message"] for one in here.runs() if one["status"] != "Succeeded"}
    assert told <= {"the local Azure stopped while this ran"}


def test_the_same_seed_is_the_same_history(world: Callable[..., World]) -> None:
    """ML runs that are stood in for take drawn times, wait for nodes, fail and are tried again."""
    one, again, other = (
        history(world(name, "--ml", "stand-ins", "--nodes", "1", "--seed", seed))
        for name, seed in (("one", "7"), ("again", "7"), ("other", "8"))
    )

    assert one == again
    assert one != other


def history(here: World) -> list[Any]:
    """A week of ML runs: all instants, without the ids that no second run has."""
    for kind, name, properties in ML_FACTORY:
        here.call("PUT", f"/{kind}/{name}", {"properties": properties})
    for name in ("mornings", "sixes"):
        here.call("POST", f"/triggers/{name}/start")
    here.shown("--to", END)
    runs = here.runs()
    fires = [
        (name, fire["triggerRunTimestamp"], fire["status"])
        for name in ("mornings", "sixes")
        for fire in here.fires(name)
    ]
    return [fires, *((run["runStart"], run["runEnd"], run["status"], tried(here, run)) for run in runs)]


def tried(here: World, run: dict[str, Any]) -> list[Any]:
    names = ("activityRunStart", "activityRunEnd", "status", "retryAttempt")
    return [tuple(one[name] for name in names) for one in here.activities(run["runId"])]


def test_it_agrees_with_a_rehearsal_of_the_same_factory(world: Callable[..., World], tmp_path: Path) -> None:
    """Run by run: the one passes in a process without a port, the other over HTTPS."""
    here = world("state", "--ml", "stand-ins", "--nodes", "1", "--seed", "7")
    history(here)
    for kind, name, properties in ML_FACTORY:
        file = tmp_path / "factory" / FOLDERS[kind] / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": name, "properties": properties}))
    drawn = ("--nodes", "1", "--seed", "7", "--as-new", "--from", BEGIN, "--to", "2026-04-01T00:00:00Z")
    command = [sys.executable, "-m", "sandbox", "simulate", str(tmp_path / "factory"), *drawn]

    rehearsed = json.loads(subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout)
    happened = here.call("GET", f"/_sandbox/timetable/s/rg/adf?from={BEGIN}&to=2026-04-01T00:00:00Z")

    assert (happened.pop("seed"), rehearsed.pop("seed")) == (None, 7)
    assert len(happened["runs"]) >= 30
    assert any(run["retried"] or run["attempt"] > 1 for run in happened["runs"])
    assert happened == rehearsed


def test_retries_and_waits_take_exactly_the_time_that_they_say(world: Callable[..., World]) -> None:
    refused = {
        "name": "refused",
        "type": "WebActivity",
        "typeProperties": {"url": "https://127.0.0.1:9/", "method": "GET"},
        "policy": {"retry": 2, "retryIntervalInSeconds": 600},
    }
    afterwards = [{"activity": "refused", "dependencyConditions": ["Failed"]}]
    here = world()
    here.pipeline("p", refused, wait("w", 60, dependsOn=afterwards))
    here.windows("sixes", "p")

    here.shown("--to", "2026-03-26T06:30:00Z")

    (run,) = here.runs()
    started = [parse_instant(one["activityRunStart"]) for one in here.activities(run["runId"])]
    minutes = [(moment - parse_instant(BEGIN)).total_seconds() / 60 for moment in started]
    assert (minutes, run["durationInMs"]) == ([360, 370, 380, 380], 21 * 60_000)


def test_a_file_that_a_run_writes_starts_the_next_at_that_instant(world: Callable[..., World]) -> None:
    """The lake is another process: the clock does not leap before it has told what happened."""
    here = world()
    lake = here.azure.account("events")
    account = "providers/Microsoft.Storage/storageAccounts/events"
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{conftest.GROUP}/{account}"
    with here.azure.lake_client("events") as service:
        service.create_file_system("data")
    put = {
        "name": "put",
        "type": "WebActivity",
        "typeProperties": {
            "method": "PUT",
            "url": f"{lake}/data/in/@{{pipeline().RunId}}",
            "headers": {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2023-11-03"},
            "body": "content",
            "authentication": {"type": "MSI", "resource": "https://storage.azure.com"},
        },
    }
    here.pipeline(
        "writes", put, wait("w", 600, dependsOn=[{"activity": "put", "dependencyConditions": ["Succeeded"]}])
    )
    here.pipeline("listens", wait("w", 60))
    here.trigger(
        "arrived",
        "BlobEventsTrigger",
        {
            "scope": scope,
            "events": ["Microsoft.Storage.BlobCreated"],
            "blobPathBeginsWith": "/data/blobs/in/",
        },
        pipelines=[_pipeline("listens")],
    )
    here.windows("sixes", "writes")

    here.shown("--to", "2026-03-28T00:20:00Z")

    assert (
        here.fired_at("arrived") == here.fired_at("sixes") == ends_of_windows(BEGIN, "2026-03-28T00:20:00Z")
    )


def test_what_is_run_by_hand_ends_without_an_advance(world: Callable[..., World]) -> None:
    """At the world's pace, as long as it runs; then the clock stands again."""
    here = world()
    here.pipeline("p", wait("w", 1))

    run = here.call("POST", "/pipelines/p/createRun")["runId"]
    while (found := here.call("GET", f"/pipelineruns/{run}"))["status"] == "InProgress":
        pass
    stood = here.shown()

    assert found["status"] == "Succeeded"
    assert found["durationInMs"] >= 1000
    assert stood["pace"] == "stands"
    assert stood == here.shown()


def test_a_halted_advance_stays_where_it_is(world: Callable[..., World]) -> None:
    """Ctrl-C on the command that waits for it is such a halt."""
    here = world()
    here.pipeline("p", wait("w", 60))
    here.windows("often", "p", frequency="Minute", interval=5)
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "clock",
        "--state",
        str(here.azure.state),
        "--advance",
        "P300D",
    ]
    waits = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    while here.call("GET", "/_sandbox/clock")["now"] < "2026-03-26T06":
        pass

    waits.send_signal(signal.SIGINT)
    said, _ = waits.communicate()

    assert waits.returncode == 130
    assert said.startswith("stopped: virtual: 2026-")
    shown = here.shown()
    assert shown["to"] is None
    assert shown["now"] < "2027"


def test_what_it_shows_is_told_everywhere(world: Callable[..., World]) -> None:
    here = world()
    status = [sys.executable, "-m", "sandbox", "status", "--state", str(here.azure.state)]
    said = subprocess.run(status, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    here.shown("--advance", "PT90M")
    document = subprocess.run([*status, "-o", "json"], cwd=PROJECT, capture_output=True, check=True).stdout
    with Visitor(here.azure) as visitor:
        visitor.enter()
        page = visitor.page("/portal/runs")

    assert "clock     virtual: 2026-03-26T00:00:00Z, stands\n" in said
    assert json.loads(document)["clock"]["now"] == "2026-03-26T01:30:00Z"
    assert "virtual clock: 2026-03-26 01:30:00" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "2026-03-25"), "the clock was not advanced: The clock shows 2026-03-26T00:00:00Z"),
        (("--to", "2300-01-01"), "the clock was not advanced: The clock shows the years 1970 to 2200"),
        (("--advance", "P1M"), "argument --advance: P1M is not a duration such as P7D"),
        (("--advance", "P1D", "--to", "2026-04-01"), "not allowed with argument --advance"),
    ],
)
def test_an_advance_that_cannot_be_is_refused(standing: World, words: tuple[str, ...], told: str) -> None:
    ended = standing.clock(*words)

    assert ended.returncode != 0
    assert told in ended.stderr
    assert standing.shown()["now"] == BEGIN


@pytest.mark.parametrize("body", [{}, {"to": 1}, {"by": "soon"}, {"to": BEGIN, "by": "P1D"}, {"to": "soon"}])
def test_a_request_that_cannot_be_is_refused(standing: World, body: Any) -> None:
    answer = standing.azure.arm("POST", "/_sandbox/clock", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidAdvance")


def test_the_worlds_clock_is_shown_and_not_advanced(sandbox: LocalAzure) -> None:
    here = World(sandbox, lambda: sandbox)

    shown = here.shown()
    ended = here.clock("--advance", "P1D")
    answer = sandbox.arm("POST", "/_sandbox/clock", {"by": "P1D"})

    assert shown["clock"] == "system"
    assert (ended.returncode, answer.status_code) == (1, 409)
    assert "is on the world's clock, which nobody advances" in ended.stderr


def test_a_folder_is_never_used_on_both_clocks(world: Callable[..., World]) -> None:
    here = world()
    state = here.azure.state
    here.azure.stop()

    ordinary = started(state)
    again = started(state, "--clock", "virtual", "--clock-start", "2026-05-01T00:00:00Z")
    nobody = here.clock()

    assert (ordinary.returncode, again.returncode, nobody.returncode) == (1, 1, 1)
    assert "was used on a virtual clock" in ordinary.stderr
    assert "start it with --clock virtual" in ordinary.stderr
    assert "began at 2026-03-26T00:00:00Z and shows 2026-03-26T00:00:00Z" in again.stderr
    assert "no local Azure answers" in nobody.stderr


def started(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One that is expected to end at once."""
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--state",
        str(state),
        "--port",
        str(three_free_ports()),
        *options,
    ]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_deploy_py_finds_it_and_lives_in_its_time(tmp_path: Path) -> None:
    """The folder that the configuration names has nothing; the one beside it has a virtual clock. Plans, the
    first window of a new trigger, and what is late, are told in its time; ML runs are real.
    """
    port = three_free_ports()
    begin = ("--clock", "virtual", "--clock-start", WINDOW, "--port", str(port), "--detach")
    virtual = tmp_path / "azure-virtual"
    subprocess.run(
        [sys.executable, "-m", "sandbox", "--state", str(virtual), *begin],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    project = Project(tmp_path / "azure", port)
    on = ("--set", "schedules=on")
    try:
        project.document("deploy", "--yes", *on)
        project.document("run", "--training", *on)
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "clock",
            "--state",
            str(virtual),
            "--to",
            "2026-11-23T07:00",
        ]
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
        status = project.document("status", *on)
        span = ("--from", "2026-11-22", "--to", "2026-11-24")
        told = project.document("run", "--simulate", "--happened", *span, *on)
    finally:
        stop = [sys.executable, "-m", "sandbox", "stop", "--state", str(virtual)]
        subprocess.run(stop, cwd=PROJECT, check=True, capture_output=True)

    assert not (tmp_path / "azure").exists()
    (trigger,) = (one for one in status["triggers"] if one["name"] == "tr_score_diabetes_daily")
    assert trigger["next"] == "2026-11-24T06:00:00Z"
    (model,) = status["models"]
    assert [(one["window_start"], one["state"]) for one in model["windows"]] == [(WINDOW, "landed")]
    (run,) = told["timetable"]["runs"]
    assert (run["trigger"], run["due"]) == ("tr_score_diabetes_daily", "2026-11-23T06:00:00Z")
    assert [one["fate"] for one in told["models"][0]["windows"]] == ["landed"]
    assert told["cluster"]["peak"] > 0
