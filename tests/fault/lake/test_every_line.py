"""The commit protocol's proof, by exhaustion."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def test_dying_at_any_line_of_a_change_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    """Ten kinds of change, each killed at every line it executes (more than 700 in all): what is left has the
    old bytes with the old metadata and no event, or the new with the new and its event; and the next start
    sweeps every trace of the attempt.
    """
    script = Path(__file__).with_name("every_line.py")
    with tempfile.TemporaryDirectory(dir=_memory() or tmp_path) as folder:
        ran = subprocess.run(
            [sys.executable, script, folder], capture_output=True, text=True, timeout=120, check=False
        )

    assert ran.returncode == 0, ran.stderr
    assert sum(int(line.split()[1]) for line in ran.stdout.splitlines()) > 700


def _memory() -> str | None:
    """A folder in memory, where there is one: the test copies hundreds of folders."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
