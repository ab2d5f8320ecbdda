"""The state folder: everything a sandbox knows, and the lock that gives it to one process at a time.

lock            flock of the control process; its content is the owner's pid
endpoints.json  there exactly while the sandbox answers
identity.secret signs tokens, storage keys and SAS URLs
clock.json      there where the clock is virtual (clock_file.py)
portal.html     what `deploy.py status --open` hands to a browser
tls/ logs/ state.db lake/ lake.db machinelearning/ warehouse/

The folder's format is that of state.db (database.py). A folder that holds anything else is not ours.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import FolderInUse, FolderNotOurs, FolderUnusable, OwnerOutOfReach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OURS = (
    "lock",
    "lake.lock",
    "endpoints.json",
    "tls",
    "logs",
    "lake",
    "machinelearning",
    "warehouse",
    "start.log",
    "portal.html",
    "clock.json",
    ".clock.json",
)
_OURS_BEGIN = ("identity.secret", ".identity.secret.", ".endpoints.json", "state.db", "lake.db", ".state.db.")
_PROCESSES = Path("/proc")


class StateFolder:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.endpoints = self.path / "endpoints.json"
        self.secret = self.path / "identity.secret"
        self.tls = self.path / "tls"

    def prepare(self) -> None:
        """Make it, for this user only. Raises `FolderUnusable`, and `FolderNotOurs` before any change."""
        try:
            self._require_ours()
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise FolderUnusable(self.path, error.strerror) from error

    def _require_ours(self) -> None:
        """What has a secret of ours is, whatever its user put beside it."""
        if self.secret.exists() or not self.path.exists():
            return
        for file in sorted(self.path.iterdir()):
            if file.name not in _OURS and not file.name.startswith(_OURS_BEGIN):
                raise FolderNotOurs(self.path, file.name)

    def lock(self, name: str = "lock", patience_seconds: float = 0.5) -> int:
        """Hold `name` until the descriptor closes or the process ends, however it ends.

        Raises `FolderInUse` when another process still holds it after `patience_seconds` (a look at who
        holds it takes a moment too).
        """
        file = self.path / name
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FolderUnusable(self.path, f"{error.strerror}: {name}") from error
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise FolderInUse(self.path, file.read_text() or "unknown")
            time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return descriptor

    def is_free(self, *names: str) -> bool:
        """Whether nobody holds any of the locks now."""
        return not any(self._is_held(name) for name in names)

    def _is_held(self, name: str) -> bool:
        try:
            with (self.path / name).open("rb") as file:
                return not _try_lock(file.fileno(), fcntl.LOCK_SH)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise FolderUnusable(self.path, f"{error.strerror}: {name}") from error

    def owner(self) -> int | None:
        """The pid of the process that holds the folder: one that really has its lock open, whatever the
        number in it says. None where nobody does. Raises `OwnerOutOfReach`.
        """
        deadline = time.monotonic() + 1  # between taking the lock and signing it
        while self._is_held("lock"):
            pid = (self.path / "lock").read_text()
            if pid.isdecimal() and (self.path / "lock").resolve() in opened_files(int(pid)):
                return int(pid)
            if time.monotonic() >= deadline:
                raise OwnerOutOfReach(self.path, pid or "unknown")
            time.sleep(0.02)
        return None

    def announce(self, endpoints: Mapping[str, object]) -> None:
        """Write endpoints.json: whole or not at all, for this user only (it holds the identity header)."""
        draft = self.path / ".endpoints.json"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump({"state": str(self.path), **endpoints}, stream, indent=2)
        draft.replace(self.endpoints)

    def announced(self) -> dict[str, Any] | None:
        """What endpoints.json says, if it is about this folder and not the one it was copied from."""
        try:
            found = json.loads(self.endpoints.read_text())
            about_this = Path(found.get("state", self.path)).samefile(self.path)
        except (OSError, ValueError, AttributeError, TypeError):
            return None
        return found if about_this else None

    def withdraw(self) -> None:
        self.endpoints.unlink(missing_ok=True)

    def is_still(self, lock: int) -> bool:
        """Whether the folder is the one whose lock this descriptor is: nobody deleted or replaced it."""
        try:
            return os.path.samestat(os.fstat(lock), (self.path / "lock").stat())
        except FileNotFoundError:
            return False


def opened_files(pid: int) -> Iterator[Path]:
    """As far as this user may know."""
    try:
        descriptors = list((_PROCESSES / str(pid) / "fd").iterdir())
    except OSError:
        return
    for descriptor in descriptors:
        try:
            yield descriptor.readlink()
        except OSError:
            continue


def _try_lock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
