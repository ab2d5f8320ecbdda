"""What stands on the command line and cannot be is refused with what was found and what is expected."""

from __future__ import annotations

import pytest

from sandbox.arguments import parse

SPAN = ["--from", "2026-11-01", "--to", "2026-11-02"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "x"], "argument --port: x is no port: 1 to 65535"),
        (["--port", "65536"], "argument --port: 65536 is no port: 1 to 65535"),
        (["--idle-minutes", "soon"], "argument --idle-minutes: soon is no number of minutes"),
        (["--idle-minutes", "nan"], "argument --idle-minutes: nan is no number of minutes"),
        (
            ["simulate", "f", *SPAN[:3], "soon"],
            "argument --to: soon is no instant such as 2026-11-01T00:00:00Z",
        ),
        (["simulate", "f", *SPAN[:3], "0001-01-01T00:00+14:00"], "is no instant such as"),
        (["simulate", "f", *SPAN, "--nodes", "0"], "argument --nodes: 0 is no number of nodes"),
        (["simulate", "f", *SPAN, "--nodes", "many"], "argument --nodes: many is no number of nodes"),
    ],
)
def test_a_word_that_cannot_be_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err
