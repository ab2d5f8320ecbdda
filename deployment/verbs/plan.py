"""plan: everything that deploy would do, without a single write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment import planner, provenance, report, saved_plans
from deployment.errors import UsageError
from deployment.resources import NOTHING
from deployment.saved_plans import PlanOptions
from deployment.selection import Selection
from deployment.verbs.command import command_of
from deployment.verbs.wanted import wanted_of

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from deployment.journal import Unfinished
    from deployment.resources import Desired, Plan
    from deployment.verbs.command import Command

CHANGES_PRESENT: Final = 2


def plan(arguments: Namespace) -> int:
    _refuse_contradictions(arguments)
    options = PlanOptions.of(arguments)
    with command_of(arguments) as command:
        commit = provenance.git_commit(arguments.project_dir) if arguments.out else ""
        desired = wanted_of(command, options)
        made, unfinished = _plan(command, desired, options)
        if arguments.out is not None:
            _save(command, made, desired, options, commit)
    # What a release wanted is not what the keys say now.
    origins = command.origins() if options.release is None and not arguments.offline else None
    document = report.plan_document(made, command.now, unfinished, origins)
    lines = list(command.plan_lines(made, unfinished=unfinished, origins=origins, adopting=arguments.adopt))
    command.terminal.show(lines, document | ({"offline": True} if arguments.offline else {}))
    command.annotate(made)
    command.terminal.summarise(f"Plan for {made.environment}", lines)
    return CHANGES_PRESENT if arguments.detailed_exitcode and made.changes else 0


def _refuse_contradictions(arguments: Namespace) -> None:
    if arguments.offline and (arguments.out or arguments.release is not None or arguments.adopt):
        hint = "leave out --offline: what is live and what was released must be read for it"
        raise UsageError("--out, --release and --adopt need Azure", hint=hint)


def _plan(command: Command, desired: Desired, options: PlanOptions) -> tuple[Plan, Unfinished | None]:
    selection = Selection(options.select)
    if command.arguments.offline:
        # Against an empty subscription: everything that is wanted, as new.
        return planner.plan(desired, NOTHING, selection=selection), None
    observed = command.observe(desired)
    made = planner.plan(desired, observed, prune=options.prune, selection=selection, now=command.now)
    return made, command.journal().read()


def _save(command: Command, made: Plan, desired: Desired, options: PlanOptions, commit: str) -> None:
    file: Path = command.arguments.out
    at, by = command.now.strftime("%Y-%m-%dT%H:%M:%SZ"), provenance.who()
    saved_plans.write(saved_plans.saved(made, desired, options, at=at, by=by, commit=commit), file)
    command.progress.note(f"plan saved: python deploy.py deploy --env {made.environment} --plan {file}")
