"""Ctrl-C in the middle of a deployment, and two deployments at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault.deployment.sweep import PARTS, changing, part_of
from tests.fault.deployment.world import World, opposite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("part", PARTS)
def test_ctrl_c_leaves_every_trigger_as_it_was_and_the_next_deployment_does_the_rest(world: World, part: int):
    """Exit code 130; nobody waits for a lock, and no journal is left."""
    broken = []
    for request in part_of(changing(world.usual["evening"]), part):
        broken += [f"{request}: {each}" for each in interrupted(world, request)]

    assert broken == []


def interrupted(world: World, request: str) -> Iterator[str]:
    configuration, on = opposite(world.now), world.on()
    hit = {"request": request, "when": "after", "signal": "SIGINT"}
    ended = world.deploy(configuration, hit=hit)
    live = world.entities()
    if ended.code != 130:
        yield f"{ended.code} {ended.stdout}"
    if off := {name for name in on - world.on() if f"triggers/{name}" in live}:
        yield f"off: {off}: {ended.stdout}"
    if "triggers.json" in world.records():
        yield "the journal is left"
    yield from world.made_good(configuration)


def test_of_two_deployments_at_once_one_waits_or_is_told_who_deploys(world: World):
    """What the one deploys is there as a whole, and the other has touched nothing or has nothing to do."""
    configuration = opposite(world.now)
    first, second = sorted(world.at_once([(configuration,)] * 2), key=lambda each: each.code)
    world.now = configuration

    assert second.code in (0, 75), second.stdout
    assert second.code == 0 or second.document["error"]["code"] == "locked"
    assert list(world.wrong(first, configuration)) == []


def test_two_deployments_that_want_different_things_make_one_of_them(world: World):
    """Never a mixture, whoever comes first."""
    both = ("morning", "evening")
    ended = dict(zip(both, world.at_once([(each,) for each in both]), strict=True))
    last = max(both, key=lambda each: ended[each].document.get("release") or 0)
    world.now = last

    assert sorted(each.code for each in ended.values()) in ([0, 0], [0, 75])
    assert list(world.wrong(ended[last], last)) == []
