"""`clock.json` of a state folder whose clock is virtual: since when, what it shows, whether it goes.

    {"start": "2026-03-27T00:00:00Z", "now": "2026-03-29T01:00:00Z", "going_since": null}

`going_since`: where it goes at the world's pace, the world's instant, in seconds since 1970, at which it
showed `now`; it is written anew at least every `REFRESH_SECONDS`. Whoever may read the folder can tell the
time from it (`deploy.py` does). A folder without the file is on the world's clock: neither kind of clock
ever goes on with what the other has written, since its runs, windows and fires lie in another time.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adf.windows import format_instant
from sandbox.errors import ClockFileDamaged, OtherStart, WasOnVirtualClock, WasOnWorldClock

if TYPE_CHECKING:
    from pathlib import Path

NAME = "clock.json"
REFRESH_SECONDS = 0.5
_AHEAD = timedelta(seconds=2)
"""Of what is written while it goes: a clock that was killed never goes back behind what it has shown."""


@dataclass(frozen=True)
class ClockFile:
    path: Path
    start: datetime

    def write(self, now: datetime, going_since: float | None) -> None:
        """Whole or not at all."""
        draft = self.path.with_name(f".{NAME}")
        shown = {"start": format_instant(self.start), "now": format_instant(now), "going_since": going_since}
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(shown, stream)
        draft.replace(self.path)


def require_world(state: Path) -> None:
    """Before a start on the world's clock. Raises `WasOnVirtualClock`."""
    if (state / NAME).exists():
        raise WasOnVirtualClock(state)


def opened(state: Path, start: datetime | None) -> tuple[ClockFile, datetime]:
    """The file, and what the clock shows; a new clock shows `start`, by default the world's full second.

    Writes nothing. Raises `WasOnWorldClock`, `OtherStart` and `ClockFileDamaged`.
    """
    path = state / NAME
    if not path.exists():
        if (state / "state.db").exists():
            raise WasOnWorldClock(state)
        begin = start or datetime.now(UTC).replace(microsecond=0)
        return ClockFile(path, begin), begin
    began, now = _read(path)
    if start is not None and start != began:
        raise OtherStart(state, began, start, now)
    return ClockFile(path, began), now


def _read(path: Path) -> tuple[datetime, datetime]:
    """Its start, and the instant at which it goes on."""
    try:
        found = json.loads(path.read_text())
        start, now = (datetime.fromisoformat(found[name]).astimezone(UTC) for name in ("start", "now"))
        return start, now if found["going_since"] is None else now + _AHEAD
    except (ValueError, KeyError, TypeError) as error:
        raise ClockFileDamaged(path, error) from error
