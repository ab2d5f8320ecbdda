"""run: one window, or a range, now; wait and mirror the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment import report, runs
from deployment.errors import UsageError
from deployment.verbs.command import command_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from adf.windows import Window
    from deployment.report import Line, Table
    from deployment.runs import RunReport, RunRequest
    from deployment.session import Session
    from deployment.verbs.command import Command

LOG_LINES: Final = 40


def run(arguments: Namespace) -> int:
    with command_of(arguments) as command:
        requests = list(_requests(command))
        session = command.session
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
    for name in models_of(command):
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


def models_of(command: Command) -> list[str]:
    known = command.settings.models
    wanted = command.arguments.model
    if wanted is None:
        return sorted(known)
    if wanted not in known:
        raise UsageError(f"there is no model `{wanted}`", hint=f"models: {', '.join(sorted(known))}")
    return [wanted]


def _scoring_requests(command: Command, name: str) -> Iterator[RunRequest]:
    from adf.triggers import grid_of

    arguments = command.arguments
    if arguments.since:
        grid = grid_of(command.settings.models[name])
        windows = runs.windows_between(arguments.since, arguments.until, grid)
    else:
        windows = [window_of(command, name)]
    for window in windows:
        yield runs.scoring_request(name, window)


def window_of(command: Command, name: str) -> Window:
    """The model's window that --window says, or the last complete one."""
    from adf.triggers import grid_of

    grid, said = grid_of(command.settings.models[name]), command.arguments.window
    return runs.window_of(said, grid) if said else grid.last_complete(command.now)
