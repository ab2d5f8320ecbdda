"""In the place of each activity that reaches outside: takes a drawn time on the cluster, and may fail.

Everything in its `typeProperties` is evaluated first, so that an expression that fails in the factory fails
here. A draw belongs to pipeline, activity, trigger, parameters and attempt: what else runs does not change
it.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from dataclasses import replace
from heapq import merge
from typing import TYPE_CHECKING

from sandbox.datafactory.activities import ACTIVITIES
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sandbox.clock import Clock
    from sandbox.datafactory.activities.call import ActivityKind, Call
    from sandbox.datafactory.models import Json
    from sandbox.simulation.cluster import Cluster
    from sandbox.simulation.request import StandIn

_ML = "AzureMLExecutePipeline"
_MANY = "*"


class StandIns:
    def __init__(
        self,
        wanted: Sequence[StandIn],
        seed: int,
        clock: Clock,
        cluster: Cluster,
        computed: Callable[[Call, datetime, datetime, datetime, int], None],
    ) -> None:
        """Activities that none of the wanted fits are themselves. `computed` is told of each stay on the
        cluster: whose, asked, began, ended, nodes.
        """
        self._wanted: defaultdict[str, list[tuple[int, StandIn]]] = defaultdict(list)
        """By the pipeline's name, each with its place among all; under `_MANY` those of several."""
        for place, one in enumerate(wanted):
            self._wanted[one.pipeline if one.is_of_one_pipeline else _MANY].append((place, one))
        self._seed = seed
        self._clock = clock
        self._cluster = cluster
        self._computed = computed
        self._draws: Counter[bytes] = Counter()
        """By a digest: the facts of a year of runs are long."""
        self._found: dict[tuple[str, ...], StandIn | None] = {}

    def kinds(self) -> Mapping[str, ActivityKind]:
        """All kinds: those with a policy reach outside and are stood in for, the others are themselves."""
        return {
            name: replace(kind, run=self._run) if kind.has_policy else kind
            for name, kind in ACTIVITIES.items()
        }

    async def _run(self, call: Call) -> Json:
        run, kind = call.frame.run, str(call.activity["type"])
        wanted = self._fitting(run.definition_name, call.name, kind)
        if wanted is None:
            return await ACTIVITIES[kind].run(call)
        call.input |= call.evaluate(call.properties)
        seconds, why = self._drawn(call, wanted)
        if wanted.nodes:
            await self._on_the_cluster(call, wanted.nodes, seconds)
        else:
            await self._clock.sleep(seconds)
        if why:
            raise _failure(kind, why)
        output: Json = call.evaluate(wanted.output)
        return output

    def _fitting(self, *activity: str) -> StandIn | None:
        """For pipeline, activity and type, remembered: a large factory has a stand-in of each model."""
        if activity not in self._found:
            may_fit = merge(self._wanted.get(activity[0], ()), self._wanted[_MANY])
            self._found[activity] = next((one for _, one in may_fit if one.fits(*activity)), None)
        return self._found[activity]

    async def _on_the_cluster(self, call: Call, nodes: int, seconds: float) -> None:
        asked = self._clock.now()
        async with self._cluster.nodes(nodes):
            began = self._clock.now()
            try:
                await self._clock.sleep(seconds)
            finally:
                self._computed(call, asked, began, self._clock.now(), nodes)

    def _drawn(self, call: Call, wanted: StandIn) -> tuple[int, str]:
        """Seconds, and why it fails; nothing where it does not."""
        chance = self._chance(call, wanted)
        seconds = wanted.minutes.draw_seconds(chance)
        if wanted.fails_percent and chance.random() * 100 < wanted.fails_percent:
            return seconds, f"drawn, {wanted.fails_percent:g} % of runs fail"
        if wanted.fails_when and call.evaluate(wanted.fails_when) is True:
            return seconds, "as the rehearsal was told"
        return seconds, ""

    def _chance(self, call: Call, wanted: StandIn) -> random.Random:
        if not (wanted.minutes.is_drawn or wanted.fails_percent):
            return random.Random(0)  # noqa: S311 - chance, no secret
        run = call.frame.run
        facts = [run.definition_name, call.frame.path, call.name, run.system["TriggerName"], run.parameters]
        key = json.dumps(facts, sort_keys=True)
        digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
        self._draws[digest] += 1
        return random.Random(f"{self._seed}/{self._draws[digest]}/{key}")  # noqa: S311 - chance, no secret


def _failure(kind: str, why: str) -> ActivityFailed:
    if kind == _ML:
        return ActivityFailed(
            "4126", f"Azure ML pipeline run failed with status: 'Failed' (rehearsed: {why})."
        )
    return ActivityFailed("Rehearsed", f"{kind} failed (rehearsed: {why}).")
