"""What a terminal is shown, by status --watch again and again, and how that ends."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adf.windows import Window
from deployment.errors import LakeError
from deployment.report import Line, Table
from deployment.status import ModelStatus, Status, TriggerStatus
from deployment.terminal import Terminal
from deployment.watch import changes, watch
from deployment.window_status import WindowStatus

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DAY = Window(NOW.replace(day=22, hour=0), NOW.replace(hour=0))


def status(state: str = "running", trigger: str = "Started", *, late: bool = False) -> Status:
    window = WindowStatus("churn", DAY, state, timedelta(hours=1) if late else None)  # type: ignore[arg-type]
    model = ModelStatus("churn", "4", None, None, [window])
    return Status("dev", [], [TriggerStatus("tr_daily", trigger, None)], [model], [])


def test_a_window_that_lands_and_a_trigger_that_is_stopped_are_changes():
    """And nothing else: that it is later than before is none."""
    assert list(changes(status(), status("landed"))) == ["churn 2026-11-22: running → landed"]
    assert list(changes(status(), status(late=True))) == ["churn 2026-11-22: running → running, late"]
    assert list(changes(status(), status(trigger="Stopped"))) == ["trigger tr_daily: Started → Stopped"]
    assert list(changes(status(), replace(status()))) == []


def watched(*seen: Status | Exception) -> str:
    """What is printed elsewhere than on a terminal until Ctrl-C, which comes after the last look."""
    left = list(seen)
    stdout = io.StringIO()

    def look(_: datetime) -> Status:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def pause() -> None:
        if not left:
            raise KeyboardInterrupt

    watch(Terminal(stdout=stdout), look, clock=lambda: NOW, pause=pause)
    return stdout.getvalue()


def test_elsewhere_than_on_a_terminal_a_line_is_printed_for_what_changes():
    """After the whole status, which comes once."""
    text = watched(status(), status(), status("landed"))

    assert text.count("Environment dev") == 1
    assert text.splitlines()[-1] == "2026-11-23T08:00:00Z churn 2026-11-22: running → landed"


def test_watching_outlives_an_azure_that_cannot_be_read():
    """It says so, and goes on."""
    text = watched(status(), LakeError("the lake is away"), status("landed"))

    told = text.splitlines()[-2:]
    assert told[0] == "2026-11-23T08:00:00Z cannot be read: the lake is away"
    assert told[1].endswith("running → landed")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


NARROW = Table(("window", "path"), [["2026-11-22", "a\x1b[8mb" + "c" * 100]], long=frozenset({"path"}))


def test_an_error_of_a_script_does_not_command_the_watched_screen():
    """Nor is a window hidden by it."""
    stdout = Screen()
    with Terminal(stdout=stdout, ci=None).renewed() as show:
        show([Line("churn: bad \x1b]0;mine\x07row"), NARROW])

    assert r"bad \x1b]0;mine\x07row" in stdout.getvalue()
    assert r"a\x1b[8mb" in stdout.getvalue()


def test_without_colour_the_text_is_plain():
    """`--no-color` promises that: bold is no colour, and an escape all the same."""
    stdout = Screen()
    Terminal(stdout=stdout, ci=None, color=False).show([Line("churn", "bold"), NARROW], {})

    assert "\x1b" not in stdout.getvalue()
