"""A start that is past, blamed on the line that says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.triggers import score_trigger_name
from config.errors import InvalidConfigurationError, Problem
from deployment.errors import PastStartError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.documents import Key
    from config.errors import Where
    from config.schema import Settings


class PlacedPastStartError(InvalidConfigurationError):
    """A PastStartError with file and line; scripts know both by one code."""

    code = PastStartError.code


def placed(
    error: PastStartError, settings: Settings, positions: Mapping[Key, Where]
) -> PastStartError | PlacedPastStartError:
    """The error in a configuration's form; as it is where no file says the start (an earlier release)."""
    keys = {
        score_trigger_name(model.name, name): ("models", model.name, "schedules", "score", name, "start")
        for model in settings.models.values()
        for name in model.schedules.score
    }
    problems = [
        Problem(positions[keys[name]], ".".join(keys[name]), f"`{start}`, which is past", _EXPECTED)
        for name, start in error.starts
        if keys.get(name) in positions
    ]
    return PlacedPastStartError(problems) if len(problems) == len(error.starts) else error


_EXPECTED = "no `start`, to begin with the next window, or `backfill_from` in its place"
