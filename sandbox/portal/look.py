"""What a page is made of: the services, the factory that is looked at, and now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from sandbox.context import Context
    from sandbox.datafactory.models import FactoryId
    from sandbox.datafactory.service import Service as DataFactory
    from sandbox.machinelearning.routes import Service as MachineLearning


class NotThere(AzureError):
    """A page of something that is not, or no longer, there."""

    def __init__(self, message: str) -> None:
        super().__init__(404, "NotFound", message)


@dataclass(frozen=True)
class Look:
    context: Context
    data_factory: DataFactory
    machine_learning: MachineLearning
    factories: tuple[FactoryId, ...]
    factory: FactoryId | None
    """None where there is none yet."""
    query: Mapping[str, str]
    now: datetime

    @property
    def lake(self) -> Path:
        return self.context.state / "lake"

    def link(self, page: str, **query: object) -> str:
        """An address of the portal that stays with the factory that is looked at."""
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        if self.factory is not None and len(self.factories) > 1:
            given = {"factory": address(self.factory), **given}
        return f"/portal/{page}" + (f"?{urlencode(given)}" if given else "")


def address(factory: FactoryId) -> str:
    """Its three names have no slash in them."""
    return f"{factory.subscription}/{factory.resource_group}/{factory.name}"


def chosen(factories: tuple[FactoryId, ...], asked: str | None) -> FactoryId | None:
    """The factory that is asked for, else the first. Raises `NotThere`."""
    if asked is None:
        return factories[0] if factories else None
    for factory in factories:
        if address(factory) == asked:
            return factory
    raise NotThere(f"There is no factory {asked}.")
