"""When a started trigger fires next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adf.windows import format_instant
from deployment.fires import next_fire

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
