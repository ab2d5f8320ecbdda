"""`kill -9` of a deployment before and after its requests, and what the next deployment makes of it.

Each of them is a real process that kills itself at one request. The lock of the dead is broken as an
administrator would, so that nobody waits a minute for it.
"""

from __future__ import annotations

from itertools import zip_longest

import pytest

from tests.fault.deployment.sweep import PARTS, WATCHES, around, part_of
from tests.fault.deployment.world import World, opposite


@pytest.mark.parametrize("part", PARTS)
def test_whatever_kills_a_deployment_the_next_one_makes_it_good(world: World, part: int):
    """All is as after a deployment that nothing happened to, what is not ours and the records included."""
    broken = []
    for request, when in part_of(around(world.usual["evening"]), part):
        configuration = opposite(world.now)
        world.killed(configuration, request, when)
        broken += [f"{when} {request}: {each}" for each in world.made_good(configuration)]

    assert broken == []


@pytest.mark.parametrize("part", PARTS)
def test_a_trigger_that_is_to_stand_still_is_started_by_nobody(world: World, part: int):
    """The deployment that stops it dies, and the next one finds it edited or not, running or not.

    One that is to be deleted may be put back before that: whoever deploys next may not want it deleted.
    """
    broken = []
    of_triggers = (each for each in world.usual["night"] if "/triggers" in each)
    for request, when in part_of(around(of_triggers), part):
        world.deployed("evening")
        before = len(world.starts())
        world.killed("night", request, when)
        broken += [f"{when} {request}: {each}" for each in world.made_good("night")]
        started = {each for each in world.starts()[before:] if "only" not in each}
        broken += [f"{when} {request}: {each} was started" for each in sorted(started)]

    assert broken == []


@pytest.mark.parametrize("part", PARTS)
def test_alerts_come_and_go_whole_whenever_a_deployment_dies(world: World, part: int):
    """From evening to night they are deleted, and whom they tell after them; at dawn all are made again."""
    broken = []
    dusks, dawns = (
        part_of(around(each for each in world.usual[at] if WATCHES.match(each)), part)
        for at in ("night", "dawn")
    )
    world.deployed("evening")
    for hits in zip_longest(dusks, dawns, fillvalue=None):
        for configuration, hit in zip(("night", "evening"), hits, strict=True):
            if hit is not None:
                world.killed(configuration, *hit)
            broken += [f"{hit}: {each}" for each in world.made_good(configuration)]

    assert broken == []
