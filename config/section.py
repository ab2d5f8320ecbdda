"""What every section of the configuration is."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A closed, frozen section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    def __deepcopy__(self, _: object = None) -> Self:
        """It is frozen, so all that leave a section out share its default."""
        return self
