"""Which published versions of an ML pipeline are disabled: all but the last few. Pure.

A version stays enabled while anything may still run it: the endpoint's default, what is being taken back,
what the factory pins after this plan, what an Azure ML schedule names. Only what this installation published
is looked at: another one may pin its own versions of the endpoint. Nothing is lost: a roll-back enables the
version that it goes back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from deployment.canonical import Difference
from deployment.resources import Address, Change, Pinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deployment.gateways import ActivePipeline, Definition, LiveEntity, Published
    from deployment.resources import Desired, Observed, Owner

DISABLED: Final = Difference("status", "Active", "Disabled")


@dataclass(frozen=True)
class OldVersion:
    """A published version that is to be disabled."""

    ml_pipeline: str
    version: str
    pipeline_id: str


def retirements(
    ml_pipelines: Iterable[Change],
    staying: Iterable[LiveEntity],
    desired: Desired,
    observed: Observed,
    level: int,
) -> Iterator[Change]:
    """A step each. `ml_pipelines` are the plan's steps, `staying` what it leaves alone in the factory."""
    if not observed.active_ml_pipelines:
        return  # nothing may be old
    pinned: dict[str, set[str]] = {}
    for endpoint_id, version in (pin for live in staying for pin in _pins(live.properties)):
        pinned.setdefault(endpoint_id, set()).add(version)
    scheduled = {each.pipeline_id for each in observed.ml_schedules}
    for step in ml_pipelines:
        live = cast("Published | None", step.live)
        if live is None:
            continue
        needed = pinned.get(live.endpoint_id, set())
        enabled = _enabled(live, desired.owner, observed)
        for version in _old(step, enabled, desired.keep_versions):
            if version not in needed and live.versions[version] not in scheduled:
                yield _retirement(OldVersion(live.name, version, live.versions[version]), level)


def _old(step: Change, enabled: Mapping[str, str], keep: int) -> list[str]:
    """All but the newest `keep` that are enabled, the newest first."""
    newest_first = sorted(enabled, key=int, reverse=True)
    default = _default_after(step, enabled)
    kept = keep if default else keep - 1  # one of them is still to be published
    return [version for version in newest_first[kept:] if version != default]


def _enabled(live: Published, owner: Owner, observed: Observed) -> dict[str, str]:
    """Version → fingerprint, of what this installation published under the endpoint and can be run."""
    found = {version: observed.active_ml_pipelines.get(each) for version, each in live.versions.items()}
    return {
        version: each.fingerprint
        for version, each in found.items()
        if each is not None and _published_by(owner, each)
    }


def used_by_others(live: Published, owner: Owner, observed: Observed) -> bool:
    """Whether what another installation published can be run under the endpoint, which may pin it."""
    enabled = (observed.active_ml_pipelines.get(each) for each in live.versions.values())
    return any(each is not None and not _published_by(owner, each) for each in enabled)


def _published_by(owner: Owner, pipeline: ActivePipeline) -> bool:
    return set(owner.annotations) <= set(pipeline.description.split())


def _default_after(step: Change, enabled: Mapping[str, str]) -> str | None:
    """What the endpoint runs after the step; None for a version that does not exist yet, or is disabled."""
    if isinstance(step.wanted, Pinned):
        return step.wanted.version
    if step.action == "unchanged":
        return cast("Published", step.live).version
    fingerprint = cast("Definition", step.wanted).fingerprint
    return next((version for version, each in enabled.items() if each == fingerprint), None)


def _retirement(old: OldVersion, level: int) -> Change:
    address = Address("ml_pipeline_version", f"{old.ml_pipeline}/{old.version}")
    return Change("change", address, (DISABLED,), live=old, level=level)


def _pins(body: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """(endpoint id, version) wherever a body runs an ML pipeline."""
    if isinstance(body, dict):
        if isinstance(body.get("mlPipelineEndpointId"), str):
            yield body["mlPipelineEndpointId"], str(body.get("version"))
        body = list(body.values())
    if isinstance(body, list):
        for each in body:
            yield from _pins(each)
