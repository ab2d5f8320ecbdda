"""Datasets and linked services as an activity sees them: their parameters filled in, their expressions
evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sandbox.datafactory.errors import ActivityFailed
from sandbox.datafactory.parameters import resolve
from sandbox.errors import AzureError

if TYPE_CHECKING:
    from sandbox.datafactory.frame import Frame
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View


@dataclass(frozen=True)
class Linked:
    """A dataset or a linked service with every expression in its type properties evaluated."""

    name: str
    type: str
    properties: Json
    type_properties: Json

    def text(self, name: str) -> str:
        """A type property that must be there and be text (2103, 2104)."""
        value = self.type_properties.get(name)
        if value in (None, ""):
            raise ActivityFailed(
                "2103", f"Please provide value for the required property '{name}' of '{self.name}'."
            )
        if not isinstance(value, str):
            raise ActivityFailed("2104", f"The type of the property '{name}' of '{self.name}' is incorrect.")
        return value


def linked_service(frame: Frame, view: View, reference: JsonValue) -> Linked:
    """`frame` is the referrer's: it evaluates the reference's parameters."""
    return _resolve(frame, view, "linkedservices", reference)[0]


def dataset(frame: Frame, view: View, reference: JsonValue) -> tuple[Linked, Linked]:
    """A dataset and its linked service, whose parameters may come from the dataset's."""
    found, inner = _resolve(frame, view, "datasets", reference)
    return found, linked_service(inner, view, found.properties["linkedServiceName"])


def _resolve(
    frame: Frame, view: View, kind: Literal["datasets", "linkedservices"], reference: JsonValue
) -> tuple[Linked, Frame]:
    """The entity, and the frame that its own expressions are evaluated in."""
    what = "dataset" if kind == "datasets" else "linked service"
    try:
        properties = view.referenced(kind, reference, "")
        name = reference["referenceName"]
        given = frame.evaluate(reference.get("parameters") or {})
        parameters = resolve(f"{what} '{name}'", properties.get("parameters") or {}, given)
    except AzureError as refusal:
        raise ActivityFailed(refusal.code, refusal.message) from refusal
    inner = frame.of_dataset(parameters) if kind == "datasets" else frame.of_linked_service(parameters)
    evaluated = inner.evaluate(properties.get("typeProperties") or {})
    return Linked(name, properties["type"], properties, evaluated), inner
