"""Stand-ins in the local Azure that serves, on a virtual clock: what is not asked for is run as ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities import ACTIVITIES
from sandbox.datafactory.models import wire_instant
from sandbox.simulation.cluster import Cluster
from sandbox.simulation.request import USUAL_ML, require_room, stand_ins_of
from sandbox.simulation.stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sandbox.arguments import Options
    from sandbox.context import Context
    from sandbox.datafactory.activities.call import ActivityKind, Call


def activity_kinds(context: Context, options: Options) -> Mapping[str, ActivityKind]:
    """Raises `WrongInFile`."""
    wanted = stand_ins_of(options.stand_ins) if options.stand_ins else ()
    if options.ml == "stand-ins":
        wanted = (*wanted, USUAL_ML)
    if not wanted:
        return ACTIVITIES
    require_room(wanted, options.nodes)
    return StandIns(wanted, options.seed, context.clock, Cluster(options.nodes), _remember).kinds()


def _remember(call: Call, _: datetime, began: datetime, __: datetime, nodes: int) -> None:
    """With the activity's run: the timetable of what happened tells it (happened.py)."""
    call.services.remember(began=wire_instant(began), nodes=nodes)
