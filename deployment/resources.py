"""The values that planner, executor and report share. All frozen; none knows how to call anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

from adf.ownership import ownership

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from deployment.canonical import Difference
    from deployment.gateways import Definition, LiveEntity, Published

Kind = Literal["factory", "ml_pipeline", "linked_service", "dataset", "pipeline", "trigger"]
Action = Literal["create", "change", "recreate", "drift", "delete", "unchanged"]

ENTITY_KINDS: Final[tuple[Literal["linked_service", "dataset", "pipeline", "trigger"], ...]] = (
    "linked_service",
    "dataset",
    "pipeline",
    "trigger",
)
"""In the order in which they may refer to each other."""


@dataclass(frozen=True)
class Address:
    kind: Kind
    name: str

    @property
    def key(self) -> tuple[Kind, str]:
        """Azure tells names apart without their case."""
        return self.kind, self.name.casefold()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Owner:
    """Ours is what carries all three annotations; nothing else is ever touched."""

    project: str
    environment: str

    @property
    def annotations(self) -> list[str]:
        return ownership(self.project, self.environment)

    def owns(self, live: LiveEntity) -> bool:
        return set(self.annotations) <= {str(each) for each in live.properties.get("annotations") or ()}


@dataclass(frozen=True)
class Desired:
    """All that one environment's configuration says should exist."""

    owner: Owner
    factory: str
    location: str
    ml_pipelines: tuple[Definition, ...]
    entities: tuple[Entity, ...]


@dataclass(frozen=True)
class Observed:
    """What exists. `released`: canonical bodies of the last release, by key: tells drift from change."""

    factory_exists: bool
    entities: tuple[LiveEntity, ...] = ()
    ml_pipelines: Mapping[str, Published] = field(default_factory=dict)
    """Those wanted now, and those of the last release: they carry no annotations of their own."""
    released: Mapping[tuple[Kind, str], object] = field(default_factory=dict)


NOTHING: Final = Observed(factory_exists=False)


@dataclass(frozen=True)
class Change:
    """One step. `wanted` is what should be (None: nothing), `live` what is (None: nothing)."""

    action: Action
    address: Address
    differences: tuple[Difference, ...] = ()
    wanted: Entity | Definition | None = field(default=None, repr=False)
    live: LiveEntity | Published | None = field(default=None, repr=False)
    level: int = 0
    """Steps of one level do not need each other; levels are applied in ascending order."""
    location: str = ""
    """Of a factory that is to be created."""

    @property
    def body_changes(self) -> bool:
        return any(difference.path != "runtimeState" for difference in self.differences)

    @property
    def edits(self) -> bool:
        """Something is written or deleted: more than a trigger started or stopped."""
        return self.action in {"create", "delete", "recreate"} or self.body_changes

    @property
    def interrupts(self) -> bool:
        """A trigger that runs now must be stopped for its edit."""
        if self.address.kind != "trigger" or self.live is None or not self.edits:
            return False
        return cast("LiveEntity", self.live).properties.get("runtimeState") == "Started"

    @property
    def makes_trigger(self) -> bool:
        return self.address.kind == "trigger" and self.action in {"create", "recreate"}

    @property
    def destructive(self) -> bool:
        return self.action in {"recreate", "delete"}


@dataclass(frozen=True)
class Plan:
    """Every step in the order in which it would be applied, the unchanged ones included."""

    environment: str
    steps: tuple[Change, ...]
    unwanted: tuple[Address, ...] = ()
    """Ours, and no longer wanted; deleted with --prune only."""

    @property
    def changes(self) -> Sequence[Change]:
        return [step for step in self.steps if step.action != "unchanged"]

    @property
    def destructive(self) -> Sequence[Change]:
        return [step for step in self.steps if step.destructive]

    def levels(self) -> Iterator[list[Change]]:
        for level in sorted({step.level for step in self.changes}):
            yield [step for step in self.changes if step.level == level]

    def summary(self) -> dict[str, int]:
        """A recreated object counts as one deleted and one added."""
        count = {action: sum(step.action == action for step in self.steps) for action in _COUNTED}
        return {
            "add": count["create"] + count["recreate"],
            "change": count["change"] + count["drift"],
            "delete": count["delete"] + count["recreate"],
            "unchanged": count["unchanged"],
        }


_COUNTED: Final[tuple[Action, ...]] = ("create", "change", "recreate", "drift", "delete", "unchanged")
