"""Windows that land as parts, and as one file before or after: killed anywhere, read at every request."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from ml_pipelines.steps.errors import Superseded
from ml_pipelines.steps.landing import landed_files
from ml_pipelines.steps.publish import publish
from ml_pipelines.steps.score_entry import Worker
from ml_pipelines.steps.tidying import tidy
from ml_pipelines.steps.work import WorkItem
from tests.unit.ml_pipelines.fakes import FakeLake, pieces, plan

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "out/window=2026-11-22T00-00-00Z"
LANDED = f"{FOLDER}/predictions.parquet"
OLD, NEW = list(range(40)), list(range(100, 140))
REQUESTS = range(24)
"""publish makes fewer; a point that is not reached is a run without a kill."""
ONE_FILE, PARTS = 0, 1  # the most bytes of a file: 0 = any, 1 = each part of score is a file of its own
CHANGES = [(None, PARTS), (ONE_FILE, PARTS), (PARTS, PARTS), (PARTS, ONE_FILE)]


class Killed(BaseException):
    """The process is gone: nothing that it would do afterwards happens."""


@pytest.fixture
def lake() -> FakeLake:
    return FakeLake()


def scored(lake: FakeLake, folder: Path, values: list[int], attempt: int, most_bytes: int):
    """What stage and score of one ML run leave for publish: four parts."""
    (folder / "score.py").write_text("def run(b):\n    return b['x']\n")
    for number in range(4):
        rows = "".join(f"{value},{value}\n" for value in values[number * 10 :][:10])
        lake.upload(f"in-{attempt}/{number}.csv", f"id,x\n{rows}".encode())
    found = lake.state(LANDED)
    made = plan(
        attempt=f"attempt-{attempt}",
        started=f"2026-11-23T06:00:0{attempt}",
        digest=f"digest-{values[0]}",
        destination_etag=found.etag if found else "",
        output_format="parquet",
        maximum_file_bytes=most_bytes,
        files=4,
        items=4,
    )
    worker = Worker(folder, lambda *_: lake, lambda _n, _v, target: (target / "m").write_text(""))
    for number, piece in enumerate(pieces(lake, f"in-{attempt}")):
        worker.score(WorkItem(number, made, (piece,)))
    return made


def read(lake: FakeLake) -> list[int] | None:
    """As a reader does: what lies at the path, then the files that it means; None where nothing is."""
    state = lake.state(LANDED)
    if state is None:
        return None
    files = landed_files(LANDED, state.metadata)
    tables = [parquet.read_table(io.BytesIO(lake.stored[file].content)) for file in files]
    found: list[int] = pa.concat_tables([each.replace_schema_metadata(None) for each in tables])["prediction"]
    return pa.chunked_array(found).to_pylist()


def land(lake: FakeLake, folder: Path, values: list[int], attempt: int, most_bytes: int | None) -> None:
    if most_bytes is not None:
        publish(scored(lake, folder, values, attempt, most_bytes), lake)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", REQUESTS)
@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_kill_at_any_request_with_a_reader_at_each(tmp_path, lake, old, new, point, after):
    """Old or new as a whole, whichever of them is one file; the same step, run again, completes it."""
    land(lake, tmp_path, OLD, 1, old)
    states = (None if old is None else OLD, NEW)
    made = scored(lake, tmp_path, NEW, 2, new)
    count = 0

    def at(_operation: str, _path: str) -> None:
        nonlocal count
        assert read(lake) in states
        count += 1
        if count > point:
            raise Killed

    setattr(lake, "after" if after else "before", at)
    with suppress(Killed):
        publish(made, lake)
    lake.before = lake.after = lambda _operation, _path: None

    assert read(lake) in states
    assert publish(made, lake).status == "committed"
    assert read(lake) == NEW
    assert publish(scored(lake, tmp_path, NEW, 3, new), lake).status in ("committed", "unchanged")
    assert read(lake) == NEW


def test_every_request_of_publish_is_among_the_points(tmp_path, lake):
    """Or the sweep above would leave some out."""
    land(lake, tmp_path, OLD, 1, PARTS)
    made = scored(lake, tmp_path, NEW, 2, PARTS)
    requests: list[str] = []
    lake.before = lambda operation, _path: requests.append(operation)

    publish(made, lake)

    assert len(requests) < len(REQUESTS)


def test_parts_are_never_written_again(tmp_path, lake):
    """publish, killed between its commit and its manifest, is run again while readers read what it landed."""
    made = scored(lake, tmp_path, NEW, 1, PARTS)

    def at(_operation: str, path: str) -> None:
        if path.startswith("_landing"):
            raise Killed

    lake.before = at
    with suppress(Killed):
        publish(made, lake)
    landed = {path: each.etag for path, each in lake.stored.items() if path.startswith(FOLDER)}
    lake.before = lambda _operation, _path: None

    publish(made, lake)

    assert {path: each.etag for path, each in lake.stored.items() if path.startswith(FOLDER)} == landed
    assert len(landed) == 5


def test_of_two_attempts_the_later_wins_whichever_is_one_file(tmp_path, lake):
    """One path, one rule: an earlier attempt that lands late gives way."""
    for early, late in ((ONE_FILE, PARTS), (PARTS, ONE_FILE)):
        lake = FakeLake()
        first = scored(lake, tmp_path, OLD, 1, early)
        second = scored(lake, tmp_path, NEW, 2, late)
        publish(second, lake)

        with pytest.raises(Superseded):
            publish(first, lake)
        assert read(lake) == NEW


def test_replaced_parts_go_when_they_have_been_replaced_for_long(tmp_path, lake):
    """Not before: a reader that resolved the old summary finishes. What is landed stays, however old."""
    land(lake, tmp_path, OLD, 1, PARTS)
    land(lake, tmp_path, NEW, 2, PARTS)
    kept = {path.split("/")[-2] for path in lake.stored if "/_parts/" in path}
    lake.old = {f"_staging/churn/2026-11-22T00-00-00Z/attempt-{number}" for number in (1, 2)}

    land(lake, tmp_path, NEW, 3, PARTS)

    assert kept == {"attempt-1", "attempt-2"}
    assert {path.split("/")[-2] for path in lake.stored if "/_parts/" in path} == {"attempt-2", "attempt-3"}
    assert read(lake) == NEW


def test_drafts_of_the_dead_go_when_they_are_old(tmp_path, lake):
    """Whoever left them, of whatever model; what is being written stays."""
    for name in ("old", "new"):
        lake.upload(f"_staging/_drafts/{name}", b"a receipt")
    lake.old = {"_staging/_drafts/old"}

    land(lake, tmp_path, NEW, 1, ONE_FILE)

    assert {path for path in lake.stored if path.startswith("_staging/")} == {"_staging/_drafts/new"}


def test_a_note_of_a_replacement_that_failed_removes_nothing_that_is_landed(tmp_path, lake):
    """The attempt that was to be replaced is still what readers read."""
    land(lake, tmp_path, OLD, 1, PARTS)
    lake.upload("_staging/churn/2026-11-22T00-00-00Z/attempt-1/replaced", b"")
    lake.old = {"_staging/churn/2026-11-22T00-00-00Z/attempt-1"}
    other = scored(lake, tmp_path, OLD, 2, PARTS)
    lake.delete_folder("_staging/churn/2026-11-22T00-00-00Z/attempt-2")

    tidy(other, lake)

    assert read(lake) == OLD
    assert not any(path.startswith("_staging/churn") for path in lake.stored)
