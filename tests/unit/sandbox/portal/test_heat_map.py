"""Windows on a calendar, and what a window's state is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from adf.windows import Grid
from sandbox.portal import windows, words
from sandbox.portal.deployed import Deployed, allowed, candidates
from sandbox.portal.windows import WindowState, window_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = Grid.parse("day").window_at(datetime(2026, 11, 20, tzinfo=UTC))
FIRED = datetime(2026, 11, 21, 6, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)


def run(status: str) -> dict:
    return {"status": status}


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({"manifest": {}}, "landed"),
        ({"manifest": {"started": "2026-11-22T10:00:00+00:00"}, "deadline": EARLIER}, "landed"),
        ({"manifest": {"started": "2026-11-22T11:30:00+00:00"}, "deadline": EARLIER}, "landed late"),
        ({"manifest": {}, "run": run("Failed")}, "landed"),
        ({"manifest": {"started": "soon"}, "deadline": EARLIER}, "landed"),
        ({"manifest": {"started": 7}, "deadline": EARLIER}, "landed"),
        ({"run": run("InProgress")}, "running"),
        ({"run": run("InProgress"), "deadline": LATER}, "running"),
        ({"run": run("Queued"), "deadline": EARLIER}, "late"),
        ({"run": run("Failed")}, "failed"),
        ({"run": run("Cancelled"), "deadline": LATER}, "failed"),
        ({"run": run("Succeeded")}, "missing"),
        ({"deadline": LATER}, "due"),
        ({"deadline": EARLIER}, "missing"),
    ],
)
def test_a_window_is_what_is_known_of_it(known: dict, state: str) -> None:
    """What lies in the lake counts before what runs say."""
    assert WindowState(DAY, **known).state(NOW) == state


def test_a_run_means_the_window_that_its_parameters_say() -> None:
    """By its start, or by the instant it fired; of one of another grid nothing is said."""
    grid = Grid.parse("day")
    for given_, start in (
        ({"window_start": "2026-11-20T00:00:00Z", "fire_time": "-"}, DAY.start),
        ({"window_start": "-", "fire_time": "2026-11-21T06:00:00Z"}, DAY.start),
        ({"window_start": "2026-11-20T03:00:00Z"}, None),
        ({"window_start": "<script>"}, None),
        ({}, None),
    ):
        found = window_of({"parameters": given_}, grid)
        assert (found and found.start) == start


@pytest.mark.parametrize(
    ("metric", "minutes"),
    [({"duration": "00:30:00"}, 30), ({"duration": "@x"}, 60), ({"duration": 5}, 60), ({}, 60), (None, 60)],
)
def test_a_window_is_late_after_what_its_pipeline_may_take(metric: dict | None, minutes: int) -> None:
    """An hour, where the pipeline does not say."""
    assert allowed({"policy": {"elapsedTimeMetric": metric}}) == timedelta(minutes=minutes)


def test_pipelines_are_looked_at_by_name_and_by_the_model_that_they_name() -> None:
    """A page at a time: from behind the last of the page before."""
    pipelines = [
        {"name": name, "properties": {"annotations": notes}}
        for name, notes in (("c", ["model:x"]), ("a", ["model:x"]), ("b", None), ("d", ["model:xy"]))
    ]

    def names(**asked: Any) -> list[str]:
        return [one["name"] for one in candidates(pipelines, **asked)]

    assert names(model=None, after="") == ["a", "b", "c", "d"]
    assert names(model=None, after="b") == ["c", "d"]
    assert names(model="x", after="") == ["a", "c"]


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b"[" * 100_000, b'{"rows_in": "<b>"}'])
def test_a_window_has_landed_whatever_its_manifest_is_like(tmp_path: Path, content: bytes) -> None:
    """One that somebody else wrote, or of no window of the calendar, hides no other."""
    model = Deployed("m", "score_m", Grid.parse("day"), tmp_path, "account/data", timedelta(hours=1))
    model.landing.mkdir(parents=True)
    for name in ("2026-11-20T00-00-00Z", "2026-11-20T03-00-00Z", "9999-12-31T23-00-00Z", "readme"):
        (model.landing / f"{name}.json").write_bytes(content)
    nothing_ran = SimpleNamespace(runs=SimpleNamespace(newest=lambda *_, **__: []))
    look: Any = SimpleNamespace(now=NOW, data_factory=nothing_ran)
    factory: Any = None

    (found,) = windows.of(look, factory, model, [], NOW - timedelta(days=7))

    assert (found.window, found.state(NOW)) == (DAY, "landed")
    assert words.number(found.known("rows_in")) in ("", "<b>")
