"""Rows of the warehouse as JSON: what an activity's output shows."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.warehouse.errors import SqlFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.datafactory.models import Json


def json_rows(names: list[str], rows: Iterable[tuple[Any, ...]]) -> list[Json]:
    """Objects by column name; columns need names of their own. Bytes become base64. Raises `SqlFailed`."""
    if len(set(names)) < len(names):
        raise SqlFailed(f"two columns of a result have one name: {', '.join(names)}")
    return [{name: _json(value) for name, value in zip(names, row, strict=True)} for row in rows]


def _json(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
