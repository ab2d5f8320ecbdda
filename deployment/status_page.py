"""A status as one HTML file, to be attached to a ticket: everything in it, nothing to fetch, no script.

What ADF, Azure ML and the lake say is escaped; the page's policy lets no style in but its own, by digest.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adf.windows import format_instant
from deployment import status_report, whole_file
from deployment.errors import PageError
from deployment.freshness import GOING_ON, span
from deployment.report import number, unfinished_lines, window_name

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Template

    from deployment.runs import RunReport
    from deployment.status import ModelStatus, Status
    from deployment.window_status import WindowStatus

_TEMPLATES: Final = Path(__file__).parent / "templates"
_STATES: Final = {
    "landed": ("good", "✓"),
    "running": ("busy", "▶"),
    "due": ("wait", "…"),
    "failed": ("bad", "✕"),
    "did not run": ("lost", "○"),
    "not landed": ("lost", "○"),
    "Succeeded": ("good", "✓"),
    "Failed": ("bad", "✕"),
    "Cancelled": ("off", "■"),
    "Started": ("good", "▶"),
    "Stopped": ("off", "■"),
}


@dataclass(frozen=True)
class Mark:
    """A state in colour, shape and words."""

    word: str
    kind: str
    sign: str


def mark(word: str) -> Mark:
    return Mark(word, *_STATES.get(word, ("busy" if word in GOING_ON else "wait", "▶")))


def write(status: Status, now: datetime, file: Path) -> None:
    """Whole or not at all. Raises PageError."""
    try:
        whole_file.write(file, page(status, now))
    except OSError as error:
        raise PageError(file, error) from error


def page(status: Status, now: datetime) -> str:
    from markupsafe import Markup

    style = (_TEMPLATES / "status.css").read_text(encoding="utf-8")
    return _template().render(
        status=status,
        now=format_instant(now.replace(microsecond=0)),
        style=Markup(style),  # noqa: S704 - the sheet beside the template, and nothing of anybody's
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        release=status_report.release(status),
        complaints=list(status_report.complaints(status)),
        unfinished=[line.text for line in unfinished_lines(status.unfinished)],
        windows=[window for model in status.models for window in model.windows],
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "mark": mark,
        "number": number,
        "span": span,
        "window": status_report.window_of,
        "run_window": _run_window,
        "freshness": status_report.freshness,
        "cells": _cells,
    }
    return made.get_template("status.html")


def _cells(model: ModelStatus) -> list[WindowStatus]:
    """As time goes: the oldest first."""
    return list(reversed(model.windows))


def _run_window(run: RunReport) -> str:
    return "training" if run.trains else window_name(run.window_start, run.window_end)
