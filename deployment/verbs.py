"""The verbs: what happens in which order. Each answers the exit code."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deployment import desired as desires
from deployment import planner, provenance, report, runs
from deployment.errors import NotConfirmedError, UsageError, VerificationError
from deployment.executor import Executor
from deployment.journal import Journal, restore
from deployment.lock import locked
from deployment.observed import observe
from deployment.progress import progress_on
from deployment.releases import Releases
from deployment.resources import NOTHING, Owner
from deployment.terminal import Terminal

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from config.schema import Settings
    from deployment.journal import Unfinished
    from deployment.progress import Progress
    from deployment.report import Line, Table
    from deployment.resources import Desired, Observed, Plan
    from deployment.runs import RunReport, RunRequest
    from deployment.session import Session

CHANGES_PRESENT: Final = 2
LOG_LINES: Final = 40
DESTROYED: Final = "Destroyed. The factory itself, registered models and everything in the lake stay."
NOTHING_TO_DO: Final = "Nothing to do: all is as the configuration says."


@dataclass(frozen=True)
class Command:
    """What every verb has: the settings, the terminal, and someone to tell how it goes."""

    arguments: Namespace
    settings: Settings
    terminal: Terminal
    progress: Progress
    now: datetime
    """When the command began: what a plan says of time to come is counted from then."""

    def session(self) -> Session:
        from deployment.session import open_session

        return open_session(self.settings, self.progress)


@contextmanager
def _command(arguments: Namespace) -> Iterator[Command]:
    from config.loader import load

    if arguments.verbose:
        _log_requests()
    else:
        logging.getLogger("azure").setLevel(logging.ERROR)  # what it warns of comes as an error of ours
    terminal = Terminal(
        arguments.output == "json", not arguments.no_color, arguments.quiet, arguments.verbose
    )
    settings = load(arguments.project_dir, arguments.env, variables=os.environ, options=arguments.set)
    with (
        _prints_kept_off(verbose=arguments.verbose),
        progress_on(terminal.stderr, quiet=terminal.quiet, color=terminal.colored) as progress,
    ):
        yield Command(arguments, settings, terminal, progress, datetime.now(UTC))


def _log_requests() -> None:
    """Each request and answer of the SDKs on a line of stderr, without the headers that they add."""
    handler = logging.StreamHandler()
    handler.addFilter(_first_line)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[handler])


def _first_line(record: logging.LogRecord) -> bool:
    record.msg, record.args = record.getMessage().split("\n")[0], ()
    return True


@contextmanager
def _prints_kept_off(*, verbose: bool) -> Iterator[None]:
    """The Azure ML SDK prints while it publishes; stdout is for results only."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(sys.stderr if verbose else nowhere):
        yield


# ------------------------------------------------------------------------------------------- plan


def plan(arguments: Namespace) -> int:
    with _command(arguments) as command:
        desired = desires.build(command.settings)
        made, unfinished = _offline(desired) if arguments.offline else _observed_plan(command, desired)
    document = report.plan_document(made, command.now, unfinished) | (
        {"offline": True} if arguments.offline else {}
    )
    command.terminal.show(_plan_lines(command, made, unfinished=unfinished), document)
    return CHANGES_PRESENT if arguments.detailed_exitcode and made.changes else 0


def _offline(desired: Desired) -> tuple[Plan, None]:
    """Against an empty subscription: everything that is wanted, as new."""
    return planner.plan(desired, NOTHING), None


def _observed_plan(command: Command, desired: Desired) -> tuple[Plan, Unfinished | None]:
    session = command.session()
    observed = _observe(session, command.settings, desired)
    made = planner.plan(desired, observed, prune=command.arguments.prune, now=command.now)
    return made, Journal(session.lake, desired.owner).read()


def _observe(session: Session, settings: Settings, desired: Desired) -> Observed:
    """What exists of what is wanted now, and of what the last release knew."""
    releases = Releases(session.lake, Owner(settings.project, settings.environment)).last()
    names = {definition.name: None for definition in desired.ml_pipelines}
    names |= {each["name"]: None for release in releases for each in release.ml_pipelines}
    released = releases[0].bodies() if releases else {}
    return observe(session.data_factory, session.machine_learning, names, released)


def _plan_lines(
    command: Command, made: Plan, outcome: str = "", unfinished: Unfinished | None = None
) -> Iterator[Line]:
    settings = command.settings
    where = f"{settings.data_factory.name} in {settings.azure.resource_group}"
    against = ", offline: shown as if nothing existed" if getattr(command.arguments, "offline", False) else ""
    heading = f"Environment {settings.environment}: factory {where}{against}"
    return report.plan_lines(made, heading=heading, now=command.now, outcome=outcome, unfinished=unfinished)


# ------------------------------------------------------------------------------------------- deploy


def deploy(arguments: Namespace) -> int:
    with _command(arguments) as command:
        commit = provenance.git_commit(arguments.project_dir)
        desired = desires.build(command.settings, commit)
        session = command.session()
        with locked(session.lake, desired.owner, provenance.who_and_where(), command.progress):
            restore(_journal(session, desired), session.data_factory, command.progress)
            made, number = _deploy(command, session, desired, commit)
    outcome = f"Applied and verified: release {number}." if made.changes else NOTHING_TO_DO
    lines = _plan_lines(command, made, outcome)
    document = report.plan_document(made, command.now) | {"release": number, "applied": True}
    command.terminal.show(lines, document)
    return 0


