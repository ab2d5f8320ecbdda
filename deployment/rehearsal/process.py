"""The local Azure as a rehearsal's process: files in, the timetable out, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from adf.entities import StartAtCreation
from adf.git_layout import documents
from adf.windows import format_instant
from deployment.errors import LocalAzureError, UsageError
from deployment.local_azure import REPOSITORY

if TYPE_CHECKING:
    from adf.entities import Entity, Placeholder
    from deployment.errors import DeploymentError
    from deployment.rehearsal.asked import Asked
    from deployment.resources import Desired

LONG_BEFORE: Final = timedelta(days=400)
"""A trigger whose start is left open has been there so long; longer than any dependency is likely to look."""
_USAGE: Final = 64


def rehearse(
    desired: Desired, asked: Asked, stand_ins: dict[str, Any], arriving: dict[str, Any]
) -> dict[str, Any]:
    """The timetable's document; `arriving`: the files that come, unless a file of `asked` says it.

    Raises LocalAzureError, and UsageError for what cannot be rehearsed.
    """
    with TemporaryDirectory(prefix="rehearsal-") as place:
        folder = Path(place)
        _write(desired, asked, folder)
        (folder / "stand_ins.json").write_text(json.dumps(stand_ins))
        (folder / "arrivals.json").write_text(json.dumps(arriving))
        ran = subprocess.run(
            _command(asked, folder),
            cwd=REPOSITORY,
            # At Ctrl-C it is killed, and what it has not removed goes with this folder.
            env={**os.environ, "TMPDIR": place},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    if ran.returncode != 0:
        raise _failure(ran)
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def _failure(ran: subprocess.CompletedProcess[bytes]) -> DeploymentError:
    """In the process's own words; the last line where it is a mistake of ours."""
    said = ran.stderr.decode(errors="replace").strip() or f"it ended with {ran.returncode}, without a word"
    if ran.returncode == _USAGE:
        return UsageError(said)
    return LocalAzureError(f"the rehearsal failed: {said.splitlines()[-1]}")


def _command(asked: Asked, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "sandbox", "simulate", str(folder), "--seed", str(asked.seed)]
    command += ["--from", format_instant(asked.start), "--to", format_instant(asked.end)]
    command += ["--stand-ins", str(folder / "stand_ins.json")]
    command += ["--arrivals", str((asked.arrivals or folder / "arrivals.json").absolute())]
    command += [] if asked.nodes is None else ["--nodes", str(asked.nodes)]
    return [*command, "--as-new"] if asked.as_new else command


def _write(desired: Desired, asked: Asked, folder: Path) -> None:
    def known(_: Entity, placeholder: Placeholder) -> str | None:
        """An endpoint that is not published yet is as good as any: its runs are stood in for."""
        if isinstance(placeholder, StartAtCreation):
            return placeholder.at(asked.start if asked.as_new else asked.start - LONG_BEFORE)
        return None

    layout = documents(desired.entities, known, factory=desired.factory, location=desired.location)
    for path, document in layout.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(document))
