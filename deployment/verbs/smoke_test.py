"""deploy --run: the last complete window of each model that changed, as a smoke test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.pipelines import score_name
from adf.triggers import grid_of
from deployment import runs
from deployment.verbs.run import orders_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployment.resources import Plan
    from deployment.runs import RunReport
    from deployment.verbs.command import Command


def smoke_test(command: Command, made: Plan) -> Sequence[RunReport]:
    """Run to the end; of every model where nothing changed, so that --run never means nothing."""
    models = command.settings.models
    changed = {step.address.name for step in made.changes}
    chosen = [name for name in sorted(models) if score_name(name) in changed] or sorted(models)
    session = command.session
    runner = runs.Runner(
        session.data_factory,
        session.lake,
        command.progress,
        command.settings.environment,
        session.polling_seconds,
    )
    last = {name: grid_of(models[name]).last_complete(command.now) for name in chosen}
    requests = [runs.scoring_request(name, window) for name, window in last.items()]
    return runner.run_all(orders_of(command, requests))
