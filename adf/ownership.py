"""What says whose something is: annotations of the factory's entities, tags of other resources. What lacks
the first three is never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.schema import Settings

MANAGED_BY_TAG = "managed-by"
PROJECT = "project"
ENVIRONMENT = "env"
PROGRAM = "adf-batch-scoring"
MANAGED_BY = f"{MANAGED_BY_TAG}:{PROGRAM}"


def ownership(project: str, environment: str) -> list[str]:
    """The three annotations that all of an installation's entities carry."""
    return [MANAGED_BY, f"{PROJECT}:{project}", f"{ENVIRONMENT}:{environment}"]


def annotations_of(settings: Settings, model: str | None = None) -> list[str]:
    """The ownership, and the model where the entity belongs to one."""
    return [
        *ownership(settings.project, settings.environment),
        *([f"model:{model}"] if model is not None else []),
    ]


def tags(project: str, environment: str) -> dict[str, str]:
    """The same three as tags of a resource."""
    return {MANAGED_BY_TAG: PROGRAM, PROJECT: project, ENVIRONMENT: environment}


def diagnostic_setting_name(project: str, environment: str) -> str:
    """Diagnostic settings have no tags: ours is known by its name."""
    return f"{PROGRAM}-{project}-{environment}"
