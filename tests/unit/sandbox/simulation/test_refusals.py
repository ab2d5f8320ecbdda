"""What cannot be rehearsed is refused before time passes, saying where it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.simulation.errors import BadFactory, BadSpan, TooManyRuns, WrongInFile
from sandbox.simulation.rehearsal import rehearse
from sandbox.simulation.request import Request, stand_ins_of
from tests.unit.sandbox.simulation.small_factory import at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.simulation.small_factory import SmallFactory


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("pipeline/p.json", "{", "no JSON"),
        ("pipeline/p.json", "[" * 100_000, "no JSON"),
        ("pipeline/p.json", "[]", "'name' and 'properties'"),
        ("pipeline/p.json", '{"name": "p"}', "'name' and 'properties'"),
        ("pipeline/p.json", '{"name": "p", "properties": {"activities": 7}}', "activities"),
        ("trigger/t.json", '{"name": "t", "properties": {"type": "Never"}}', "Never"),
        ("factory/f.json", "{", "no JSON"),
        ("factory/f.json", '{"properties": {"globalParameters": ["x"]}}', "lobal"),
    ],
)
def test_a_file_that_the_factory_would_not_take_is_named(
    factory: SmallFactory, file: str, content: str, problem: str
) -> None:
    factory.pipeline("score")
    factory.schedule(
        "daily", "score", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"}
    )
    place = factory.folder / file
    place.parent.mkdir(exist_ok=True)
    place.write_text(content)

    with pytest.raises(BadFactory, match=problem) as refused:
        factory.rehearse("2026-11-01", "2026-11-02")

    assert str(refused.value).startswith(f"{place} ")


def test_a_folder_without_triggers_is_no_factory_to_rehearse(factory: SmallFactory) -> None:
    factory.pipeline("score")

    with pytest.raises(BadFactory, match="nothing would ever fire"):
        factory.rehearse("2026-11-01", "2026-11-02")


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        ("2026-11-02", "2026-11-02", "the end must come after the start"),
        ("2026-01-01", "2027-01-02", "366 days at most"),
        ("0001-01-01", "0001-01-02", "the years 1970 to 9000"),
        ("9999-12-30", "9999-12-31", "the years 1970 to 9000"),
    ],
)
def test_a_span_that_cannot_be_rehearsed_is_told(
    factory: SmallFactory, start: str, end: str, problem: str
) -> None:
    with pytest.raises(BadSpan, match=problem):
        factory.rehearse(start, end)


def test_more_runs_than_anybody_will_read_are_no_timetable(
    factory: SmallFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not one that ends where there were too many; and nobody is shown a traceback."""
    factory.pipeline("score")
    factory.schedule(
        "often", "score", {"frequency": "Minute", "interval": 1, "startTime": "2026-01-01T00:00:00Z"}
    )
    span = at("2026-11-01"), at("2026-11-02")

    with pytest.raises(TooManyRuns, match="more than 50 pipeline runs by 2026-11-01T00:50:00Z"):
        rehearse(Request(factory.folder, *span, most_runs=50))

    assert len(rehearse(Request(factory.folder, *span, most_runs=1440))["runs"]) == 1440
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ([], "stand_ins"),
        ({"stand_ins": [1]}, "stand_ins"),
        ({"stand_ins": [{"minute": 1}]}, "stand_ins[0]"),
        ({"stand_ins": [{}, {"minutes": -1}]}, "stand_ins[1].minutes"),
        ({"stand_ins": [{"minutes": {"median": 0, "spread": 1}}]}, "stand_ins[0].minutes"),
        ({"stand_ins": [{"minutes": {"past": []}}]}, "stand_ins[0].minutes"),
        ({"stand_ins": [{"fails_percent": 101}]}, "stand_ins[0].fails_percent"),
        ({"stand_ins": [{"nodes": 1.5}]}, "stand_ins[0].nodes"),
        ({"stand_ins": [{"output": []}]}, "stand_ins[0].output"),
        ({"stand_ins": [{"pipeline": 7}]}, "stand_ins[0].pipeline"),
    ],
)
def test_a_stand_in_that_cannot_be_is_told_by_its_place(tmp_path: Path, written: object, place: str) -> None:
    file = tmp_path / "stand-ins.json"
    file.write_text(json.dumps(written))

    with pytest.raises(WrongInFile) as refused:
        stand_ins_of(file)

    assert str(refused.value).startswith(f"{file}: {place}: found")
