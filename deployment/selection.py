"""Which resources a command is limited to: --select. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from adf.entities import EndpointId, EndpointVersion, placeholders
from adf.monitor.alerts import told
from adf.walk import REFERENCE_KINDS, references
from deployment.errors import NothingSelectedError, NotSelectedError
from deployment.resources import RESOURCE_KINDS, Address, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from adf.entities import Entity
    from deployment.resources import Desired, Observed


@dataclass(frozen=True)
class Selection:
    """Globs over a name (`*_diabetes*`) or a kind and a name (`trigger/tr_score_*`), without case."""

    globs: tuple[str, ...] = ()

    def takes(self, address: Address) -> bool:
        if not self.globs:
            return True
        names = (address.name.casefold(), f"{address.kind}/{address.name.casefold()}")
        return any(fnmatchcase(name, glob.casefold()) for glob in self.globs for name in names)

    def of(self, desired: Desired) -> Desired:
        """What is selected of it."""
        if not self.globs:
            return desired
        return replace(
            desired,
            entities=tuple(e for e in desired.entities if self.takes(Address(e.kind, e.name))),
            models=tuple(m for m in desired.models if self.takes(Address("model", m.model))),
            ml_pipelines=tuple(d for d in desired.ml_pipelines if self.takes(Address("ml_pipeline", d.name))),
        )

    def check(self, addresses: Collection[Address]) -> None:
        """Raises NothingSelectedError for a glob that matches none of them."""
        for glob in self.globs:
            if not any(Selection((glob,)).takes(address) for address in addresses):
                raise NothingSelectedError(glob, sorted(f"{each.kind}/{each.name}" for each in addresses))


EVERYTHING: Final = Selection()


def refuse_missing(
    chosen: Desired,
    observed: Observed,
    endpoints: Mapping[str, tuple[str, str]],
    models: Mapping[str, str],
) -> None:
    """Raises NotSelectedError where something chosen refers to what neither exists nor is chosen.

    `models`: those of which that is known, by the pipeline that scores with them.
    """
    there = {key_of(each) for each in observed.entities}
    there |= {key_of(each) for each in chosen.entities}
    missing = [
        (str(entity), f"{needed.kind} {needed.name}")
        for entity in chosen.entities
        for needed in _needs(entity)
        if (needed.name not in endpoints if needed.kind == "ml_pipeline" else needed.key not in there)
    ]
    missing += [
        (str(entity), models[entity.name])
        for entity in chosen.entities
        if entity.kind == "pipeline" and entity.name in models
    ]
    if missing:
        raise NotSelectedError(missing)


def _needs(entity: Entity) -> Iterator[Address]:
    for placeholder in placeholders(entity.properties):
        if isinstance(placeholder, EndpointId | EndpointVersion):
            yield Address("ml_pipeline", placeholder.ml_pipeline)
    if entity.kind in RESOURCE_KINDS:
        yield from (Address("action_group", name) for name in told(entity))
        return
    for _, reference in references(entity.properties):
        kind = REFERENCE_KINDS.get(str(reference.get("type")))
        if kind is not None:
            yield Address(kind, str(reference["referenceName"]))
