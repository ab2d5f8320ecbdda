"""`--detach`: the sandbox as a process of its own, in a session of its own; this one ends when it is ready.

Of several that start at the same moment one process gets the lock; the others find it running, and use it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from sandbox import outside
from sandbox.errors import FolderInUse, RunsElsewhere, RunsOnOtherClock, StartFailed, stop_command
from sandbox.status import CLOCK, WORLD, ready_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.arguments import Options
    from sandbox.outside import Outside
    from sandbox.state import StateFolder

_START_SECONDS = 60


def start(folder: StateFolder, options: Options, words: Sequence[str]) -> int:
    """`words` are the command line's. Raises `StartFailed`, `RunsElsewhere` and `FolderInUse`."""
    deadline = time.monotonic() + _START_SECONDS
    while (running := outside.find(folder)) is None:
        if folder.is_free("lock"):
            said, exit_code = _start_one(words)
            if exit_code is None:
                sys.stdout.write(said)
                return 0
            if exit_code != FolderInUse.exit_code:
                raise StartFailed(exit_code, said.strip(), folder.logs)
        if time.monotonic() >= deadline:
            raise FolderInUse(folder.path, str(folder.owner()))
        time.sleep(0.05)
    return _use(running, folder, options)


def _use(running: Outside, folder: StateFolder, options: Options) -> int:
    if any(running.endpoints[name] != url for name, url in options.addresses.items()):
        raise RunsElsewhere(folder.path, running.endpoints["control"])
    clock = running.get(CLOCK) if running.endpoints.get("clock") == "virtual" else WORLD
    if clock["clock"] != options.clock:
        raise RunsOnOtherClock(folder.path, "virtual" if clock["clock"] == "virtual" else "world's")
    print(  # noqa: T201
        *ready_lines(running.endpoints["control"], folder.logs, stop_command(folder.path), clock), sep="\n"
    )
    return 0


def _start_one(words: Sequence[str]) -> tuple[str, int | None]:
    """What it said, and its exit code where it ended without being ready."""
    own = [word for word in words[words[:1] == ["start"] :] if word != "--detach"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "start", "--detached", *own],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    impatience = threading.Timer(_START_SECONDS, process.terminate)
    impatience.start()
    try:
        # It closes its end when it is ready: then, or at its end, this is all that it said.
        said = "" if process.stdout is None else process.stdout.read()
    except BaseException:
        process.terminate()
        raise
    finally:
        impatience.cancel()
    ready = any(line.startswith("ready ") for line in said.splitlines())
    return said, None if ready else process.wait()
