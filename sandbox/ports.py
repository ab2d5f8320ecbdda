"""The three ports, taken on loopback before anything else is done; who has one that is taken already.

Who listens is read from /proc: the socket's inode, the process that has it open, and, where that process is
a sandbox, the state folder whose lock it holds.
"""

from __future__ import annotations

import errno
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from sandbox.errors import PortInUse, PortUnusable, stop_command
from sandbox.state import opened_files

_BACKLOG = 512
_LISTENS = "0A"
_LOCKS = ("lock", "lake.lock")
_DELETED_LOCKS = tuple(f"{name} (deleted)" for name in _LOCKS)
_PATIENCE_SECONDS = 5
_OPTIONS = ("--port", "--lake-port", "--identity-port")


def listen_on(numbers: tuple[int, int, int], state: Path) -> list[socket.socket]:
    """All of them or none, for the owner of the state folder. Raises `PortInUse` and `PortUnusable`."""
    with ExitStack() as undo:
        listening = [
            undo.enter_context(_listen(port, option, state.resolve()))
            for port, option in zip(numbers, _OPTIONS, strict=True)
        ]
        undo.pop_all()
    return listening


def _listen(port: int, option: str, state: Path) -> socket.socket:
    """On loopback, and nowhere else. What is about to end by itself is given the time."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (listening := _try_to_listen(port, option)) is None:
        holders = _holders(port)
        ends = not _listeners(port) or any(_is_ending(pid, state) for pid in holders)
        if time.monotonic() >= deadline or not ends:
            raise PortInUse(port, option, _described(holders))
        time.sleep(0.1)
    return listening


def _try_to_listen(port: int, option: str) -> socket.socket | None:
    """None where somebody else does. Raises `PortUnusable`."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise PortUnusable(port, option, error.strerror) from error
    return listening


def _holders(port: int) -> list[int]:
    """Pids, as far as this user may know."""
    sockets = {Path(f"socket:[{inode}]") for inode in _listeners(port)}
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if sockets and not sockets.isdisjoint(opened_files(int(process.name)))
    ]


def _described(holders: list[int]) -> str:
    """Who that is, and what to do about it."""
    for pid in holders:
        folder = _state_folder(pid)
        if folder is not None:
            return f"the local Azure of {folder} (pid {pid}): stop it ({stop_command(folder)})"
    for pid in holders:
        return f"another program ({_read(pid, 'comm')}, pid {pid}): stop it"
    return "another program: stop it"


def _is_ending(pid: int, state: Path) -> bool:
    """A sandbox whose folder was deleted, or the lake that a killed owner of this folder left."""
    if any(file.name in _DELETED_LOCKS for file in opened_files(pid)):
        return True
    words = _read(pid, "cmdline").split("\0")
    return words[1:4] == ["-m", "sandbox.datalake", "--state"] and Path(words[4]).resolve() == state


def _listeners(port: int) -> list[str]:
    """Inodes of the sockets that listen there, on loopback or on every address."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            lines = [line.split() for line in Path(table).read_text().splitlines()[1:]]
            found += [line[9] for line in lines if line[3] == _LISTENS and line[1].endswith(f":{port:04X}")]
    return found


def _state_folder(pid: int) -> Path | None:
    """Of a sandbox: the control process holds `lock`, the lake (which has the port too) `lake.lock`."""
    for file in opened_files(pid):
        if file.name in _LOCKS and (file.parent / "identity.secret").exists():
            return file.parent
    return None


def _read(pid: int, name: str) -> str:
    """What /proc says of a process; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace").strip()
    except OSError:
        return ""
