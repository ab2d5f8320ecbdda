"""Files that come while a rehearsal goes on start what listens to them, at their instants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from adf.events import CREATED, BlobEvent
from sandbox.simulation.arrivals import Arrival, arrivals_of
from sandbox.simulation.errors import WrongInFile
from sandbox.simulation.rehearsal import rehearse
from sandbox.simulation.request import Minutes, Request, StandIn
from tests.unit.sandbox.simulation.small_factory import at, column, reference

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.datafactory.models import Json
    from tests.unit.sandbox.simulation.small_factory import SmallFactory

SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/lake"


def listens(factory: SmallFactory, name: str, **patterns: Any) -> None:
    starts = {"pipelineReference": reference("p"), "parameters": {"window": "@triggerBody().folderPath"}}
    listened_to = {"scope": SCOPE, "events": [CREATED], "ignoreEmptyBlobs": True, **patterns}
    factory.write(
        "trigger", name, {"type": "BlobEventsTrigger", "pipelines": [starts], "typeProperties": listened_to}
    )


def comes(moment: str, path: str, size: int = 1) -> Arrival:
    container, _, inside = path.partition("/")
    return Arrival(at(moment), BlobEvent(CREATED, container, inside, size))


def rehearsed(factory: SmallFactory, *arrivals: Arrival) -> Json:
    stand_ins = (StandIn(minutes=Minutes(30)),)
    return rehearse(
        Request(factory.folder, at("2026-03-01"), at("2026-03-08"), stand_ins=stand_ins, arrivals=arrivals)
    )


def test_a_file_starts_each_trigger_that_listens_to_it_when_it_comes(factory: SmallFactory) -> None:
    factory.pipeline("p")
    listens(factory, "markers", blobPathEndsWith="/_SUCCESS")
    listens(factory, "raw", blobPathBeginsWith="/data/blobs/raw/")

    told = rehearsed(
        factory,
        comes("2026-03-03T04:05", "data/raw/b/part.csv"),
        comes("2026-03-02T00:00", "data/raw/a/_SUCCESS"),
        comes("2026-03-04T00:00", "data/raw/c/empty.csv", 0),
        comes("2026-03-04T00:00", "other/place"),
    )

    assert column(told["runs"], "trigger", "due", "file", "ended") == [
        ("markers", "2026-03-02T00:00:00Z", "data/raw/a/_SUCCESS", "2026-03-02T00:30:00Z"),
        ("raw", "2026-03-02T00:00:00Z", "data/raw/a/_SUCCESS", "2026-03-02T00:30:00Z"),
        ("raw", "2026-03-03T04:05:00Z", "data/raw/b/part.csv", "2026-03-03T04:35:00Z"),
    ]


def test_the_first_instant_of_the_span_counts_and_the_last_does_not(factory: SmallFactory) -> None:
    factory.pipeline("p")
    listens(factory, "t", blobPathEndsWith="x")

    told = rehearsed(factory, *(comes(f"2026-03-0{day}", f"data/{day}x") for day in (1, 8)))

    assert column(told["runs"], "file") == ["data/1x"]


def test_the_same_files_are_the_same_bytes(factory: SmallFactory) -> None:
    """Of many at one instant too, in the order in which they are said."""
    factory.pipeline("p")
    listens(factory, "t", blobPathEndsWith="x")
    files = [comes("2026-03-02", f"data/{number}x") for number in range(120)]

    once, again = (json.dumps(rehearsed(factory, *files)) for _ in range(2))

    assert once == again
    assert len(json.loads(once)["runs"]) == 120


def test_where_nobody_says_what_comes_nothing_listens(factory: SmallFactory) -> None:
    factory.pipeline("p")
    listens(factory, "t", blobPathEndsWith="x")

    assert factory.rehearse("2026-03-01", "2026-03-02")["runs"] == []


def test_a_file_of_arrivals_is_read(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.json"
    said = {"at": "2026-03-02T01:00:00+01:00", "path": "data/a/b.csv"}
    file.write_text(json.dumps({"arrivals": [said, {**said, "bytes": 0}]}))

    expected = [comes("2026-03-02T00:00", "data/a/b.csv", size) for size in (1, 0)]
    assert list(arrivals_of(file)) == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", 'expected JSON such as {"arrivals": [...]}'),
        ("[]", "arrivals: found None, expected a list of objects"),
        ('{"arrivals": [1]}', "expected a list of objects"),
        ('{"arrivals": [{"at": "2026-03-01T00:00:00Z"}]}', "arrivals[0].path: found None"),
        ('{"arrivals": [{"path": "a/b"}]}', "arrivals[0].at: found None, expected an instant"),
        ('{"arrivals": [{"path": "a/b", "at": "soon"}]}', "arrivals[0].at: found 'soon'"),
        ('{"arrivals": [{"path": "a/", "at": "2026-03-01T00:00:00Z"}]}', "found 'a/', expected a path"),
        (
            '{"arrivals": [{"path": "a/b", "at": "2026-03-01T00:00:00Z", "bytes": -1}]}',
            "expected a number of bytes",
        ),
        ('{"arrivals": [{"when": 1}]}', "found 'when', expected one of at, bytes, path"),
    ],
)
def test_what_cannot_come_is_refused_by_its_place(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "arrivals.json"
    file.write_text(content)

    with pytest.raises(WrongInFile) as refused:
        arrivals_of(file)

    assert str(refused.value).startswith(str(file))
    assert problem in str(refused.value)
