"""Dependencies and statuses: the rules one by one. tests/conformance runs the documented scenarios."""

from __future__ import annotations

from sandbox.datafactory.engine.statuses import Decision, decide, overall


def test_an_activity_waits_until_its_dependencies_are_final() -> None:
    """A dependency that runs decides nothing, unless another one already cannot hold."""
    depends_on = {"a": ["Succeeded"], "b": ["Succeeded"]}

    assert Decision.WAIT == decide(depends_on, {"a": "Succeeded", "b": "InProgress"})
    assert Decision.SKIP == decide(depends_on, {"a": "Failed", "b": "InProgress"})
    assert Decision.START == decide(depends_on, {"a": "Succeeded", "b": "Succeeded"})


def test_completed_is_not_skipped() -> None:
    """`Completed` holds after success and failure and skips after a skip."""
    assert Decision.START == decide({"a": ["Completed"]}, {"a": "Failed"})
    assert Decision.SKIP == decide({"a": ["Completed"]}, {"a": "Skipped"})


def test_a_cancelled_activity_cancels_the_pipeline() -> None:
    """Cancelled wins over everything that the leaves say."""
    assert overall({"a": {}, "b": {"a": ["Succeeded"]}}, {"a": "Cancelled", "b": "Skipped"}) == "Cancelled"
