"""When the factory starts a pipeline, and with what."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adf.entities import StartAtCreation
from adf.errors import BadModelWindow, BadSchedule, BadScheduleTime, ScheduleOffGrid, UnknownTimeZone
from adf.language import Scope, evaluate
from tests.unit.adf.builders import built, calendar, event, model, tumbling


def trigger(schedule: dict[str, Any], **parts: Any) -> Any:
    entities = built(model(schedules={"score": {"regular": schedule}}, **parts))
    return entities["tr_score_diabetes_regular"]


def test_a_calendar_trigger_passes_when_it_fires_and_nothing_else():
    """Which window that is, is decided by the window grid."""
    assert trigger(calendar()).properties["pipelines"] == [
        {
            "pipelineReference": {"referenceName": "score_diabetes", "type": "PipelineReference"},
            "parameters": {"fire_time": "@trigger().scheduledTime"},
        }
    ]


def test_a_tumbling_trigger_passes_its_window():
    """It has one pipeline, not a list of them."""
    properties = trigger(tumbling()).properties

    assert "pipelines" not in properties
    assert properties["pipeline"]["parameters"] == {
        "window_start": "@trigger().outputs.windowStartTime",
        "window_end": "@trigger().outputs.windowEndTime",
    }


def test_a_tumbling_trigger_has_delay_concurrency_and_retries():
    """In Data Factory's own forms."""
    schedule = tumbling(delay_minutes=1500, max_concurrency=4, retry_count=2, end="2027-01-01T00:00:00Z")

    assert trigger(schedule).properties["typeProperties"] == {
        "frequency": "Hour",
        "interval": 24,
        "startTime": "2026-11-01T00:00:00Z",
        "endTime": "2027-01-01T00:00:00Z",
        "delay": "1.01:00:00",
        "maxConcurrency": 4,
        "retryPolicy": {"count": 2, "intervalInSeconds": 30},
    }


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", "2026-11-01T06:00:00Z"), ("W. Europe Standard Time", "2026-11-01T06:00:00")],
)
def test_a_calendar_time_ends_in_z_in_utc_only(zone: str, expected: str):
    """Elsewhere it is local time without an offset."""
    recurrence = trigger(calendar(time_zone=zone)).properties["typeProperties"]["recurrence"]

    assert (recurrence["startTime"], recurrence["timeZone"]) == (expected, zone)


def test_a_calendar_trigger_says_only_what_was_configured():
    """Empty lists would mean "never"."""
    schedule = calendar(hours=[6, 18], minutes=[0], end="2027-01-01T00:00:00")
    recurrence = trigger(schedule).properties["typeProperties"]["recurrence"]

    assert recurrence["schedule"] == {"hours": [6, 18], "minutes": [0]}
    assert recurrence["endTime"] == "2027-01-01T00:00:00Z"
    assert "schedule" not in trigger(calendar()).properties["typeProperties"]["recurrence"]


@pytest.mark.parametrize(("schedules", "started"), [("on", True), ("off", False)])
def test_whether_a_trigger_runs_is_no_part_of_its_body(schedules: str, *, started: bool):
    """A PUT never starts a trigger: the executor does."""
    entities = built(model(schedules={"score": {"daily": calendar()}}), schedules=schedules)
    entity = entities["tr_score_diabetes_daily"]

    assert entity.started is started
    assert "runtimeState" not in entity.properties
    assert entities["score_diabetes"].started is None


def test_tumbling_windows_are_windows_of_the_models_grid():
    """24 hours from 06:00 are no days from midnight; the error names both windows."""
    with pytest.raises(ScheduleOffGrid, match="2026-11-01T06:00:00Z to 2026-11-02T06:00:00Z") as caught:
        trigger(tumbling(start="2026-11-01T06:00:00Z"))

    assert "2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z" in str(caught.value)
    assert trigger(tumbling(start="2026-11-01T06:00:00Z"), window={"offset_minutes": 360})


def test_a_start_that_is_left_open_is_a_placeholder_for_the_next_window():
    """Nothing in a body depends on the clock: what is known is the grid."""
    open_schedule = tumbling(start=None, end="2025-01-01T00:00:00Z")

    entity = trigger(open_schedule, window={"offset_minutes": 360})
    start = entity.properties["typeProperties"]["startTime"]

    assert isinstance(start, StartAtCreation)
    assert start.at(datetime(2026, 11, 23, 8, 0, tzinfo=UTC)) == "2026-11-24T06:00:00Z"
    assert start.at(datetime(2026, 11, 23, 6, 0, tzinfo=UTC)) == "2026-11-23T06:00:00Z"
    assert (start.may_be("2026-11-01T06:00:00Z"), start.may_be("2026-11-01T00:00:00Z")) == (True, False)


