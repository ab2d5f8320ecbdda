"""What a rehearsal refuses before it begins, or while it goes on.

SandboxError
├── BadFactory      a folder or file that the local factory does not take
├── BadSpan         the end is not after the start, or too far from it
├── BadArrivals     the file of arriving files says what cannot be
├── BadStandIns     the file of stand-ins says what cannot be
└── TooManyRuns     the schedules start more runs than anybody will read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_USAGE = 64


class BadFactory(SandboxError):
    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(f"{place} cannot be rehearsed: {reason}")


class BadSpan(SandboxError):
    exit_code = _USAGE

    def __init__(self, start: datetime, end: datetime, expected: str) -> None:
        super().__init__(f"from {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}: {expected}")


class WrongInFile(SandboxError):
    """Of stand-ins, or of arrivals."""

    exit_code = _USAGE

    def __init__(self, place: str, found: object, expected: str) -> None:
        super().__init__(f"{place}: found {found!r}, expected {expected}")


class TooManyRuns(SandboxError):
    exit_code = _USAGE

    def __init__(self, most: int, now: datetime) -> None:
        super().__init__(
            f"the triggers have started more than {most:,} pipeline runs by {now:%Y-%m-%dT%H:%M:%SZ}: "
            "choose a shorter span, or fewer triggers"
        )
