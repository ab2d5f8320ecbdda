"""What stderr says while something goes on."""

from __future__ import annotations

import io

import pytest

from deployment.progress import Board, Lines, progress_on
from deployment.resources import Address, Change

CREATE = Change("create", Address("pipeline", "score_churn"))


class Clock:
    def __init__(self, *times: float) -> None:
        self.times = list(times)

    def __call__(self) -> float:
        return self.times.pop(0) if len(self.times) > 1 else self.times[0]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_where_something_changes():
    """And never the same line twice in a row."""
    stream = io.StringIO()
    lines = Lines(stream, Clock(0.0, 1.25))

    lines.began(CREATE)
    lines.ended(CREATE)
    lines.state("run", "InProgress")
    lines.state("run", "InProgress")
    lines.done("run", "Failed: no model", failed=True)

    assert stream.getvalue().splitlines() == [
        "pipeline score_churn: creating",
        "pipeline score_churn: created in 1.2 s",
        "run: InProgress",
        "error: run: Failed: no model",
    ]


@pytest.mark.parametrize("stream", [io.StringIO(), Screen()])
def test_why_a_run_failed_is_no_command(stream):
    """CI systems read stderr too, and the reason is whatever a script raised."""
    with progress_on(stream, quiet=False, color=False) as progress:
        progress.note("log:\n::error::x")
        progress.state("run", "\x1b[2J")
        progress.done("run", "Failed: ##vso[task.setvariable variable=a]b\x1b]0;mine\x07", failed=True)

    assert "##vso[" not in stream.getvalue()
    assert "\n::" not in stream.getvalue()
    assert not any(each in stream.getvalue() for each in ("\x1b[2J", "\x1b]0", "\x07"))
    assert r"b\x1b]0;mine" in stream.getvalue()


def test_quiet_says_nothing():
    """-q leaves stderr to errors."""
    stream = io.StringIO()
    with progress_on(stream, quiet=True, color=False) as progress:
        progress.began(CREATE)
        progress.failed(CREATE, "no")
        progress.note("hello")

    assert stream.getvalue() == ""


def test_a_terminal_gets_a_board_that_is_gone_in_the_end():
    """What ended stays readable, text in brackets is no markup."""
    screen = Screen()
    with progress_on(screen, quiet=False, color=False, clock=lambda: 0.0) as progress:
        assert isinstance(progress, Board)
        progress.began(CREATE)
        progress.failed(CREATE, "400 [bold]")
        progress.state("run", "InProgress")

    assert "✗ pipeline score_churn: failed: 400 [bold]" in screen.getvalue()


def test_of_many_steps_it_is_told_how_many_are_done_and_how_long_the_rest_takes():
    """By the time that those took which are done; nothing where a few are all."""
    now = Clock(0.0)
    stream = io.StringIO()
    lines = Lines(stream, now)
    lines.expects(4000)
    for number in range(1, 41):
        now.times = [number * 1.5]
        lines.ended(Change("create", Address("dataset", f"ds_{number}")))
    told = stream.getvalue().splitlines()

    assert told[0] == "dataset ds_1: created (1 of 4,000)"
    assert told[-1] == "dataset ds_40: created (40 of 4,000, 99 min left)"
