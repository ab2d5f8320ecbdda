"""run --simulate: what the schedules of an environment will do, without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deployment import desired as desires
from deployment import whole_file
from deployment.errors import NothingDeployedError, PageError
from deployment.rehearsal import happened, process, text
from deployment.rehearsal.arrivals import arrivals
from deployment.rehearsal.asked import asked_of
from deployment.rehearsal.past import past_of
from deployment.rehearsal.stand_ins import stand_ins
from deployment.rehearsal.story import document, story
from deployment.rehearsal.timetable import Timetable

if TYPE_CHECKING:
    from pathlib import Path

    from deployment.rehearsal.asked import Asked
    from deployment.rehearsal.past import Past
    from deployment.rehearsal.story import Story
    from deployment.verbs.command import Command


def simulate(command: Command) -> int:
    """0 whatever is rehearsed: a failure that was drawn is no failure of the command."""
    asked = asked_of(command.arguments, command.settings)
    timetable = _happened(command, asked) if command.arguments.happened else _rehearsed(command, asked)
    told = story(Timetable.from_document(timetable), command.settings)
    if command.arguments.html is not None:
        _write(command.arguments.html, _page(told))
        command.progress.note(f"the timetable as a page: {command.arguments.html}")
    command.terminal.show(text.parts(told), document(told, timetable))
    return 0


def _happened(command: Command, asked: Asked) -> dict[str, Any]:
    happened.require_local(command.settings)
    return happened.happened(command.session, asked)


def _rehearsed(command: Command, asked: Asked) -> dict[str, Any]:
    desired = desires.build(command.settings)
    command.progress.state("rehearsal", f"{len(desired.entities)} entities")
    standing = stand_ins(command.settings, asked, _past(command, asked))
    if command.arguments.stand_ins is not None:
        _write(command.arguments.stand_ins, json.dumps(standing, indent=2) + "\n")
        command.progress.note(f"what stands for the ML runs: {command.arguments.stand_ins}")
    timetable = process.rehearse(desired, asked, standing, arrivals(command.settings, asked.start, asked.end))
    command.progress.done("rehearsal", f"{len(timetable['runs']):,} pipeline runs")
    if command.settings.schedules == "off":
        command.progress.note("schedules: off; the triggers are rehearsed as if they were on")
    return timetable


def _past(command: Command, asked: Asked) -> dict[str, Past]:
    """Nothing, and no session, unless it is asked for."""
    if asked.past_days is None:
        return {}
    factory = command.session.data_factory
    if factory.factory() is None:
        name = command.settings.data_factory.name
        raise NothingDeployedError(f"the factory {name}, whose past is asked for,", command.arguments.env)
    found = past_of(factory, command.now, asked.past_days)
    told = (f"{pipeline} ({len(past.minutes)})" for pipeline, past in sorted(found.items()))
    command.progress.note(f"drawn from runs of the last {asked.past_days} days: {', '.join(told) or 'none'}")
    return found


def _page(told: Story) -> str:
    from deployment.rehearsal.page import page

    return page(told)


def _write(file: Path, text: str) -> None:
    """Whole or not at all. Raises PageError."""
    try:
        whole_file.write(file, text)
    except OSError as error:
        raise PageError(file, error) from error
