"""How long runs took lately, and how many failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deployment.rehearsal.asked import Asked
from deployment.rehearsal.past import MOST_RUNS, past_of
from deployment.rehearsal.stand_ins import stand_ins
from tests.unit.deployment.rehearsal.timetables import settings

NOW = datetime(2026, 11, 26, tzinfo=UTC)


class FactoryWith:
    """Answers these runs, whatever the span, and remembers it."""

    def __init__(self, *runs):
        self._runs = runs
        self.asked = []

    def runs(self, after, before):
        self.asked.append((after, before))
        return self._runs


def run(pipeline, status, minutes):
    return {"pipelineName": pipeline, "status": status, "durationInMs": minutes and minutes * 60_000}


def test_runs_that_succeeded_say_how_long_and_those_that_failed_how_often():
    """What goes on says neither."""
    factory = FactoryWith(
        run("p", "Succeeded", 10),
        run("p", "Failed", 3),
        run("p", "Succeeded", 12.5),
        run("p", "InProgress", None),
        run("p", "Cancelled", 1),
        run("broken", "Failed", 1),
    )

    found = past_of(factory, NOW, 30)

    assert factory.asked == [(NOW - timedelta(days=30), NOW)]
    assert list(found) == ["p"]
    assert (found["p"].minutes, round(found["p"].failures_percent, 1)) == ([10, 12.5], 33.3)


def test_the_newest_runs_count():
    factory = FactoryWith(*(run("p", "Succeeded", number) for number in range(1, MOST_RUNS + 10)))

    assert past_of(factory, NOW, 45)["p"].minutes[0] == 10


def test_a_model_with_a_past_is_drawn_from_it():
    """Others take what their configuration expects."""
    past = past_of(FactoryWith(run("score_ours", "Succeeded", 7), run("score_ours", "Failed", 1)), NOW, 30)
    asked = Asked(NOW, NOW + timedelta(days=1))

    other, ours, _ = stand_ins(settings(ours={}, another={}), asked, past)["stand_ins"]

    assert (ours["minutes"], ours["fails_percent"]) == ({"past": [7]}, 50)
    assert (other["minutes"]["median"], other["fails_percent"]) == (30, 0)


def test_failures_that_are_asked_for_go_first():
    past = past_of(FactoryWith(run("score_ours", "Succeeded", 7), run("score_ours", "Failed", 1)), NOW, 30)
    asked = Asked(NOW, NOW + timedelta(days=1), failures_percent=5)

    assert stand_ins(settings(ours={}), asked, past)["stand_ins"][0]["fails_percent"] == 5
