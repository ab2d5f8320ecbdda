"""deploy: wanted and observed → a plan → confirmed → applied → read back → recorded as a release.

All of it under the environment's lock, the smoke test of --run included: what it fails is taken back before
anybody else builds on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from adf.pipelines import score_name
from deployment import planner, present, provenance, report, saved_plans
from deployment.drift import attempts
from deployment.errors import (
    DriftError,
    NotConfirmedError,
    SmokeTestError,
    UsageError,
    VerificationError,
)
from deployment.executor import Executor
from deployment.journal import restore
from deployment.lock import locked
from deployment.missed import CaughtUp
from deployment.models import in_force, said_by
from deployment.promotion import Promoter
from deployment.saved_plans import PlanOptions
from deployment.selection import Selection
from deployment.verbs.command import command_of
from deployment.verbs.smoke_test import smoke_test
from deployment.verbs.wanted import wanted_of, workspace_of
from ml_pipelines.steps.versions import is_refused

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from config.schema import Model
    from deployment.lock import Held
    from deployment.missed import Missed
    from deployment.models import Registered
    from deployment.releases import Release
    from deployment.resources import Desired, Observed, Plan
    from deployment.runs import RunReport
    from deployment.saved_plans import SavedPlan
    from deployment.verbs.command import Command


@dataclass(frozen=True)
class Order:
    """What is to be deployed, and how."""

    command: Command
    desired: Desired
    options: PlanOptions
    commit: str
    lock: Held

    def observed(self) -> Observed:
        return self.command.observe(self.desired)

    def plan(self, observed: Observed, now: datetime | None = None) -> Plan:
        options = self.options
        selection = Selection(options.select)
        return planner.plan(self.desired, observed, prune=options.prune, selection=selection, now=now)


@dataclass(frozen=True)
class Deployed:
    plan: Plan
    release: Release | None
    """The one in force now; None where nothing was ever deployed."""
    options: PlanOptions
    """What the plan was made for."""
    missed: tuple[Missed, ...] = ()
    runs: Sequence[RunReport] = ()
    """Of the smoke test, where there was one."""


def deploy(arguments: Namespace) -> int:
    saved = _saved(arguments)
    options = PlanOptions.of(arguments) if saved is None else saved.options
    with command_of(arguments) as command:
        commit = provenance.git_commit(arguments.project_dir)
        desired = wanted_of(command, options, commit)
        if saved is not None:
            saved_plans.check_wanted(saved, desired, arguments.plan)
        command.tell_portal()
        holder = provenance.who_and_where()
        with locked(command.session.lake, command.owner, holder, command.progress) as lock:
            order = Order(command, desired, options, commit, lock)
            before = restore(command.journal(holder), command.session.data_factory, command.progress)
            observed = order.observed()
            made = order.plan(observed, command.now)
            if saved is not None:
                saved_plans.check_unmoved(saved, made, arguments.plan)
            deployed = _deploy(order, made, observed)
        caught_up = _catch_up(command, [*before, *deployed.missed])
    _show(command, deployed, caught_up)
    return 0


def _saved(arguments: Namespace) -> SavedPlan | None:
    if arguments.rollback_on_failure and not arguments.run:
        raise UsageError("--rollback-on-failure without --run", hint="--run says what may fail")
    if arguments.plan is None:
        return None
    if arguments.prune or arguments.select or arguments.release is not None:
        hint = "leave out --prune, --select and --release: the file says which of them it was made with"
        raise UsageError("--plan applies a plan as it was made", hint=hint)
    return saved_plans.read(arguments.plan)


def _deploy(order: Order, made: Plan, observed: Observed) -> Deployed:
    """Raises DriftError, NotConfirmedError, ApplyError, VerificationError and SmokeTestError."""
    command = order.command
    newest = release = command.releases.newest()
    missed: tuple[Missed, ...] = ()
    if made.changes:
        _refuse_drift(command, made)
        confirm(command, made)
        release, missed = _apply(order, made)
    elif command.releases.unrecorded(observed):
        release = _record(order, observed)
    runs = smoke_test(command, made) if command.arguments.run else ()
    if failed := [each for each in runs if not each.succeeded]:
        taken_back = None
        if command.arguments.rollback_on_failure and newest is not None and release != newest:
            taken_back = _take_back(order, newest.number).number
        raise SmokeTestError([f"{each.pipeline}: {each.error or each.status}" for each in failed], taken_back)
    return Deployed(made, release, order.options, missed, runs)


def _take_back(order: Order, number: int) -> Release:
    """Back to a release, without asking again; the release that this is."""
    command, options = order.command, PlanOptions(prune=True, release=number)
    back = Order(command, wanted_of(command, options), options, order.commit, order.lock)
    return _apply(back, back.plan(back.observed(), command.now))[0]


def _apply(order: Order, made: Plan) -> tuple[Release, tuple[Missed, ...]]:
    """Apply, read back, record: the release, and what triggers missed meanwhile."""
    command = order.command
    command.releases.begin(attempts(made))
    applying = executor(command, order.lock)
    applying.apply(made)
    observed = order.observed()
    if left := order.plan(observed).changes:
        raise VerificationError(str(step.address) for step in left)
    order.lock.check()
    return _record(order, observed), tuple(applying.missed)


def _record(order: Order, observed: Observed) -> Release:
    return order.command.releases.record(
        observed,
        at=present.now(order.command.settings).strftime("%Y-%m-%dT%H:%M:%SZ"),
        by=provenance.who(),
        commit=order.commit,
        models=_models(order.command, observed),
        of_release=order.options.release,
    )


def _models(command: Command, observed: Observed) -> list[dict[str, str]]:
    """What each model scores with now that all is applied."""
    found = in_force(command.settings, command.session.machine_learning, said_by(observed.pipelines))
    _tell_refused(command, found)
    return [
        {"model": name, "version": str(each.version), "sha256": each.sha256} for name, each in found.items()
    ]


def _tell_refused(command: Command, found: Mapping[str, Registered]) -> None:
    """What is deployed with a version that no run scores with."""
    for name, version in found.items():
        if is_refused(version):
            refused = f"version {version.version} was refused by its gate"
            command.progress.note(f"{name}: {refused}, so nothing is scored: docs/gate.md")


def executor(command: Command, lock: Held) -> Executor:
    session = command.session
    return Executor(
        session.data_factory,
        session.machine_learning,
        command.progress,
        go_on=lock.check,
        promote=Promoter(partial(workspace_of, command), session.machine_learning),
        journal=command.journal(provenance.who_and_where()),
        resources=session.monitoring,
        clock=partial(present.now, command.settings),
    )


def _refuse_drift(command: Command, made: Plan) -> None:
    """What somebody changed by hand is overwritten only by somebody who says so. Raises DriftError."""
    if made.drifted and not command.arguments.force:
        if not command.terminal.json:
            command.terminal.show(command.plan_lines(made), {})
        raise DriftError([str(step.address) for step in made.drifted])


def confirm(command: Command, made: Plan) -> None:
    """Ask before anything is deleted, with the plan in sight. Raises NotConfirmedError."""
    arguments = command.arguments
    if not made.destructive or arguments.yes or getattr(arguments, "plan", None) is not None:
        return
    names = ", ".join(str(step.address) for step in made.destructive)
    what = f"this deletes {names}"
    if not command.terminal.interactive:
        raise NotConfirmedError(what)
    command.terminal.show(command.plan_lines(made), {})
    if not command.terminal.confirm(f"This deletes {names}."):
        raise NotConfirmedError(what)


def _catch_up(command: Command, missed: Sequence[Missed]) -> list[CaughtUp]:
    """Each fire that was missed, with the run that makes up for it where --catch-up is given."""
    found = [(each.trigger, *run) for each in missed for run in each.runs()]
    if not command.arguments.catch_up:
        return [CaughtUp(trigger, fire, pipeline, None) for trigger, fire, pipeline, _ in found]
    start = command.session.data_factory.create_run
    return [
        CaughtUp(trigger, fire, pipeline, start(pipeline, parameters))
        for trigger, fire, pipeline, parameters in found
    ]


def _show(command: Command, deployed: Deployed, caught_up: Sequence[CaughtUp]) -> None:
    made, release = deployed.plan, deployed.release
    number = None if release is None else release.number
    outcome = f"Applied and verified: release {number}." if made.changes else deployed.options.nothing_to_do
    without = _without_model(command, release) if made.changes and release is not None else []
    document = report.plan_document(made, command.now) | {"release": number, "applied": True}
    document |= {"without_model": [each.name for each in without]} if without else {}
    if deployed.runs:
        document["runs"] = [report.run_document(each) for each in deployed.runs]
    lines = [
        *report.missed_lines(caught_up),
        *command.plan_lines(made, outcome),
        *report.lines_without_model(without, made.environment),
    ]
    tables = [report.run_table(deployed.runs)] if deployed.runs else []
    command.terminal.show([*tables, *lines], document | report.missed_document(caught_up))
    command.annotate(made)
    command.terminal.summarise(f"Deployment to {made.environment}", lines)


def _without_model(command: Command, release: Release) -> list[Model]:
    """Those that are deployed and cannot score, since no version was there that they may score with."""
    there = {each["model"] for each in release.models}
    models = sorted(command.settings.models.items())
    return [model for name, model in models if name not in there and score_name(name) in release.pipelines]
