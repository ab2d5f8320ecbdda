"""Activities as boxes and lines; spans as bars; values as words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.portal import words
from sandbox.portal.graph import drawn
from sandbox.portal.timeline import Timeline
from tests.unit.sandbox.datafactory.local_factory import wait

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_box_stands_to_the_right_of_all_that_it_waits_for() -> None:
    """Whatever the order in which they are written."""
    late = wait("late", after={"middle": ["Succeeded"], "first": ["Failed"]})
    graph = drawn([late, wait("middle", after={"first": ["Succeeded"]}), wait("first")], {})
    x = {box.name: box.x for box in graph.boxes}

    assert x["first"] < x["middle"] < x["late"]
    assert sorted(line.tells for line in graph.lines) == [
        "late waits for first: Failed",
        "late waits for middle: Succeeded",
        "middle waits for first: Succeeded",
    ]


def test_no_two_boxes_cover_each_other() -> None:
    graph = drawn([wait(f"a{number}") for number in range(20)], {})

    assert len({(box.x, box.y) for box in graph.boxes}) == 20
    assert all(box.y + 46 <= graph.height for box in graph.boxes)


def test_a_long_name_is_cut_on_its_box_only() -> None:
    (box,) = drawn([wait("n" * 50)], {"n" * 50: "Failed"}).boxes

    assert (len(box.label), box.name, box.status) == (20, "n" * 50, "Failed")


def test_bars_lie_on_their_axis() -> None:
    """Also of what began before it, and of what took no time."""
    axis = Timeline(AT, AT + timedelta(hours=1))
    spans = [(AT, AT), (AT + timedelta(hours=1), AT + timedelta(hours=1)), (AT, AT + timedelta(minutes=30))]
    bars = [axis.bar(*span) for span in spans]

    assert all(0 <= bar.x and bar.width > 0 and bar.x + bar.width <= 100 for bar in bars)
    assert (bars[2].x, bars[2].width) == (0, 50)
    assert Timeline(AT, AT).bar(AT, AT).width == 100


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.12, "120 ms"),
        (4.2, "4.2 s"),
        (60, "1 min"),
        (130, "2 min 10 s"),
        (100_000, "1 d 3 h"),
        (3600, "1 h"),
    ],
)
def test_a_span_is_told_in_two_units(seconds: float, said: str) -> None:
    assert words.span(timedelta(seconds=seconds)) == said


def test_every_status_has_a_colour_and_a_shape() -> None:
    """Of both services; what is not known goes on."""
    for status in (
        "Succeeded",
        "Failed",
        "Cancelled",
        "Skipped",
        "Queued",
        "InProgress",
        "Completed",
        "Canceled",
    ):
        assert words.kind(status)
        assert words.sign(status)
    assert words.sign("Succeeded") != words.sign("Failed") != words.sign("InProgress")
