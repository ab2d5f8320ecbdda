"""The factory as files: Data Factory's Git layout and the ARM template, as bytes. Pure.

JSON is indented by tabs, as Studio writes it, so that a repository shows no differences but real ones.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from adf import arm_template, git_layout
from adf.errors import TemplateTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adf.arm_template import Known
    from adf.entities import Entity

TEMPLATE: Final = "ARMTemplateForFactory.json"
VALUES: Final = "ARMTemplateParametersForFactory.json"
MONITORING: Final = "ARMTemplateForMonitoring.json"
MOST_PARAMETERS, MOST_RESOURCES, MOST_BYTES = 256, 800, 4 * 1024 * 1024


def files(
    entities: Sequence[Entity], known: Known, *, factory: str, location: str, metadata: Mapping[str, str]
) -> dict[str, bytes]:
    """Path → content. The same settings, and the same that is known, are the same bytes.

    Raises TemplateTooLarge.
    """
    template = arm_template.template(entities, known, factory=factory, metadata=metadata)
    documents = {
        **git_layout.documents(entities, known, factory=factory, location=location),
        TEMPLATE: template,
        VALUES: arm_template.values_file(entities, known, factory=factory),
    }
    contents = {path: as_file(document) for path, document in documents.items()}
    _refuse_too_large(template, len(contents[TEMPLATE]))
    return contents


def monitoring(resources: Sequence[Entity], *, factory: str, metadata: Mapping[str, str]) -> dict[str, bytes]:
    """Path → content of what watches the factory; nothing where nothing does."""
    if not resources:
        return {}
    return {MONITORING: as_file(arm_template.beside(resources, factory=factory, metadata=metadata))}


def as_file(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent="\t", ensure_ascii=False) + "\n").encode()


def _refuse_too_large(template: Mapping[str, Any], size: int) -> None:
    """Limits of Azure Resource Manager: "Template limits" in its documentation."""
    for what, found, most in (
        ("parameters", len(template["parameters"]), MOST_PARAMETERS),
        ("resources", len(template["resources"]), MOST_RESOURCES),
        ("bytes", size, MOST_BYTES),
    ):
        if found > most:
            raise TemplateTooLarge(what, found, most)
