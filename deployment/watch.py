"""status --watch: the same status again and again, until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adf.windows import format_instant
from deployment import status_report
from deployment.failures import EXPECTED
from deployment.report import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from deployment.report import Table
    from deployment.status import Status
    from deployment.terminal import Terminal

QUICKEST_SECONDS: Final = 2.0


def watch(
    terminal: Terminal,
    look: Callable[[datetime], Status],
    *,
    clock: Callable[[], datetime],
    pause: Callable[[], None],
) -> None:
    """Returns on Ctrl-C: nothing was interrupted by it, this is how watching ends.

    On a terminal the whole status stands there, renewed, and cut below where it is too long; elsewhere it
    comes once, then a line a change. A failure to read it again is told, and watching goes on.
    """
    try:
        seen = look(clock())
        with terminal.renewed() as show:
            show(list(status_report.parts(seen)))
            while True:
                pause()
                seen = _again(terminal, show, look, clock(), seen)
    except KeyboardInterrupt:
        return


def _again(
    terminal: Terminal,
    show: Callable[[list[Line | Table]], None],
    look: Callable[[datetime], Status],
    now: datetime,
    before: Status,
) -> Status:
    at = format_instant(now.replace(microsecond=0))
    try:
        found = look(now)
    except KeyboardInterrupt:
        raise
    except EXPECTED as error:
        told = Line(f"{at} cannot be read: {error}", "yellow")
        show([told, *status_report.parts(before)] if terminal.renews else [told])
        return before
    if terminal.renews:
        show([Line(f"{at}, Ctrl-C ends", "dim"), *status_report.parts(found)])
    else:
        show([Line(f"{at} {text}") for text in changes(before, found)])
    return found


def changes(before: Status, after: Status) -> Iterator[str]:
    """What is another than before, a line each."""
    old, new = dict(_facts(before)), dict(_facts(after))
    for subject in {**old, **new}:
        if old.get(subject) != new.get(subject):
            yield f"{subject}: {old.get(subject, 'not there')} → {new.get(subject, 'not there')}"


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    for trigger in status.triggers:
        yield f"trigger {trigger.name}", trigger.state
    for model in status.models:
        for each in model.windows:
            late = ", late" if each.late_by is not None else ""
            yield f"{each.model} {status_report.window_of(each)}", f"{each.state}{late}"
    for report in status.runs:
        if report.trains:
            yield f"{report.pipeline} {report.adf_run_id}", report.status
