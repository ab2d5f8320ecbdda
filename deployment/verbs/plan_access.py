"""plan --check-access: the roles that an environment needs, which are missing, and what grants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment import access, access_report
from deployment.errors import UsageError
from deployment.verbs.command import command_of
from deployment.verbs.plan import CHANGES_PRESENT
from deployment.verbs.wanted import sources_of

if TYPE_CHECKING:
    from argparse import Namespace

    from deployment.access import Access
    from deployment.verbs.command import Command

PLANS: Final = ("prune", "select", "adopt", "out")


def plan_access(arguments: Namespace) -> int:
    """2 where something is missing, with --detailed-exitcode; what is not known is not missing."""
    _refuse_contradictions(arguments)
    with command_of(arguments) as command:
        found = _found(command)
        settings = command.settings
    parts = list(access_report.parts(found, settings))
    command.terminal.show(parts, {"env": settings.environment, **access.document(found)})
    command.terminal.summarise(f"Access in {settings.environment}", access_report.lines(parts))
    missing = access.counts(found)["missing"]
    return CHANGES_PRESENT if arguments.detailed_exitcode and missing else 0


def _refuse_contradictions(arguments: Namespace) -> None:
    given = [f"--{name}" for name in PLANS if getattr(arguments, name)]
    given += ["--release"] if arguments.release is not None else []
    if given:
        hint = "leave them out: roles are looked at in place of the plan"
        raise UsageError(f"--check-access with {', '.join(given)}", hint=hint)


def _found(command: Command) -> list[Access]:
    from deployment import access_check, resource_manager
    from deployment.session import open_session

    settings = command.settings
    wanted = access.needs(settings, sources_of(command))
    if command.arguments.offline:
        return access_check.unread(wanted)
    # Whoever lacks a role may see nothing of what a plan must see.
    session = open_session(settings, command.progress, complete=False)
    token = session.token(resource_manager.AZURE)
    return access_check.check(wanted, settings, session.resources, token)
