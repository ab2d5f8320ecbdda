"""The state folder: everything a sandbox knows, and the lock that gives it to one process at a time.

lock            flock of the control process; its content is the owner's pid, for the error message only
endpoints.json  there exactly while the sandbox answers
identity.secret signs tokens, storage keys and SAS URLs
tls/ logs/ state.db lake/ lake.db machinelearning/
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from typing import TYPE_CHECKING

from sandbox.errors import FolderInUse, FolderUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class StateFolder:
    """Raises `FolderUnusable`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise FolderUnusable(self.path, error.strerror) from error
        self.endpoints = self.path / "endpoints.json"
        self.secret = self.path / "identity.secret"
        self.tls = self.path / "tls"

    def lock(self, name: str = "lock", patience_seconds: float = 0) -> int:
        """Hold `name` until the descriptor closes or the process ends, however it ends.

        Raises `FolderInUse` when another process still holds it after `patience_seconds`.
        """
        file = self.path / name
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise FolderInUse(self.path, file.read_text() or "unknown")
            time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return descriptor

    def announce(self, endpoints: Mapping[str, object]) -> None:
        """Write endpoints.json: whole or not at all, for this user only (it holds the identity header)."""
        draft = self.path / ".endpoints.json"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(endpoints, stream, indent=2)
        draft.replace(self.endpoints)

    def withdraw(self) -> None:
        self.endpoints.unlink(missing_ok=True)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
