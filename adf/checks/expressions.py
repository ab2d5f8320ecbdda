from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from adf.language import LanguageError, named
from adf.problems import Problem
from adf.walk import inner_activities, properties_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from adf.entities import Entity, Kind
    from adf.language import References
    from adf.walk import Activity, Walked

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


class Asked(NamedTuple):
    """What an expression asks for, in a kind of entity."""

    misplaced: tuple[str, ...]
    """Functions that do not exist there."""
    parameters: tuple[str, ...]
    variables: tuple[str, ...]
    global_parameters: tuple[str, ...]
    activities: tuple[str, ...]


_Naming = tuple[str, tuple[str, ...]]
"""Where a text stands that names activities, and which."""
_NOTHING: Final = Asked((), (), (), (), ())


def check(bodies: Sequence[Walked], global_parameters: Collection[str] | None = None) -> Iterator[Problem]:
    """Every expression can be parsed, and what it names exists where it stands.

    `global_parameters` are the names that the factory has; None where nobody knows.
    """
    for body in bodies:
        naming: list[_Naming] = []
        for path, text in body.texts:
            if len(text) > LONGEST:
                message = f"has {len(text)} characters, more than {LONGEST}"
                yield Problem("ADF402", str(body.entity), path, message)
                continue
            asked = asked_by(body.entity.kind, text)
            if isinstance(asked, LanguageError):
                yield Problem("ADF401", str(body.entity), path, str(asked))
            elif asked != _NOTHING:
                yield from _names(body.entity, path, asked)
                yield from _global_parameters(body.entity, path, asked, global_parameters)
                if asked.activities:
                    naming.append((path, asked.activities))
        if body.entity.kind == "pipeline":
            yield from _activities(body, naming)
            yield from _variables(body)


@lru_cache(maxsize=16384)
def asked_by(kind: Kind, text: str) -> Asked | LanguageError:
    """What a text asks for, or why it is no expression."""
    try:
        found = named(text)
    except LanguageError as error:
        return error
    owners = {"pipeline": found.parameters, "dataset": _of(found, "dataset")}
    return Asked(
        tuple(each for each in found.functions if each.lower() in ELSEWHERE[kind]),
        (owners | {"linked_service": _of(found, "linkedservice")}).get(kind, ()),
        found.variables,
        found.global_parameters,
        found.activities,
    )


def _names(entity: Entity, path: str, asked: Asked) -> Iterator[Problem]:
    for function in asked.misplaced:
        yield Problem("ADF403", str(entity), path, f"{function}() does not exist in a {entity.kind}")
    yield from _undeclared("ADF404", "parameter", asked.parameters, entity, path)
    yield from _undeclared("ADF405", "variable", asked.variables, entity, path)


def _undeclared(rule: str, what: str, asked: Sequence[str], entity: Entity, path: str) -> Iterator[Problem]:
    declared: Mapping[str, object] = (entity.properties.get(f"{what}s") or {}) if asked else {}
    if all(name in declared for name in asked):
        return
    known = {name.casefold() for name in declared}
    for name in asked:
        if name.casefold() not in known and name != "*":
            hint = f"there is: {', '.join(declared)}" if declared else f"no {what} is declared"
            yield Problem(rule, str(entity), path, f"there is no {what} {name!r}", hint)


def _of(found: References, owner: str) -> tuple[str, ...]:
    return tuple(name for accessor, name in found.properties if accessor.lower() == owner)


def _global_parameters(
    entity: Entity, path: str, asked: Asked, known: Collection[str] | None
) -> Iterator[Problem]:
    if known is not None:
        folded = {name.casefold() for name in known}
        for name in asked.global_parameters:
            if name.casefold() not in folded:
                message = f"the factory has no global parameter {name!r}"
                yield Problem("ADF409", str(entity), path, message)


# ------------------------------------------------------------------------------------------- variables


def _variables(pipeline: Walked) -> Iterator[Problem]:
    """What is set is declared, and does not read itself."""
    for path, activity in pipeline.of_type(*SETS_A_VARIABLE):
        said = properties_of(activity)
        name = said.get("variableName")
        if not isinstance(name, str) or "@" in name:
            continue
        place = f"{path}.typeProperties"
        if not said.get("setSystemVariable"):
            yield from _undeclared("ADF405", "variable", [name], pipeline.entity, f"{place}.variableName")
        for below, text in pipeline.texts:
            sets = activity["type"] == "SetVariable" and _leads_into(below, f"{place}.value")
            if sets and name.casefold() in _read(text):
                yield Problem("ADF411", str(pipeline.entity), below, f"sets {name!r} and reads it")


def _read(text: str) -> set[str]:
    asked = asked_by("pipeline", text)
    return set() if isinstance(asked, LanguageError) else {name.casefold() for name in asked.variables}


def _leads_into(path: str, place: str) -> bool:
    return path.startswith(place) and path[len(place) : len(place) + 1] in ("", ".", "[")


# ------------------------------------------------------------------------------------------- activities


def _activities(pipeline: Walked, naming: Sequence[_Naming]) -> Iterator[Problem]:
    """activity('x') has an answer only where x has ended for sure: x comes before, on every way."""
    if not naming:
        return
    above: dict[int, set[str]] = {}
    around = {id(activity) for _, activity in pipeline.outer()}
    for scope in pipeline.scopes:
        outer, own = above.get(id(scope.outer), set()), _own(scope.path, naming)
        by_name = {activity["name"]: activity for activity in scope.activities if "name" in activity}
        for index, activity in enumerate(scope.activities):
            if index not in own and id(activity) not in around:
                continue
            before = outer | _before(activity, by_name)
            above[id(activity)] = before
            known = before | (_inside_of(activity) if activity.get("type") == "Until" else set())
            yield from _ended(pipeline.entity, own.get(index, ()), known)


def _own(scope: str, naming: Sequence[_Naming]) -> dict[int, list[_Naming]]:
    """Those that the activities of a scope tell themselves, by the activity's index."""
    own: dict[int, list[_Naming]] = {}
    for path, names in naming:
        begin, index, rest = path[: len(scope) + 1], *path[len(scope) + 1 :].partition("]")[::2]
        if (
            begin == f"{scope}["
            and index.isdecimal()
            and rest[:1] in ("", ".", "[")
            and not _NOT_OWN.match(rest)
        ):
            own.setdefault(int(index), []).append((path, names))
    return own


_NOT_OWN = re.compile(
    r"\.(annotations|dependsOn|description|folder|name|type"
    r"|typeProperties\.((?i:[^.\[]*activities)|cases))(?![^.\[])"
)
"""What an activity tells to people, and those inside of it, which are looked at by themselves."""


def _ended(pipeline: Entity, naming: Sequence[_Naming], before: set[str]) -> Iterator[Problem]:
    known = {name.casefold() for name in before}
    for path, names in naming:
        for name in names:
            if name.casefold() not in known:
                message = f"activity({name!r}) has not ended when this is evaluated"
                yield Problem("ADF406", str(pipeline), path, message, "depend on it first")


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
