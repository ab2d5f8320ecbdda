"""The commit: what a failed, lost or contested rename comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_pipelines.steps.commit import Again, Committed, commit, judge
from ml_pipelines.steps.errors import LakeError, Superseded
from ml_pipelines.steps.lake import ABSENT, FileState
from tests.unit.ml_pipelines.fakes import Cut, FakeLake, record

MINE = record()
FINAL = "out/file"


def staged(lake: FakeLake, mine=MINE) -> str:
    path = f"_staging/{mine.attempt}"
    lake.upload(path, mine.attempt.encode(), mine.to_metadata())
    return path


def land(lake: FakeLake, mine=MINE, expected: str = ABSENT) -> str:
    return commit(lake, staged(lake, mine), FINAL, mine, expected, sleep=lambda _: None).outcome


def theirs(**changes: str) -> FileState:
    return FileState("0xNEW", 1, record(attempt="other", digest="other", **changes).to_metadata())


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (None, Again(ABSENT)),
        (
            FileState("e", 1, MINE.to_metadata()),
            Committed("committed", FileState("e", 1, MINE.to_metadata())),
        ),
        (theirs(started="2026-11-23T05:59:59"), Again("0xNEW")),
        (theirs(started="2026-11-23T06:00:01"), None),
        (FileState("0xSEEN", 1, {}), Again("0xSEEN")),
        (FileState("0xFOREIGN", 1, {}), None),
    ],
)
def test_the_destinations_own_metadata_decides(found, verdict):
    """Ours: committed; gone: again; older: again with its etag; later, or not ours: superseded."""
    assert judge(MINE, found, "0xSEEN") == verdict


def test_the_same_work_by_another_attempt_is_unchanged():
    """Two attempts from the same inputs, model and code: whoever is second has nothing to do."""
    lake = FakeLake()
    land(lake, record(attempt="other"))

    assert land(lake) == "unchanged"


def test_a_replacement_carries_the_etag_that_stage_saw():
    """What stage saw at the destination is replaced."""
    lake = FakeLake({FINAL: b"old"})

    assert land(lake, expected=lake.stored[FINAL].etag) == "committed"
    assert lake.stored[FINAL].content == b"attempt-1"


def test_a_lost_reply_is_found_out():
    """The rename happened, its reply did not arrive: the attempt at the destination is ours."""
    lake = FakeLake()
    cuts = iter([True])

    def after(operation: str, path: str) -> None:
        if operation == "rename" and next(cuts, False):
            raise Cut(operation, path)

    lake.after = after

    assert land(lake) == "committed"


def test_a_request_that_never_arrived_is_sent_again():
    """A rename that did not happen is tried again."""
    lake = FakeLake()
    cuts = iter([True, True])

    def before(operation: str, path: str) -> None:
        if operation == "rename" and next(cuts, False):
            raise Cut(operation, path)

    lake.before = before

    assert land(lake) == "committed"


def test_a_lake_that_always_refuses_is_an_error_in_the_end():
    """Not for ever: the lake's own error comes out."""
    lake = FakeLake()

    def before(operation: str, path: str) -> None:
        if operation == "rename":
            raise Cut(operation, path)

    lake.before = before

    with pytest.raises(LakeError, match="the connection was cut"):
        land(lake)


@pytest.mark.parametrize("later_first", [True, False])
def test_of_two_attempts_the_one_that_started_later_wins(later_first):
    """In whichever order they commit."""
    lake = FakeLake()
    early = MINE
    late = replace(record(attempt="late", digest="late"), started="2026-11-23T07:00:00")

    if later_first:
        land(lake, late)
        with pytest.raises(Superseded, match="attempt late"):
            land(lake, early)
    else:
        land(lake, early)
        land(lake, late)

    assert lake.stored[FINAL].content == b"late"


def test_however_many_earlier_attempts_come_between_the_last_one_lands():
    """Each rename finds that yet another, earlier attempt has just landed: none of that is a failure."""
    lake = FakeLake()
    earlier = [record(attempt=f"a{n}", digest=f"d{n}", started=f"2026-11-22T06:00:{n:02}") for n in range(20)]
    waiting = iter(earlier)
    last = staged(lake)

    def before(operation: str, _path: str) -> None:
        if operation == "rename" and (one := next(waiting, None)) is not None:
            lake.upload(FINAL, one.attempt.encode(), one.to_metadata())

    lake.before = before
    committed = commit(lake, last, FINAL, MINE, ABSENT, sleep=lambda _: None)

    assert (committed.outcome, lake.stored[FINAL].content) == ("committed", b"attempt-1")
