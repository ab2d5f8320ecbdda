"""What stderr says while something goes on."""

from __future__ import annotations

import io

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
