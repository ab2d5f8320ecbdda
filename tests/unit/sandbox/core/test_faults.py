"""Which requests an ordered fault hits."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.errors import AzureError
from sandbox.faults import Fault


def hits(fault: dict[str, Any], *requests: tuple[str, str]) -> list[bool]:
    parsed = Fault.parse({"action": "refuse", **fault})
    return [parsed.hits(method, path) for method, path in requests]


def test_a_fault_hits_its_method_and_path() -> None:
    requests = (("PUT", "/a?mode=legacy"), ("GET", "/a?mode=legacy"), ("PUT", "/b"))

    assert hits({"method": "put", "path": "mode=leg"}, *requests) == [True, False, False]


def test_a_fault_without_limits_hits_always() -> None:
    assert hits({}, *[("GET", "/")] * 3) == [True, True, True]


def test_some_pass_then_some_are_hit() -> None:
    """Requests that do not match are not counted."""
    requests = [("GET", "/x"), ("GET", "/a"), ("GET", "/a"), ("GET", "/x"), ("GET", "/a"), ("GET", "/a")]

    expected = [False, False, True, False, True, False]
    assert hits({"path": "^/a", "skip": 1, "times": 2}, *requests) == expected


@pytest.mark.parametrize(
    "order",
    [{}, {"action": "explode"}, {"action": "kill", "when": "later"}, {"action": "delay", "path": "("}],
)
def test_an_order_that_makes_no_sense_is_refused(order: dict[str, Any]) -> None:
    with pytest.raises(AzureError, match="InvalidFault"):
        Fault.parse(order)
