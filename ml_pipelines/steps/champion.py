"""The champion: the version in use when a training begins, with which the new model is compared.

It is chosen once, in prepare, whose facts tell the later steps; `register` looks again whether it still is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from . import models, training_data, training_table
from .check_results import judged
from .versions import choose as choose_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .check_results import CheckResult
    from .models import ModelVersion

FIRST = ("approved", "latest")
"""Where these mean no version, there is none yet; any other that is missing is an error."""


@dataclass(frozen=True)
class Champion:
    """`sha256`: `-` where whoever registered it did not say."""

    name: str
    version: str
    sha256: str

    @classmethod
    def from_document(cls, found: Mapping[str, Any] | None) -> Self | None:
        return None if found is None else cls(**found)

    def document(self) -> dict[str, str]:
        return asdict(self)

    def folder(self) -> Path:
        """Its bytes on this node, checked; raises ModelDamaged."""
        models.fetch(self.name, self.version, self.sha256)
        return models.folder_of(self.name, self.version)

    def described(self) -> training_data.Champion:
        """With what is known of the data that it was trained with."""
        file = self.folder() / training_table.DESCRIPTION_FILE
        known = training_table.Description.from_json(file.read_text()) if file.is_file() else None
        return training_data.Champion(self.version, known)


def choose(name: str, wanted: str | None, versions: Sequence[ModelVersion]) -> Champion | None:
    """None where nothing is wanted, or nothing is there yet; raises ModelNotRegistered and ModelRefused."""
    if wanted is None or (wanted in FIRST and choose_version(wanted, versions) is None):
        return None
    found = models.choose(name, wanted, versions)
    return Champion(name, str(found.version), found.sha256)


def still(before: Champion | None, now: Champion | None) -> CheckResult | None:
    """None where it is the same; else a result that failed: somebody else was faster."""
    if before == now:
        return None
    found = "no version" if now is None else f"version {now.version}"
    compared = "no version" if before is None else f"version {before.version}"
    allowed = f"{compared}, which was in use when the training began"
    return judged("champion", f"{found}, which is in use meanwhile", allowed, passed=False)
