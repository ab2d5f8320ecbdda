"""What a rehearsal is asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from adf.triggers import grid_of
from deployment.errors import UsageError
from deployment.rehearsal.past import MOST_DAYS
from deployment.windows_said import instant_of, window_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from adf.windows import Window
    from config.schema import Settings

LONGEST: Final = timedelta(days=366)
FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
DRAWN: Final = (
    "seed", "nodes", "minutes", "past_days", "failures", "fail", "arrivals", "stand_ins", "as_new"
)  # fmt: skip
OF_A_RUN: Final = ("model", "training", "window", "no_wait", "dry_run", "yes", "limit", "max_parallel")


@dataclass(frozen=True)
class Asked:
    """[start, end) in UTC."""

    start: datetime
    end: datetime
    seed: int = 0
    nodes: int | None = None
    as_new: bool = False
    failures_percent: float = 0.0
    failing: Sequence[tuple[str, Window]] = ()
    """Model and window whose ML runs fail, whenever they are tried."""
    minutes: Mapping[str, float] = field(default_factory=dict)
    """Model → the median of what its scoring takes."""
    past_days: int | None = None
    """Draw from what the environment's factory ran in so many days."""
    arrivals: Path | None = None
    """The files that come; None: each window's own, at its end."""


def asked_of(arguments: Namespace, settings: Settings) -> Asked:
    """Raises UsageError."""
    _refuse_contradictions(arguments)
    start, end = instant_of(arguments.since, "--from"), instant_of(arguments.until, "--to")
    if end <= start:
        raise UsageError(
            f"the range ends before it begins: --from {arguments.since} --to {arguments.until}",
            hint="--to is the end, not included",
        )
    if start < FIRST:
        raise UsageError(f"--from {arguments.since} is before 1970", hint="name a month of today's schedules")
    if end - start > LONGEST:
        raise UsageError(
            f"{(end - start).days} days are too long a range to rehearse",
            hint=f"{LONGEST.days} days at most; a year and then the next",
        )
    return Asked(
        start,
        end,
        arguments.seed,
        _nodes(arguments.nodes, settings),
        arguments.as_new,
        arguments.failures,
        [_failing(text, settings) for text in arguments.fail],
        dict(_minutes(text, settings) for text in arguments.minutes),
        _past_days(arguments),
        arguments.arrivals,
    )


def _refuse_contradictions(arguments: Namespace) -> None:
    if not (arguments.since and arguments.until):
        raise UsageError("--simulate rehearses a range", hint="--simulate --from 2026-10-01 --to 2026-11-01")
    given = [option for option in OF_A_RUN if getattr(arguments, option)]
    if arguments.only != "all":
        given.append("only")
    if arguments.happened:
        drawn = [option for option in DRAWN if getattr(arguments, option)]
        if drawn:
            raise UsageError(
                f"--happened tells what was: --{drawn[0].replace('_', '-')} means nothing to it",
                hint="leave it out",
            )
    if given:
        raise UsageError(
            f"--simulate rehearses the whole factory: --{given[0].replace('_', '-')} means nothing to it",
            hint="leave it out",
        )


def _nodes(nodes: int | None, settings: Settings) -> int | None:
    for name, model in sorted(settings.models.items()):
        wanted = model.scoring.node_count
        if nodes is not None and wanted > nodes:
            raise UsageError(
                f"model {name} scores on {wanted} nodes: on a cluster of {nodes} it would wait for ever",
                hint=f"--nodes {wanted}, or scoring.node_count in config/models/{name}.yaml",
            )
    return nodes


def _past_days(arguments: Namespace) -> int | None:
    days: int | None = arguments.past_days
    if days is not None and days > MOST_DAYS:
        raise UsageError(
            f"--past-days {days}: Data Factory keeps runs for {MOST_DAYS} days",
            hint=f"--past-days {MOST_DAYS}",
        )
    if days is not None and arguments.minutes:
        raise UsageError("--past-days and --minutes both say how long runs take", hint="give one of the two")
    return days


def _failing(text: str, settings: Settings) -> tuple[str, Window]:
    name, _, window = text.partition("=")
    _require_model(name, settings, f"--fail {text}")
    if not window:
        raise UsageError(f"--fail {text} says no window", hint=f"--fail {name}=2026-11-22")
    return name, window_of(window, grid_of(settings.models[name]))


def _minutes(text: str, settings: Settings) -> tuple[str, float]:
    name, _, number = text.partition("=")
    _require_model(name, settings, f"--minutes {text}")
    try:
        minutes = float(number)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= 10_080:
        raise UsageError(
            f"--minutes {text}: {number!r} is no number of minutes, above 0 and up to 7 days",
            hint=f"--minutes {name}=25",
        )
    return name, minutes


def _require_model(name: str, settings: Settings, option: str) -> None:
    if name not in settings.models:
        known = ", ".join(sorted(settings.models))
        raise UsageError(f"{option}: there is no model `{name}`", hint=f"models: {known}")
