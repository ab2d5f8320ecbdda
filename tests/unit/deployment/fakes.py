"""An Azure in memory that enforces the rules a deployment could break, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adf.entities import Entity, Kind, StartAtCreation, placeholders
from adf.errors import ChangedSinceRead, DataFactoryError
from adf.windows import Grid
from deployment.errors import LakeError
from deployment.resources import Desired, Owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deployment.resources import Change

OWNER = Owner("shop", "dev")
OURS = [*OWNER.annotations]


class RefusedError(DataFactoryError):
    """The fake's answer to what Azure would refuse."""


@dataclass(frozen=True)
class Live:
    kind: Kind
    name: str
    properties: dict[str, Any]
    etag: str


@dataclass(frozen=True)
class Definition:
    name: str
    fingerprint: str


@dataclass(frozen=True)
class Published:
    name: str
    endpoint_id: str
    version: str
    fingerprint: str
    versions: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class ActivePipeline:
    name: str
    fingerprint: str
    description: str = " ".join(OURS)


@dataclass(frozen=True)
class MlSchedule:
    id: str
    name: str
    endpoint_id: str | None = None
    pipeline_id: str | None = None
    recurrence: str = "every 1 Day"


@dataclass
class FakeFactory:
    """Data Factory: references must exist, what is referred to stays, a started trigger is not edited."""

    exists: bool = False
    entities: dict[tuple[str, str], Live] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    """Names whose PUT is refused, for failures in the middle."""
    _etags: Counter[str] = field(default_factory=Counter)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def factory(self) -> dict[str, Any] | None:
        return {"name": "adf-shop"} if self.exists else None

    def create_factory(self, location: str) -> None:
        assert not self.exists, "the factory would have been replaced"
        self.calls.append(f"create factory in {location}")
        self.exists = True

    def list(self, kind: Kind) -> list[Live]:
        return [live for live in self.entities.values() if live.kind == kind]

    def get(self, kind: Kind, name: str) -> Live | None:
        return self.entities.get((kind, name.lower()))

    def put(self, kind: Kind, name: str, properties: dict[str, Any], etag: str | None = None) -> Live:
        with self._lock:
            self.calls.append(f"put {kind} {name}")
            live = self.entities.get((kind, name.lower()))
            self._check_put(kind, name, properties, live, etag)
            state = {"runtimeState": "Stopped"} if kind == "trigger" else {}
            made = Live(kind, name, {**properties, **state}, self._etag(name))
            self.entities[kind, name.lower()] = made
            return made

    def _check_put(
        self, kind: Kind, name: str, properties: Mapping[str, Any], live: Live | None, etag: str | None
    ) -> None:
        if not self.exists:
            raise RefusedError("ResourceNotFound")
        if list(placeholders(properties)):
            raise RefusedError(f"unresolved placeholders in {name}")
        if name in self.refuses:
            raise RefusedError(f"refused {name}")
        if live is not None and live.properties.get("runtimeState") == "Started":
            raise RefusedError("TriggerEnabledCannotUpdate")
        if live is not None and kind == "trigger" and live.properties["type"] != properties["type"]:
            raise RefusedError(f"the type of {name} cannot change")
        if etag is not None and (live is None or live.etag != etag):
            raise ChangedSinceRead(f"write {name}", status=412, code="PreconditionFailed", message=name)
        for reference in references(properties):
            if reference not in self.entities or reference == (kind, name.lower()):
                raise RefusedError(f"invalid reference {reference}")

    def delete(self, kind: Kind, name: str) -> None:
        with self._lock:
            self.calls.append(f"delete {kind} {name}")
            live = self.entities[kind, name.lower()]
            if live.properties.get("runtimeState") == "Started":
                raise RefusedError("TriggerEnabledCannotUpdate")
            for other in self.entities.values():
                if (kind, name.lower()) in references(other.properties):
                    raise RefusedError(f"cannot be deleted since it is referenced by {other.name}")
            del self.entities[kind, name.lower()]

    def start_trigger(self, name: str, trigger_type: str) -> None:
        self._switch(name, trigger_type, "start", "Started")

    def stop_trigger(self, name: str, trigger_type: str) -> None:
        self._switch(name, trigger_type, "stop", "Stopped")

    def _switch(self, name: str, trigger_type: str, verb: str, state: str) -> None:
        with self._lock:
            self.calls.append(f"{verb} {name}")
            live = self.entities.get(("trigger", name.lower()))
            if live is None:
                raise RefusedError(f"there is no trigger {name}")
            assert live.properties["type"] == trigger_type, f"{name} would be deaf, or asked what it hears"
            body = {**live.properties, "runtimeState": state}
            self.entities["trigger", name.lower()] = Live("trigger", live.name, body, self._etag(name))

    def _etag(self, name: str) -> str:
        self._etags[name] += 1
        return f"{name}-{self._etags[name]}"

    def state(self, trigger: str) -> str:
        return str(self.entities["trigger", trigger.lower()].properties["runtimeState"])


