"""Datasets: a known type over a linked service that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.checks.expressions import named_parameters
from sandbox.datafactory.checks.types import require_type
from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.known_types import DATASET_TYPES
from sandbox.datafactory.parameters import check_parameters
from sandbox.datafactory.values import require_object

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json


def check_dataset(name: str, properties: Json) -> None:
    require_type(properties, DATASET_TYPES, f"The dataset '{name}'", name)
    reference = require_object(properties.get("linkedServiceName"), "linkedServiceName", name)
    if reference.get("type") != "LinkedServiceReference":
        raise BadRequest(
            f"The dataset '{name}': linkedServiceName must be a LinkedServiceReference.", target=name
        )
    declared = properties.get("parameters") or {}
    check_parameters(declared, name)
    used = named_parameters([properties.get("typeProperties"), reference.get("parameters")], "dataset")
    known = {one.lower() for one in declared}
    missing = ",".join(f"'{one}'" for one in used if one.lower() not in known)
    if missing:
        raise BadRequest(f"Missing parameter definition for {missing}", target=f"Dataset/{name}")
