from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from adf.language import LanguageError, parse, references
from adf.language import check as check_calls
from adf.problems import Problem
from adf.walk import scopes, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from adf.language import References
    from adf.walk import Activity

LONGEST = 8192
ACCESSORS = {
    "linked_service": {"linkedservice"},
    "dataset": {"dataset"},
    "pipeline": {"pipeline", "activity", "variables", "item"},
    "trigger": {"trigger", "triggerbody"},
}
"""What each kind of entity can ask for: a pipeline receives what a trigger knows through its parameters."""


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """Every expression can be parsed, and what it names exists where it stands."""
    for entity in entities:
        for path, text in texts(entity.properties):
            if len(text) > LONGEST:
                yield Problem(str(entity), path, f"has {len(text)} characters, more than {LONGEST}")
            named = _named(text)
            if isinstance(named, LanguageError):
                yield Problem(str(entity), path, str(named))
            else:
                yield from _names(entity, path, named)
        if entity.kind == "pipeline":
            yield from _activities(entity)


@lru_cache(maxsize=8192)
def _named(text: str) -> References | LanguageError:
    """What an expression names, or why it is none."""
    try:
        tree = parse(text)
        check_calls(tree)
    except LanguageError as error:
        return error
    return references(tree)


def _names(entity: Entity, path: str, named: References) -> Iterator[Problem]:
    everywhere = set().union(*ACCESSORS.values())
    for function in named.functions:
        if function.lower() in everywhere - ACCESSORS[entity.kind]:
            yield Problem(str(entity), path, f"{function}() does not exist in a {entity.kind}")
    declared = {name.casefold() for name in entity.properties.get("parameters") or {}}
    asked = {"pipeline": named.parameters, "dataset": _of(named, "dataset")}.get(entity.kind, ())
    for name in asked:
        if name.casefold() not in declared:
            yield Problem(str(entity), path, f"there is no parameter {name!r}")


def _of(named: References, owner: str) -> tuple[str, ...]:
    return tuple(name for accessor, name in named.properties if accessor.lower() == owner)


def _activities(pipeline: Entity) -> Iterator[Problem]:
    """activity('x') has an answer only where x has ended for sure: x comes before, on every way."""
    above: dict[int, set[str]] = {}
    for scope in scopes(pipeline.properties):
        outer = above.get(id(scope.outer), set())
        by_name = {activity["name"]: activity for activity in scope.activities if "name" in activity}
        for index, activity in enumerate(scope.activities):
            before = outer | _before(activity, by_name)
            above[id(activity)] = before
            place = f"{scope.path}[{index}]"
            for path, text in texts(_without_inner(activity), place):
                for name in _named_activities(text):
                    if name.casefold() not in {each.casefold() for each in before}:
                        message = f"activity({name!r}) has not ended when this is evaluated"
                        yield Problem(str(pipeline), path, message, "depend on it first")


def _named_activities(text: str) -> tuple[str, ...]:
    named = _named(text)
    return () if isinstance(named, LanguageError) else named.activities


def _before(activity: Activity, by_name: Mapping[str, Activity]) -> set[str]:
    found: set[str] = set()
    pending = [activity]
    while pending:
        for entry in pending.pop().get("dependsOn") or []:
            name = entry.get("activity")
            if name in by_name and name not in found:
                found.add(name)
                pending.append(by_name[name])
    return found


def _without_inner(activity: Activity) -> Activity:
    """The activity without those inside of it, which are looked at by themselves."""
    type_properties = {
        key: value
        for key, value in (activity.get("typeProperties") or {}).items()
        if not key.lower().endswith("activities") and key != "cases"
    }
    return {**activity, "typeProperties": type_properties}
