"""Which fields an object of a body may have: those that are run, and those that Azure knows besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.errors import BadRequest, NotRun
from sandbox.datafactory.values import require_object

if TYPE_CHECKING:
    from sandbox.datafactory.models import JsonValue

# Written by Studio whether or not they are used.
_NEUTRAL: tuple[JsonValue, ...] = (None, False, "", "None", "none", [], {})


class Fields:
    """Two lists of names, each a text of words. `not_run` may stand there as long as they say nothing."""

    def __init__(self, run: str, *, not_run: str = "") -> None:
        self._run = frozenset(run.split())
        self._not_run = frozenset(not_run.split())

    def check(self, written: JsonValue, what: str, target: str) -> None:
        """Raises `NotRun` for what is not run, `BadRequest` for what nobody knows."""
        for name, value in require_object(written, what, target).items():
            if name in self._run:
                continue
            if name not in self._not_run:
                raise BadRequest(f"{what} has the unknown field '{name}'.", target=target)
            if value not in _NEUTRAL:
                raise NotRun(f"{what} with {name}")
