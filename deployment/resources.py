"""The values that planner, executor and report share. All frozen; none knows how to call anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from adf.ownership import diagnostic_setting_name, ownership, tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity, ResourceKind
    from adf.entities import Kind as EntityKind
    from deployment.canonical import Difference
    from deployment.gateways import ActivePipeline, Definition, LiveEntity, MlSchedule, Published
    from deployment.ml_schedules import DoubleRuns
    from deployment.models import Registered
    from deployment.old_versions import OldVersion
    from deployment.promotion import Promotion

Kind: TypeAlias = 'Literal["factory", "model", "ml_pipeline", "ml_pipeline_version"] | EntityKind'
Action = Literal["create", "change", "recreate", "drift", "delete", "unchanged"]

ENTITY_KINDS: Final[tuple[Literal["linked_service", "dataset", "pipeline", "trigger"], ...]] = (
    "linked_service",
    "dataset",
    "pipeline",
    "trigger",
)
"""Of the factory, in the order in which they may refer to each other."""
OUTSIDE_THE_FACTORY: Final[frozenset[Kind]] = frozenset(
    {"factory", "model", "ml_pipeline", "ml_pipeline_version"}
)
"""What has no body that is compared and recorded."""

RESOURCE_KINDS: Final[tuple[ResourceKind, ...]] = (
    "diagnostic_setting",
    "action_group",
    "metric_alert",
    "log_alert",
    "workbook",
    "dashboard",
)
"""Of what watches the factory, in the same order."""

LEVEL_OF_MODELS: Final = 0
"""Of a plan: a model that cannot be promoted leaves everything as it was."""

KNOWN_AFTER_PUBLISHING: Final = "(known after publishing)"
"""What a plan says in the place of an endpoint's id or version that does not exist yet."""


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


def key_of(thing: Entity | LiveEntity) -> tuple[EntityKind, str]:
    """Its address's key."""
    return thing.kind, thing.name.casefold()


@dataclass(frozen=True)
class Owner:
    """Ours is what carries all three annotations, or all three tags; nothing else is ever touched."""

    project: str
    environment: str

    @cached_property
    def annotations(self) -> list[str]:
        return ownership(self.project, self.environment)

    def owns(self, live: LiveEntity) -> bool:
        if live.kind in RESOURCE_KINDS:
            return self._owns_resource(live)
        return set(self.annotations) <= {str(each) for each in live.properties.get("annotations") or ()}

    def _owns_resource(self, live: LiveEntity) -> bool:
        if live.kind == "diagnostic_setting":
            name = diagnostic_setting_name(self.project, self.environment)
            return live.name.casefold() == name.casefold()
        return tags(self.project, self.environment).items() <= dict(live.properties.get("tags") or {}).items()


@dataclass(frozen=True)
class Desired:
    """All that one environment's configuration says should exist."""

    owner: Owner
    factory: str
    location: str
    ml_pipelines: tuple[Definition, ...]
    entities: tuple[Entity, ...]
    """Of the factory, and the resources that watch it."""
    models: tuple[Promotion, ...] = ()
    """Versions of other environments that are to be registered here."""
    keep_versions: int = 10
    """So many published versions of an ML pipeline stay enabled."""

    @property
    def of_factory(self) -> tuple[Entity, ...]:
        return tuple(each for each in self.entities if each.kind in ENTITY_KINDS)

    @property
    def resources(self) -> tuple[Entity, ...]:
        return tuple(each for each in self.entities if each.kind in RESOURCE_KINDS)

    def addresses(self) -> Iterator[Address]:
        yield from (Address("model", each.model) for each in self.models)
        yield from (Address("ml_pipeline", each.name) for each in self.ml_pipelines)
        yield from (Address(each.kind, each.name) for each in self.entities)


@dataclass(frozen=True)
class Pinned:
    """A version of an ML pipeline's endpoint that was published before: taken back, never published."""

    name: str
    version: str
    fingerprint: str


