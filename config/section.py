"""What every section of the configuration is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A closed, frozen section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)
