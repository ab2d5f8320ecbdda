"""What is expected of triggers and when, and how it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adf.windows import Grid
from deployment.freshness import Period, expected, span
from tests.unit.deployment.fakes import calendar, on_files, tumbling

DAYS = Grid.parse("day")
HOUR = timedelta(hours=1)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def fired(*triggers, start: datetime, end: datetime, pipeline: str = "score_churn") -> dict[int, datetime]:
    """Day of the window → its fire."""
    period = Period(start, end, {each.name: each.properties for each in triggers})
    return {start.day: each.fired for start, each in expected([period], pipeline, DAYS, HOUR).items()}


def test_a_calendar_fire_means_the_last_window_complete_by_then():
    """That of the day before; the end of a period is not in it."""
    assert fired(calendar(), start=at(22, 6), end=at(24, 6)) == {21: at(22, 6), 22: at(23, 6)}


def test_a_tumbling_window_is_due_at_its_end_and_a_backfill_is_not_expected():
    """It begins on the 1st, and was deployed on the 22nd at noon."""
    assert fired(tumbling(), start=at(22, 12), end=at(24, 12)) == {22: at(23), 23: at(24)}


def test_adjoining_periods_share_no_window_and_miss_none():
    """Whatever the instant at which they meet."""
    whole = fired(tumbling(), calendar("tr_b"), start=at(20), end=at(25))
    parts = fired(tumbling(), calendar("tr_b"), start=at(20), end=at(22)) | fired(
        tumbling(), calendar("tr_b"), start=at(22), end=at(25)
    )

    assert whole == parts


def test_of_several_fires_for_a_window_the_first_counts():
    """Two triggers, at six and at three."""
    both = calendar("tr_a", hour=6), calendar("tr_b", hour=3)

    assert fired(*both, start=at(22, 1), end=at(22, 12)) == {21: at(22, 3)}


def test_files_and_other_pipelines_are_expected_by_no_time():
    """Nothing says when files come; a training has no window."""
    assert fired(on_files(), calendar(pipeline="train_churn"), start=at(20), end=at(25)) == {}


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(days=3, minutes=5), "3 d 5 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
    ],
)
def test_a_span_is_said_in_two_units_at_most(length, said):
    """Enough to tell how bad it is."""
    assert span(length) == said
