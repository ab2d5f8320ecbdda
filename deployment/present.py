"""What time it is in an environment: the world's time, or what the local Azure's virtual clock shows.

A local Azure on a virtual clock is known by the `clock.json` of its state folder (its words stand in
`sandbox/clock_file.py`; nothing of it is imported). Everything that is compared with fires, windows and runs
asks here; leases, tokens and waiting are the world's.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from deployment.errors import LocalAzureError

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Settings

VIRTUAL: Final = "-virtual"
"""What the name of a folder ends with that `python -m sandbox --clock virtual` makes by itself."""


def now(settings: Settings) -> datetime:
    """In UTC. Raises LocalAzureError where the clock cannot be read."""
    world = datetime.now(UTC)
    if settings.azure.cloud != "local":
        return world
    return shown(settings.sandbox.state, world) or world


def shown(state: Path, world: datetime) -> datetime | None:
    """What the virtual clock of a state folder shows; None where its clock is the world's."""
    file = state / "clock.json"
    try:
        said = json.loads(file.read_text())
        moment = datetime.fromisoformat(said["now"]).astimezone(UTC)
        since = said["going_since"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LocalAzureError(f"{file} does not say what its clock shows: {error}") from error
    return moment if since is None else moment + max(timedelta(0), world - datetime.fromtimestamp(since, UTC))
