"""status: releases, triggers, models and the last runs; or one landed window of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import report
from deployment.errors import UsageError
from deployment.status import read
from deployment.verbs.command import command_of
from deployment.verbs.run import models_of, window_of

if TYPE_CHECKING:
    from argparse import Namespace

    from deployment.verbs.command import Command


def status(arguments: Namespace) -> int:
    with command_of(arguments) as command:
        if arguments.model or arguments.window or arguments.head or arguments.output_path:
            return _landed_window(command)
        found = read(command.settings, command.session, command.progress, now=command.now)
    command.terminal.show(report.status_parts(found), report.status_document(found))
    return 0


def _landed_window(command: Command) -> int:
    from deployment import landed

    arguments = command.arguments
    if arguments.model is None:
        raise UsageError("whose window?", hint="--window, --head and --output-path go with --model")
    (name,) = models_of(command)
    lake = command.session.lake
    found = landed.read(lake, name, window_of(command, name), arguments.env)
    opened = landed.addresses(command.settings, found.paths)
    rows = landed.head(lake, found.paths, arguments.head) if arguments.head else None
    shown = map(report.Line, opened) if arguments.output_path else landed.parts(found, opened, rows or ())
    command.terminal.show(shown, landed.document(found, opened, rows))
    return 0
