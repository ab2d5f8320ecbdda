"""run: one window, or a range, now; wait and mirror the result."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from adf.errors import NotFound
from adf.pipelines import score_name
from adf.triggers import grid_of
from deployment import backfill, provenance, report, runs, windows_said
from deployment.errors import NotConfirmedError, NothingDeployedError, UsageError
from deployment.lock import locked
from deployment.report import Line
from deployment.runs import Runner, RunOrder
from deployment.verbs.command import command_of
from deployment.window_reruns import of_pipelines, of_window

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from adf.trigger_runs import WindowRun
    from adf.windows import Window
    from config.schema import Settings
    from deployment.backfill import WindowOrder
    from deployment.lock import Held
    from deployment.report import Table
    from deployment.runs import RunReport, RunRequest
    from deployment.session import Session
    from deployment.verbs.command import Command

LOG_LINES: Final = 40
NOTHING_TO_RUN: Final = "Nothing to run: no window of the range is what --only asks for."
LIMIT: Final = 100
"""More windows of a range than that are confirmed, unless --limit says another number."""
OF_A_RANGE: Final = ("dry_run", "limit", "yes")
REHEARSAL: Final = (
    "seed",
    "nodes",
    "minutes",
    "past_days",
    "failures",
    "fail",
    "arrivals",
    "stand_ins",
    "as_new",
    "happened",
    "html",
)


def run(arguments: Namespace) -> int:
    with command_of(arguments) as command:
        if arguments.simulate:
            from deployment.verbs.simulate import simulate

            return simulate(command)
        _refuse_contradictions(arguments)
        if arguments.since:
            return _backfill(command)
        return _run(command, orders_of(command, list(_requests(command))))


def _run(command: Command, orders: Sequence[RunOrder], locks: Sequence[Held] = ()) -> int:
    arguments, session = command.arguments, command.session

    def go_on() -> None:
        for lock in locks:
            lock.check()

    command.tell_portal()
    runner = Runner(
        session.data_factory,
        session.lake,
        command.progress,
        arguments.env,
        session.polling_seconds,
        go_on,
    )
    if arguments.no_wait:
        reports = [runner.start(each) for each in orders if not each.goes_on]
    else:
        reports = runner.run_all(orders, arguments.max_parallel or runs.AT_ONCE)
    if arguments.verbose:
        _tell_logs(command, session, reports)
    parts: list[Line | Table] = [report.run_table(reports), *report.run_errors(reports)]
    command.terminal.show(parts, {"runs": [report.run_document(each) for each in reports]})
    return 0 if arguments.no_wait or all(each.succeeded for each in reports) else 1


# ------------------------------------------------------------------------------------------- a range


def _backfill(command: Command) -> int:
    """Each model's windows under a lock of its own, so that of two backfills the second is told of the first
    before it has looked at anything.
    """
    arguments = command.arguments
    models = models_of(command)
    windows = {name: _windows(command, name) for name in models}
    if arguments.dry_run:
        found = _look(command, windows)
        command.terminal.show(backfill.table(found), backfill.document(found))
        return 0
    with ExitStack() as locks:
        held = [locks.enter_context(_locked(command, name)) for name in models]
        chosen = [each.order for each in _look(command, windows) if each.chosen]
        if not chosen:
            command.terminal.show([Line(NOTHING_TO_RUN)], {"runs": []})
            return 0
        if arguments.no_wait:
            refuse_waiting(chosen)
        _confirm(command, len(chosen))
        return _run(command, chosen, held)


def refuse_waiting(orders: Sequence[RunOrder]) -> None:
    """Whoever does not wait cannot start a window after another one. Raises UsageError."""
    if first := next((each for each in orders if each.after), None):
        hint = "leave out --no-wait, or run the range in parts that wait for nothing of their own"
        raise UsageError(f"{first.request} waits for other windows of the range (`depends_on`)", hint=hint)


def _windows(command: Command, name: str) -> list[Window]:
    arguments = command.arguments
    with _told_whose(command, name):
        return windows_said.windows_between(
            arguments.since, arguments.until, grid_of(command.settings.models[name])
        )


def _locked(command: Command, model: str) -> AbstractContextManager[Held]:
    return locked(
        command.session.lake,
        command.owner,
        provenance.who_and_where(),
        command.progress,
        name=f"backfill-{model}",
        doing=f"running windows of {model} in",
    )


def _look(command: Command, windows: Mapping[str, Sequence[Window]]) -> list[WindowOrder]:
    settings, session = command.settings, command.session
    of_triggers = _of_triggers(command, {score_name(name): found[0] for name, found in windows.items()})
    try:
        known = {
            name: backfill.look(
                session.data_factory,
                session.lake,
                name,
                grid_of(settings.models[name]),
                command.now,
                of_triggers[score_name(name)],
            )
            for name in windows
        }
    except NotFound as error:
        what = f"the factory {settings.data_factory.name}"
        raise NothingDeployedError(what, command.arguments.env) from error
    return backfill.orders(settings, windows, known, command.arguments.only)


def _confirm(command: Command, count: int) -> None:
    """Raises NotConfirmedError."""
    arguments = command.arguments
    limit = arguments.limit or LIMIT
    if count <= limit or arguments.yes:
        return
    what = f"this runs {count} windows, more than --limit {limit}"
    if not command.terminal.interactive or not command.terminal.confirm(f"{what[0].upper()}{what[1:]}."):
        raise NotConfirmedError(what)


# ------------------------------------------------------------------------------------------- one window


def orders_of(command: Command, requests: Sequence[RunRequest]) -> list[RunOrder]:
    """Each by the tumbling trigger that has run its window, where one has."""
    windows = {each.pipeline: each.window for each in requests if each.window is not None}
    of_triggers = _of_triggers(command, windows) if windows else {}
    return [
        RunOrder(each, of_trigger=of_window(of_triggers.get(each.pipeline, {}), each.window))
        for each in requests
    ]


def _of_triggers(command: Command, first: Mapping[str, Window]) -> Mapping[str, Mapping[datetime, WindowRun]]:
    """`first`: pipeline → the first window that is asked for."""
    since = {pipeline: window.end for pipeline, window in first.items()}
    return of_pipelines(command.session.data_factory, command.owner, since, command.now)


def _tell_logs(command: Command, session: Session, reports: list[RunReport]) -> None:
    """The end of the log of each ML run that failed."""
    for each in reports:
        if not each.succeeded and each.ml_run_id is not None:
            tail = session.machine_learning.log_tail(each.ml_run_id, LOG_LINES)
            command.progress.note(f"log of ML run {each.ml_run_id}:\n{tail}")


def _requests(command: Command) -> Iterator[RunRequest]:
    arguments = command.arguments
    for name in models_of(command):
        if arguments.training:
            _refuse_untrained(command.settings, name)
            yield runs.training_request(name)
        else:
            yield runs.scoring_request(name, window_of(command, name))


def _refuse_untrained(settings: Settings, name: str) -> None:
    model = settings.models[name]
    if model.training is not None:
        return
    if model.version is None:
        raise UsageError(f"model {name} has no training", hint=f"config/models/{name}.yaml: training")
    there = f"python deploy.py run --env {model.version.from_} --training"
    hint = f"{there}; or `training: true` beside `from` (docs/migrating.md)"
    raise UsageError(f"model {name} is promoted from {model.version.from_}, not trained here", hint=hint)


def _refuse_contradictions(arguments: Namespace) -> None:
    if option := _given(arguments, REHEARSAL):
        raise UsageError(f"{option} is for a rehearsal", hint="add --simulate, or leave it out")
    if arguments.training and (arguments.window or arguments.since or arguments.until):
        raise UsageError("training has no window", hint="leave out --window, --from and --to")
    if arguments.window and (arguments.since or arguments.until):
        raise UsageError("--window is one window, --from and --to are a range", hint="give one of the two")
    if bool(arguments.since) != bool(arguments.until):
        raise UsageError("a range has two ends", hint="give both --from and --to")
    of_a_range = _given(arguments, OF_A_RANGE) or ("--only" if arguments.only != "all" else None)
    if of_a_range and not arguments.since:
        raise UsageError(f"{of_a_range} is about a range", hint="give --from and --to, or leave it out")
    if arguments.no_wait and arguments.max_parallel:
        raise UsageError(
            "--no-wait starts all at once: --max-parallel means nothing to it", hint="leave one of them out"
        )


def _given(arguments: Namespace, options: Sequence[str]) -> str | None:
    """The first of them that was given, as it is written."""
    return next((f"--{each.replace('_', '-')}" for each in options if getattr(arguments, each)), None)


def models_of(command: Command) -> list[str]:
    known = command.settings.models
    wanted = command.arguments.model
    if wanted is None:
        return sorted(known)
    if wanted not in known:
        raise UsageError(f"there is no model `{wanted}`", hint=f"models: {', '.join(sorted(known))}")
    return [wanted]


def window_of(command: Command, name: str) -> Window:
    """The model's window that --window says, or the last complete one."""
    grid, said = grid_of(command.settings.models[name]), command.arguments.window
    with _told_whose(command, name):
        return windows_said.window_of(said, grid) if said else grid.last_complete(command.now)


@contextmanager
def _told_whose(command: Command, name: str) -> Iterator[None]:
    """Each model has a grid of its own: of several, the one that has no such window is named."""
    try:
        yield
    except UsageError as error:
        if len(models_of(command)) == 1:
            raise
        raise UsageError(f"{name}: {error}", hint=f"{error.hint}; or one model: --model") from error
