"""When a started trigger fires next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adf.windows import format_instant
from deployment.fires import files_of, firing_of, next_fire, next_fires, zone_of
from deployment.planner import plan
from deployment.resources import NOTHING, Observed
from tests.unit.deployment.fakes import Live, desired, on_files, pipeline

NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
DAILY = {"frequency": "Day", "interval": 1, "startTime": "2026-11-01T06:00:00Z", "timeZone": "UTC"}
HOURLY = {"frequency": "Hour", "interval": 24, "startTime": "2026-11-01T00:00:00Z", "maxConcurrency": 1}


@pytest.mark.parametrize(
    ("kind", "type_properties", "expected"),
    [
        ("ScheduleTrigger", {"recurrence": DAILY}, "2026-11-24T06:00:00Z"),
        ("ScheduleTrigger", {"recurrence": DAILY | {"endTime": "2026-11-20T00:00:00Z"}}, None),
        ("TumblingWindowTrigger", HOURLY, "2026-11-24T00:00:00Z"),
        ("TumblingWindowTrigger", HOURLY | {"delay": "02:00:00"}, "2026-11-24T02:00:00Z"),
        ("TumblingWindowTrigger", HOURLY | {"delay": "08:00:00"}, "2026-11-23T08:00:00Z"),
        ("TumblingWindowTrigger", HOURLY | {"startTime": "2027-01-01T00:00:00Z"}, "2027-01-02T00:00:00Z"),
        ("TumblingWindowTrigger", HOURLY | {"endTime": "2026-11-20T00:00:00Z"}, None),
        ("BlobEventsTrigger", {}, None),
    ],
)
def test_the_next_fire_is_the_first_after_now(kind, type_properties, expected):
    """A tumbling window fires at its end plus the delay; an event comes when it comes."""
    fire = next_fire({"type": kind, "typeProperties": type_properties}, NOW)

    assert (None if fire is None else format_instant(fire)) == expected


def test_five_fires_are_five_and_fewer_where_the_trigger_ends():
    """A tumbling trigger's windows are due one after the other."""
    hourly = {**HOURLY, "interval": 1, "startTime": "2026-11-23T00:00:00Z", "endTime": "2026-11-23T10:00:00Z"}

    fires = next_fires({"type": "TumblingWindowTrigger", "typeProperties": hourly}, NOW, 5)

    assert [format_instant(each)[11:16] for each in fires] == ["08:00", "09:00", "10:00"]


def test_a_trigger_is_in_its_own_zone():
    """Its name is Data Factory's; tumbling windows are in UTC."""
    berlin = DAILY | {"startTime": "2026-11-01T06:00:00", "timeZone": "W. Europe Standard Time"}
    properties = {"type": "ScheduleTrigger", "typeProperties": {"recurrence": berlin}}

    name, zone = zone_of(properties)

    assert (name, next_fires(properties, NOW, 1)[0].astimezone(zone).hour) == ("W. Europe Standard Time", 6)
    assert zone_of({"typeProperties": HOURLY})[0] == "UTC"


def test_files_fire_and_no_time_does():
    """Which ones, with their container in front, as people write paths."""
    firing = firing_of(plan(desired(on_files(ends_with=".csv")), NOTHING).steps[-1], NOW)

    assert firing is not None
    assert (str(firing.files), list(firing.next), firing.deaf) == ("data/raw/churn/ … .csv", [], False)
    assert files_of({"type": "ScheduleTrigger", "typeProperties": {"recurrence": DAILY}}) is None


def test_a_started_trigger_that_is_edited_is_deaf_meanwhile():
    """What appears while it is stopped starts nothing, and nobody makes up for it: the plan says so."""
    body = on_files().properties | {"runtimeState": "Started"}
    live = Observed(True, (Live("trigger", "tr_arrived", body, "e"),))
    step = plan(desired(pipeline(), on_files(ends_with=".csv")), live).steps[-1]

    firing = firing_of(step, NOW)

    assert (step.action, firing is not None and firing.deaf) == ("change", True)
