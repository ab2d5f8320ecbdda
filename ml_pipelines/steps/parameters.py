"""The ML pipelines' parameters and the steps' arguments, declared once.

Data Factory passes strings only, and an empty string is lost on the way: so every parameter is a string that
is never empty, and `-` means none. What does not change from run to run is a literal argument
`--abs-<name> <value>`; a step takes those it knows and ignores the rest.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .errors import ArgumentMissing, BadArgument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NONE = "-"
PREFIX = "--abs-"

BATCH_PARAMETERS: dict[str, str] = {
    "window_start": NONE,
    "window_end": NONE,
    "fire_time": NONE,
    "event_path": NONE,
    "input_path": NONE,
    "output_path": NONE,
    "adf_run_id": NONE,
    "adf_group_id": NONE,
    "model_version": "approved",
}
"""Parameters of `score_<model>`, with their defaults. `-` for the input and output path means: as configured.

`event_path` is the file whose storage event started the run: `<file system>/<path>`."""

TRAINING_PARAMETERS: dict[str, str] = {
    "training_data": NONE,
    "champion": "approved",
    "adf_run_id": NONE,
    "adf_group_id": NONE,
}
"""Parameters of `train_<model>`, with their defaults. `champion` is the version that a new model is compared
with, in the words of versions.py; `-` means none."""


@cache
def argument(name: str) -> str:
    """`window_start` → `--abs-window-start`."""
    return PREFIX + name.replace("_", "-")


def literal(value: object) -> str:
    """A value as an argument: never empty."""
    if isinstance(value, str):
        return value or NONE
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return NONE if value is None or not text else text


def map_literal(value: Mapping[str, Any]) -> str:
    """A map as an argument, in JSON."""
    return map_text(value) if value else NONE


def map_text(value: Mapping[str, Any]) -> str:
    """The same for the same content, in whatever order that was written."""
    return _SORTED.encode(value)


_SORTED = json.JSONEncoder(sort_keys=True)


class Arguments:
    """The `--abs-…` arguments of a command line, without abbreviations; everything else is ignored."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._values: Mapping[str, str] = {
            name.removeprefix(PREFIX): value for name, value in pairwise(argv) if name.startswith(PREFIX)
        }

    def text(self, name: str) -> str:
        try:
            return self._values[name]
        except KeyError:
            raise ArgumentMissing(name) from None

    def optional(self, name: str) -> str | None:
        """None where the argument is `-` or absent."""
        value = self._values.get(name, NONE)
        return None if value == NONE else value

    def document(self, name: str) -> dict[str, Any]:
        """A map in JSON; empty where the argument is `-` or absent."""
        value = self._values.get(name, NONE)
        try:
            found = {} if value == NONE else json.loads(value)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise BadArgument(name, value, "a map in JSON")
        return found

    def number(self, name: str) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            raise BadArgument(name, self.text(name), "a whole number") from None

    def decimal(self, name: str) -> float:
        try:
            return float(self.text(name))
        except ValueError:
            raise BadArgument(name, self.text(name), "a number") from None

    def flag(self, name: str) -> bool:
        return self.choice(name, ("true", "false")) == "true"

    def choice(self, name: str, known: Sequence[str]) -> str:
        value = self.text(name)
        if value not in known:
            raise BadArgument(name, value, " or ".join(known))
        return value
