"""Tumbling windows: the cases by their form, and the rules in prose one by one."""

from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from adf.language import Scope, evaluate
from adf.windows import (
    BadTumblingWindow,
    TumblingWindow,
    Window,
    dependency_interval,
    format_instant,
    parse_instant,
    parse_timespan,
    tumbling_change_problems,
    tumbling_pipeline_problems,
    tumbling_problems,
)
from tests.conformance.cases import cases, only

FILE = "tumbling_windows.json"
START = "2024-01-01T00:00:00Z"


def with_form(key: str) -> list[Any]:
    return [case for case in cases(FILE) if key in case.values[0] and "trigger" in case.values[0]] or [
        pytest.param({}, id=f"{FILE}-absent", marks=pytest.mark.skip(reason=f"{FILE} has no {key}"))
    ]


def trigger_of(case: dict[str, Any]) -> TumblingWindow:
    return TumblingWindow.from_type_properties(case["trigger"])


def pair(window: Window) -> list[str]:
    return [format_instant(window.start), format_instant(window.end)]


@pytest.mark.parametrize("case", with_form("expected_windows"))
def test_windows_tile_time_from_the_start(case: dict[str, Any]):
    """The start may be finer than the frequency."""
    windows = islice(trigger_of(case).windows(), len(case["expected_windows"]))

    assert case["expected_windows"] == [pair(window) for window in windows]


@pytest.mark.parametrize("case", with_form("expected_due"))
def test_a_window_is_due_at_its_end_plus_the_delay(case: dict[str, Any]):
    """The delay does not move the window."""
    trigger = trigger_of(case)
    windows = islice(trigger.windows(), len(case["expected_due"]))

    assert case["expected_due"] == [[*pair(w), format_instant(trigger.due_at(w))] for w in windows]


@pytest.mark.parametrize("case", with_form("expected_backfill"))
def test_past_windows_are_all_due_the_oldest_first(case: dict[str, Any]):
    """As many start at once as may run at once."""
    trigger, now = trigger_of(case), parse_instant(case["now"])

    assert case["expected_backfill"] == len(list(trigger.due(now)))
    batch = [pair(window) for window in trigger.first_batch(now)]
    assert case.get("expected_first_batch", batch) == batch


@pytest.mark.parametrize("case", [c for c in with_form("illegal") if "trigger" in (c.values[0] or {})])
def test_an_illegal_trigger_is_refused(case: dict[str, Any]):
    """With all its problems."""
    with pytest.raises(BadTumblingWindow):
        trigger_of(case | {"trigger": {"startTime": START} | case["trigger"]})


@pytest.mark.parametrize("case", only(FILE, "t08"))
def test_frequency_interval_and_start_are_fixed_after_creation(case: dict[str, Any]):
    """t08: only the end may change."""
    before = {"frequency": "Hour", "interval": 1, "startTime": START}

    assert tumbling_change_problems(before, before | case["update"])
    assert not tumbling_change_problems(before, before | {"endTime": "2025-01-01T00:00:00Z"})


@pytest.mark.parametrize("case", only(FILE, "t09"))
def test_there_is_exactly_one_pipeline(case: dict[str, Any]):
    """t09: the property is `pipeline`, an object; `pipelines` is refused."""
    reference = {"pipelineReference": {"type": "PipelineReference", "referenceName": "p"}}

    assert case["description"]
    assert not tumbling_pipeline_problems({"pipeline": reference})
    assert tumbling_pipeline_problems({"pipelines": [reference, reference]})


@pytest.mark.parametrize("case", only(FILE, "t11"))
def test_a_dependency_on_oneself_looks_at_the_window_before(case: dict[str, Any]):
    """t11: the only window it needs is k - 1, so one runs at a time."""
    properties = case["trigger"]
    trigger = TumblingWindow.from_type_properties(properties)
    first, second = islice(trigger.windows(), 2)
    dependency = properties["dependsOn"][0]
    offset, size = parse_timespan(dependency["offset"]), parse_timespan(dependency["size"])

    assert [first] == list(trigger.overlapping(dependency_interval(second, offset, size)))


@pytest.mark.parametrize("case", only(FILE, "t12", "t13"))
def test_a_dependency_needs_every_upstream_window_in_its_interval(case: dict[str, Any]):
    """t12, t13: [start + offset, + size) of the own window, over windows of an hour or of a day."""
    example = case["example"]
    hours = 1 if example.get("upstream") == "hourly" else 24
    trigger = TumblingWindow.from_type_properties(
        {"frequency": "Hour", "interval": hours, "startTime": START}
    )
    own = Window(parse_instant("2024-01-20T00:00:00Z"), parse_instant("2024-01-21T00:00:00Z"))
    interval = dependency_interval(own, parse_timespan(example["offset"]), parse_timespan(example["size"]))

    assert example["required_upstream_windows"] == len(list(trigger.overlapping(interval)))


@pytest.mark.parametrize("case", only(FILE, "t14"))
def test_a_trigger_depends_on_five_others_at_most(case: dict[str, Any]):
    """t14: a sixth is refused."""
    other = {"type": "TriggerDependencyReference"}
    properties = {"frequency": "Hour", "interval": 1, "startTime": START}

    assert case["description"]
    assert not tumbling_problems(properties | {"dependsOn": [other] * 5})
    assert tumbling_problems(properties | {"dependsOn": [other] * 6})


@pytest.mark.parametrize("case", only(FILE, "t15"))
def test_retries_wait_from_30_seconds_to_a_day(case: dict[str, Any]):
    """t15: 30 is the default."""
    properties = {"frequency": "Hour", "interval": 1, "startTime": START}

    assert case["description"]
    assert [False, True, True, False] == [
        not tumbling_problems(properties | {"retryPolicy": {"count": 1, "intervalInSeconds": seconds}})
        for seconds in (29, 30, 86400, 86401)
    ]


@pytest.mark.parametrize("case", only(FILE, "t19"))
def test_windows_may_be_months(case: dict[str, Any]):
    """t19: the frequency stands in the API's enumeration."""
    assert case["description"]
    trigger = TumblingWindow.from_type_properties({"frequency": "Month", "interval": 1, "startTime": START})

    assert timedelta(days=31) == next(trigger.windows()).length


@pytest.mark.parametrize("case", only(FILE, "t20"))
def test_a_parameter_is_computed_from_the_window(case: dict[str, Any]):
    """t20: trigger().outputs has the window's bounds."""
    example = case["example"]
    scope = Scope(trigger={"outputs": {"windowStartTime": example["windowStartTime"]}})

    assert example["expected"] == evaluate(example["expression"], scope)