@pytest.mark.parametrize(
    ("schedule", "backfills"),
    [
        (tumbling(), False),
        (tumbling(start=None), True),
        (tumbling(start=None, backfill_from="2026-11-01T00:00:00Z"), True),
    ],
)
def test_only_backfill_from_may_lie_in_the_past(schedule, *, backfills: bool):
    """An open start never does; `start` is refused by the planner where it does."""
    entity = trigger(schedule)

    assert entity.backfills is backfills


def test_a_backfill_starts_with_a_window_of_the_grid():
    """It is the trigger's start, in every other respect."""
    begun = trigger(tumbling(start=None, backfill_from="2026-11-01T00:00:00Z"))

    assert begun.properties == trigger(tumbling()).properties
    with pytest.raises(ScheduleOffGrid, match="2026-11-01T06:00:00Z"):
        trigger(tumbling(start=None, backfill_from="2026-11-01T06:00:00Z"))
    with pytest.raises(ScheduleOffGrid, match="every day"):
        trigger(tumbling(start=None, interval=12))


def test_a_local_day_is_no_tumbling_window_where_clocks_change():
    """The error names the first day that does not have 24 hours."""
    berlin = {"time_zone": "W. Europe Standard Time"}
    with pytest.raises(ScheduleOffGrid, match="2027-03-27T23:00:00Z to 2027-03-28T23:00:00Z"):
        trigger(tumbling(start="2026-11-01T23:00:00Z"), window=berlin)


@pytest.mark.parametrize(
    ("schedule", "fact"),
    [
        (calendar(start="tomorrow"), "`start` is 'tomorrow'"),
        (calendar(start="2026-11-01T06:00:00+01:00"), "`start`"),
        (calendar(start="2026-11-01T06:00:00Z", time_zone="W. Europe Standard Time"), "without an offset"),
        (calendar(end="never"), "`end` is 'never'"),
        (tumbling(start="2026-11-01T00:00:00"), "`start`"),
    ],
)
def test_a_time_that_data_factory_could_misread_is_refused(schedule: dict[str, Any], fact: str):
    """With the trigger, the key, what was found and what is expected."""
    with pytest.raises(BadScheduleTime, match=fact):
        trigger(schedule)


def test_a_time_zone_is_a_windows_name():
    """For an IANA name the Windows name is offered."""
    with pytest.raises(UnknownTimeZone, match="Europe/Berlin") as caught:
        trigger(calendar(time_zone="Europe/Berlin"))

    assert caught.value.hint == "did you mean 'W. Europe Standard Time'?"


def test_a_grid_that_cannot_be_is_refused():
    """With the model and the words of windows, whether anything is scheduled or not."""
    with pytest.raises(BadModelWindow, match=r"models\.diabetes\.window.*2 days"):
        built(model(window={"every": "2 days"}))


def test_a_tumbling_schedule_that_azure_would_refuse_is_refused():
    """The least window has five minutes."""
    with pytest.raises(BadSchedule, match="shorter than the least, 5 minutes"):
        trigger(tumbling(frequency="Minute", interval=4), window={"every": "4 minutes"})


def test_an_event_trigger_passes_the_path_of_the_file():
    """With its file system, as Data Factory says it; of which window it is, the ML pipeline reads there."""
    (starts,) = trigger(event()).properties["pipelines"]
    body = {"folderPath": "data/raw/2026/11/22", "fileName": "_SUCCESS"}

    path = evaluate(starts["parameters"]["event_path"], Scope(trigger_body=body))

    assert (list(starts["parameters"]), path) == (["event_path"], "data/raw/2026/11/22/_SUCCESS")


def test_an_event_trigger_listens_to_files_that_appear_in_one_file_system_only():
    """The prefix is the input's own where none is said; another container's files are not ours."""
    assert trigger(event()).properties["typeProperties"] == {
        "scope": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-demo"
        "/providers/Microsoft.Storage/storageAccounts/demolake",
        "events": ["Microsoft.Storage.BlobCreated"],
        "blobPathBeginsWith": "/data/blobs/raw/diabetes/incoming/",
        "blobPathEndsWith": "/_SUCCESS",
        "ignoreEmptyBlobs": False,
    }


def test_an_event_trigger_finds_the_lake_in_the_resource_group_that_is_said():
    """Which often is another team's."""
    lake = {"account": "demolake", "file_system": "data", "resource_group": "rg-lake"}
    made = built(model(schedules={"score": {"e": event(begins_with="raw/", ends_with=None)}}), lake=lake)
    properties = made["tr_score_diabetes_e"].properties["typeProperties"]

    assert "/resourceGroups/rg-lake/" in properties["scope"]
    assert "blobPathEndsWith" not in properties
    assert properties["ignoreEmptyBlobs"] is True
