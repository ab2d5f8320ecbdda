"""status: releases, triggers, models and their windows; one run; or one landed window of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import report, status_report
from deployment.errors import UsageError
from deployment.status import read
from deployment.verbs.command import command_of
from deployment.verbs.run import models_of, window_of
from deployment.windows_said import instant_of

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import datetime

    from deployment.status import Status
    from deployment.verbs.command import Command


def status(arguments: Namespace) -> int:
    _refuse_contradictions(arguments)
    with command_of(arguments) as command:
        if arguments.open:
            return _open(command)
        if _asks_for_a_window(arguments):
            return _landed_window(command)
        if arguments.run_id:
            return _one_run(command)
        since = _since(command)
        if arguments.watch:
            return _watch(command, since)
        found = _read(command, command.now, since)
        if arguments.html is not None:
            _write_page(command, found)
    command.terminal.show(status_report.parts(found), status_report.document(found))
    return 1 if arguments.check and not found.healthy else 0


def _open(command: Command) -> int:
    from deployment import portal

    settings = command.settings
    if settings.azure.cloud != "local":
        hint = "--html FILE writes a page of this environment"
        raise UsageError("the portal is the local Azure's", hint=hint)
    link = portal.link(settings.sandbox, command.session)
    if link is None:
        hint = f"python -m sandbox stop --state {settings.sandbox.state}, and again"
        raise UsageError(
            "the local Azure that runs has no portal: it was started by an older version", hint=hint
        )
    if not portal.show(link, settings.sandbox.state):
        command.progress.note("no browser was found: follow the link")
    command.terminal.show([report.Line(link)], {"portal": link})
    return 0


def _asks_for_a_window(arguments: Namespace) -> bool:
    return bool(arguments.model or arguments.window or arguments.head or arguments.output_path)


def _refuse_contradictions(arguments: Namespace) -> None:
    whole = [name for name in ("check", "watch", "since", "html", "open") if getattr(arguments, name)]
    if whole and (arguments.run_id or _asks_for_a_window(arguments)):
        raise UsageError(f"--{whole[0]} looks at everything", hint="leave out RUN_ID, --model and --window")
    if arguments.run_id and _asks_for_a_window(arguments):
        raise UsageError("one run, or one window?", hint="leave out RUN_ID, or --model and what goes with it")
    if arguments.open and whole != ["open"]:
        raise UsageError("--open only opens the portal", hint=f"leave out --{whole[0]}, or --open")
    if arguments.watch and (arguments.check or arguments.html or arguments.output == "json"):
        hint = "without --watch, as often as you like"
        raise UsageError("--watch is for people and never ends", hint=hint)


def _since(command: Command) -> datetime | None:
    said = command.arguments.since
    return None if said is None else instant_of(said, "--since")


def _read(command: Command, now: datetime, since: datetime | None) -> Status:
    return read(command.settings, command.session, command.progress, now=now, since=since)


def _write_page(command: Command, found: Status) -> None:
    from deployment import status_page

    status_page.write(found, command.now, command.arguments.html)
    command.progress.note(f"wrote {command.arguments.html}")


def _watch(command: Command, since: datetime | None) -> int:
    from time import sleep

    from deployment import present
    from deployment.watch import QUICKEST_SECONDS, watch

    seconds = max(QUICKEST_SECONDS, command.session.polling_seconds)
    watch(
        command.terminal,
        lambda now: _read(command, now, since),
        clock=lambda: present.now(command.settings),
        pause=lambda: sleep(seconds),
    )
    return 0


def _one_run(command: Command) -> int:
    from deployment import run_details

    given = command.arguments.run_id
    found = run_details.read(command.settings, command.session, command.progress, given)
    command.terminal.show(run_details.parts(found), run_details.document(found))
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
