"""Work that is killed on its way, in a process of its own; what sweeps over every moment of it share.

For scripts: who forks must have one thread.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType


def killed(work: Callable[[], object]) -> bool:
    """Whether the work died where it was told to; where it fails otherwise, so does the sweep."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the fork ends here, whatever happened: the sweep is its parent's
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, -signal.SIGKILL):
        message = f"the work ended with {code}, where nothing but a kill should end it"
        raise AssertionError(message)
    return code != 0


def die() -> None:
    """As by kill -9: nothing of this process does anything after it."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_line(line: int, files: Sequence[str]) -> None:
    """At the line of that number, of those in `files` (ends of paths) that run from now on."""
    left = line

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(tuple(files)):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                die()
        return count

    sys.settrace(count)
