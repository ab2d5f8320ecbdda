"""Packages that are installed and that a process does not use: who asks for them is told that they are not.

pyarrow imports pandas to see whether a value is of its kind, Microsoft's storage clients import aiohttp to
see whether they were given its transport, and Docker's, which azureml-core brings, imports paramiko for ssh.
All do without. pandas alone is half of the imports of a step that works on Arrow's tables only.
"""

from __future__ import annotations

import sys

ASYNCIO = ("aiohttp", "yarl")
SSH = ("paramiko",)
FRAMES = ("pandas",)


def hide(*names: str) -> None:
    """For the rest of this process, of which nothing may be code that somebody else wrote."""
    sys.meta_path.insert(0, _Absent(names))


class _Absent:
    """A finder of modules, the first that is asked."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        if name in self._names:
            raise ModuleNotFoundError(f"{name} is not used by this process", name=name)
