"""Is this factory one that Azure takes, and that does what it says? Pure, and all problems at once.

validate   our own entities: what is not in schema.json is refused
lint       those of others: what we do not know is not judged
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adf import schema, shapes
from adf.checks import (
    concurrency,
    dependencies,
    endings,
    evaluation,
    exposure,
    expressions,
    limits,
    machine_learning,
    names,
    references,
    schedules,
)
from adf.problems import Problem
from adf.walk import Walked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from adf.entities import Entity

__all__ = ["Problem", "lint", "validate"]


def validate(
    entities: Sequence[Entity], contracts: Mapping[str, Mapping[str, str]] | None = None
) -> list[Problem]:
    """What is wrong with the entities of a factory; empty where nothing is.

    With `contracts` (ML pipeline → parameter → default) also whether Azure ML is passed what it declares.
    Entities whose shape is wrong are not looked at further: nothing true can be said of them.
    """
    misshapen = [(each, wrong) for each in entities for wrong in schema.wrong_in(each.kind, each.properties)]
    whole = [each for each in entities if not any(each is wrong for wrong, _ in misshapen)]
    return [
        *(Problem("ADF103", str(each), *wrong) for each, wrong in misshapen),
        *_checked(whole, contracts),
    ]


def lint(
    entities: Sequence[Entity],
    *,
    complete: bool = True,
    global_parameters: Collection[str] | None = None,
) -> list[Problem]:
    """What can be said for sure against entities that others wrote; each is looked at as far as it is whole.

    Not `complete`: what is referred to may exist elsewhere. `global_parameters`: the factory's, if known.
    """
    clean: list[Entity] = []
    wrong: list[Problem] = []
    for each in entities:
        properties, found = shapes.cleaned(each.kind, each.properties)
        clean.append(replace(each, properties=properties))
        wrong += [Problem(of.rule, str(each), of.path, of.message, of.hint) for of in found]
    found_later = _checked(clean, None, complete=complete, global_parameters=global_parameters)
    return list(dict.fromkeys([*wrong, *found_later]))


def _checked(
    entities: Sequence[Entity],
    contracts: Mapping[str, Mapping[str, str]] | None,
    *,
    complete: bool = True,
    global_parameters: Collection[str] | None = None,
) -> Iterator[Problem]:
    bodies = [Walked.through(entity) for entity in entities]
    yield from names.check(bodies)
    yield from references.check(bodies, complete=complete)
    yield from dependencies.check(bodies)
    yield from expressions.check(bodies, global_parameters)
    yield from evaluation.check(bodies)
    yield from limits.check(bodies)
    yield from schedules.check(entities)
    yield from machine_learning.check(bodies, contracts)
    yield from endings.check(bodies)
    yield from concurrency.check(bodies)
    yield from exposure.check(bodies)