@dataclass(frozen=True)
class Written:
    """What deployments wrote, by key: whatever else is there was put there by somebody's hand."""

    released: Mapping[tuple[Kind, str], Mapping[str, Any]] = field(default_factory=dict)
    """Canonical bodies of the last release; a trigger's says its `runtimeState` too."""
    attempted: Mapping[tuple[Kind, str], Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Those that deployments which did not end meant to write since."""


NOTHING_WRITTEN: Final = Written()


@dataclass(frozen=True)
class Observed:
    """What exists, and what deployments had written."""

    factory_exists: bool
    entities: tuple[LiveEntity, ...] = ()
    ml_pipelines: Mapping[str, Published] = field(default_factory=dict)
    """Those wanted now, and those of the last release: they carry no annotations of their own."""
    written: Written = NOTHING_WRITTEN
    models: Mapping[str, Sequence[Registered]] = field(default_factory=dict)
    """Registered name → its versions here, of the models that are promoted."""
    active_ml_pipelines: Mapping[str, ActivePipeline] = field(default_factory=dict)
    """Published pipelines of the workspace that are enabled, by id. Read where some may be old, or go."""
    ml_schedules: tuple[MlSchedule, ...] = ()
    """Azure ML's own, of the whole workspace."""

    @property
    def pipelines(self) -> dict[str, Mapping[str, Any]]:
        """Name → body."""
        return {each.name: each.properties for each in self.entities if each.kind == "pipeline"}


NOTHING: Final = Observed(factory_exists=False)


@dataclass(frozen=True)
class Change:
    """One step. `wanted` is what should be (None: nothing), `live` what is (None: nothing)."""

    action: Action
    address: Address
    differences: tuple[Difference, ...] = ()
    drifted: tuple[Difference, ...] = ()
    """What somebody changed by hand: from what was written last to what is there."""
    wanted: Entity | Definition | Promotion | None = field(default=None, repr=False)
    live: LiveEntity | Published | Registered | OldVersion | None = field(default=None, repr=False)
    level: int = 0
    """Steps of one level do not need each other; levels are applied in ascending order."""
    location: str = ""
    """Of a factory that is to be created."""
    dependents: tuple[LiveEntity, ...] = ()
    """Of a trigger that is made anew: ours that wait for its windows, and keep Azure from deleting it."""

    @property
    def body_changes(self) -> bool:
        return any(difference.path != "runtimeState" for difference in self.differences)

    @property
    def edits(self) -> bool:
        """Something is written or deleted: more than a trigger started or stopped."""
        return self.action in {"create", "delete", "recreate"} or self.body_changes

    @property
    def interrupts(self) -> bool:
        """A trigger that runs now is stopped for its edit and runs afterwards, or is deleted.

        Not one that is to stay stopped: nobody shall start that again.
        """
        if self.address.kind != "trigger" or self.live is None or not self.edits:
            return False
        if self.wanted is not None and not cast("Entity", self.wanted).started:
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
    endpoints: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """ML pipeline → (endpoint id, version), of those that no step publishes."""
    warnings: tuple[DoubleRuns, ...] = ()
    """What is no step, and should be known."""

    @property
    def changes(self) -> Sequence[Change]:
        return [step for step in self.steps if step.action != "unchanged"]

    @property
    def destructive(self) -> Sequence[Change]:
        return [step for step in self.steps if step.destructive]

    @property
    def drifted(self) -> Sequence[Change]:
        """The steps that would undo what somebody changed by hand."""
        return [step for step in self.changes if step.drifted]

    def levels(self) -> Iterator[list[Change]]:
        for level in sorted({step.level for step in self.changes}):
            yield [step for step in self.changes if step.level == level]

    def summary(self) -> dict[str, int]:
        """A recreated object counts as one deleted and one added."""
        count = Counter(step.action for step in self.steps)
        return {
            "add": count["create"] + count["recreate"],
            "change": count["change"] + count["drift"],
            "delete": count["delete"] + count["recreate"],
            "unchanged": count["unchanged"],
        }