@dataclass(frozen=True)
class Registered:
    name: str
    version: int
    tags: dict[str, str]

    @property
    def sha256(self) -> str:
        return self.tags.get("sha256", "")


@dataclass
class FakeMachineLearning:
    endpoints: dict[str, Published] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    versions: dict[tuple[str, str], Published] = field(default_factory=dict)
    enabled: set[tuple[str, str]] = field(default_factory=set)
    """Endpoint and version."""
    planned: tuple[MlSchedule, ...] = ()

    registered: dict[str, list[Registered]] = field(default_factory=dict)

    def models(self, name: str) -> list[Registered]:
        return list(self.registered.get(name, ()))

    def published(self, names: Iterable[str]) -> dict[str, Published]:
        return {name: self._now(name) for name in names if name in self.endpoints}

    def _now(self, name: str) -> Published:
        every = {version: f"{of}-{version}" for of, version in self.versions if of == name}
        return replace(self.endpoints[name], versions=every)

    def active_pipelines(self) -> dict[str, ActivePipeline]:
        return {
            f"{name}-{version}": ActivePipeline(name, self.versions[name, version].fingerprint)
            for name, version in self.enabled
        }

    def schedules(self) -> tuple[MlSchedule, ...]:
        return self.planned

    def disable_version(self, name: str, version: str) -> None:
        self.calls.append(f"disable {name} version {version}")
        if self.endpoints[name].version != version:
            self.enabled.discard((name, version))

    def publish(self, definition: Definition) -> Published:
        self.calls.append(f"publish {definition.name}")
        known = [each for (of, _), each in self.versions.items() if of == definition.name]
        same = [each for each in known if each.fingerprint == definition.fingerprint]
        made = (
            same[-1]
            if same
            else Published(
                definition.name, f"id-of-{definition.name}", str(len(known)), definition.fingerprint
            )
        )
        self.endpoints[definition.name] = self.versions[made.name, made.version] = made
        self.enabled.add((made.name, made.version))
        return made

    def take_back(self, name: str, version: str) -> Published:
        self.calls.append(f"take {name} back to {version}")
        self.endpoints[name] = self.versions[name, version]
        self.enabled.add((name, version))
        return self.endpoints[name]

    def retire(self, name: str) -> None:
        self.calls.append(f"retire {name}")
        del self.endpoints[name]


@dataclass
class FakeLake:
    files: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def create(self, path: str, content: bytes) -> bool:
        return self.files.setdefault(path, content) is content

    def replace(self, path: str, content: bytes) -> None:
        self.files[path] = content

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    leases: dict[str, str] = field(default_factory=dict)
    """Path → who holds it."""
    renewals: int = 0
    unreachable: bool = False

    def acquire_lease(self, path: str, _seconds: int, holder: str) -> FakeLease | None:
        if path in self.leases:
            return None
        self.leases[path] = holder
        return FakeLease(self, path)

    def lease_holder(self, path: str) -> str:
        return self.leases[path]

    def names(self, folder: str) -> list[str]:
        return [path.removeprefix(f"{folder}/") for path in self.files if path.startswith(f"{folder}/")]


@dataclass
class FakeLease:
    lake: FakeLake
    path: str

    def renew(self) -> None:
        self.lake.renewals += 1
        if self.lake.unreachable:
            raise LakeError("unreachable")

    def release(self) -> None:
        del self.lake.leases[self.path]


