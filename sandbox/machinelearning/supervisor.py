"""Runs one command as a process group and never leaves anything of it behind. Started as a script, standard
library only.

    python -I supervisor.py -- python train.py ...    exit code: the command's; 128 + n after signal n

Its standard input is a pipe that the sandbox holds open. When that ends (the sandbox cancels the step, or
was itself killed with -9) the whole group is killed. What the command leaves running when it ends is killed
too; on Linux also what left the group (`setsid`): orphans come to this process, their subreaper.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CHILDREN = Path("/proc/thread-self/children")


def main(command: list[str]) -> int:
    """The command gets no input, and this process's output and error streams."""
    _adopt_orphans()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent(),  # noqa: PLW1509 - one thread
    ) as process:
        threading.Thread(target=_kill_at_end_of_input, args=(process.pid,), daemon=True).start()
        code = process.wait()
        _kill_group(process.pid)
    _kill_orphans()
    return code if code >= 0 else 128 - code


def _kill_at_end_of_input(group: int) -> None:
    while os.read(0, 4096):
        pass
    _kill_group(group)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _adopt_orphans() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _kill_orphans() -> None:
    """Generation by generation: the children of one that is killed come here too."""
    while _CHILDREN.exists() and (orphans := _CHILDREN.read_text().split()):
        for orphan in orphans:
            os.kill(int(orphan), signal.SIGKILL)
        for orphan in orphans:
            os.waitpid(int(orphan), 0)


def _die_with_parent() -> Callable[[], object] | None:
    """On Linux, also when this process is killed with -9 and so cannot kill its group."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--") + 1 :]))
