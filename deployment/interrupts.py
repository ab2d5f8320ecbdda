"""Ctrl-C, kept until nothing is half done.

KeyboardInterrupt comes between any two steps of the main thread: between the start of a worker and the note
that there is one, too, and then nobody waits for what it does.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def kept() -> Iterator[Event]:
    """Within, Ctrl-C sets the event, for whoever goes on to look at; it is raised at the end, a second one at
    once. For the main thread only. Where Ctrl-C is ignored it stays so.
    """
    asked = Event()
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield asked
        return

    def keep(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, keep)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
    if asked.is_set():
        raise KeyboardInterrupt
