from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.entities import Unresolved
from adf.expressions import is_expression
from adf.problems import Problem, inside
from adf.walk import REFERENCE_KINDS, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity, Kind
    from adf.walk import Walked

_SHOWN = 12


def check(bodies: Sequence[Walked], *, complete: bool = True) -> Iterator[Problem]:
    """Every reference leads to an entity, and gives it the parameters that it declares.

    Where the entities are not `complete` it may lead to one that is not among them.
    """
    entities = [body.entity for body in bodies]
    known = {(entity.kind, entity.name.casefold()): entity for entity in entities}
    for body in bodies:
        entity = body.entity
        for path, reference in body.references:
            kind = _kind(reference)
            name = str(reference["referenceName"])
            if reference.get("type") is None:
                yield Problem("ADF302", str(entity), path, f"the reference to {name!r} has no type")
            elif kind is None or isinstance(reference["referenceName"], Unresolved):
                continue
            elif is_expression(reference["referenceName"]):
                message = "is an expression, and none is evaluated here"
                yield Problem("ADF407", str(entity), inside(path, "referenceName"), message)
            elif (target := known.get((kind, name.casefold()))) is not None:
                if kind != "trigger":
                    yield from _parameters(entity, path, _given(entity, path, reference), target)
            elif complete:
                message = f"there is no {kind} {name!r}"
                hint = _nearest(kind, entities)
                yield Problem("ADF301", str(entity), inside(path, "referenceName"), message, hint)


def outside(entities: Sequence[Entity]) -> int:
    """How many references lead to what is not among the entities."""
    known = {(entity.kind, entity.name.casefold()) for entity in entities}
    found = [reference for entity in entities for _, reference in references(entity.properties)]
    referred = [(_kind(each), str(each["referenceName"]).casefold()) for each in found]
    return sum(kind is not None and (kind, name) not in known for kind, name in referred)


def _kind(reference: dict[str, Any]) -> Kind | None:
    return REFERENCE_KINDS.get(str(reference.get("type")))


def _nearest(kind: Kind, entities: Sequence[Entity]) -> str:
    names = [entity.name for entity in entities if entity.kind == kind]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"there is: {', '.join(names[:_SHOWN])}{more}" if names else f"there is no {kind} at all"


def _given(entity: Entity, path: str, reference: dict[str, Any]) -> dict[str, Any] | None:
    """What is given to what is referred to: beside a reference to a pipeline, else inside of it.

    None where an expression computes it.
    """
    holder = reference
    if reference.get("type") == "PipelineReference":
        holder = _at(entity.properties, path.rpartition(".")[0])
    given = holder.get("parameters") or {}
    return given if isinstance(given, dict) and given.get("type") != "Expression" else None


def _at(body: Any, path: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The object that lies at a path of `walk`; an empty one where a key itself looks like a path."""
    try:
        for step in path.replace("[", ".[").split("."):
            body = body[int(step[1:-1])] if step.startswith("[") else body[step]
    except (KeyError, IndexError, ValueError, TypeError):
        return {}
    return body if isinstance(body, dict) else {}


def _parameters(entity: Entity, path: str, given: dict[str, Any] | None, target: Entity) -> Iterator[Problem]:
    if given is None:
        return
    declared: dict[str, Any] = target.properties.get("parameters") or {}
    known, said = {each.casefold() for each in declared}, {each.casefold() for each in given}
    for name in given:
        if name.casefold() not in known:
            hint = f"it declares: {', '.join(declared) or 'none'}"
            yield Problem("ADF303", str(entity), path, f"{target} has no parameter {name!r}", hint)
    for name, declaration in declared.items():
        if name.casefold() not in said and declaration.get("defaultValue") is None:
            yield Problem("ADF304", str(entity), path, f"{target} needs the parameter {name!r}")
