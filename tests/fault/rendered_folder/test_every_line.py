"""All of one rendering, or none of it: by exhaustion."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def test_dying_at_any_line_leaves_one_rendering_or_what_the_next_completes(tmp_path: Path) -> None:
    """Into no folder, among files of others, and after a rendering that died: what is left is the old, the
    new, or an unfinished one that says so; files of others are as they were; the next rendering is whole.
    """
    script = Path(__file__).with_name("every_line.py")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        ran = subprocess.run(
            [sys.executable, script, folder], capture_output=True, text=True, timeout=200, check=False
        )

    assert ran.returncode == 0, ran.stderr
    assert sum(int(line.split()[1]) for line in ran.stdout.splitlines()) > 500
