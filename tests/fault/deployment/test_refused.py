"""Requests that are refused, cut off, or answered into nowhere, and what a deployment makes of it.

What passes is got over without a word: in one deployment every request meets the fault once. What does not
pass ends the deployment, and every trigger that ran runs.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from tests.fault.deployment.sweep import ALL, PARTS, changing, part_of, service_of, swept
from tests.fault.deployment.world import World, opposite

if TYPE_CHECKING:
    from collections.abc import Iterator

Fault = dict[str, Any]
THROTTLED: Fault = {"action": "refuse", "status": 429, "code": "TooManyRequests", "retry_after": 0}
BUSY: Fault = {"action": "refuse", "status": 503, "code": "ServerBusy"}
ERROR: Fault = {"action": "refuse", "status": 500, "code": "InternalServerError"}
CUT: Fault = {"action": "cut"}
LOST: Fault = {"action": "drop_reply"}
TOKEN: Fault = {"action": "refuse", "status": 401, "code": "ExpiredAuthenticationToken", "times": 1}
LOCKED: Fault = {"action": "refuse", "status": 409, "code": "ScopeLocked"}

CONTROL = {
    "throttled": [THROTTLED],
    "a server's error": [ERROR],
    "cut off": [CUT],
    "answered into nowhere": [LOST],
}
LAKE = {"busy": [BUSY], "a server's error": [ERROR], "cut off": [CUT], "answered into nowhere": [LOST]}
IN_TURN = {"answered into nowhere, cut off, busy in turn": [LOST, LOST, CUT, LOST, BUSY]}
"""The lake's SDK waits a second before it asks again: all faults for all requests are for the full sweep."""


@pytest.fixture(autouse=True)
def nothing_ordered(world: World) -> Iterator[None]:
    yield
    world.azure.clear_faults()


@pytest.mark.parametrize("faults", CONTROL.values(), ids=CONTROL)
def test_what_passes_at_azure_is_got_over(world: World, faults):
    """Every request is made again, once, and does what it would have done."""
    assert deployed_through(world, world.usual[opposite(world.now)], "control", faults) == []


@pytest.mark.parametrize("faults", (LAKE if ALL else IN_TURN).values(), ids=LAKE if ALL else IN_TURN)
def test_what_passes_at_the_lake_is_got_over(world: World, faults):
    """So is the lock, and what is renamed into its place."""
    assert deployed_through(world, swept(world.usual[opposite(world.now)]), "lake", faults) == []


def deployed_through(world: World, requests: list[str], service: str, faults: list[Fault]) -> list[str]:
    """Each request of the service meets one of the faults at its first time; what is wrong after that."""
    configuration, turns = opposite(world.now), cycle(faults)
    for request in requests:
        if request.endswith("#1") and service_of(request) == service:
            world.order(request, times=1, **next(turns))
    ended = world.deploy(configuration)
    world.now = configuration
    return list(world.wrong(ended, configuration))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", [TOKEN, LOCKED], ids=["an expired token", "a lock in Azure"])
def test_what_does_not_pass_ends_the_deployment_and_leaves_every_trigger_on(world: World, fault, part: int):
    """It says what was refused; the next one does the rest. What cannot be started is in the journal."""
    broken = []
    for request in part_of(changing(world.usual["evening"]), part):
        broken += [f"{request}: {each}" for each in refused(world, request, fault)]

    assert broken == []


def refused(world: World, request: str, fault: Fault) -> Iterator[str]:
    configuration, on = opposite(world.now), world.on()
    world.order(request, **fault)
    ended = world.deploy(configuration)
    world.azure.clear_faults()
    live = world.entities()
    if ended.code != 1 or fault["code"] not in ended.stdout:
        yield f"{ended.code} {ended.stdout}"
    journaled = world.records().get("triggers.json", {}).get("triggers", [])
    if off := {name for name in on - world.on() if f"triggers/{name}" in live and name not in journaled}:
        yield f"off: {off}"
    yield from world.made_good(configuration)
