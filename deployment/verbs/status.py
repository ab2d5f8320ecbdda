"""status: releases, triggers, models and the last runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import report
from deployment.status import read
from deployment.verbs.command import command_of

if TYPE_CHECKING:
    from argparse import Namespace


def status(arguments: Namespace) -> int:
    with command_of(arguments) as command:
        found = read(command.settings, command.session, command.progress, now=command.now)
    command.terminal.show(report.status_parts(found), report.status_document(found))
    return 0
