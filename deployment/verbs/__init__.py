"""The verbs: what happens in which order. Each answers the exit code.

    command.py    what every verb has: settings, terminal, progress, a session when it is asked for
    plan.py deploy.py run.py status.py render.py destroy.py    one verb each
    plan_factory.py    plan for the files of others; plan_access.py: the roles that an environment needs
    simulate.py    run, rehearsed; smoke_test.py: deploy --run; wanted.py: what a plan goes for

A verb is imported when it is called: `plan --offline` does not wait for what `run` needs.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace


def carry_out(arguments: Namespace) -> int:
    """The verb of a command line that deployment/arguments.py has understood; the exit code."""
    collect_rarely()
    match arguments.verb:
        case "deploy":
            from deployment.verbs.deploy import deploy as verb
        case "plan" if arguments.factory is not None:
            from deployment.verbs.plan_factory import plan_factory as verb
        case "plan" if arguments.check_access:
            from deployment.verbs.plan_access import plan_access as verb
        case "plan":
            from deployment.verbs.plan import plan as verb
        case "run":
            from deployment.verbs.run import run as verb
        case "status":
            from deployment.verbs.status import status as verb
        case "render":
            from deployment.verbs.render import render as verb
        case "destroy":
            from deployment.verbs.destroy import destroy as verb
        case unknown:
            raise AssertionError(f"the grammar knows a verb `{unknown}` that nobody carries out")
    return verb(arguments)


def collect_rarely() -> None:
    """A plan of a thousand models makes millions of small values and hardly a cycle: looking for cycles as
    often as Python does by default takes a quarter of its time.
    """
    gc.set_threshold(10_000, 20, 50)
