"""What stands on the command line and cannot be is refused with what was found and what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.arguments import parse

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clock", "slow"], "argument --clock: invalid choice: 'slow'"),
        (["--clock-start", "2026-03-26"], "--clock-start is for a virtual clock: give --clock virtual too"),
        (["--ml", "stand-ins"], "--ml stand-ins is for a virtual clock: give --clock virtual too"),
        (["--stand-ins", "f"], "--stand-ins is for a virtual clock: give --clock virtual too"),
        (["--clock", "virtual", "--clock-start", "1969-12-31"], "is not in the years 1970 to 2200"),
        (["clock", "--advance", "7 days"], "7 days is not a duration such as P7D"),
    ],
)
def test_what_a_clock_cannot_be_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_each_kind_of_clock_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks from outside means the one that runs; of two `clock` means the virtual one."""
    monkeypatch.chdir(tmp_path)
    asked = [[], ["--clock", "virtual"], ["status"], ["stop"], ["clock"]]

    def folders() -> list[str]:
        return [str(parse(words).state) for words in asked]

    nobody = folders()
    (tmp_path / ".sandbox-virtual").mkdir()
    (tmp_path / ".sandbox-virtual/endpoints.json").touch()
    virtual = folders()
    (tmp_path / ".sandbox").mkdir()
    (tmp_path / ".sandbox/endpoints.json").touch()
    both = folders()

    usual, other = ".sandbox", ".sandbox-virtual"
    assert nobody == [usual, other, usual, usual, other]
    assert virtual == [usual, other, other, other, other]
    assert both == [usual, other, usual, usual, other]
