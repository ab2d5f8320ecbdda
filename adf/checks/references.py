from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.problems import Problem, inside
from adf.walk import REFERENCE_KINDS, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity, Kind


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """Every reference leads to an entity here, and gives it the parameters that it declares."""
    known = {(entity.kind, entity.name): entity for entity in entities}
    for entity in entities:
        for path, reference in references(entity.properties):
            kind = REFERENCE_KINDS.get(str(reference.get("type")))
            if kind is None:
                found = reference.get("type")
                yield Problem(str(entity), inside(path, "type"), f"{found!r} is no reference that we make")
                continue
            target = known.get((kind, reference["referenceName"]))
            if target is None:
                message = f"there is no {kind} {reference['referenceName']!r}"
                yield Problem(str(entity), inside(path, "referenceName"), message, _nearest(kind, entities))
            elif kind != "trigger":
                yield from _parameters(entity, path, _given(entity, path, reference), target)


def _nearest(kind: Kind, entities: Sequence[Entity]) -> str:
    names = ", ".join(entity.name for entity in entities if entity.kind == kind)
    return f"there is: {names}" if names else f"there is no {kind} at all"


def _given(entity: Entity, path: str, reference: dict[str, Any]) -> dict[str, Any]:
    """A trigger gives a pipeline's parameters beside the reference, everybody else inside of it."""
    if entity.kind != "trigger":
        return reference.get("parameters") or {}
    if path.startswith("pipelines["):
        index = int(path[len("pipelines[") : path.index("]")])
        return entity.properties["pipelines"][index].get("parameters") or {}
    return (entity.properties.get("pipeline") or {}).get("parameters") or {}


def _parameters(entity: Entity, path: str, given: dict[str, Any], target: Entity) -> Iterator[Problem]:
    declared: dict[str, Any] = target.properties.get("parameters") or {}
    for name in given:
        if name not in declared:
            hint = f"it declares: {', '.join(declared) or 'none'}"
            yield Problem(str(entity), path, f"{target} has no parameter {name!r}", hint)
    for name, declaration in declared.items():
        if name not in given and declaration.get("defaultValue") is None:
            yield Problem(str(entity), path, f"{target} needs the parameter {name!r}")
