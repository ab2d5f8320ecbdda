"""What follows from a timetable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adf.windows import format_instant
from deployment.rehearsal.clock_changes import clock_changes
from deployment.rehearsal.cluster import usage
from deployment.rehearsal.consequences import failures, last_attempts
from deployment.rehearsal.model_windows import model_windows
from deployment.rehearsal.text import span
from tests.unit.deployment.rehearsal.timetables import BERLIN, ml_run, not_run, run, settings, timetable

HOUR = timedelta(hours=1)


def fates(entries, **model):
    """Of the model `ours`: the day of March on which a window begins, and its fate."""
    (found,) = model_windows(timetable(*entries), settings(ours=model))
    return [(each.window.start.day, each.fate) for each in found.windows]


# ------------------------------------------------------------------------------------------- windows


def test_a_schedules_fire_is_for_the_last_complete_window():
    """As the steps choose it."""
    assert fates([run("t", "score_ours", "05T06:00", "05T06:10")]) == [(4, "landed")]


def test_a_window_is_late_that_took_longer_than_expected():
    """From when it was due, whatever it waited for."""
    on_time = run("t", "score_ours", "05T06:00", "05T06:20")
    late = run("t", "score_ours", "06T06:00", "06T06:21", started="2026-03-06T06:15:00Z")

    assert fates([on_time, late], scoring={"expected_minutes": 20}) == [(4, "landed"), (5, "late")]


def test_a_window_between_others_that_nothing_scores_is_skipped():
    """A schedule of working days leaves out the days before Sunday and Monday."""
    friday, monday = (run("t", "score_ours", f"{day}T06:00", f"{day}T06:10") for day in ("06", "09"))

    assert fates([friday, monday]) == [(5, "landed"), (6, "skipped"), (7, "skipped"), (8, "landed")]


def test_a_window_that_any_of_its_runs_landed_has_landed():
    failed = run("a", "score_ours", "05T06:00", "05T06:10", status="Failed")
    again = run("b", "score_ours", "05T07:00", "05T07:10")

    (found,) = model_windows(timetable(failed, again), settings(ours={"scoring": {"expected_minutes": 90}}))

    assert [(each.fate, each.times) for each in found.windows] == [("landed", 2)]
    assert found.repeated == 1


def test_a_window_whose_last_attempt_failed_has_failed():
    first = run("t", "score_ours", "06T00:00", "06T00:10", window="05", status="Failed")
    second = run("t", "score_ours", "06T00:00", "06T00:30", window="05", status="Failed", attempt=2)

    assert fates([first, second]) == [(5, "failed")]
    assert [each.attempt for each in last_attempts(timetable(first, second))] == [2]


def test_a_window_that_never_ran_is_waiting():
    """Of a tumbling trigger of the model: it has no run that would say the pipeline."""
    model = {"schedules": {"score": {"daily": {"type": "tumbling", "frequency": "Hour", "interval": 24}}}}

    assert fates([not_run("tr_score_ours_daily", "06T00:00", "05")], **model) == [(5, "waiting")]


# ------------------------------------------------------------------------------------------- failures


def test_a_failure_stops_who_waits_for_it_and_who_waits_for_those():
    """Each is told once, though it waits for two of them."""
    failed = run("a", "p", "06T00:00", "06T00:10", window="05", status="Failed")
    waits = not_run("b", "06T00:00", "05", ("a", "05"), status="Failed")
    waits_for_both = not_run("c", "06T00:00", "05", ("b", "05"), ("a", "05"))
    another = not_run("c", "07T00:00", "06", ("x", "06"))

    (found,) = failures(timetable(failed, waits, waits_for_both, another))

    assert [(each.trigger, each.window_start.day) for each in found.stopped] == [("b", 5), ("c", 5)]


def test_what_succeeded_at_another_attempt_is_no_failure():
    first = run("a", "p", "06T00:00", "06T00:10", window="05", status="Failed")
    second = run("a", "p", "06T00:00", "06T00:30", window="05", attempt=2)

    assert failures(timetable(first, second)) == []


# ------------------------------------------------------------------------------------------- the cluster


def test_nodes_are_busy_while_ml_runs_compute():
    """Not while they are waited for; who begins when another ends takes its node."""
    first = ml_run("01T00:30", "01T00:30", "01T01:30", nodes=2)
    second = ml_run("01T01:00", "01T01:30", "01T02:00", nodes=2)
    runs = [run("t", "p", "01T00:30", "01T02:00", ml=[first, second])]

    found = usage(timetable(*runs, until="2026-03-02", nodes=2))

    assert (found.peak, format_instant(found.peak_at)) == (2, "2026-03-01T00:30:00Z")
    assert found.busy_node_hours == pytest.approx(3)
    assert found.busy_percent == pytest.approx(100 * 3 / 48)
    assert (found.queued_runs, found.longest_queue) == (1, HOUR / 2)
    assert [(each.busy, each.waiting) for each in found.hours[:3]] == [(1, 0), (2, 1), (0, 0)]
    assert len(found.hours) == 24


def test_hours_go_on_until_the_last_run_has_ended():
    runs = [run("t", "p", "01T23:00", "02T03:00", ml=[ml_run("01T23:00", "01T23:00", "02T02:30")])]

    found = usage(timetable(*runs, until="2026-03-02"))

    assert [each.busy for each in found.hours[22:]] == [0, 1, 1, 1, 0.5]


def test_without_ml_runs_nothing_is_busy():
    found = usage(timetable(until="2026-03-02", nodes=3))

    assert (found.peak, found.peak_at, found.busy_percent) == (0, None, 0)


# ------------------------------------------------------------------------------------------- the clocks


def test_clocks_that_go_forward_shorten_a_day():
    """On 29 March in Berlin: the fires around it, and the window that it is in."""
    fires = [
        run("t", "score_ours", f"{day}T{hour}:00", f"{day}T12:00")
        for day, hour in [("27", "05"), ("28", "05"), ("29", "04")]
    ]
    model = {"window": {"every": "day", "time_zone": BERLIN}}

    (found,) = clock_changes(timetable(*fires, zone=BERLIN), settings(ours=model))

    (gap,) = found.gaps
    (of_model,) = found.windows
    assert (format_instant(found.at), found.by) == ("2026-03-29T01:00:00Z", HOUR)
    assert (gap.trigger, gap.length, gap.usual) == ("t", 23 * HOUR, 24 * HOUR)
    assert (of_model[0], of_model[1].length) == ("ours", 23 * HOUR)


def test_utc_has_no_change_of_clocks():
    fires = [run("t", "score_ours", f"{day}T05:00", f"{day}T12:00") for day in ("28", "29")]

    assert clock_changes(timetable(*fires), settings(ours={})) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "-"),
        (40, "40 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (3900, "1 h 05 min"),
        (86_400, "1 d"),
        (97_200, "1 d 3 h"),
    ],
)
def test_a_span_is_told_in_two_units_at_most(seconds, told):
    assert span(timedelta(seconds=seconds)) == told
