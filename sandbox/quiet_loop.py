"""An event loop that knows when nothing is left to do in this process, and tells before it waits."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from selectors import SelectorKey

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Telling(selectors.DefaultSelector):
    """The loop asks it to wait only when no callback is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.about_to_wait: Callable[[], bool] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0)
        waits = not ready and (timeout is None or timeout > 0)
        if not waits or (self.about_to_wait is not None and self.about_to_wait()):
            return ready
        return super().select(timeout)


class QuietLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._telling = _Telling()
        self._in_threads = 0
        super().__init__(self._telling)

    @classmethod
    def running(cls) -> QuietLoop:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, cls):
            raise TypeError(loop)
        return loop

    @property
    def has_threads_at_work(self) -> bool:
        """Whether somebody waits for what `asyncio.to_thread` does."""
        return self._in_threads > 0

    def when_quiet(self, told: Callable[[], bool]) -> None:
        """Called each time when no callback is ready and no socket has news, before the loop waits for
        either; it answers whether it has made something to do (a future's result, a timer).
        """
        self._telling.about_to_wait = told

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        doing = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        doing.add_done_callback(self._out_of_thread)
        return doing

    def _out_of_thread(self, _: object) -> None:
        self._in_threads -= 1
