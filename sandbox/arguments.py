"""The grammar of `python -m sandbox [start|stop|status|clock|simulate]`; imports nothing that takes time."""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.durations import EXPECTED, parse_duration
from sandbox.errors import VIRTUAL

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOCK_YEARS = range(1970, 2201)
"""That a virtual clock shows."""
_STATE = ".sandbox"
_EPILOG = "Without a word before the options: start."


@dataclass(frozen=True)
class Options:
    """Of a start."""

    state: Path
    port: int
    lake_port: int
    identity_port: int
    idle_minutes: float = 0
    """0: until it is stopped."""
    despite_triggers: bool = False
    """Started triggers do not keep it from being idle."""
    step_python: Path = Path(sys.executable)
    detached: bool = False
    """Started by `--detach`: nobody looks at what it prints once it is ready."""
    clock: str = "system"
    """Or virtual."""
    clock_start: datetime | None = None
    ml: str = "real"
    """Or stand-ins: no step is run."""
    stand_ins: Path | None = None
    seed: int = 0
    nodes: int | None = None

    @property
    def ports(self) -> tuple[int, int, int]:
        """Control, lake, identity."""
        return self.port, self.lake_port, self.identity_port

    @property
    def addresses(self) -> dict[str, str]:
        """As clients see them."""
        return {
            "control": f"https://127.0.0.1:{self.port}",
            "lake": f"https://127.0.0.1:{self.lake_port}",
            "identity": f"http://127.0.0.1:{self.identity_port}/identity/token",
        }


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """`verb`, `state`, and what the verb takes; ends the process with 2 where it cannot be understood."""
    words = list(arguments)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "start")
    parser = _parser()
    given = parser.parse_args(words)
    if given.verb != "simulate" and given.state is None:
        given.state = _usual_state(given.verb, getattr(given, "clock", ""))
    if given.verb == "start":
        _require_virtual(parser, given)
        given.lake_port = given.lake_port or given.port + 1
        given.identity_port = given.identity_port or given.port + 2
        given.step_python = given.step_python or Path(sys.executable)
    return given


def options(given: argparse.Namespace) -> Options:
    return Options(**{name: getattr(given, name) for name in Options.__dataclass_fields__})


