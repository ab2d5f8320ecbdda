"""plan --offline --factory: factory JSON held against the rules, whoever wrote it; no settings, no Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import factory_folder, findings
from deployment.errors import FAILED, UsageError
from deployment.terminal import Terminal

if TYPE_CHECKING:
    from argparse import Namespace


def plan_factory(arguments: Namespace) -> int:
    """1 where there is an error among the findings."""
    _refuse_contradictions(arguments)
    terminal = Terminal(
        arguments.output == "json", not arguments.no_color, arguments.quiet, arguments.verbose
    )
    checked = factory_folder.check(arguments.factory)
    terminal.show(findings.parts(checked), findings.document(checked))
    terminal.annotate(findings.annotated(checked))
    terminal.summarise(f"Factory {arguments.factory}", findings.lines(checked))
    return FAILED if checked.count("error") else 0


def _refuse_contradictions(arguments: Namespace) -> None:
    if not arguments.offline:
        hint = "add --offline: what is live in Azure is not asked for"
        raise UsageError("--factory validates files", hint=hint)
    given = [
        f"--{name}" for name in ("env", "set", "select", "prune", "adopt", "out") if getattr(arguments, name)
    ]
    given += ["--release"] if arguments.release is not None else []
    given += ["--detailed-exitcode"] if arguments.detailed_exitcode else []
    given += ["--check-access"] if arguments.check_access else []
    if given:
        hint = "leave them out: the folder is all that is looked at"
        raise UsageError(f"--factory with {', '.join(given)}", hint=hint)
