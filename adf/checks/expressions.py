from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from adf.language import LanguageError, parse, references
from adf.language import check as check_calls
from adf.problems import Problem
from adf.walk import activities, inner_activities, properties_of, scopes, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

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
ELSEWHERE = {kind: set().union(*ACCESSORS.values()) - own for kind, own in ACCESSORS.items()}
SETS_A_VARIABLE = ("SetVariable", "AppendVariable")


def check(entities: Sequence[Entity], global_parameters: Collection[str] | None = None) -> Iterator[Problem]:
    """Every expression can be parsed, and what it names exists where it stands.

    `global_parameters` are the names that the factory has; None where nobody knows.
    """
    for entity in entities:
        for path, text in texts(entity.properties):
            if len(text) > LONGEST:
                message = f"has {len(text)} characters, more than {LONGEST}"
                yield Problem("ADF402", str(entity), path, message)
                continue
            named = _named(text)
            if isinstance(named, LanguageError):
                yield Problem("ADF401", str(entity), path, str(named))
            else:
                yield from _names(entity, path, named)
                yield from _global_parameters(entity, path, named, global_parameters)
        if entity.kind == "pipeline":
            yield from _activities(entity)
            yield from _variables(entity)


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
    for function in named.functions:
        if function.lower() in ELSEWHERE[entity.kind]:
            yield Problem("ADF403", str(entity), path, f"{function}() does not exist in a {entity.kind}")
    asked = {
        "pipeline": named.parameters,
        "dataset": _of(named, "dataset"),
        "linked_service": _of(named, "linkedservice"),
    }.get(entity.kind, ())
    yield from _undeclared("ADF404", "parameter", asked, entity, path)
    yield from _undeclared("ADF405", "variable", named.variables, entity, path)


def _undeclared(rule: str, what: str, asked: Sequence[str], entity: Entity, path: str) -> Iterator[Problem]:
    if not asked:
        return
    declared: Mapping[str, object] = entity.properties.get(f"{what}s") or {}
    known = {name.casefold() for name in declared}
    for name in asked:
        if name.casefold() not in known and name != "*":
            hint = f"there is: {', '.join(declared)}" if declared else f"no {what} is declared"
            yield Problem(rule, str(entity), path, f"there is no {what} {name!r}", hint)


def _of(named: References, owner: str) -> tuple[str, ...]:
    return tuple(name for accessor, name in named.properties if accessor.lower() == owner)


def _global_parameters(
    entity: Entity, path: str, named: References, known: Collection[str] | None
) -> Iterator[Problem]:
    if known is not None:
        folded = {name.casefold() for name in known}
        for name in named.global_parameters:
            if name.casefold() not in folded:
                message = f"the factory has no global parameter {name!r}"
                yield Problem("ADF409", str(entity), path, message)


# ------------------------------------------------------------------------------------------- variables


def _variables(pipeline: Entity) -> Iterator[Problem]:
    """What is set is declared, and does not read itself."""
    for path, activity in activities(pipeline.properties):
        said = properties_of(activity)
        name = said.get("variableName")
        if activity.get("type") not in SETS_A_VARIABLE or not isinstance(name, str) or "@" in name:
            continue
        place = f"{path}.typeProperties"
        if not said.get("setSystemVariable"):
            yield from _undeclared("ADF405", "variable", [name], pipeline, f"{place}.variableName")
        for below, text in texts(said.get("value"), f"{place}.value"):
            if activity["type"] == "SetVariable" and name.casefold() in _read(text):
                yield Problem("ADF411", str(pipeline), below, f"sets {name!r} and reads it")


def _read(text: str) -> set[str]:
    named = _named(text)
    return set() if isinstance(named, LanguageError) else {name.casefold() for name in named.variables}


# ------------------------------------------------------------------------------------------- activities


def _activities(pipeline: Entity) -> Iterator[Problem]:
    """activity('x') has an answer only where x has ended for sure: x comes before, on every way."""
    above: dict[int, set[str]] = {}
    for scope in scopes(pipeline.properties):
        outer = above.get(id(scope.outer), set())
        by_name = {activity["name"]: activity for activity in scope.activities if "name" in activity}
        for index, activity in enumerate(scope.activities):
            before = outer | _before(activity, by_name)
            above[id(activity)] = before
            known = before | (_inside_of(activity) if activity.get("type") == "Until" else set())
            yield from _ended(pipeline, f"{scope.path}[{index}]", activity, known)


def _ended(pipeline: Entity, place: str, activity: Activity, before: set[str]) -> Iterator[Problem]:
    known = {name.casefold() for name in before}
    for path, text in texts(_without_inner(activity), place):
        for name in _named_activities(text):
            if name.casefold() not in known:
                message = f"activity({name!r}) has not ended when this is evaluated"
                yield Problem("ADF406", str(pipeline), path, message, "depend on it first")


def _named_activities(text: str) -> tuple[str, ...]:
    named = _named(text)
    return () if isinstance(named, LanguageError) else named.activities


def _before(activity: Activity, by_name: Mapping[str, Activity]) -> set[str]:
    """Those that have ended, and what is inside of them: whether that ran, nobody can tell from here."""
    found: set[str] = set()
    pending = [activity]
    while pending:
        for entry in pending.pop().get("dependsOn") or []:
            name = entry.get("activity")
            if name in by_name and name not in found:
                found |= {name, *_inside_of(by_name[name])}
                pending.append(by_name[name])
    return found


def _inside_of(activity: Activity) -> set[str]:
    return {str(inner.get("name")) for inner in inner_activities(activity)}


def _without_inner(activity: Activity) -> Activity:
    """The activity without those inside of it, which are looked at by themselves."""
    type_properties = {
        key: value
        for key, value in properties_of(activity).items()
        if not key.lower().endswith("activities") and key != "cases"
    }
    return {**activity, "typeProperties": type_properties}
