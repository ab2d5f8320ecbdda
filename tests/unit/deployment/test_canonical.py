"""Bodies as they mean: what Data Factory does to a body on its way through is no difference."""

from __future__ import annotations

import pytest

from deployment.canonical import Difference, canonical, differences


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ({"type": "X"}, {"type": "X", "runtimeState": "Stopped", "provisioningState": "Succeeded"}),
        ({"type": "X"}, {"type": "X", "description": None, "annotations": [], "parameters": {}}),
        (
            {"activities": [{"name": "a"}]},
            {"activities": [{"name": "a", "dependsOn": [], "userProperties": []}]},
        ),
        ({"parameters": {"w": {"type": "String"}}}, {"parameters": {"w": {"type": "string"}}}),
        ({"variables": {"w": {"type": "bool"}}}, {"variables": {"w": {"type": "Bool"}}}),
        ({"annotations": ["a", "b"]}, {"annotations": ["b", "a"]}),
        ({"activities": []}, {"activities": [], "lastPublishTime": "2026-11-26T08:00:00Z"}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"typeProperties": {"url": "u"}}, {"typeProperties": {"url": "u", "encryptedCredential": "x"}}),
    ],
)
def test_what_the_service_adds_or_respells_is_no_difference(sent, returned):
    """Read-only properties, nulls, empty collections, case of parameter types, order of keys."""
    assert list(differences(canonical(returned), canonical(sent))) == []


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": True}, {"a": 1}, "a"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "a[0]"),
        ({"a": "x"}, {}, "a"),
        ({"a": {"type": "String"}}, {"a": {"type": "string"}}, "a.type"),
        (
            {"activities": [{"name": "score", "v": "1"}]},
            {"activities": [{"name": "score", "v": "2"}]},
            "activities[score].v",
        ),
        ({"typeProperties": {"runtimeState": 1}}, {"typeProperties": {}}, "typeProperties"),
    ],
)
def test_what_means_something_else_is_a_difference_with_its_path(before, after, path):
    """Types of anything but parameters, order of lists, and names deeper down count."""
    assert next(differences(canonical(before), canonical(after))).path == path


def test_a_list_of_named_items_is_compared_by_name():
    """One activity more does not make every activity different."""
    before = {"activities": [{"name": "score"}, {"name": "check"}]}
    after = {"activities": [{"name": "wait"}, {"name": "score"}, {"name": "check"}]}

    assert list(differences(before, after)) == [Difference("activities[wait]", None, {"name": "wait"})]


def test_named_items_in_another_order_are_a_difference_of_the_order():
    """Order may mean something, so it is not silently equal."""
    before, after = [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]

    assert list(differences(before, after, "x")) == [Difference("x (order)", ["a", "b"], ["b", "a"])]


def test_a_secret_is_masked_in_every_difference():
    """A plan is printed in logs."""
    body = {"typeProperties": {"key": {"type": "SecureString", "value": "hunter2"}}}

    assert "hunter2" not in str(canonical(body))


@pytest.mark.parametrize(
    ("ours", "studio"),
    [
        ({"a": {"timeout": "0.12:00:00"}}, {"a": {"timeout": "12:00:00"}}),
        ({"delay": "06:00:00"}, {"delay": "00.06:00:00"}),
        ({"startTime": "2026-11-01T06:00:00Z"}, {"startTime": "2026-11-01T06:00:00.0000000Z"}),
        ({"startTime": "2026-11-01T06:00:00Z"}, {"startTime": "2026-11-01T06:00:00+00:00"}),
        ({"a": {"endTime": "2026-11-01T06:00:00"}}, {"a": {"endTime": "2026-11-01T06:00:00.000"}}),
        ({"a": ["@pipeline().RunId"]}, {"a": [{"value": "@pipeline().RunId", "type": "Expression"}]}),
    ],
)
def test_studios_spelling_means_the_same(ours, studio):
    """Durations with or without days, instants with a fraction of zeros, expressions as texts or objects."""
    assert canonical(ours) == canonical(studio)


@pytest.mark.parametrize(
    "value", ["2026-11-01T06:00:00.5Z", "2026-11-01T06:00:00+02:00", "@utcNow()", "tomorrow", ""]
)
def test_an_instant_of_another_moment_or_zone_stays(value):
    assert canonical({"startTime": value}) == {"startTime": value}


@pytest.mark.parametrize("key", ["timeout", "delay"])
@pytest.mark.parametrize("value", ["1.00:00:00", "@pipeline().parameters.timeout", "12:00", ""])
def test_a_duration_that_has_days_or_is_none_stays(key, value):
    assert canonical({key: value}) == {key: value}


def test_a_text_elsewhere_is_no_duration():
    """A parameter's default may look like one and is somebody's text."""
    body = {"parameters": {"p": {"type": "string", "defaultValue": "0.12:00:00"}}}

    assert canonical(body) == body
