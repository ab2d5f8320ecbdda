"""The lists of known types are those of the SDK."""

from __future__ import annotations

import typing

import pytest

from sandbox.datafactory import known_types

types = pytest.importorskip("azure.mgmt.datafactory.types")


def discriminators(kind: object) -> set[str]:
    """Every literal `type` below a union of typed dictionaries."""
    if isinstance(kind, typing.ForwardRef):
        return discriminators(getattr(types, kind.__forward_arg__))
    own = getattr(kind, "__annotations__", {}).get("type") if isinstance(kind, type) else None
    literals = {text for required in typing.get_args(own) for text in typing.get_args(required)}
    return literals.union(*(discriminators(one) for one in typing.get_args(kind)))


@pytest.mark.parametrize(
    ("union", "known"),
    [
        ("Activity", known_types.ACTIVITY_TYPES),
        ("LinkedService", known_types.LINKED_SERVICE_TYPES),
        ("Dataset", known_types.DATASET_TYPES),
        ("Trigger", known_types.TRIGGER_TYPES),
    ],
)
def test_known_types_are_those_of_the_sdk(union: str, known: frozenset[str]) -> None:
    """A type that azure-mgmt-datafactory 10.0.0 knows is never called unknown, and none is made up."""
    assert discriminators(getattr(types, union)) == known
