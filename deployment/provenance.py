"""Who deploys, and from which commit."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def git_commit(folder: Path) -> str:
    """The commit of the folder, with `+` where it has changes of its own; empty where there is no Git."""
    head = _git(folder, "rev-parse", "HEAD")
    if not head:
        return ""
    return head + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def who_and_where() -> str:
    """`ada on build-7, process 4711`: for whoever waits."""
    return f"{who()} on {socket.gethostname()}, process {os.getpid()}"


def who() -> str:
    """The name that the machine knows the user by; in CI that is the agent's."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
