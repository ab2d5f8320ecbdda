"""Where results go: text through Rich or one JSON document, on stdout; errors on stderr."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from deployment.report import Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import Console
    from rich.table import Table as RichTable

    from deployment.errors import Failure

WIDE = 240
"""Columns where nobody looks at a screen: a log or a file takes whole ids."""


@dataclass
class Terminal:
    json: bool = False
    color: bool = True
    quiet: bool = False
    verbose: bool = False
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)

    @property
    def colored(self) -> bool:
        return self.color and "NO_COLOR" not in os.environ

    @property
    def interactive(self) -> bool:
        return not self.json and sys.stdin.isatty() and self.stderr.isatty()

    def show(self, parts: Iterable[Line | Table], document: Mapping[str, Any]) -> None:
        """One result in the form that was asked for."""
        if self.json:
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
            self.stdout.flush()
            return
        console = self._console(self.stdout)
        for part in parts:
            if isinstance(part, Line):
                console.print(part.text, style=part.style or None, markup=False, soft_wrap=True)
            else:
                _print_table(console, part)
                console.print()

    def confirm(self, question: str) -> bool:
        """Ask on the terminal; only `yes` means yes."""
        self.stderr.write(f"{question} Only `yes` goes on: ")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() == "yes"

    def fail(self, failure: Failure) -> None:
        """The failure on stderr for people; with -o json the document on stdout for scripts."""
        if self.json:
            self.stdout.write(json.dumps(failure.document(), ensure_ascii=False, indent=2) + "\n")
            self.stdout.flush()
            return
        console = self._console(self.stderr)
        for text in failure.details or (failure.message,):
            console.print("[bold red]error[/bold red] ", end="")
            console.print(text, markup=False, soft_wrap=True)
        if failure.hint and not failure.details:
            console.print(f"hint  {failure.hint}", markup=False, soft_wrap=True)

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console

        width = None if stream.isatty() else WIDE
        return Console(file=stream, no_color=not self.colored, highlight=False, width=width)


def _print_table(console: Console, table: Table) -> None:
    drawn = _rich_table(table)
    if (
        table.long
        and drawn.__rich_measure__(console, console.options.update(width=WIDE)).maximum > console.width
    ):
        for line in narrow_lines(table):
            console.print(line, markup=False, soft_wrap=True)
    else:
        console.print(drawn)


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
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn
