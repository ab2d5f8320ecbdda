"""The files that come in a rehearsal: each window's, where a schedule waits for files, and read back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from adf.triggers import grid_of
from adf.windows import parse_instant
from deployment.rehearsal.arrivals import arrivals, window_of
from tests.unit.deployment.rehearsal.timetables import BERLIN, settings

START, END = (parse_instant(f"2026-03-{day}T00:00:00Z") for day in (28, 31))
MARKER = {"type": "event", "ends_with": "/_SUCCESS"}


def event_model(template="raw/{window_start:yyyy/MM/dd}/*.csv", schedule=MARKER, **more):
    return {"scoring": {"input": template}, "schedules": {"score": {"arrived": schedule}}, **more}


def coming(**models):
    found = arrivals(settings(**models), START, END)["arrivals"]
    return [(each["at"], each["path"]) for each in found]


@pytest.mark.parametrize(
    ("template", "schedule", "path"),
    [
        ("raw/{window_start:yyyy/MM/dd}/*.csv", MARKER, "data/raw/2026/03/28/_SUCCESS"),
        ("raw/{window_start:yyyy/MM/dd}/*.csv", {"ends_with": ".csv"}, "data/raw/2026/03/28/rehearsed.csv"),
        ("raw/{window_start:yyyy/MM/dd}/*.csv", {"begins_with": "raw/"}, "data/raw/2026/03/28/rehearsed.csv"),
        ("raw/{window_start:yyyy-MM-dd}*.csv", {"ends_with": ".csv"}, "data/raw/2026-03-28rehearsed.csv"),
        ("{model}/{window_id}", {"ends_with": "done"}, "data/ours/2026-03-28T00-00-00Z/rehearseddone"),
    ],
)
def test_a_window_has_a_file_that_its_schedule_listens_to(template, schedule, path):
    """When it ends; one that ended as the span begins is there too."""
    found = coming(ours=event_model(template, {"type": "event", **schedule}))

    assert found[1] == ("2026-03-29T00:00:00Z", path)
    assert [at for at, _ in found] == [f"2026-03-{day}T00:00:00Z" for day in (28, 29, 30)]


def test_where_no_schedule_waits_for_files_none_come():
    assert coming(ours={}) == []


def test_a_path_that_nobody_can_make_up_does_not_come():
    """A schedule that listens elsewhere than where a window's files lie."""
    elsewhere = {"type": "event", "begins_with": "raw/2031/"}

    assert coming(ours=event_model(schedule=elsewhere)) == []


@hypothesis_settings(deadline=None)
@given(st.integers(0, 400), st.sampled_from(["UTC", BERLIN, "Lord Howe Standard Time"]))
def test_a_files_path_names_its_window(day, zone):
    """Also on days of 23 and 25 hours."""
    told = settings(ours=event_model(window={"every": "day", "time_zone": zone}))
    start = START + timedelta(days=day)
    model = told.models["ours"]

    for each in arrivals(told, start, start + timedelta(days=2))["arrivals"]:
        window = window_of(each["path"], model)
        assert window in list(grid_of(model).between(start - timedelta(days=2), start + timedelta(days=2)))
        assert window.end == parse_instant(each["at"])


@pytest.mark.parametrize("path", ["data/raw/2026/02/30/x", "data/elsewhere/x", "data/raw/2026/03"])
def test_a_file_elsewhere_names_no_window(path):
    assert window_of(path, settings(ours=event_model()).models["ours"]) is None
