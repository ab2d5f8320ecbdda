"""`kill -9` of a deployment before and after its requests, and what the next deployment makes of it.

Each of them is a real process that kills itself at one request. The lock of the dead is broken as an
administrator would, so that nobody waits a minute for it.
"""

from __future__ import annotations

from tests.fault.deployment.sweep import WATCHES, around
from tests.fault.deployment.world import World, opposite


def test_whatever_kills_a_deployment_the_next_one_makes_it_good(world: World):
    """All is as after a deployment that nothing happened to, what is not ours and the records included."""
    broken = []
    for request, when in around(world.usual["evening"]):
        configuration = opposite(world.now)
        world.killed(configuration, request, when)
        broken += [f"{when} {request}: {each}" for each in world.made_good(configuration)]

    assert broken == []


def test_a_trigger_that_is_to_stand_still_is_started_by_nobody(world: World):
    """The deployment that stops it dies, and the next one finds it edited or not, running or not.

    One that is to be deleted may be put back before that: whoever deploys next may not want it deleted.
    """
    broken = []
    for request, when in around(each for each in world.usual["night"] if "/triggers" in each):
        world.deployed("evening")
        before = len(world.starts())
        world.killed("night", request, when)
        broken += [f"{when} {request}: {each}" for each in world.made_good("night")]
        started = {each for each in world.starts()[before:] if "only" not in each}
        broken += [f"{when} {request}: {each} was started" for each in sorted(started)]

    assert broken == []


def test_alerts_come_and_go_whole_whenever_a_deployment_dies(world: World):
    """From evening to night they are deleted, and whom they tell after them; then all are made again."""
    broken = []
    for begin, end in (("evening", "night"), ("night", "evening")):
        for request, when in around(each for each in world.usual[end] if WATCHES.match(each)):
            world.deployed(begin)
            world.killed(end, request, when)
            broken += [f"{when} {request}: {each}" for each in world.made_good(end)]

    assert broken == []