def _deploy(command: Command, session: Session, desired: Desired, commit: str) -> tuple[Plan, int | None]:
    """The plan that was applied, and the number of the release that is in force now."""
    observed = _observe(session, command.settings, desired)
    made = planner.plan(desired, observed, prune=command.arguments.prune, now=command.now)
    releases = Releases(session.lake, desired.owner)
    if not made.changes:
        return made, next((release.number for release in releases.last()), None)
    _confirm(command, made)
    return made, _apply(command, session, desired, made, releases, commit)


def _apply(
    command: Command, session: Session, desired: Desired, made: Plan, releases: Releases, commit: str
) -> int:
    _executor(command, session, desired).apply(made)
    observed = _observe(session, command.settings, desired)
    left = planner.plan(desired, observed, prune=command.arguments.prune).changes
    if left:
        raise VerificationError(str(step.address) for step in left)
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return releases.record(observed, at=at, by=provenance.who(), commit=commit).number


def _journal(session: Session, desired: Desired) -> Journal:
    return Journal(session.lake, desired.owner, provenance.who_and_where())


def _executor(command: Command, session: Session, desired: Desired) -> Executor:
    journal = _journal(session, desired)
    return Executor(session.data_factory, session.machine_learning, command.progress, journal=journal)


def _confirm(command: Command, made: Plan) -> None:
    """Ask before anything is deleted, with the plan in sight. Raises NotConfirmedError."""
    if not made.destructive or command.arguments.yes:
        return
    names = ", ".join(str(step.address) for step in made.destructive)
    what = f"this deletes {names}"
    if not command.terminal.interactive:
        raise NotConfirmedError(what)
    command.terminal.show(_plan_lines(command, made), {})
    if not command.terminal.confirm(f"This deletes {names}."):
        raise NotConfirmedError(what)


# ------------------------------------------------------------------------------------------- run


def run(arguments: Namespace) -> int:
    with _command(arguments) as command:
        requests = list(_requests(command))
        session = command.session()
        runner = runs.Runner(
            session.data_factory, session.lake, command.progress, arguments.env, session.polling_seconds
        )
        if arguments.no_wait:
            reports = [runner.start(request) for request in requests]
        else:
            reports = runner.run_all(requests)
        if arguments.verbose:
            _tell_logs(command, session, reports)
    parts: list[Line | Table] = [report.run_table(reports), *report.run_errors(reports)]
    command.terminal.show(parts, {"runs": [report.run_document(each) for each in reports]})
    return 0 if arguments.no_wait or all(each.succeeded for each in reports) else 1


def _tell_logs(command: Command, session: Session, reports: list[RunReport]) -> None:
    """The end of the log of each ML run that failed."""
    for each in reports:
        if not each.succeeded and each.ml_run_id is not None:
            tail = session.machine_learning.log_tail(each.ml_run_id, LOG_LINES)
            command.progress.note(f"log of ML run {each.ml_run_id}:\n{tail}")


def _requests(command: Command) -> Iterator[RunRequest]:
    arguments = command.arguments
    _refuse_contradictions(arguments)
    for name in _models(command):
        if arguments.training:
            if command.settings.models[name].training is None:
                raise UsageError(f"model {name} has no training", hint=f"config/models/{name}.yaml: training")
            yield runs.training_request(name)
        else:
            yield from _scoring_requests(command, name)


def _refuse_contradictions(arguments: Namespace) -> None:
    if arguments.training and (arguments.window or arguments.since or arguments.until):
        raise UsageError("training has no window", hint="leave out --window, --from and --to")
    if arguments.window and (arguments.since or arguments.until):
        raise UsageError("--window is one window, --from and --to are a range", hint="give one of the two")
    if bool(arguments.since) != bool(arguments.until):
        raise UsageError("a range has two ends", hint="give both --from and --to")


def _models(command: Command) -> list[str]:
    known = command.settings.models
    wanted = command.arguments.model
    if wanted is None:
        return sorted(known)
    if wanted not in known:
        raise UsageError(f"there is no model `{wanted}`", hint=f"models: {', '.join(sorted(known))}")
    return [wanted]


def _scoring_requests(command: Command, name: str) -> Iterator[RunRequest]:
    from adf.triggers import grid_of

    grid = grid_of(command.settings.models[name])
    arguments = command.arguments
    if arguments.since:
        windows = runs.windows_between(arguments.since, arguments.until, grid)
    elif arguments.window:
        windows = [runs.window_of(arguments.window, grid)]
    else:
        windows = [grid.last_complete(command.now)]
    for window in windows:
        yield runs.scoring_request(name, window)


# ------------------------------------------------------------------------------------------- status, destroy


def status(arguments: Namespace) -> int:
    from deployment.status import read

    with _command(arguments) as command:
        session = command.session()
        found = read(command.settings, session, command.progress, now=command.now)
    command.terminal.show(report.status_parts(found), report.status_document(found))
    return 0


def destroy(arguments: Namespace) -> int:
    with _command(arguments) as command:
        desired = desires.build(command.settings)
        session = command.session()
        with locked(session.lake, desired.owner, provenance.who_and_where(), command.progress):
            made = planner.plan_destruction(desired.owner, _observe(session, command.settings, desired))
            _confirm(command, made)
            _executor(command, session, desired).apply(made)
            _journal(session, desired).close()
    outcome = DESTROYED if made.changes else "There is nothing of ours here."
    lines = _plan_lines(command, made, outcome)
    command.terminal.show(lines, report.plan_document(made) | {"applied": True})
    return 0


VERBS: Final[dict[str, Callable[[Namespace], int]]] = {
    "deploy": deploy,
    "plan": plan,
    "run": run,
    "status": status,
    "destroy": destroy,
}
