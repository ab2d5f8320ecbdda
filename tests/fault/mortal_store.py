"""A store that dies at one of its writes, before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.datafactory.models import Json


class MortalStore(Store):
    """`dies` ends the process, or raises: then whatever is asked of the store afterwards raises too."""

    def __init__(self, path: Path, writes: int, dies: Callable[[], object]) -> None:
        self.writes_left = writes
        self._dies = dies
        super().__init__(path)

    def put(self, *arguments: Any) -> None:
        self._live(1)
        super().put(*arguments)

    def delete(self, *arguments: Any) -> bool:
        self._live(1)
        return super().delete(*arguments)

    def get(self, *arguments: Any) -> Json | None:
        self._live(0)
        return super().get(*arguments)

    def has(self, *arguments: Any) -> bool:
        self._live(0)
        return super().has(*arguments)

    def _live(self, writes: int) -> None:
        self.writes_left -= writes
        if self.dead:
            self._dies()

    @property
    def dead(self) -> bool:
        return self.writes_left < 0
