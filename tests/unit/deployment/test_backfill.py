"""Which windows of a range are run, which are waited for, and in which order."""

from __future__ import annotations

import threading
from argparse import Namespace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from adf.errors import NotFound
from adf.trigger_runs import WindowRun
from adf.windows import Grid, format_instant
from deployment import backfill
from deployment.errors import NothingDeployedError, UsageError
from deployment.resources import Owner
from deployment.runs import Runner
from deployment.verbs.run import _backfill as backfill_of
from deployment.verbs.run import refuse_waiting, window_of
from deployment.window_status import landed_starts
from tests.unit.adf.builders import model, settings, tumbling
from tests.unit.deployment.fakes import FakeLake, Told

DAY = Grid.parse("day")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOWS = list(DAY.between(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC)))


def run(day: int, status: str, run_id: str = "run-0") -> dict:
    start, end = (f"2026-11-{each}T00:00:00Z" for each in (day, day + 1))
    parameters = {"window_start": start, "window_end": end}
    return {"runId": run_id, "pipelineName": "score_churn", "status": status, "parameters": parameters}


class Runs:
    """What Data Factory remembers, and what becomes of what is started there."""

    def __init__(self, *before: dict, fails: set[int] = frozenset()) -> None:
        self.known = {each["runId"]: each for each in before}
        self.fails = fails
        self.of_triggers: dict[datetime, WindowRun] = {}
        self.started: list[int] = []
        self.side_by_side = self.most = 0
        self._lock = threading.Lock()

    def runs(self, _after: datetime, _before: datetime, **equal: str) -> list[dict]:
        return [each for each in self.known.values() if each["pipelineName"] == equal["PipelineName"]]

    def create_run(self, pipeline: str, parameters: dict) -> str:
        day = int(parameters["window_start"][8:10])
        with self._lock:
            self.started.append(day)
            self.side_by_side += 1
            self.most = max(self.most, self.side_by_side)
            name = f"{pipeline}-{day}"
            self.known[name] = run(day, "InProgress", name) | {"pipelineName": pipeline}
        return name

    def run(self, run_id: str) -> dict:
        """It ends when it is asked for the second time."""
        found = dict(self.known[run_id])
        day = int(found["parameters"]["window_start"][8:10])
        with self._lock:
            if self.known[run_id]["status"] == "InProgress":
                self.known[run_id]["status"] = "Failed" if day in self.fails else "Succeeded"
                self.side_by_side -= 1
        return found

    def activity_runs(self, _: str) -> list[dict]:
        return []


def test_a_range_that_has_no_window_of_one_of_the_models_says_of_which():
    """A day is no month: --model leaves the others to be run."""
    months = {"name": "billing", "window": {"every": "month"}}
    arguments = Namespace(model=None, window="2026-11-22", since=None, until=None)
    command = SimpleNamespace(arguments=arguments, settings=settings(model(), model(**months)))

    with pytest.raises(UsageError, match=r"^billing: no windows of the grid") as raised:
        window_of(command, "billing")
    assert "--model" in raised.value.hint

    arguments.model = "billing"
    with pytest.raises(UsageError, match=r"^no windows of the grid"):
        window_of(command, "billing")


def test_a_range_where_nothing_is_deployed_says_so():
    """As a single window does: not that a name may be wrong."""

    class Nowhere(Runs):
        def list(self, _: str) -> list:
            return []

        def runs(self, *_: object, **__: str) -> list[dict]:
            raise NotFound("list the runs", status=404, code="ResourceNotFound", message="")

    range_of_days = {"since": "2026-11-20", "until": "2026-11-22", "only": "all"}
    arguments = Namespace(model=None, dry_run=True, env="dev", **range_of_days)
    session = SimpleNamespace(data_factory=Nowhere(), lake=landed())
    command = SimpleNamespace(
        arguments=arguments, settings=settings(model()), session=session, owner=Owner("demo", "dev"), now=NOW
    )

    with pytest.raises(NothingDeployedError, match="the factory adf-demo does not exist"):
        backfill_of(command)


@pytest.mark.parametrize(
    "name", ["9999-12-31T00-00-00Z", "2026-13-01T00-00-00Z", "2026-11-22T05-00-00Z", "notes"]
)
def test_what_is_no_manifest_of_a_window_is_left_alone(name):
    """Whoever put it there."""
    lake = FakeLake({f"_landing/churn/{each}.json": b"{}" for each in (name, "2026-11-22T00-00-00Z")})

    assert landed_starts(lake, "churn", DAY) == [datetime(2026, 11, 22, tzinfo=UTC)]


def landed(*days: int) -> FakeLake:
    return FakeLake({f"_landing/churn/2026-11-{day}T00-00-00Z.json": b"{}" for day in days})


