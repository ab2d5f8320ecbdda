"""publish, killed before and after every request that it makes: the old or the new, as a whole."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from ml_pipelines.steps.commit import finished
from ml_pipelines.steps.errors import ChecksFailed
from ml_pipelines.steps.lake import ABSENT
from ml_pipelines.steps.publish import publish
from ml_pipelines.steps.score_entry import Worker
from tests.unit.ml_pipelines.fakes import FakeLake, item

if TYPE_CHECKING:
    from pathlib import Path

LANDED = "out/window=2026-11-22T00-00-00Z/predictions.csv"
OLD = b'"id","prediction"\n1,0\n'
NEW = b'"id","prediction"\n1,1\n2,2\n'
REQUESTS = range(12)
"""publish makes fewer; a point that is not reached is a run without a kill."""


class Killed(BaseException):
    """The process is gone: nothing that it would do afterwards happens."""


def kill_at(lake: FakeLake, point: int, *, after: bool) -> None:
    """The process dies at its request number `point`, and with it every later one."""
    made = 0

    def count(operation: str, path: str) -> None:
        nonlocal made
        made += 1
        if made > point:
            raise Killed(operation, path)

    setattr(lake, "after" if after else "before", count)


def revive(lake: FakeLake) -> None:
    lake.before = lake.after = lambda _operation, _path: None


def attempt(folder: Path, lake: FakeLake, name: str, **changes: object):
    """What stage and score of one ML run leave for publish."""
    (folder / "score.py").write_text("def run(b):\n    return b['x']\n")
    landed = lake.state(LANDED)
    complete = finished(lake, "churn", "2026-11-22T00-00-00Z", LANDED)
    work = item(
        lake,
        attempt=name,
        started=f"2026-11-23T06:00:0{name[-1]}",
        destination_etag=landed.etag if landed else ABSENT,
        unchanged=complete is not None and complete.record.digest == "digest-1",
        **changes,
    )
    if not work.plan.unchanged:
        Worker(folder, lambda *_: lake, lambda _n, _v, target: (target / "m").write_text("")).score(work)
    return work.plan


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", REQUESTS)
@pytest.mark.parametrize("replacement", [False, True], ids=["first", "replacement"])
def test_a_kill_at_any_request(tmp_path, replacement, point, after):
    """A reader finds nothing or the old, or the new as a whole; the next run makes it the new."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})
    if replacement:
        lake.upload(LANDED, OLD)
    before = {OLD} if replacement else {None}
    plan = attempt(tmp_path, lake, "attempt-1")

    kill_at(lake, point, after=after)
    with suppress(Killed):
        publish(plan, lake)
    revive(lake)

    there = lake.stored.get(LANDED)
    assert (there.content if there else None) in before | {NEW}
    receipt = publish(attempt(tmp_path, lake, "attempt-2"), lake)
    assert receipt.status in ("committed", "unchanged")
    assert (receipt.rows_in, lake.stored[LANDED].content) == (2, NEW)
    assert "_landing/churn/2026-11-22T00-00-00Z.json" in lake.stored


@pytest.mark.parametrize("point", REQUESTS)
def test_a_step_that_is_run_again_finishes_what_it_began(tmp_path, point):
    """The same plan, published twice, with a kill in between."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})
    plan = attempt(tmp_path, lake, "attempt-1")

    kill_at(lake, point, after=True)
    with suppress(Killed):
        publish(plan, lake)
    revive(lake)

    assert publish(plan, lake).status == "committed"
    assert lake.stored[LANDED].content == NEW


def test_all_of_publishs_requests_are_among_the_points(tmp_path):
    """Or the tests above would leave some out."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    plan = attempt(tmp_path, lake, "attempt-1")
    made: list[str] = []
    lake.before = lambda operation, _path: made.append(operation)

    publish(plan, lake)

    assert len(made) < len(REQUESTS)


DUPLICATES = {"duplicate_keys": "keep_first", "max_quarantined_percent": 50.0}
QUARANTINE = "quarantine/churn/window=2026-11-22T00-00-00Z/rows.csv"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", REQUESTS)
def test_a_kill_loses_no_row_in_quarantine(tmp_path, point, after):
    """What is set aside is derived from the parts again, until the window is finished."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n1,3\n4,oops\n5,5\n"})
    plan = attempt(tmp_path, lake, "attempt-1", **DUPLICATES)

    kill_at(lake, point, after=after)
    with suppress(Killed):
        publish(plan, lake)
    revive(lake)

    receipt = publish(attempt(tmp_path, lake, "attempt-2", **DUPLICATES), lake)
    assert (receipt.rows_in, receipt.rows_scored, receipt.rows_quarantined) == (5, 3, 2)
    assert lake.stored[QUARANTINE].content.count(b"a.csv") == 2


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", REQUESTS)
def test_a_kill_while_a_check_fails_never_publishes(tmp_path, point, after):
    """The old window stays as it is; a rerun with mended checks lands the new one."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})
    lake.upload(LANDED, OLD)
    plan = attempt(tmp_path, lake, "attempt-1", checks={"minimum_rows": 3})

    kill_at(lake, point, after=after)
    with suppress(Killed, ChecksFailed):
        publish(plan, lake)
    revive(lake)

    assert lake.stored[LANDED].content == OLD
    assert publish(attempt(tmp_path, lake, "attempt-2"), lake).status == "committed"
    assert lake.stored[LANDED].content == NEW
