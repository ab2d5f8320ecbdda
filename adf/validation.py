"""Is this factory one that Azure takes, and that does what it says? Pure, and all problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf import schema
from adf.checks import (
    dependencies,
    expressions,
    limits,
    machine_learning,
    names,
    references,
    schedules,
)
from adf.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adf.entities import Entity

__all__ = ["Problem", "validate"]


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
        *(Problem(str(each), *wrong) for each, wrong in misshapen),
        *names.check(whole),
        *references.check(whole),
        *dependencies.check(whole),
        *expressions.check(whole),
        *limits.check(whole),
        *schedules.check(whole),
        *machine_learning.check(whole, contracts),
    ]
