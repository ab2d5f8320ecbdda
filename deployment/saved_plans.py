"""A plan kept in a file, to be applied exactly as somebody read it, or not at all.

The file does not hold what to write: that is made again from the configuration, and the whole plan with it.
It says what the plan was, so that the one made again can be held against it: another configuration is an
error, another live factory is a plan that has become outdated. So a file that was edited can forbid a
deployment, and never make one do anything else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deployment import whole_file
from deployment.canonical import canonical
from deployment.errors import PlanFileError, PlanOutdatedError

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from deployment.gateways import LiveEntity, Published
    from deployment.models import Registered
    from deployment.old_versions import OldVersion
    from deployment.resources import Change, Desired, Plan

KIND = "adf-batch-scoring plan"
FORMAT = 1


@dataclass(frozen=True)
class PlanOptions:
    """What decides about a plan beside the configuration."""

    prune: bool = False
    select: tuple[str, ...] = ()
    release: int | None = None
    """The release to go back to; None: the configuration."""

    @classmethod
    def of(cls, arguments: Namespace) -> PlanOptions:
        """Of `plan` and `deploy` alike. What came after a release goes when it is taken back."""
        prune = arguments.prune or arguments.release is not None
        return cls(prune, tuple(arguments.select), arguments.release)

    @property
    def nothing_to_do(self) -> str:
        """What is said of a plan without a change: no more than what was compared."""
        what = "what is selected" if self.select else "all"
        wanted = "the configuration says" if self.release is None else f"it was after release {self.release}"
        return f"Nothing to do: {what} is as {wanted}."


@dataclass(frozen=True)
class SavedPlan:
    environment: str
    project: str
    factory: str
    at: str
    """An ISO instant in UTC."""
    by: str
    commit: str
    options: PlanOptions
    desired: str
    """A digest of everything that was wanted."""
    steps: tuple[dict[str, Any], ...]


def saved(made: Plan, desired: Desired, options: PlanOptions, *, at: str, by: str, commit: str) -> SavedPlan:
    return SavedPlan(
        made.environment,
        desired.owner.project,
        desired.factory,
        at,
        by,
        commit,
        options,
        _digest_of_desired(desired),
        tuple(_step(step) for step in made.changes),
    )


def write(plan: SavedPlan, file: Path) -> None:
    """Whole or not at all. Raises PlanFileError."""
    content = {"kind": KIND, "format": FORMAT, **asdict(plan)}
    try:
        whole_file.write(file, _json(content | {"digest": _digest(content)}) + "\n")
    except OSError as error:
        raise PlanFileError(f"the plan cannot be written to {file}: {error.strerror}") from error


def read(file: Path) -> SavedPlan:
    """Raises PlanFileError for a file that is not a whole plan of this program's."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanFileError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise PlanFileError(f"{file} is damaged: it is no JSON ({error})", hint=_MAKE) from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise PlanFileError(f"{file} is no plan", hint=_MAKE)
    if content.pop("digest", None) != _digest(content):
        raise PlanFileError(f"{file} was edited or cut off", hint=_MAKE)
    if content.pop("format") != FORMAT:
        raise PlanFileError(f"{file} was made by another version of this program", hint=_MAKE)
    del content["kind"]
    options = PlanOptions(**{**content["options"], "select": tuple(content["options"]["select"])})
    return SavedPlan(**{**content, "options": options, "steps": tuple(content["steps"])})


_MAKE = "python deploy.py plan --env ENV --out FILE"


def check_wanted(plan: SavedPlan, desired: Desired, file: Path) -> None:
    """Raises PlanFileError where the plan is of another environment or another configuration."""
    here = (desired.owner.environment, desired.owner.project, desired.factory)
    if (plan.environment, plan.project, plan.factory) != here:
        raise PlanFileError(
            f"{file} is a plan for environment {plan.environment}, project {plan.project}, factory "
            f"{plan.factory}, not for {', '.join(here)}"
        )
    if plan.desired != _digest_of_desired(desired):
        made = f"at {plan.at}" + (f" from commit {plan.commit[:12]}" if plan.commit else "")
        hint = "check that commit out, or make the plan again and look at it again"
        raise PlanFileError(f"the configuration is no longer that of {file}, made {made}", hint=hint)


def check_unmoved(plan: SavedPlan, made: Plan, file: Path) -> None:
    """Raises PlanOutdatedError where what is live has changed since the plan was made."""
    before = {(step["kind"], step["name"]): step for step in plan.steps}
    now = {(step["kind"], step["name"]): step for step in map(_step, made.changes)}
    moved = [" ".join(key) for key in sorted(before.keys() | now.keys()) if before.get(key) != now.get(key)]
    if moved:
        raise PlanOutdatedError(str(file), moved)


def _step(step: Change) -> dict[str, Any]:
    return {
        "action": step.action,
        "kind": step.address.kind,
        "name": step.address.name,
        "live": _mark(step),
        "diff": [_plain(difference.document()) for difference in step.differences],
    }


def _mark(step: Change) -> str | None:
    """What tells that the live resource is still the one that was planned against."""
    if step.live is None:
        return None
    if step.address.kind == "ml_pipeline":
        published: Published = step.live  # type: ignore[assignment]
        return f"{published.version} {published.fingerprint}"
    if step.address.kind == "model":
        registered: Registered = step.live  # type: ignore[assignment]
        return f"{registered.version} {registered.sha256}"
    if step.address.kind == "ml_pipeline_version":
        old: OldVersion = step.live  # type: ignore[assignment]
        return old.pipeline_id
    live: LiveEntity = step.live  # type: ignore[assignment]
    return f"{live.etag} {live.properties.get('runtimeState', '')}".strip()


def _digest_of_desired(desired: Desired) -> str:
    entities = [
        {"kind": each.kind, "name": each.name, "started": each.started, "body": canonical(each.properties)}
        for each in desired.entities
    ]
    published = [[each.name, each.fingerprint] for each in desired.ml_pipelines]
    promoted = [[each.model, each.meant, each.sha256] for each in desired.models]
    return _digest({"entities": entities, "ml_pipelines": published, "models": promoted})


def _digest(content: Any) -> str:  # noqa: ANN401 - any JSON
    return hashlib.sha256(_json(content).encode()).hexdigest()


def _plain(content: Any) -> Any:  # noqa: ANN401 - any JSON
    """As it will be when it is read again: lists for tuples."""
    return json.loads(_json(content))


def _json(content: Any) -> str:  # noqa: ANN401 - any JSON; placeholders as plans show them
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, default=str)
