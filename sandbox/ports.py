"""The three ports, taken on loopback before anything else is done; who has one that is taken already.

Who listens is read from /proc: the socket's inode, the process that has it open, and, where that process is
a sandbox, the state folder whose lock it holds.
"""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack
from pathlib import Path

from sandbox.errors import PortInUse, PortUnusable, stop_command
from sandbox.state import opened_files

_BACKLOG = 512
_LISTENS = "0A"
_OPTIONS = ("--port", "--lake-port", "--identity-port")


def listen_on(numbers: tuple[int, int, int]) -> list[socket.socket]:
    """All of them or none. Raises `PortInUse` and `PortUnusable`."""
    with ExitStack() as undo:
        listening = [
            undo.enter_context(_listen(port, option)) for port, option in zip(numbers, _OPTIONS, strict=True)
        ]
        undo.pop_all()
    return listening


def _listen(port: int, option: str) -> socket.socket:
    """On loopback, and nowhere else."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, option, _holder(port)) from error
        raise PortUnusable(port, option, error.strerror) from error
    return listening


def _holder(port: int) -> str:
    """In words, with what to do about it."""
    sockets = {Path(f"socket:[{inode}]") for inode in _listeners(port)}
    holders = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if sockets and not sockets.isdisjoint(opened_files(int(process.name)))
    ]
    for pid in holders:
        folder = _state_folder(pid)
        if folder is not None:
            return f"the local Azure of {folder} (pid {pid}): stop it ({stop_command(folder)})"
    for pid in holders:
        return f"another program ({_name(pid)}, pid {pid}): stop it"
    return "another program: stop it"


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
        if file.name in ("lock", "lake.lock") and (file.parent / "identity.secret").exists():
            return file.parent
    return None


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "ended since"
