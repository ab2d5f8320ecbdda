"""How far scoring is, as one worker of several estimates it."""

from __future__ import annotations

from itertools import count

from ml_pipelines.steps.landing import progress_path
from ml_pipelines.steps.progress import Progress, Watch
from ml_pipelines.steps.work import Piece, WorkItem
from tests.unit.ml_pipelines.fakes import Cut, FakeLake, plan

ITEMS = plan(files=120, input_bytes=1200, items=12)
PATH = progress_path(ITEMS.staging)


def item(number: int) -> WorkItem:
    piece = Piece("in/a.csv", "a.csv", "e", 1200, 100 * number, 100)
    return WorkItem(number, ITEMS, (piece,), bytes_before=100 * number)


def test_what_one_worker_did_stands_for_the_others():
    """Its second item was the fifth of all: twelve seconds for five, so seventeen for the other seven."""
    watch = Watch(iter([0.0, 6.0, 12.0]).__next__)
    watch.done(item(0), 1000)

    progress = watch.done(item(4), 1000)

    assert progress == Progress(41, 120, 5000, 416, 17)
    assert str(progress) == "about 41 % of 120 files, 5,000 rows, 416 rows/s, 17 s left"


def test_a_small_item_counts_as_little():
    """Ten seconds for nine tenths of the bytes: one second is left, however many items that is."""
    watch = Watch(iter([0.0, 10.0]).__next__)
    most = WorkItem(0, ITEMS, (Piece("in/a.csv", "a.csv", "e", 1200, 0, 1080),))

    assert watch.done(most, 900) == Progress(90, 120, 900, 90, 1)


def test_a_window_of_empty_files_is_done_at_once():
    """Nothing is divided by their size."""
    empty = WorkItem(0, plan(files=1, input_bytes=0), (Piece("in/a.csv", "a.csv", "e", 0, 0, 0),))

    assert Watch(iter([0.0, 1.0]).__next__).done(empty, 0) == Progress(100, 1, 0, 0, 0)


def test_it_is_told_now_and_then():
    """Two seconds an item: every fifth is told, and what is told can be read again."""
    lake, watch = FakeLake(), Watch(count(0, 1.0).__next__)
    told = []
    for number in range(12):
        progress = watch.done(item(number), 10)
        watch.tell(lake, PATH, progress)
        if PATH in lake.stored:
            assert Progress.from_json(lake.stored.pop(PATH).content) == progress
            told.append(number)

    assert told == [4, 9]


def test_a_lake_that_refuses_it_stops_nothing(capsys):
    """The log says so."""
    lake, watch = FakeLake(), Watch(count(0, 100.0).__next__)

    def refuse(operation: str, path: str) -> None:
        raise Cut(operation, path)

    lake.before = refuse

    watch.tell(lake, PATH, watch.done(item(0), 1))

    assert "the progress was not written: the lake refused to upload" in capsys.readouterr().out
