"""The annotations that say whose an entity is. What lacks the first three is never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.schema import Settings

MANAGED_BY = "managed-by:adf-batch-scoring"


def ownership(project: str, environment: str) -> list[str]:
    """The three annotations that all of an installation's entities carry."""
    return [MANAGED_BY, f"project:{project}", f"env:{environment}"]


def annotations_of(settings: Settings, model: str | None = None) -> list[str]:
    """The ownership, and the model where the entity belongs to one."""
    return [
        *ownership(settings.project, settings.environment),
        *([f"model:{model}"] if model is not None else []),
    ]
