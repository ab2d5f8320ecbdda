"""What is going on, on stderr: a live line per subject on a terminal, plain lines elsewhere, nothing with -q.

A subject is whatever takes a while: a step of a plan, a pipeline run, the start of the local Azure.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from deployment.ci import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.table import Table

    from deployment.resources import Action, Change

DOING: Final[dict[Action, tuple[str, str]]] = {
    "create": ("creating", "created"),
    "change": ("changing", "changed"),
    "recreate": ("recreating", "recreated"),
    "drift": ("putting back", "put back"),
    "delete": ("deleting", "deleted"),
    "unchanged": ("checking", "unchanged"),
}

MANY: Final = 20
"""From so many steps on it is told how many are done."""


class Progress(Protocol):
    """All methods may be called from any thread."""

    def expects(self, steps: int, *, told_from: int = MANY) -> None:
        """So many subjects will end; from `told_from` on it is told how many have."""

    def began(self, step: Change) -> None: ...
    def ended(self, step: Change) -> None: ...
    def failed(self, step: Change, reason: str) -> None: ...
    def note(self, text: str) -> None: ...
    def state(self, subject: str, text: str) -> None:
        """The subject goes on, and this is how."""

    def done(self, subject: str, text: str, *, failed: bool = False) -> None:
        """The subject has ended, and this is how."""


class _Steps:
    """Steps of a plan told as subjects."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}
        self._expected, self._told_from, self._expected_at = 0, MANY, 0.0
        self._over: list[str] = []

    def expects(self, steps: int, *, told_from: int = MANY) -> None:
        self._expected, self._told_from = steps, told_from
        self._expected_at, self._over = self._clock(), []

    def so_far(self) -> str:
        """`312 of 4,003, 2 min left` where there are many; the time once it can be told."""
        over, expected = len(self._over), self._expected
        if expected < self._told_from or over == expected:
            return ""
        left = (self._clock() - self._expected_at) / max(1, over) * (expected - over)
        return f"{over:,} of {expected:,}" + (f", {_roughly(left)} left" if over >= self._told_from else "")

    def began(self, step: Change) -> None:
        self._since[str(step.address)] = self._clock()
        self.state(str(step.address), DOING[step.action][0])

    def ended(self, step: Change) -> None:
        self.done(str(step.address), f"{DOING[step.action][1]}{self._took(step)}")

    def failed(self, step: Change, reason: str) -> None:
        self.done(str(step.address), f"failed{self._took(step)}: {reason}", failed=True)

    def _took(self, step: Change) -> str:
        seconds = self._clock() - self._since.get(str(step.address), self._clock())
        return f" in {seconds:.1f} s" if seconds >= 0.1 else ""

    def state(self, subject: str, text: str) -> None:
        raise NotImplementedError

    def done(self, subject: str, text: str, *, failed: bool = False) -> None:
        raise NotImplementedError


def _roughly(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class Silent(_Steps):
    def note(self, text: str) -> None:
        pass

    def state(self, subject: str, text: str) -> None:
        pass

    def done(self, subject: str, text: str, *, failed: bool = False) -> None:
        pass


class Lines(_Steps):
    """For logs: a line when something changes, never the same line twice in a row for a subject."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._stream = stream
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}

    def note(self, text: str) -> None:
        with self._lock:
            print(harmless(text), file=self._stream, flush=True)

    def state(self, subject: str, text: str) -> None:
        if self._last.get(subject) != text:
            self._last[subject] = text
            self.note(f"{subject}: {text}")

    def done(self, subject: str, text: str, *, failed: bool = False) -> None:
        self._over.append(subject)
        self._last.pop(subject, None)
        so_far = self.so_far()
        self.note(f"{'error: ' if failed else ''}{subject}: {text}{f' ({so_far})' if so_far else ''}")


class Board(_Steps):
    """For terminals: what has ended scrolls away, what goes on stays below with a spinner.

    Rich's live display runs only while something goes on, so a question can be asked in between.
    """

    def __init__(self, stream: TextIO, *, color: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._console = Console(file=stream, color_system="auto" if color else None, highlight=False)
        self._going: dict[str, str] = {}
        self._lock = threading.Lock()
        self._switching = threading.Lock()
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=self._console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._draw,
        )

    def _draw(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        with self._lock:
            for subject, text in self._going.items():
                table.add_row(self._spinner, Text(subject), Text(harmless(text), style="dim"))
        if so_far := self.so_far():
            table.add_row("", ProgressBar(self._expected, len(self._over), width=30), Text(so_far, "bold"))
        return table

    def note(self, text: str) -> None:
        self._console.print(harmless(text), markup=False, style="dim")

    def state(self, subject: str, text: str) -> None:
        with self._lock:
            self._going[subject] = text
        self._switch()

    def done(self, subject: str, text: str, *, failed: bool = False) -> None:
        from rich.text import Text

        self._over.append(subject)
        with self._lock:
            self._going.pop(subject, None)
        mark = Text("✗ ", "red") if failed else Text("✓ ", "green")
        self._console.print(mark + Text(harmless(f"{subject}: {text}"), "default"))
        self._switch()

    def _switch(self) -> None:
        with self._switching:
            if self._going:
                self._live.start(refresh=True)
            else:
                self._live.stop()

    def close(self) -> None:
        """Whatever is still going on is not told any more."""
        with self._lock:
            self._going.clear()
        self._switch()


@contextmanager
def progress_on(
    stream: TextIO, *, quiet: bool, color: bool, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """The progress that suits `stream`."""
    if quiet:
        yield Silent()
    elif stream.isatty():
        board = Board(stream, color=color, clock=clock)
        try:
            yield board
        finally:
            board.close()
    else:
        yield Lines(stream, clock)
