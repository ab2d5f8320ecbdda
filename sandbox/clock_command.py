"""`python -m sandbox clock`: what the clock shows; with `--advance` or `--to` time passes first."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from adf.windows import format_instant
from sandbox import outside, status
from sandbox.errors import NotAdvanced, NotRunning, NoVirtualClock

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.outside import Outside
    from sandbox.state import StateFolder

_LOOKS_SECONDS = 0.1


def run(folder: StateFolder, *, by: str | None, to: datetime | None, as_json: bool) -> int:
    """Returns when it is there. Raises `NotRunning`, `NoVirtualClock` and `NotAdvanced`."""
    running = outside.find(folder)
    if running is None:
        raise NotRunning(folder.path)
    shown = _asked(running, "GET")
    if by or to:
        if shown["clock"] != "virtual":
            raise NoVirtualClock(folder.path)
        shown = _asked(running, "POST", {"by": by} if by else {"to": format_instant(to)} if to else {})
        shown = _arrived(running, folder, shown)
    print(json.dumps(shown, indent=2) if as_json else status.clock_line(shown))  # noqa: T201
    return 0


def _asked(running: Outside, method: str, how_far: dict[str, str] | None = None) -> dict[str, Any]:
    try:
        return running.call(method, status.CLOCK, how_far)
    except HTTPError as refusal:
        raise NotAdvanced(json.load(refusal)["error"]["message"]) from refusal


def _arrived(running: Outside, folder: StateFolder, shown: dict[str, Any]) -> dict[str, Any]:
    """Whoever interrupts this interrupts the advance."""
    goal = shown["to"]
    try:
        while shown["to"]:
            time.sleep(_LOOKS_SECONDS)
            shown = _seen(running, folder, goal) or shown
    except KeyboardInterrupt:
        with suppress(OSError):
            print(f"stopped: {status.clock_line(running.call('DELETE', status.CLOCK))}")  # noqa: T201
        raise
    return shown


def _seen(running: Outside, folder: StateFolder, goal: str) -> dict[str, Any] | None:
    """None where it has no time to answer."""
    try:
        return running.get(status.CLOCK)
    except OSError as error:
        if folder.owner() is not None:
            return None
        raise NotAdvanced(
            f"the local Azure has ended on the way ({error}); what fell due until then is kept. Start it "
            f"again, and go on with --to {goal}"
        ) from error
