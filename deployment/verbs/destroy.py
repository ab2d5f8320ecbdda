"""destroy: remove what is ours; the factory itself and everything in the lake stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment import desired as desires
from deployment import planner, provenance, report
from deployment.lock import locked
from deployment.verbs.command import command_of
from deployment.verbs.deploy import confirm, executor

if TYPE_CHECKING:
    from argparse import Namespace

DESTROYED: Final = "Destroyed. The factory itself, registered models and everything in the lake stay."


def destroy(arguments: Namespace) -> int:
    with command_of(arguments) as command:
        desired = desires.build(command.settings)
        session = command.session
        with locked(session.lake, command.owner, provenance.who_and_where(), command.progress) as lock:
            observed = command.observe(desired, leaving=True)
            made = planner.plan_destruction(command.owner, observed)
            confirm(command, made)
            executor(command, lock).apply(made)
            command.journal().close()
    outcome = DESTROYED if made.changes else "There is nothing of ours here."
    command.terminal.show(command.plan_lines(made, outcome), report.plan_document(made) | {"applied": True})
    return 0
