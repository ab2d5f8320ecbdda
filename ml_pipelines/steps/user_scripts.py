"""Running the user's training scripts: as he runs them, `python train.py --input … --output …`."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ScriptFailed, ScriptMissing

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_script(name: str, arguments: Sequence[str], root: Path | None = None) -> None:
    """Run `name` of the snapshot; its output is the step's, its last line the error's cause."""
    path = (root or Path.cwd()) / name
    if not path.is_file():
        raise ScriptMissing(name, f"there is no such file in {path.parent}")
    last: deque[str] = deque(maxlen=1)
    with subprocess.Popen(
        [sys.executable, str(path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.strip():
                last.append(line.strip())
    if process.returncode != 0:
        ended = (
            f"signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
        )
        raise ScriptFailed(name, f"{ended}; its last line: {last[0] if last else '(none)'}")


def require_content(name: str, folder: Path) -> None:
    """A script that writes nothing has failed, whatever it says."""
    if not any(folder.rglob("*")):
        raise ScriptFailed(name, f"it wrote nothing to --output {folder}")
