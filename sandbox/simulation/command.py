"""`python -m sandbox simulate`: the timetable as JSON on stdout."""

from __future__ import annotations

import gc
import json
import sys
from typing import TYPE_CHECKING

from sandbox.simulation.arrivals import arrivals_of
from sandbox.simulation.rehearsal import rehearse
from sandbox.simulation.request import Request, stand_ins_of

if TYPE_CHECKING:
    from argparse import Namespace


def run(given: Namespace) -> int:
    # A large factory stays to the end: the collector would go through all of it every few hundred runs.
    gc.set_threshold(50_000, 20, 10)
    request = Request(
        given.folder,
        given.since,
        given.until,
        given.seed,
        given.nodes,
        stand_ins_of(given.stand_ins) if given.stand_ins else (),
        given.as_new,
        arrivals=arrivals_of(given.arrivals) if given.arrivals else None,
    )
    sys.stdout.write(f"{json.dumps(rehearse(request))}\n")
    return 0
