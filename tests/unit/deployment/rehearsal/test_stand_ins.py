"""What stands for ML runs: of which windows they are told to fail."""

from __future__ import annotations

import pytest

from adf.language import Scope, evaluate
from adf.triggers import grid_of
from adf.windows import parse_instant
from deployment.rehearsal.asked import Asked
from deployment.rehearsal.stand_ins import stand_ins
from tests.unit.deployment.rehearsal.timetables import BERLIN, settings


def condition(told, *windows):
    grid = grid_of(told.models["ours"])
    failing = [("ours", grid.window_starting(parse_instant(start))) for start in windows]
    asked = Asked(
        parse_instant("2026-03-01T00:00:00Z"), parse_instant("2026-04-01T00:00:00Z"), failing=failing
    )
    return stand_ins(told, asked)["stand_ins"][0]["fails_when"]


def fails(expression, **parameters):
    given = {"window_start": "-", "fire_time": "-", **parameters}
    return evaluate(expression, Scope(pipeline={"parameters": given}))


@pytest.mark.parametrize(
    ("fire", "of_the_window"),
    [
        ("2026-03-29T21:59:59Z", False),
        ("2026-03-29T22:00:00Z", True),
        ("2026-03-30T06:00:00Z", True),
        ("2026-03-30T22:00:00Z", False),
    ],
)
def test_a_schedules_fire_fails_that_scores_the_window(fire, of_the_window):
    """29 March in Berlin ends at 22:00 UTC, and is the last complete day until the next has ended."""
    told = settings(ours={"window": {"every": "day", "time_zone": BERLIN}})

    assert fails(condition(told, "2026-03-28T23:00:00Z"), fire_time=fire) is of_the_window


def test_a_tumbling_triggers_window_fails_by_its_start():
    """Each of those that were asked for, and no other."""
    expression = condition(settings(ours={}), *(f"2026-03-0{day}T00:00:00Z" for day in (2, 4, 6)))

    failing = [day for day in range(1, 8) if fails(expression, window_start=f"2026-03-0{day}T00:00:00Z")]
    assert failing == [2, 4, 6]


def test_a_models_runs_take_what_its_configuration_expects():
    """Half of expected_minutes, or what was asked for; on its own number of nodes."""
    told = settings(ours={"scoring": {"expected_minutes": 40, "node_count": 3}}, other={})
    asked = Asked(
        parse_instant("2026-03-01T00:00:00Z"), parse_instant("2026-04-01T00:00:00Z"), minutes={"other": 7.5}
    )

    second, first, receipt = stand_ins(told, asked)["stand_ins"]

    assert (first["pipeline"], first["minutes"]["median"], first["nodes"]) == ("score_ours", 20, 3)
    assert (second["pipeline"], second["minutes"]["median"], second["nodes"]) == ("score_other", 7.5, 1)
    assert receipt["activity"] == "read_receipt"
