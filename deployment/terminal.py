"""Where results go: text through Rich or one JSON document, on stdout; errors on stderr."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from deployment.ci import Annotation, ci_of, harmless, harmless_json, markdown, tell
from deployment.errors import OutputError
from deployment.report import Line, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    from deployment.ci import Ci
    from deployment.failures import Failure

WIDE = 240
"""Columns where nobody looks at a screen: a log or a file takes whole ids."""


@dataclass
class Terminal:
    json: bool = False
    color: bool = True
    quiet: bool = False
    verbose: bool = False
    stdout: TextIO = field(default_factory=lambda: _usable(sys.stdout))
    stderr: TextIO = field(default_factory=lambda: _usable(sys.stderr))
    ci: Ci | None = field(default_factory=lambda: ci_of(os.environ))
    """The CI system that reads along, if one does."""

    @property
    def colored(self) -> bool:
        return self.color and "NO_COLOR" not in os.environ

    @property
    def interactive(self) -> bool:
        return not self.json and sys.stdin.isatty() and self.stderr.isatty()

    def show(self, parts: Iterable[Line | Table], document: Mapping[str, Any]) -> None:
        """One result in the form that was asked for. Raises OutputError, but not where a reader has left."""
        with _writing(self.stdout):
            if self.json:
                self._write_json(document)
            else:
                self._print(parts)

    def _write_json(self, document: Mapping[str, Any]) -> None:
        """In pieces, each a string of it at most: a document may be large."""
        plain = (self.stdout.encoding or "utf-8").lower().replace("-", "") != "utf8"
        for piece in json.JSONEncoder(ensure_ascii=plain, indent=2).iterencode(document):
            self.stdout.write(harmless_json(piece) if "#" in piece else piece)
        self.stdout.write("\n")

    def _print(self, parts: Iterable[Line | Table]) -> None:
        console = self._console(self.stdout)
        for part in parts:
            if isinstance(part, Line):
                console.print(harmless(part.text), style=part.style or None, markup=False, soft_wrap=True)
            else:
                _print_table(console, part)
                console.print()

    @property
    def renews(self) -> bool:
        """What is shown again takes the place of what stood there."""
        return self.stdout.isatty()

    @contextmanager
    def renewed(self) -> Iterator[Callable[[Iterable[Line | Table]], None]]:
        """For results that change while somebody looks; what was shown last stays. Elsewhere than on a
        terminal each is printed below the one before.
        """
        if not self.renews:
            yield lambda parts: self.show(parts, {})
            return
        from rich.console import Group
        from rich.live import Live

        console = self._console(self.stdout)
        with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
            yield lambda parts: live.update(Group(*_drawn(console, parts)), refresh=True)

    def confirm(self, question: str) -> bool:
        """Ask on the terminal; only `yes` means yes."""
        self.stderr.write(f"{question} Only `yes` goes on: ")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() == "yes"

    def fail(self, failure: Failure) -> None:
        """The failure on stderr for people; with -o json the document on stdout for scripts."""
        with suppress(OutputError):
            if self.json:
                with _writing(self.stdout):
                    self._write_json(failure.document())
            else:
                with _writing(self.stderr):
                    self._print_failure(failure)
            self.annotate(failure.annotations())

    def annotate(self, annotations: Iterable[Annotation]) -> None:
        """Shown at the file and line by a CI system; nothing elsewhere."""
        if self.ci is not None:
            with _writing(self.stderr):
                for each in annotations:
                    tell(self.stderr, self.ci.annotation(each))

    def summarise(self, title: str, lines: Iterable[Line]) -> None:
        """What a CI system shows of the job; nothing elsewhere. That it cannot be kept is a warning."""
        if self.ci is None:
            return
        try:
            command = self.ci.summarise(markdown(title, [line.text for line in lines]))
        except OSError as error:
            said = f"the job's summary cannot be written: {error.strerror}"
            command = self.ci.annotation(Annotation("warning", said))
        if command:
            with _writing(self.stderr):
                tell(self.stderr, command)

    def _print_failure(self, failure: Failure) -> None:
        console = self._console(self.stderr)
        told = failure.details or (failure.message,)
        for text in told:
            console.print("[bold red]error[/bold red] ", end="")
            console.print(harmless(text), markup=False, soft_wrap=True)
        if failure.hint and not any(failure.hint in text for text in told):
            console.print(harmless(f"hint  {failure.hint}"), markup=False, soft_wrap=True)

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console

        class Piped(Console):
            """Rich ends the process where a reader has left, whatever the command has done."""

            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        width = None if stream.isatty() else WIDE
        # Without a system nothing is bold or dim either: those are escapes, too.
        return Piped(file=stream, color_system="auto" if self.colored else None, highlight=False, width=width)


def _usable(stream: TextIO | None) -> TextIO:
    """The stream, which replaces what its encoding lacks; nowhere, where the caller closed it (`>&-`)."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


@contextmanager
def _writing(stream: TextIO) -> Iterator[None]:
    """A reader may leave early (`| head -1`): that is no failure. Raises OutputError where a disk is full."""
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        _discard(stream)
        raise OutputError(error.strerror) from error


def _discard(stream: TextIO) -> None:
    """What is still in the stream goes nowhere, or Python would stumble over it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _print_table(console: Console, table: Table) -> None:
    drawn = _rich_table(table)
    if _too_wide(console, table, drawn):
        for line in narrow_lines(table):
            console.print(harmless(line), markup=False, soft_wrap=True)
    else:
        console.print(drawn)


def _too_wide(console: Console, table: Table, drawn: RichTable) -> bool:
    wide = console.options.update(width=WIDE)
    return bool(table.long) and drawn.__rich_measure__(console, wide).maximum > console.width


def _drawn(console: Console, parts: Iterable[Line | Table]) -> Iterator[RichTable | Text]:
    """The same as printed, for a screen that is drawn anew; long lines fold at its edge."""
    from rich.text import Text

    for part in parts:
        if isinstance(part, Line):
            yield Text(harmless(part.text), part.style)
            continue
        drawn = _rich_table(part)
        if _too_wide(console, part, drawn):
            yield from (Text(harmless(line)) for line in narrow_lines(part))
        else:
            yield drawn
        yield Text("")


def narrow_lines(table: Table) -> Iterator[str]:
    """Each row on a line, and its long cells below it, so that an id can be copied whole."""
    short = [index for index, column in enumerate(table.columns) if column not in table.long]
    long = [index for index, column in enumerate(table.columns) if column in table.long]
    rows = [table.columns, *table.rows]
    widths = {index: max(len(row[index]) for row in rows) for index in short}
    for row in rows:
        yield "  ".join(_padded(table, index, row[index], widths[index]) for index in short).rstrip()
        if row is not table.columns:
            yield from (f"    {table.columns[index]:<7}  {row[index]}" for index in long if row[index])


def _padded(table: Table, index: int, cell: str, width: int) -> str:
    return cell.rjust(width) if table.columns[index] in table.right else cell.ljust(width)


def _rich_table(table: Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in table.columns:
        drawn.add_column(column, justify="right" if column in table.right else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(harmless(cell)) for cell in row))
    return drawn
