"""A JSON file in which somebody lists objects under one key, as `{"arrivals": [...]}`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.simulation.errors import WrongInFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.datafactory.models import Json


def objects_in(file: Path, key: str, known: frozenset[str]) -> Iterator[tuple[Json, str]]:
    """Each with its place, for messages; it has no other keys than `known`. Raises `WrongInFile`."""
    try:
        written = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise WrongInFile(str(file), str(error), f'JSON such as {{"{key}": [...]}}') from error
    found = written.get(key) if isinstance(written, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise WrongInFile(f"{file}: {key}", found, "a list of objects")
    for index, one in enumerate(found):
        place = f"{file}: {key}[{index}]"
        for unknown in sorted(one.keys() - known):
            raise WrongInFile(place, unknown, f"one of {', '.join(sorted(known))}")
        yield one, place