def ordered(factory: Runs, lake: FakeLake, only: str, **schedule: object) -> list[backfill.WindowOrder]:
    churn = model("churn", schedules={"score": {"daily": tumbling(**schedule)}} if schedule else {})
    known = backfill.look(factory, lake, "churn", DAY, NOW, factory.of_triggers)
    return backfill.orders(settings(churn), {"churn": WINDOWS}, {"churn": known}, only)


def told(found: list[backfill.WindowOrder]) -> dict[int, tuple[str, str]]:
    return {each.window.start.day: (each.state, each.will_be) for each in found}


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("all", {20: "run", 21: "run", 22: "run", 23: "waited for", 24: "run", 25: "run"}),
        ("missing", {21: "run", 22: "run", 23: "waited for"}),
        ("failed", {22: "run", 23: "waited for"}),
    ],
)
def test_what_is_run_is_what_was_asked_for(only, expected):
    """A day that is not over is not missing, and what goes on is never started beside itself."""
    factory = Runs(
        run(20, "Failed", "a"), run(20, "Succeeded", "b"), run(22, "Failed"), run(23, "Queued", "c")
    )
    found = told(ordered(factory, landed(20), only))

    states = {20: "landed", 21: "missing", 22: "failed", 23: "running", 24: "not over", 25: "not over"}
    assert found == {day: (states[day], expected.get(day, "left alone")) for day in states}


def test_a_window_is_run_by_the_trigger_that_has_run_it():
    """What that has under way is waited for, whether there is a pipeline run or not yet."""
    factory = Runs(run(20, "Failed", "a"), run(21, "Failed", "b"), run(23, "InProgress", "by hand"))
    for window, status in ((WINDOWS[0], "Failed"), (WINDOWS[1], "Inprogress"), (WINDOWS[3], "Failed")):
        factory.of_triggers[window.start] = WindowRun("tr_score_churn_daily", "t", window, NOW, status)

    found = ordered(factory, landed(), "all")[:4]

    assert [(each.state, each.will_be, each.trigger, each.going) for each in found] == [
        ("failed", "run", "tr_score_churn_daily", None),
        ("running", "waited for", "tr_score_churn_daily", None),
        ("missing", "run", None, None),
        ("running", "waited for", None, "by hand"),
    ]
    assert backfill.document(found)["windows"][0]["trigger"] == "tr_score_churn_daily"


def test_a_window_waits_for_those_of_the_range_that_its_schedule_names():
    """Here its own day before; of what is outside of the range nothing is asked."""
    found = ordered(Runs(), landed(), "missing", depends_on=[{"offset_minutes": -1440}])

    after = {
        each.window.start.day: [format_instant(at)[:10] for _, at in each.order.after if at]
        for each in found
        if each.chosen
    }
    assert after == {20: [], 21: ["2026-11-20"], 22: ["2026-11-21"], 23: ["2026-11-22"]}


def test_windows_that_wait_for_each_other_are_run_in_order_and_end_where_one_fails():
    """What follows a failure is not started, and says which it was."""
    factory = Runs(fails={22})
    found = ordered(factory, landed(), "all", depends_on=[{"offset_minutes": -1440}])

    reports = Runner(factory, landed(), Told(), "dev", 0.0).run_all([each.order for each in found], 4)

    assert factory.started == [20, 21, 22]
    assert [each.status for each in reports] == ["Succeeded", "Succeeded", "Failed", *["NotStarted"] * 3]
    assert reports[3].error is not None
    assert "waits for score_churn 2026-11-22T00:00:00Z" in reports[3].error


def test_nobody_who_does_not_wait_starts_a_window_beside_the_one_that_it_waits_for():
    """The error names the window; a range in which nothing waits is started."""
    waiting = ordered(Runs(), landed(), "all", depends_on=[{"offset_minutes": -1440}])

    refuse_waiting([each.order for each in ordered(Runs(), landed(), "all")])
    with pytest.raises(UsageError, match="score_churn 2026-11-21T00:00:00Z waits for other windows"):
        refuse_waiting([each.order for each in waiting])


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_no_more_windows_run_side_by_side_than_was_said(at_once):
    """And each of them is run once, in whatever order."""
    factory = Runs()
    found = ordered(factory, landed(), "all")

    reports = Runner(factory, landed(), Told(), "dev", 0.0).run_all([each.order for each in found], at_once)

    assert factory.most <= at_once
    assert sorted(factory.started) == [20, 21, 22, 23, 24, 25]
    assert [each.window_start[8:10] for each in reports] == ["20", "21", "22", "23", "24", "25"]


def test_a_backfill_that_was_interrupted_goes_on_without_repeating_anything():
    """What it had started is waited for, what has landed is left alone."""
    factory = Runs(run(22, "InProgress", "going"))
    found = ordered(factory, landed(20, 21), "missing")

    reports = Runner(factory, landed(), Told(), "dev", 0.0).run_all(
        [each.order for each in found if each.chosen]
    )

    assert factory.started == [23]
    assert [each.adf_run_id for each in reports] == ["going", "score_churn-23"]
    assert all(each.succeeded for each in reports)