def _require_virtual(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """What would take the world's hours, or mean nothing on its clock, is not silently accepted."""
    if given.clock == "virtual":
        return
    asked = {
        "--clock-start": given.clock_start is not None,
        "--ml stand-ins": given.ml != "real",
        "--stand-ins": given.stand_ins is not None,
    }
    for option in (name for name, is_asked in asked.items() if is_asked):
        parser.error(f"{option} is for a virtual clock: give --clock virtual too")


def _usual_state(verb: str, clock: str) -> Path:
    """The two kinds of clock have a folder each. Who looks from outside means the one that runs."""
    usual, other = Path(_STATE), Path(_STATE + VIRTUAL)
    if verb == "start":
        return other if clock == "virtual" else usual
    running = [folder for folder in (usual, other) if (folder / "endpoints.json").exists()]
    if running:
        return other if verb == "clock" and other in running else running[0]
    return other if verb == "clock" else usual


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A local Azure on 127.0.0.1.", epilog=_EPILOG
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_start(verbs.add_parser("start", help="start it, and stay until Ctrl-C", allow_abbrev=False))
    stop = verbs.add_parser("stop", help="stop it, and wait until it has ended", allow_abbrev=False)
    _add_state(stop)
    stop.add_argument(
        "--now", action="store_true", help="kill it: what it committed is there at the next start"
    )
    status = verbs.add_parser("status", help="whether it runs, where, and what it does", allow_abbrev=False)
    _add_state(status)
    status.add_argument("-o", "--output", choices=["text", "json"], default="text")
    clock = verbs.add_parser(
        "clock", help="what a virtual clock shows; --advance and --to let time pass", allow_abbrev=False
    )
    _add_clock(clock)
    simulate = verbs.add_parser(
        "simulate", help="rehearse a factory on a clock that leaps; prints the timetable", allow_abbrev=False
    )
    _add_simulate(simulate)
    return parser


def _add_clock(parser: argparse.ArgumentParser) -> None:
    _add_state(parser)
    how_far = parser.add_mutually_exclusive_group()
    how_far.add_argument(
        "--advance",
        type=_duration,
        metavar="DURATION",
        help="let so much time pass, such as P7D or PT90M; returns when it has",
    )
    how_far.add_argument(
        "--to",
        type=_instant,
        metavar="INSTANT",
        help="let time pass until then; what is due then is done too",
    )
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a factory in Data Factory's Git layout")
    parser.add_argument("--from", dest="since", type=_instant, required=True, metavar="INSTANT")
    parser.add_argument(
        "--to", dest="until", type=_instant, required=True, metavar="INSTANT", help="not included"
    )
    _add_stand_ins(parser)
    parser.add_argument(
        "--arrivals", type=Path, metavar="FILE", help="JSON: files that come, for triggers of storage events"
    )
    parser.add_argument(
        "--as-new",
        action="store_true",
        help="as if the triggers were made at --from: windows that are past then run at once",
    )


def _add_start(parser: argparse.ArgumentParser) -> None:
    _add_state(parser)
    parser.add_argument("--port", type=_port, default=10443, help="Resource Manager, Azure ML, Data Factory")
    parser.add_argument("--lake-port", type=_port, help="the lake (default: port + 1)")
    parser.add_argument("--identity-port", type=_port, help="the token endpoint (default: port + 2)")
    parser.add_argument(
        "--detach", action="store_true", help="as a process of its own; returns when it is ready"
    )
    parser.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--step-python",
        type=Path,
        default=os.environ.get("SANDBOX_STEP_PYTHON"),
        metavar="PATH",
        help="the Python that runs Azure ML's steps (default: SANDBOX_STEP_PYTHON, else this one)",
    )
    parser.add_argument(
        "--idle-minutes",
        type=_minutes,
        default=0,
        metavar="N",
        help="stop when that long there was no request, no run and no started trigger (0: never)",
    )
    parser.add_argument(
        "--despite-triggers", action="store_true", help="started triggers do not keep it from being idle"
    )
    virtual = parser.add_argument_group(
        "a virtual clock",
        "Time stands while nothing runs, and passes when `python -m sandbox clock --advance P7D` says so: "
        "weeks of schedules, windows and retries in seconds.",
    )
    virtual.add_argument(
        "--clock",
        choices=["system", "virtual"],
        default="system",
        help=f"virtual: time of its own, in a folder of its own ({_STATE}{VIRTUAL})",
    )
    virtual.add_argument(
        "--clock-start",
        type=_begin,
        metavar="INSTANT",
        help="what a new folder's clock shows (default: the world's time); later starts go on where it stood",
    )
    virtual.add_argument(
        "--ml",
        choices=["real", "stand-ins"],
        default="real",
        help="real: steps are run, and take their time; stand-ins: ML runs take a drawn time and leave "
        "nothing in the lake",
    )
    _add_stand_ins(virtual)


def _add_stand_ins(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (default: 0)")
    parser.add_argument(
        "--nodes", type=_count, metavar="N", help="of the cluster (default: as many as are wanted)"
    )
    parser.add_argument(
        "--stand-ins",
        type=Path,
        metavar="FILE",
        help="JSON: how long activities take that reach outside, what they return, and how they end; of "
        "a factory that deploy.py made, `deploy.py run --simulate --stand-ins FILE` writes it",
    )


def _add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        type=Path,
        help=f"folder of all it keeps (default: {_STATE}; on a virtual clock {_STATE}{VIRTUAL})",
    )


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: 1 to 65535")
    return number


def _instant(text: str) -> datetime:
    """One without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text} is no instant such as 2026-11-01T00:00:00Z") from None


def _begin(text: str) -> datetime:
    moment = _instant(text)
    if moment.year not in CLOCK_YEARS:
        raise argparse.ArgumentTypeError(f"{text} is not in the years {CLOCK_YEARS[0]} to {CLOCK_YEARS[-1]}")
    return moment


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text} is not {EXPECTED}") from None
    return text


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of nodes")
    return number


def _minutes(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise argparse.ArgumentTypeError(f"{text} is no number of minutes")
    return number
