"""Work with a limit, on the clock that was passed in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine


T = TypeVar("T")


async def within(
    seconds: float, work: Coroutine[Any, Any, T], sleep: Callable[[float], Awaitable[None]]
) -> T:
    """The work's result; `TimeoutError` once it has taken too long. The work is over when this returns."""
    doing = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(sleep(seconds))
    try:
        await asyncio.wait({doing, timer}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise TimeoutError
        return doing.result()
    finally:
        doing.cancel()
        timer.cancel()
        await asyncio.gather(doing, timer, return_exceptions=True)
