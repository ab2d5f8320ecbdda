"""An entity's `type`: known to Azure, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sandbox.datafactory.models import Json


def require_type(properties: Json, known: AbstractSet[str], what: str, target: str) -> str:
    """A missing type is what azure-mgmt-datafactory 10.0.0's model classes send: the message says so."""
    kind = properties.get("type")
    if kind is None:
        raise BadRequest(
            f"{what} has no 'type'. azure-mgmt-datafactory 10's model classes do not write it: send JSON.",
            target=target,
        )
    if not isinstance(kind, str) or kind not in known:
        raise BadRequest(f"{what} has the unknown type {kind!r}.", target=target)
    return kind
