"""publish against the local lake through Microsoft's client, cut at every request that it sends."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ServiceResponseError

from ml_pipelines.steps.lake import Lake
from ml_pipelines.steps.landing import predictions_path
from ml_pipelines.steps.publish import publish
from ml_pipelines.steps.score_entry import Worker
from ml_pipelines.steps.work import WorkItem
from tests.functional.ml_pipelines.workspace import FILE_SYSTEM
from tests.unit.ml_pipelines.fakes import pieces, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ml_pipelines.steps.work import Plan
    from tests.conftest import LocalAzure

OLD, NEW = b'"id","prediction"\n1,0\n', b'"id","prediction"\n1,1\n2,2\n'
REQUESTS = range(32)
"""publish sends fewer; a point that is not reached is a run without a fault."""


class Killed(BaseException):
    """The process is gone: nothing that it would do afterwards happens."""


@dataclass
class Wire:
    """What becomes of the answer to a request, by its number, from 0."""

    answered: Callable[[int], None] = lambda _number: None
    answers: int = 0

    def response(self, _response: object) -> None:
        self.answers += 1
        self.answered(self.answers - 1)


@dataclass(frozen=True)
class Window:
    """One of a model of its own, scored by as many attempts as are asked for."""

    sandbox: LocalAzure
    url: str
    folder: Path
    name: str

    def lake(self, wire: Wire | None = None) -> Lake:
        hook = (wire or Wire()).response
        at_once = {"initial_backoff": 0, "increment_base": 0}
        return Lake(self.url, FILE_SYSTEM, self.sandbox.credential, raw_response_hook=hook, **at_once)

    def scored(self, number: int) -> Plan:
        """What stage and score of one ML run leave for publish."""
        lake = self.lake()
        (self.folder / "score.py").write_text("def run(b):\n    return b['x']\n")
        lake.upload(f"in/{self.name}/a.csv", b"id,x\n1,1\n2,2\n")
        found = lake.state(self.path)
        made = plan(
            model=self.name,
            output_path=f"out/{self.name}",
            attempt=f"attempt-{number}",
            started=f"2026-11-23T06:00:0{number}",
            destination_etag=found.etag if found else "",
        )
        worker = Worker(self.folder, lambda *_: lake, lambda _n, _v, target: (target / "m").write_text(""))
        worker.score(WorkItem(0, made, pieces(lake, f"in/{self.name}")))
        return made

    @property
    def path(self) -> str:
        return predictions_path(f"out/{self.name}", "2026-11-22T00-00-00Z", "csv")

    def landed(self) -> bytes | None:
        lake = self.lake()
        return lake.read(self.path) if lake.state(self.path) else None


@pytest.fixture
def window(sandbox: LocalAzure, workspace, tmp_path: Path) -> Window:
    return Window(sandbox, workspace.lake_url, tmp_path, f"cut{uuid.uuid4().hex[:8]}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("replacement", [False, True], ids=["first", "replacement"])
@pytest.mark.parametrize("point", REQUESTS)
def test_a_kill_between_any_two_requests(window, replacement, point):
    """Nothing or the old, or the new as a whole; the next attempt lands the new, whatever is left behind."""
    if replacement:
        window.lake().upload(window.path, OLD)
    made = window.scored(1)

    def kill(number: int) -> None:
        if number >= point:
            raise Killed

    with suppress(Killed):
        publish(made, window.lake(Wire(kill)))

    assert window.landed() in (OLD if replacement else None, NEW)
    assert publish(window.scored(2), window.lake()).status in ("committed", "unchanged")
    assert window.landed() == NEW


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", REQUESTS)
def test_a_lost_reply_to_any_request_is_no_failure(window, point):
    """What was done is found out, and what was not is asked for again."""
    lost: Iterator[bool] = iter([True])

    def lose(number: int) -> None:
        if number >= point and next(lost, False):
            raise ServiceResponseError("the connection was closed without a reply")

    receipt = publish(window.scored(1), window.lake(Wire(lose)))

    assert (receipt.status, receipt.rows_scored, window.landed()) == ("committed", 2, NEW)


@pytest.mark.timeout(300)
def test_a_lake_that_is_busy_again_and_again_is_asked_again(window, sandbox):
    """Each write of the run is refused with 503 ServerBusy three times in a row."""
    made = window.scored(1)
    for path in (f"_staging/{window.name}/.*/predictions", f"out/{window.name}/.*/predictions", "_landing/"):
        sandbox.order_fault(
            service="lake", method="PUT", path=path, action="refuse", status=503, code="ServerBusy", times=3
        )
    try:
        assert publish(made, window.lake()).status == "committed"
    finally:
        sandbox.clear_faults()
    assert window.landed() == NEW


def test_every_request_of_publish_is_among_the_points(window):
    """Or the sweeps above would leave some out; most of them are there."""
    window.lake().upload(window.path, OLD)
    wire = Wire()

    publish(window.scored(1), window.lake(wire))

    assert len(REQUESTS) / 2 < wire.answers < len(REQUESTS)