class Told:
    """A progress that keeps what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def expects(self, steps: int, *, told_from: int = 20) -> None:  # noqa: ARG002 - how it is told
        self.expected = steps

    def began(self, step: Change) -> None:
        self.lines.append(f"began {step.address}")

    def ended(self, step: Change) -> None:
        self.lines.append(f"ended {step.address}")

    def failed(self, step: Change, reason: str) -> None:
        self.lines.append(f"failed {step.address}: {reason}")

    def note(self, text: str) -> None:
        self.lines.append(text)

    def state(self, subject: str, text: str) -> None:
        self.lines.append(f"{subject}: {text}")

    def done(self, subject: str, text: str, *, failed: bool = False) -> None:
        self.lines.append(f"{'error: ' if failed else ''}{subject}: {text}")


REFERENCE_KINDS = {
    "LinkedServiceReference": "linked_service",
    "DatasetReference": "dataset",
    "PipelineReference": "pipeline",
    "TriggerReference": "trigger",
}


def references(body: object) -> set[tuple[str, str]]:
    """(kind, folded name) of everything a body refers to."""
    found = set()
    if isinstance(body, dict):
        if "referenceName" in body:
            found.add((REFERENCE_KINDS[body["type"]], body["referenceName"].lower()))
        for value in body.values():
            found |= references(value)
    elif isinstance(body, list):
        for item in body:
            found |= references(item)
    return found


def linked_service(name: str = "ls_lake", **more: Any) -> Entity:
    return Entity("linked_service", name, {"type": "AzureBlobFS", "annotations": OURS, **more})


def dataset(name: str = "ds_receipt", service: str = "ls_lake", **more: Any) -> Entity:
    reference = {"referenceName": service, "type": "LinkedServiceReference"}
    return Entity(
        "dataset", name, {"type": "Json", "linkedServiceName": reference, "annotations": OURS, **more}
    )


def pipeline(name: str = "score_churn", *activities: dict[str, Any], **more: Any) -> Entity:
    return Entity("pipeline", name, {"activities": list(activities), "annotations": OURS, **more})


def calendar(
    name: str = "tr_daily",
    pipeline: str = "score_churn",
    *,
    started: bool = True,
    hour: int = 6,
    zone: str = "UTC",
) -> Entity:
    starts = {"pipelineReference": {"referenceName": pipeline, "type": "PipelineReference"}, "parameters": {}}
    recurrence = {"frequency": "Day", "interval": 1, "schedule": {"hours": [hour]}}
    recurrence |= {"startTime": f"2026-11-01T00:00:00{'Z' if zone == 'UTC' else ''}", "timeZone": zone}
    body = {"type": "ScheduleTrigger", "pipelines": [starts], "typeProperties": {"recurrence": recurrence}}
    return Entity("trigger", name, {**body, "annotations": OURS}, started=started)


def tumbling(
    name: str = "tr_daily",
    pipeline: str = "score_churn",
    *,
    hours: int = 24,
    concurrency: int = 1,
    start: str | StartAtCreation = "2026-11-01T00:00:00Z",
    started: bool = True,
    backfills: bool = True,
    after: Iterable[str] = (),
) -> Entity:
    """`after`: the triggers whose windows it waits for."""
    starts = {"pipelineReference": {"referenceName": pipeline, "type": "PipelineReference"}, "parameters": {}}
    window = {"frequency": "Hour", "interval": hours, "startTime": start}
    body: dict[str, Any] = {"type": "TumblingWindowTrigger", "pipeline": starts}
    body["typeProperties"] = {**window, "maxConcurrency": concurrency}
    if after:
        body["typeProperties"]["dependsOn"] = [_waits_for(each) for each in after]
    return Entity("trigger", name, {**body, "annotations": OURS}, started=started, backfills=backfills)


def _waits_for(trigger: str) -> dict[str, Any]:
    reference = {"type": "TriggerReference", "referenceName": trigger}
    return {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": reference}


def on_files(
    name: str = "tr_arrived",
    pipeline: str = "score_churn",
    *,
    ends_with: str = "/_SUCCESS",
    ignores_empty: bool = False,
    started: bool = True,
) -> Entity:
    starts = {"pipelineReference": {"referenceName": pipeline, "type": "PipelineReference"}, "parameters": {}}
    listens = {
        "scope": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/shop",
        "events": ["Microsoft.Storage.BlobCreated"],
        "blobPathBeginsWith": "/data/blobs/raw/churn/",
        "blobPathEndsWith": ends_with,
        "ignoreEmptyBlobs": ignores_empty,
    }
    body = {"type": "BlobEventsTrigger", "pipelines": [starts], "typeProperties": listens}
    return Entity("trigger", name, {**body, "annotations": OURS}, started=started)


def open_start(hours: int = 24, offset_minutes: int = 0) -> StartAtCreation:
    return StartAtCreation(Grid.parse(f"{hours} hours", offset_minutes=offset_minutes))


def desired(*entities: Entity, ml_pipelines: tuple[Definition, ...] = ()) -> Desired:
    return Desired(OWNER, "adf-shop", "westeurope", ml_pipelines, tuple(entities))
