"""Promotion: a version of another environment's model, registered here byte for byte.

    look_up      a configuration and the other workspace → which version and bytes are meant: `Promotion`
    step_of      a promotion and what is registered here → a step `model <name>` of the plan; pure
    Promoter     that step, applied: download, check the digest, register with where it came from

Azure ML shows a version by one request, after all its bytes, and with all its tags: a promotion that stops in
the middle has registered nothing, and one that stops after it is found by the next deployment. What was
promoted is known by its tags and scored with by its name there, `dev:7` (ml_pipelines/steps/versions.py).
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config.schema import PromotedVersion
from deployment.canonical import Difference
from deployment.errors import (
    NoDigestError,
    OtherBytesError,
    PromotionError,
    RefusedVersionError,
    SourceVersionMissingError,
)
from deployment.resources import LEVEL_OF_MODELS, Address, Change
from ml_pipelines.steps.versions import (
    APPROVED,
    GATE_REASON,
    METRICS,
    SHA256,
    SOURCE_ENVIRONMENT,
    SOURCE_VERSION,
    SOURCE_WORKSPACE,
    choose,
    is_refused,
)
from ml_pipelines.steps.work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from config.schema import Model, Settings
    from deployment.gateways import ModelWriter
    from deployment.models import ModelReader, Registered
    from deployment.resources import Action

NOT_LOOKED_UP: Final = "(known when Azure is asked)"


@dataclass(frozen=True)
class Promotion:
    """A version of the environment `source`, to be registered here."""

    model: str
    registered_name: str
    source: str
    version: str
    """Its number there."""
    name_there: str = ""
    workspace: str = ""
    """Of the source: `<resource group>/<workspace>`."""
    sha256: str = NOT_LOOKED_UP
    tags: Mapping[str, str] = field(default_factory=dict)
    """Those that it has there."""

    @property
    def meant(self) -> str:
        """As runs are told which version scores: `dev:7`."""
        return f"{self.source}:{self.version}"

    @property
    def tags_here(self) -> dict[str, str]:
        """All it has there, and where it comes from; whoever promotes a version has approved it here."""
        return dict(self.tags) | {
            SOURCE_ENVIRONMENT: self.source,
            SOURCE_WORKSPACE: self.workspace,
            SOURCE_VERSION: self.version,
            APPROVED: "true",
        }


# ------------------------------------------------------------------------------------------- what is meant


def offline(settings: Settings) -> tuple[Promotion, ...]:
    """As far as the configuration alone tells."""
    return tuple(
        Promotion(model.name, model.registered_name, model.version.from_, model.version.version)
        for _, model in sorted(settings.models.items())
        if model.version is not None
    )


def look_up(model: Model, wanted: str, source: Settings, registry: ModelReader) -> Promotion:
    """The version that `wanted` (`approved`, `7`) means in the environment `source`.

    Raises SourceVersionMissingError, RefusedVersionError, and NoDigestError for one that nobody could check.
    """
    environment = source.environment
    there = (
        source.models[model.name].registered_name if model.name in source.models else model.registered_name
    )
    known = registry.models(there)
    found = choose(wanted, known)
    if found is None:
        raise SourceVersionMissingError(there, environment, wanted, [each.version for each in known])
    if is_refused(found):
        reason = found.tags.get(GATE_REASON, "it does not say why")
        raise RefusedVersionError(there, environment, str(found.version), reason)
    if not found.sha256:
        raise NoDigestError(there, environment, str(found.version))
    workspace = f"{source.azure.resource_group}/{source.machine_learning.workspace}"
    return Promotion(
        model.name,
        model.registered_name,
        environment,
        str(found.version),
        there,
        workspace,
        found.sha256,
        dict(found.tags),
    )


def resolved(settings: Settings, promotions: Sequence[Promotion]) -> Settings:
    """The settings, with the number of each version that is promoted in the place of `approved`."""
    models = dict(settings.models)
    for each in promotions:
        version = PromotedVersion.model_validate({"from": each.source, "version": each.version})
        models[each.model] = models[each.model].model_copy(update={"version": version})
    return settings.model_copy(update={"models": models})


# ------------------------------------------------------------------------------------------- the step


def step_of(
    promotion: Promotion, here: Sequence[Registered], scores_now: str, *, takes_over: bool = True
) -> Change:
    """What is to be done, where `here` is registered and the live factory scores with `scores_now`.

    Where the version is here and the plan takes it in the place of another, that is a change too, though
    nothing is registered. Raises OtherBytesError where this very version was promoted with other bytes.
    """
    address = Address("model", promotion.model)
    before = choose(scores_now, here) if scores_now else None
    found = version_here(promotion, here)
    if found is not None and (before is None or before == found or not takes_over):
        return Change("unchanged", address, wanted=promotion, live=before, level=LEVEL_OF_MODELS)
    differences = tuple(each for each in _facts(promotion, before) if each.before != each.after)
    action: Action = "create" if before is None else "change"
    return Change(action, address, differences, wanted=promotion, live=before, level=LEVEL_OF_MODELS)


def version_here(promotion: Promotion, here: Sequence[Registered]) -> Registered | None:
    """What the version was registered as, if it was. Raises OtherBytesError."""
    found = choose(promotion.meant, here)
    if found is None or found.sha256 == promotion.sha256:
        return found
    if found.tags.get(SOURCE_WORKSPACE) == promotion.workspace:
        raise OtherBytesError(
            promotion.name_there, promotion.meant, promotion.sha256, found.sha256, str(found.version)
        )
    return None  # a workspace of another name counts its versions anew


def _facts(promotion: Promotion, before: Registered | None) -> Iterator[Difference]:
    yield Difference("version", before and _name_of(before), promotion.meant)
    yield Difference(SHA256, before and before.sha256, promotion.sha256)
    old, new = _metrics({} if before is None else before.tags), _metrics(promotion.tags)
    for name in dict.fromkeys([*new, *old]):
        yield Difference(f"metrics.{name}", old.get(name), new.get(name))


def _name_of(version: Registered) -> str:
    """`dev:7` where it was promoted, `3` where it was trained here."""
    tags = version.tags
    promoted = SOURCE_ENVIRONMENT in tags and SOURCE_VERSION in tags
    return f"{tags[SOURCE_ENVIRONMENT]}:{tags[SOURCE_VERSION]}" if promoted else str(version.version)


def _metrics(tags: Mapping[str, str]) -> dict[str, Any]:
    """None where whoever registered it did not say any, or not as JSON."""
    try:
        found = json.loads(tags.get(METRICS, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# ------------------------------------------------------------------------------------------- carried out


@dataclass(frozen=True)
class Promoter:
    """`source` opens the workspace of an environment; `target` is this one's."""

    source: Callable[[str], ModelWriter]
    target: ModelWriter

    def __call__(self, promotion: Promotion) -> None:
        """Register the version, unless it is here by now; where PromotionError is raised, nothing."""
        if version_here(promotion, self.target.models(promotion.registered_name)) is not None:
            return
        try:
            # Below the working folder, from where the SDK registers without one more copy of the bytes.
            with tempfile.TemporaryDirectory(prefix=".abs-", dir=Path.cwd()) as folder:
                self._promote(promotion, Path(folder))
        except OSError as error:
            raise PromotionError(f"the model {promotion.name_there}, {promotion.meant}: {error}") from error

    def _promote(self, promotion: Promotion, folder: Path) -> None:
        there = self.source(promotion.source)
        content = there.download_model(promotion.name_there, int(promotion.version), folder)
        found = digest_of_folder(content)
        if found != promotion.sha256:
            raise OtherBytesError(promotion.name_there, promotion.meant, found, promotion.sha256)
        self.target.register_model(promotion.registered_name, content, promotion.tags_here)
